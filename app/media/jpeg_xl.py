"""JPEG XL pictures and the JPEGs that Pillow's own libjpeg does not read."""

from typing import Any

from PIL import Image

from app.errors import UnsupportedMediaError
from app.media.limits import check_pixels

_TIFF_STARTS = (b"II*\0", b"MM\0*")
_LARGEST_OFFSET = 16  # an Exif box begins with the distance to its TIFF header


def read_jxl(data: bytes) -> Image.Image:
    """The first frame, upright by itself, with its metadata. Raises RuntimeError for what is damaged."""
    decoder = _decoder()
    header = decoder.probe(data)
    check_pixels((header["width"], header["height"]))
    pixels, boxes = decoder.decode(data, metadata=True)
    picture = Image.fromarray(pixels)
    found = {"exif": _tiff(boxes.get("exif", b"")), "xmp": boxes.get("xmp"), "icc_profile": boxes.get("icc")}
    picture.info.update({name: value for name, value in found.items() if value})
    return picture


def read_arithmetic_jpeg(data: bytes, size: tuple[int, int]) -> Image.Image:
    """A JPEG with arithmetic coding, as stored. Raises RuntimeError for what is damaged."""
    decoder = _decoder()
    check_pixels(size)
    return Image.fromarray(decoder.decode_jpeg(data))


def _decoder() -> Any:
    """10 MB, so only where there are such files. Not every system has a wheel of it."""
    try:
        import pylibjxl
    except ImportError as error:
        raise UnsupportedMediaError(
            "JPEG XL and JPEGs with arithmetic coding cannot be opened on this kind of computer."
        ) from error
    return pylibjxl


def _tiff(box: bytes) -> bytes:
    starts = [at for start in _TIFF_STARTS if (at := box.find(start, 0, _LARGEST_OFFSET)) >= 0]
    return box[min(starts) :] if starts else b""
