"""TIFF block by block: panoramas that are too large to hold whole, and layouts that Pillow does not read.

Every strip or tile of a TIFF is compressed by itself. Each becomes a small TIFF of its own here, which Pillow
opens; what it shows is scaled down and put into its place before the next one is read.
"""

import io
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from app.errors import MediaTooLargeError
from app.media.colours import cmyk_to_rgb, grey_range, to_rgb
from app.media.limits import MAX_DECODED_PIXELS, Size, check_panorama

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _STRIPS = 256, 257, 258, 259, 262, 273
_SAMPLES, _ROWS_PER_STRIP, _STRIP_LENGTHS, _PLANAR, _PREDICTOR = 277, 278, 279, 284, 317
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_LENGTHS, _EXTRA, _FORMAT = 322, 323, 324, 325, 338, 339
_JPEG_TABLES, _PROFILE = 347, 34675
_COPIED = (_COMPRESSION, 266, _PREDICTOR, 320, _JPEG_TABLES, 530)  # 320 and 530: palette, chroma subsampling
_BIG = (b"+\0", b"\0+")  # TIFF with offsets of 64 bits
_CMYK, _BLACK_IS_ZERO = 5, 1
_APART, _FLOAT, _PLAIN = 2, 3, 1

_REDUCED_PIXELS = 30_000_000  # a panorama is brought below this
_LARGEST_BLOCK = 40_000_000  # pixels that are decoded in one piece
_MOST_FLOATS = 40_000_000  # pixels; their range is known only when all were seen

_ONE_PIECE = (
    "The picture is too large to open safely ({} x {} pixels) because it is stored in one piece. "
    "Save it again in tiles or strips, or as a JPEG."
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the first picture of a TIFF is stored."""

    order: str  # of bytes, as struct writes it
    tags: dict[int, Any]
    width: int
    height: int
    samples: int
    bits: int
    apart: bool  # each channel in blocks of its own
    floats: bool

    @property
    def size(self) -> Size:
        return self.width, self.height

    @property
    def profile(self) -> bytes | None:
        value = self.tags.get(_PROFILE)
        return value if isinstance(value, bytes) else None

    @property
    def swapped_floats(self) -> bool:
        """Whether libtiff has swapped the bytes already when Pillow swaps them once more."""
        return self.floats and self.order == ">" and self.tags.get(_COMPRESSION, _PLAIN) != _PLAIN

    @property
    def needs_blocks(self) -> bool:
        """Whether Pillow would take too much memory or misread it."""
        odd = self.samples > 1 and (self.floats or (self.apart and self.bits > 8))
        return odd or self.swapped_floats or self.width * self.height > MAX_DECODED_PIXELS


@dataclass(frozen=True, slots=True)
class _Block:
    """A strip or tile: where it belongs, how large it is stored, and its bytes, one part a channel or one."""

    left: int
    top: int
    width: int
    height: int
    parts: tuple[tuple[int, int], ...]  # (offset, length)


def read_layout(data: bytes) -> Layout | None:
    """The layout of a TIFF; None where its first directory makes no sense, about which Pillow says more."""
    try:
        directory = TiffImagePlugin.ImageFileDirectory_v2(data[: 16 if data[2:4] in _BIG else 8])
        file = io.BytesIO(data)
        file.seek(directory.next)
        directory.load(file)
        tags = dict(directory)
        return Layout(
            order="<" if data.startswith(b"II") else ">",
            tags=tags,
            width=int(tags[_WIDTH]),
            height=int(tags[_HEIGHT]),
            samples=int(tags.get(_SAMPLES, 1)),
            bits=int(_listed(tags.get(_BITS, 1))[0]),
            apart=tags.get(_PLANAR, 1) == _APART,
            floats=_listed(tags.get(_FORMAT, 1))[0] == _FLOAT,
        )
    except (SyntaxError, ValueError, TypeError, LookupError, OSError, struct.error, OverflowError):
        return None


def read_blocks(data: bytes, layout: Layout) -> Image.Image:
    """The picture as RGB, not turned, scaled down by a power of two if it is a panorama.

    Raises MediaTooLargeError where a block alone is too large, and nearly anything for what is damaged.
    """
    check_panorama(layout.size)
    scale = 1.0
    if layout.floats:
        if layout.width * layout.height > _MOST_FLOATS:
            raise MediaTooLargeError(_ONE_PIECE.format(*layout.size))
        scale = _float_scale(data, layout)
    factor = 1
    while layout.width * layout.height / factor**2 > _REDUCED_PIXELS:
        factor *= 2
    size = -(-layout.width // factor), -(-layout.height // factor)
    whole = Image.new("RGB", size)
    for left, top, picture in _bands(data, layout, scale, factor):
        reduced = picture.reduce(factor) if factor > 1 else picture
        whole.paste(reduced, (left // factor, top // factor))
    return whole


def _bands(data: bytes, layout: Layout, scale: float, factor: int) -> Iterator[tuple[int, int, Image.Image]]:
    """Blocks whose place is a multiple of `factor`: tiles as they are, strips joined until they are."""
    waiting: list[Image.Image] = []
    start = 0
    for block in _blocks(layout, len(data)):
        picture = _picture(data, layout, block, scale)
        picture = picture.crop((0, 0, min(block.width, layout.width - block.left), picture.height))
        picture = picture.crop((0, 0, picture.width, min(block.height, layout.height - block.top)))
        if _TILES in layout.tags:
            yield block.left, block.top, picture
            continue
        waiting.append(picture)
        rows = sum(part.height for part in waiting)
        last = start + rows >= layout.height
        if rows < factor and not last:
            continue
        joined = _stacked(waiting)
        whole = rows if last else rows // factor * factor
        yield 0, start, joined.crop((0, 0, joined.width, whole))
        waiting = [joined.crop((0, whole, joined.width, rows))] if whole < rows else []
        start += whole


def _blocks(layout: Layout, size: int) -> Iterator[_Block]:
    tags = layout.tags
    tiled = _TILES in tags
    offsets = _listed(tags[_TILES if tiled else _STRIPS])
    lengths = _listed(tags[_TILE_LENGTHS if tiled else _STRIP_LENGTHS])
    width = int(tags[_TILE_WIDTH]) if tiled else layout.width
    height = int(tags[_TILE_HEIGHT]) if tiled else min(layout.height, int(tags.get(_ROWS_PER_STRIP, 2**31)))
    if tiled and (width % 16 or height % 16):
        raise ValueError("tiles must be multiples of 16")
    across, down = -(-layout.width // width), -(-layout.height // height)
    planes = layout.samples if layout.apart else 1
    if len(offsets) < across * down * planes or max(map(sum, zip(offsets, lengths, strict=True))) > size:
        raise ValueError("blocks are missing: the file is truncated")
    for number in range(across * down):
        parts = tuple(
            (offsets[at], lengths[at]) for at in range(number, across * down * planes, across * down)
        )
        left, top = number % across * width, number // across * height
        rows = height if tiled else min(height, layout.height - top)
        yield from _split(layout, _Block(left, top, width, rows, parts))


def _split(layout: Layout, block: _Block) -> Iterator[_Block]:
    """A block that may be decoded in one piece; long strips that are not compressed are cut."""
    if block.width * block.height <= _LARGEST_BLOCK:
        yield block
        return
    samples = 1 if layout.apart else layout.samples
    if layout.tags.get(_COMPRESSION, _PLAIN) != _PLAIN or _TILES in layout.tags:
        raise MediaTooLargeError(_ONE_PIECE.format(*layout.size))
    row = -(-block.width * samples * layout.bits // 8)
    rows = max(1, _LARGEST_BLOCK // 4 // block.width)
    for start in range(0, block.height, rows):
        count = min(rows, block.height - start)
        parts = tuple((offset + start * row, count * row) for offset, _ in block.parts)
        yield _Block(block.left, block.top + start, block.width, count, parts)


def _picture(data: bytes, layout: Layout, block: _Block, scale: float) -> Image.Image:
    """What a block shows, as RGB."""
    if layout.floats:
        values = (_float_values(data, layout, block) * scale).clip(0, 255).round().astype(np.uint8)
        return to_rgb(Image.fromarray(values if values.shape[2] >= 3 else values[..., 0]))
    if not layout.apart:
        return _as_rgb(_opened(data, layout, block, 0), layout)
    channels = [_eight_bits(_opened(data, layout, block, part)) for part in range(len(block.parts))]
    if layout.tags.get(_PHOTOMETRIC) == _CMYK and len(channels) >= 4:
        return _as_rgb(Image.merge("CMYK", channels[:4]), layout)
    if len(channels) == 4 and _EXTRA in layout.tags:
        return to_rgb(Image.merge("RGBA", channels))
    return to_rgb(Image.merge("RGB", channels[:3]) if len(channels) >= 3 else channels[0])


def _as_rgb(picture: Image.Image, layout: Layout) -> Image.Image:
    if picture.mode == "CMYK":
        return cmyk_to_rgb(picture, layout.profile)
    return to_rgb(_eight_bits(picture) if picture.mode.startswith("I") else picture)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """The upper half of 16 bits: a block alone does not tell what range the whole picture has."""
    if not picture.mode.startswith("I"):
        return picture if picture.mode == "L" else picture.convert("L")
    return Image.fromarray((np.asarray(picture).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8))


def _float_scale(data: bytes, layout: Layout) -> float:
    top = max(float(_float_values(data, layout, block).max()) for block in _blocks(layout, len(data)))
    return 255.0 / grey_range(top) if top > 0 else 0.0


def _float_values(data: bytes, layout: Layout, block: _Block) -> NDArray[np.float32]:
    """(height, width, channels) of a block; channels beyond the colours are left out."""
    parts = [np.asarray(_opened(data, layout, block, part)) for part in range(len(block.parts))]
    if layout.swapped_floats:
        parts = [part.byteswap() for part in parts]
    values = np.stack(parts, axis=-1) if layout.apart else parts[0].reshape(block.height, block.width, -1)
    colours = values[..., :3] if values.shape[2] >= 3 else values[..., :1]
    return np.nan_to_num(colours.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)


def _opened(data: bytes, layout: Layout, block: _Block, part: int) -> Image.Image:
    """One block as a picture; floats of several channels side by side, as Pillow knows no such mode."""
    offset, length = block.parts[part]
    single = layout.apart or layout.floats
    if layout.floats and not layout.apart and layout.tags.get(_PREDICTOR, _PLAIN) != _PLAIN:
        raise ValueError("floating point differences of several channels")
    width = block.width * (layout.samples if layout.floats and not layout.apart else 1)
    tags = {number: _listed(layout.tags[number]) for number in _COPIED if number in layout.tags}
    tags |= {_WIDTH: [width], _HEIGHT: [block.height], _ROWS_PER_STRIP: [block.height]}
    tags |= {_SAMPLES: [1], _BITS: [layout.bits], _PHOTOMETRIC: [_BLACK_IS_ZERO]}
    if layout.floats:
        tags[_FORMAT] = [_FLOAT]
    if not single:
        for number in (_SAMPLES, _BITS, _PHOTOMETRIC, _EXTRA, _FORMAT):
            if number in layout.tags:
                tags[number] = _listed(layout.tags[number])
    small = _small_tiff(layout.order, tags, data[offset : offset + length])
    picture = TiffImagePlugin.TiffImageFile(io.BytesIO(small))
    picture.load()
    return picture


def _small_tiff(order: str, tags: dict[int, Sequence[Any]], strip: bytes) -> bytes:
    """A TIFF of one strip, its tags behind it."""
    tags = {**tags, _STRIPS: [8], _STRIP_LENGTHS: [len(strip)]}
    at = 8 + len(strip) + len(strip) % 2
    entries, extra = [], b""
    after = at + 2 + 12 * len(tags) + 4
    for number, values in sorted(tags.items()):
        kind, count, packed = _packed(order, number, values)
        if len(packed) > 4:
            packed, extra = (
                struct.pack(f"{order}I", after + len(extra)),
                extra + packed + bytes(len(packed) % 2),
            )
        entries.append(struct.pack(f"{order}HHI", number, kind, count) + packed.ljust(4, b"\0"))
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", at)
    directory = struct.pack(f"{order}H", len(tags)) + b"".join(entries) + bytes(4)
    return start + strip + bytes(len(strip) % 2) + directory + extra


def _packed(order: str, number: int, values: Sequence[Any]) -> tuple[int, int, bytes]:
    """The type, count and bytes of a tag's value."""
    if number == _JPEG_TABLES:
        return 7, len(values[0]), bytes(values[0])
    kind, letter = (
        (4, "I") if number in (_WIDTH, _HEIGHT, _ROWS_PER_STRIP, _STRIPS, _STRIP_LENGTHS) else (3, "H")
    )
    return kind, len(values), struct.pack(f"{order}{len(values)}{letter}", *(int(value) for value in values))


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (tuple, list)) else (value,)


def _stacked(pictures: Sequence[Image.Image]) -> Image.Image:
    if len(pictures) == 1:
        return pictures[0]
    whole = Image.new("RGB", (pictures[0].width, sum(picture.height for picture in pictures)))
    top = 0
    for picture in pictures:
        whole.paste(picture, (0, top))
        top += picture.height
    return whole
