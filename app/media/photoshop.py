"""Photoshop documents: what Pillow leaves out, which is large documents, deep channels and the metadata."""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PsdImagePlugin

from app.errors import UnsupportedMediaError
from app.media.limits import check_pixels

_LARGE_DOCUMENT = 2  # PSB: lengths of 64 bits
_GREY, _RGB, _CMYK = 1, 3, 4
_MODES = {_GREY: ("L", 1), _RGB: ("RGB", 3), _CMYK: ("CMYK", 4)}
_PLAIN, _RUNS = 0, 1
_PROFILE, _EXIF, _XMP = 1039, 1058, 1060

_NO_COMPOSITE = (
    "This Photoshop document holds no composite picture that can be read. Save it again with "
    "'Maximise compatibility' switched on, or as RGB."
)


@dataclass(frozen=True, slots=True)
class _Document:
    """The header of a document, and where its parts begin."""

    large: bool
    channels: int
    width: int
    height: int
    depth: int
    mode: int
    resources: bytes
    composite: int  # offset

    @property
    def row_bytes(self) -> int:
        return self.width * self.depth // 8


def read_photoshop(data: bytes) -> Image.Image:
    """The composite picture with its metadata. Raises anything for what is damaged."""
    document = _read_document(data)
    check_pixels((document.width, document.height))
    picture: Image.Image
    if document.large or document.depth > 8:
        picture = _composite(data, document)
    else:
        picture = PsdImagePlugin.PsdImageFile(io.BytesIO(data))
        picture.load()
    names = {_PROFILE: "icc_profile", _EXIF: "exif", _XMP: "xmp"}
    picture.info |= {names[kind]: body for kind, body in _resources(document.resources) if kind in names}
    return picture


def _read_document(data: bytes) -> _Document:
    version, channels, height, width, depth, mode = struct.unpack_from(">H6xHIIHH", data, 4)
    large = version == _LARGE_DOCUMENT
    at = 26
    (length,) = struct.unpack_from(">I", data, at)  # palettes
    at += 4 + length
    (length,) = struct.unpack_from(">I", data, at)
    resources = data[at + 4 : at + 4 + length]
    at += 4 + length
    form = ">Q" if large else ">I"
    (length,) = struct.unpack_from(form, data, at)  # layers
    at += struct.calcsize(form) + length
    return _Document(large, channels, width, height, depth, mode, resources, at)


def _resources(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 12 <= len(data) and data[at : at + 4] in (b"8BIM", b"MeSa"):
        kind = int.from_bytes(data[at + 4 : at + 6], "big")
        at += 6 + (data[at + 6] // 2 + 1) * 2  # a name, padded
        length = int.from_bytes(data[at : at + 4], "big")
        yield kind, data[at + 4 : at + 4 + length]
        at += 4 + length + length % 2


def _composite(data: bytes, document: _Document) -> Image.Image:
    mode, channels = _MODES.get(document.mode, ("", 0))
    if not channels or document.channels < channels or document.depth not in (8, 16, 32):
        raise UnsupportedMediaError(_NO_COMPOSITE)
    (compression,) = struct.unpack_from(">H", data, document.composite)
    if compression not in (_PLAIN, _RUNS):
        raise UnsupportedMediaError(_NO_COMPOSITE)
    start = document.composite + 2
    parts = _runs(data, document, start) if compression == _RUNS else _rows(data, document, start)
    bands = [
        Image.fromarray(_eight_bits(part, document)) for part, _ in zip(parts, range(channels), strict=False)
    ]
    picture = bands[0] if channels == 1 else Image.merge(mode, bands)
    return picture if document.mode != _CMYK else picture.point(lambda value: 255 - value)  # stored inverted


def _rows(data: bytes, document: _Document, start: int) -> Iterator[bytes]:
    """The bytes of each channel, stored as they are."""
    length = document.row_bytes * document.height
    for number in range(document.channels):
        yield data[start + number * length : start + (number + 1) * length]


def _runs(data: bytes, document: _Document, start: int) -> Iterator[bytes]:
    """The bytes of each channel, packed as runs: the lengths of all rows come first."""
    size = 4 if document.large else 2
    count = document.channels * document.height
    lengths = np.frombuffer(data, f">u{size}", count, start).reshape(document.channels, -1).sum(axis=1)
    at = start + count * size
    for length in lengths.tolist():
        shape = (document.row_bytes, document.height)
        yield Image.frombytes("L", shape, data[at : at + length], "packbits", "L").tobytes()
        at += length


def _eight_bits(channel: bytes, document: _Document) -> NDArray[np.uint8]:
    kind = {8: ">u1", 16: ">u2", 32: ">f4"}[document.depth]
    values = np.frombuffer(channel, kind).reshape(document.height, document.width)
    if document.depth == 32:
        values = (np.nan_to_num(values).clip(0, 1) * 255).round()
    else:
        values = values >> (document.depth - 8)
    return np.asarray(values, dtype=np.uint8)
