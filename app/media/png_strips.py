"""PNG panoramas, a strip of rows at a time.

The rows of a PNG are filtered against the row above, so a strip alone cannot be decoded. But with the last
row of the strip before it as an unfiltered first row it is a PNG again, which Pillow decodes fast. The bytes
of a pixel are filtered independently of each other, so that of 16 bits the upper ones suffice.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from app.errors import MediaTooLargeError
from app.media.colours import to_rgb
from app.media.limits import MAX_DECODED_PIXELS, check_panorama

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _COLOUR, _PALETTE, _GREY_ALPHA, _COLOUR_ALPHA = 0, 2, 3, 4, 6
_CHANNELS = {_GREY: 1, _COLOUR: 3, _PALETTE: 1, _GREY_ALPHA: 2, _COLOUR_ALPHA: 4}
_TYPES = (0, _GREY, _GREY_ALPHA, _COLOUR, _COLOUR_ALPHA)  # by channels of eight bits

_REDUCED_PIXELS = 30_000_000  # a panorama is brought below this
_STRIP_BYTES = 6_000_000
_FED_BYTES = 256 * 1024  # what is not consumed at once is copied

_INTERLACED = (
    "The picture is too large to open safely ({} x {} pixels) because it is stored interlaced. "
    "Save it again without interlacing, or as a JPEG."
)


@dataclass(frozen=True, slots=True)
class _Header:
    """What the first chunks say."""

    width: int
    height: int
    depth: int
    colours: int
    palette: bytes = b""
    transparency: bytes = b""

    @property
    def row_bytes(self) -> int:
        return -(-self.width * _CHANNELS[self.colours] * self.depth // 8)


def is_panorama(data: bytes) -> bool:
    """Whether a PNG is too large to be decoded whole."""
    width, height = struct.unpack(">II", data[16:24]) if len(data) >= 24 else (0, 0)
    return bool(width * height > MAX_DECODED_PIXELS)


def find_exif(data: bytes) -> bytes:
    """The EXIF of a PNG, also where it stands behind the picture; empty where there is none."""
    return next((bytes(body) for name, body in _chunks(data) if name == b"eXIf"), b"")


def read_strips(data: bytes) -> Image.Image:
    """The picture as RGB, scaled down by a power of two.

    Raises MediaTooLargeError when it is interlaced, and zlib.error or ValueError when it is damaged.
    """
    header = _read_header(data)
    check_panorama((header.width, header.height))
    factor = 1
    while header.width * header.height / factor**2 > _REDUCED_PIXELS:
        factor *= 2
    rows = max(1, _STRIP_BYTES // header.row_bytes // factor) * factor
    whole = Image.new("RGB", (-(-header.width // factor), -(-header.height // factor)))
    top = 0
    for strip in _strips(data, header, rows):
        picture = to_rgb(strip)
        whole.paste(picture.reduce(factor), (0, top // factor))
        top += picture.height
    if top < header.height:
        raise ValueError("rows are missing: the file is truncated")
    return whole


def _read_header(data: bytes) -> _Header:
    width, height, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    if interlaced:
        raise MediaTooLargeError(_INTERLACED.format(width, height))
    if colours not in _CHANNELS or depth not in (1, 2, 4, 8, 16):
        raise ValueError("no such kind of PNG")
    parts = {name: body for name, body in _chunks(data) if name in (b"PLTE", b"tRNS")}
    transparency = bytes(parts.get(b"tRNS", b"")) if colours == _PALETTE else b""
    return _Header(width, height, depth, colours, bytes(parts.get(b"PLTE", b"")), transparency)


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    view = memoryview(data)
    at = len(_SIGNATURE)
    while at + 8 <= len(data):
        length = int.from_bytes(view[at : at + 4], "big")
        yield bytes(view[at + 4 : at + 8]), view[at + 8 : at + 8 + length]
        at += 12 + length


def _strips(data: bytes, header: _Header, rows: int) -> Iterator[Image.Image]:
    """Pictures of `rows` rows each, the last one of what is left."""
    above: bytes = b""
    left = header.height
    for filtered in _filtered(data, header.row_bytes + 1, rows):
        lanes = _upper_bytes(filtered[:left], header)
        count = lanes.shape[2]
        strip = _decoded(filtered[:left, 0], lanes, above)
        above = strip.tobytes()[-strip.width * count :]
        left -= strip.height
        yield _meant(strip, header)
        if left <= 0:
            return


def _filtered(data: bytes, row: int, rows: int) -> Iterator[NDArray[np.uint8]]:
    """The inflated rows as they are stored, (rows, bytes of a row), the kind of its filter first."""
    strip = bytearray(rows * row)
    filled = 0
    for piece in _inflated(data):
        at = 0
        while at < len(piece):
            count = min(len(strip) - filled, len(piece) - at)
            strip[filled : filled + count] = piece[at : at + count]
            at, filled = at + count, filled + count
            if filled == len(strip):
                yield np.frombuffer(bytes(strip), np.uint8).reshape(rows, row)
                filled = 0
    rest = filled // row
    if rest:
        yield np.frombuffer(bytes(strip[: rest * row]), np.uint8).reshape(rest, row)


def _inflated(data: bytes) -> Iterator[memoryview]:
    """The picture's bytes in pieces of bounded size, however well they are compressed."""
    inflate = zlib.decompressobj()
    for name, body in _chunks(data):
        for start in range(0, len(body) if name == b"IDAT" else 0, _FED_BYTES):
            fed: bytes | memoryview = body[start : start + _FED_BYTES]
            while len(fed):
                yield memoryview(inflate.decompress(fed, _STRIP_BYTES))
                fed = inflate.unconsumed_tail


def _upper_bytes(filtered: NDArray[np.uint8], header: _Header) -> NDArray[np.uint8]:
    """(rows, pixels, bytes of a pixel that are needed): packed pixels stay packed."""
    if header.depth < 8:
        return filtered[:, 1:, None]
    pixels = filtered[:, 1:].reshape(len(filtered), header.width, -1)
    return pixels[..., ::2] if header.depth == 16 else pixels


def _decoded(kinds: NDArray[np.uint8], lanes: NDArray[np.uint8], above: bytes) -> Image.Image:
    """The rows without their filters."""
    rows, width, count = lanes.shape
    body = np.concatenate([kinds[:, None], lanes.reshape(rows, width * count)], axis=1).tobytes()
    first = b"\0" + (above or bytes(width * count))
    header = struct.pack(">IIBBBBB", width, rows + 1, 8, _TYPES[count], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(first + body, 0)), (b"IEND", b""))
    png = _SIGNATURE + b"".join(_chunk(name, content) for name, content in chunks)
    picture = PngImagePlugin.PngImageFile(io.BytesIO(png))
    picture.load()
    return picture.crop((0, 1, width, rows + 1))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _meant(strip: Image.Image, header: _Header) -> Image.Image:
    """Unpacked, and with the palette's colours."""
    if header.depth < 8:
        packed = np.asarray(strip)
        bits = np.unpackbits(packed, axis=1).reshape(len(packed), -1, header.depth)
        values = np.packbits(bits, axis=2)[..., 0] >> (8 - header.depth)
        values = values[:, : header.width]
        scale = 1 if header.colours == _PALETTE else 255 // (2**header.depth - 1)
        strip = Image.fromarray(np.ascontiguousarray(values * np.uint8(scale)))
    if header.colours == _PALETTE:
        strip.putpalette(header.palette)
        if header.transparency:
            strip.info["transparency"] = header.transparency
    return strip
