"""Camera raw files: their largest embedded preview, developed at half size only where there is none."""

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image

SMALLEST_PREVIEW = 512  # longest side in pixels; below, developing shows more than the preview

_ORIENTATION_BY_FLIP = {0: 1, 3: 3, 5: 8, 6: 6}  # LibRaw's names for the turns that EXIF numbers 1 to 8


@dataclass(frozen=True, slots=True)
class RawPicture:
    """What a raw file shows: the bytes of a JPEG preview, or pixels where it has none."""

    width: int  # of the sensor's picture, upright
    height: int
    orientation: int  # EXIF number of the turn that makes the sensor's picture upright
    picture: bytes | Image.Image
    turned: bool = False  # whether `picture` is upright already


def read_raw(data: bytes) -> RawPicture:
    """Open a raw file. Raises rawpy's LibRawError."""
    import rawpy  # costs 100 ms and 30 MB: only where there are raw files

    with rawpy.imread(io.BytesIO(data)) as raw:
        orientation = _ORIENTATION_BY_FLIP.get(raw.sizes.flip, 1)
        width, height = raw.sizes.width, raw.sizes.height
        if orientation in (6, 8):
            width, height = height, width
        preview = _preview(raw)
        if preview is not None and max(_size(preview)) >= SMALLEST_PREVIEW:
            return RawPicture(width, height, orientation, preview)
        return RawPicture(width, height, orientation, _develop(raw), turned=True)


def is_raw_error(error: Exception) -> bool:
    """Whether LibRaw raised this."""
    return type(error).__module__.startswith("rawpy")


def preview_orientation(preview_size: tuple[int, int], preview_tag: int, raw: RawPicture) -> int:
    """The turn a preview still needs.

    Cameras store previews turned or not, with or without a tag of their own, and LibRaw adds the raw file's
    orientation to a preview that has none. So a tag of another value is true of the preview; otherwise it
    follows the sensor, unless its shape shows that it was turned already.
    """
    if preview_tag not in (1, raw.orientation):
        return preview_tag
    preview_is_tall = preview_size[1] > preview_size[0]
    raw_is_tall = raw.height > raw.width
    turned_already = raw.orientation in (6, 8) and preview_is_tall == raw_is_tall
    return 1 if turned_already else raw.orientation


def _preview(raw: Any) -> bytes | Image.Image | None:
    import rawpy

    try:
        thumbnail = raw.extract_thumb()
    except rawpy.LibRawError:  # none, or of a kind that LibRaw cannot read
        return None
    if thumbnail.format == rawpy.ThumbFormat.JPEG:
        return bytes(thumbnail.data)
    return Image.fromarray(thumbnail.data)


def _size(preview: bytes | Image.Image) -> tuple[int, int]:
    if isinstance(preview, Image.Image):
        return preview.size
    try:
        with Image.open(io.BytesIO(preview), formats=("JPEG",)) as header:
            return header.size
    except OSError:
        return 0, 0


def _develop(raw: Any) -> Image.Image:
    """Half-size demosaicing, turned upright by LibRaw."""
    return Image.fromarray(raw.postprocess(half_size=True, use_camera_wb=True, output_bps=8))
