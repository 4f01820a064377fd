"""Broken picture files by the thousand, the same ones for the same seed."""

import io
import os
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

_HEADER = 600  # bytes in which most of a format's structure stands
_LENGTHS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_LARGEST_ORIGINAL = 400_000  # bytes; larger ones would only make the run longer

_Mutation = Callable[[random.Random, bytes, bytes], bytes]


def broken_files(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Names and contents of `count` files, formats and kinds of damage in turn."""
    chance = random.Random(seed)
    originals = _originals(chance)
    formats = sorted(originals)
    kinds = list(_MUTATIONS)
    for number in range(count):
        suffix = formats[number % len(formats)]
        kind = kinds[number // len(formats) % len(kinds)]
        data = chance.choice(originals[suffix])
        other = chance.choice(originals[chance.choice(formats)])
        broken = _MUTATIONS[kind](chance, data, other)
        for _ in range(chance.randrange(3)):
            broken = _MUTATIONS[chance.choice(kinds)](chance, broken, other)
        yield f"fuzz-{number:05}-{kind}.{suffix}", broken


def _originals(chance: random.Random) -> dict[str, list[bytes]]:
    """Sound files by suffix: drawn ones of every format, and the real ones of PHOTOSIFT_TEST_PHOTOS."""
    found = {suffix: list(make()) for suffix, make in _DRAWN.items()}
    root = os.environ.get("PHOTOSIFT_TEST_PHOTOS")
    for path in sorted(Path(root, "formats").rglob("*")) if root else ():
        suffix = {"heif": "heic", "tiff": "tif", "jpeg": "jpg"}.get(
            path.suffix[1:].lower(), path.suffix[1:].lower()
        )
        if suffix in found and path.stat().st_size <= _LARGEST_ORIGINAL:
            found[suffix].append(path.read_bytes())
    return {suffix: chance.sample(files, len(files)) for suffix, files in found.items()}


def _flip(chance: random.Random, data: bytes, _: bytes) -> bytes:
    """A few wrong bits anywhere."""
    return _flipped(chance, data, len(data))


def _flip_header(chance: random.Random, data: bytes, _: bytes) -> bytes:
    """A few wrong bits where the structure stands."""
    return _flipped(chance, data, min(len(data), _HEADER))


def _flipped(chance: random.Random, data: bytes, end: int) -> bytes:
    broken = bytearray(data)
    for _ in range(chance.randint(1, 12)):
        if end:
            broken[chance.randrange(end)] ^= 1 << chance.randrange(8)
    return bytes(broken)


def _lengthen(chance: random.Random, data: bytes, _: bytes) -> bytes:
    """A number in the header that is far off."""
    if len(data) < 16:
        return data
    broken = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        form = chance.choice((">H", "<H", ">I", "<I"))
        size = struct.calcsize(form)
        value = chance.choice(_LENGTHS) & (256**size - 1)
        struct.pack_into(form, broken, chance.randrange(min(len(data), _HEADER) - size), value)
    return bytes(broken)


def _truncate(chance: random.Random, data: bytes, _: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _blank(chance: random.Random, data: bytes, _: bytes) -> bytes:
    """A stretch of zeros, as a bad sector or an interrupted copy leaves it."""
    start = chance.randrange(len(data) + 1)
    length = chance.randrange(len(data) - start + 1)
    return data[:start] + bytes(length) + data[start + length :]


def _splice(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """The beginning of one file and the end of another."""
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def _repeat(chance: random.Random, data: bytes, _: bytes) -> bytes:
    """A stretch that stands there twice."""
    start = chance.randrange(len(data) + 1)
    end = min(len(data), start + chance.randrange(4096))
    return data[:end] + data[start:end] + data[end:]


_MUTATIONS: dict[str, _Mutation] = {
    "flip": _flip,
    "flip-header": _flip_header,
    "length": _lengthen,
    "truncate": _truncate,
    "blank": _blank,
    "splice": _splice,
    "repeat": _repeat,
}


def _picture(seed: int) -> Image.Image:
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize((320, 240), Image.Resampling.BICUBIC)


def _saved(format_: str, *variants: dict[str, object]) -> Callable[[], Iterator[bytes]]:
    def make() -> Iterator[bytes]:
        exif = Image.Exif()
        exif[0x0112] = 6
        exif[271] = "Photosift"
        for number, options in enumerate(variants or ({},)):
            out = io.BytesIO()
            _picture(number).save(out, format_, exif=exif.tobytes(), **options)
            yield out.getvalue()

    return make


def _heic() -> Iterator[bytes]:
    import pillow_heif

    for number in range(2):
        out = io.BytesIO()
        pillow_heif.from_pillow(_picture(number)).save(out, quality=80)
        yield out.getvalue()


def _film(suffix: str, codec: str) -> Callable[[], Iterator[bytes]]:
    def make() -> Iterator[bytes]:
        import av

        out = io.BytesIO()
        form = {"mkv": "matroska"}.get(suffix, suffix)
        with av.open(out, "w", format=form) as container:
            stream = container.add_stream(codec, rate=10)
            stream.width, stream.height, stream.pix_fmt, stream.gop_size = 320, 240, "yuv420p", 5
            frame = av.VideoFrame.from_image(_picture(0))
            for _ in range(15):
                frame.pts = None
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        yield out.getvalue()

    return make


def _jxl() -> Iterator[bytes]:
    import pylibjxl

    pixels = np.asarray(_picture(0))
    yield pylibjxl.encode(pixels, effort=3)
    yield pylibjxl.encode(pixels, effort=3, lossless=True)
    yield pylibjxl.jpeg_to_jxl(next(_DRAWN["jpg"]()), effort=3)


_DRAWN: dict[str, Callable[[], Iterator[bytes]]] = {
    "jpg": _saved("JPEG", {}, {"progressive": True}, {"restart_marker_rows": 1}),
    "png": _saved("PNG", {}, {"compress_level": 1}),
    "heic": _heic,
    "webp": _saved("WEBP", {}, {"lossless": True}),
    "tif": _saved("TIFF", {}, {"compression": "tiff_lzw"}, {"compression": "jpeg"}),
    "avif": _saved("AVIF"),
    "jxl": _jxl,
    "gif": _saved("GIF"),
    "jp2": _saved("JPEG2000"),
    "mp4": _film("mp4", "libx264"),
    "avi": _film("avi", "mpeg4"),
    "mkv": _film("mkv", "libx264"),
    "webm": _film("webm", "libvpx"),
}
