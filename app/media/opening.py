"""Bytes of a picture file to an upright RGB picture: content decides the format, errors are for people."""

import contextlib
import dataclasses
import importlib
import io
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, JpegImagePlugin, PngImagePlugin, UnidentifiedImageError

from app.domain.media import PhotoMetadata
from app.errors import DamagedMediaError, UnsupportedMediaError
from app.media import raw as raw_files
from app.media.avif import read_lenient_avif
from app.media.colours import cmyk_to_rgb, effective_profile, in_effect, to_rgb
from app.media.content_key import jpeg_pixel_key, pixel_key
from app.media.jpeg_stream import is_arithmetic, is_cut_off
from app.media.jpeg_xl import read_arithmetic_jpeg, read_jxl
from app.media.limits import MAX_COEFFICIENT_BYTES, Size, check_pixels, too_large
from app.media.metadata import Tags, describe, orientation_of, raw_tags, read_orientation, read_tags
from app.media.photoshop import read_photoshop
from app.media.plain_errors import TRUNCATED, plain_errors
from app.media.png_strips import find_exif, is_panorama, read_strips
from app.media.sniffing import Kind, is_film, sniff
from app.media.tiff_blocks import Layout, read_blocks, read_layout
from app.media.video import read_video

NeededSize = Callable[[Size], Size]  # full upright size -> smallest size that is good enough

_PLUGINS = {
    Kind.WEBP: "WebPImagePlugin",
    Kind.TIFF: "TiffImagePlugin",
    Kind.JPEG2000: "Jpeg2KImagePlugin",
    Kind.ICO: "IcoImagePlugin",
    Kind.PCX: "PcxImagePlugin",
    Kind.TGA: "TgaImagePlugin",
    Kind.AVIF: "AvifImagePlugin",
}

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_LOOK = 4096  # bytes
_PANORAMIC = {Kind.JPEG: JpegImagePlugin.JpegImageFile, Kind.PNG: PngImagePlugin.PngImageFile}
_RGB_MODES = ("RGB", "RGBA", "P", "PA")
_READERS = {Kind.JXL: read_jxl, Kind.PSD: read_photoshop}
_SPARE = 2  # times as large as needed: of drawings, averaged to just that, the cosine was 0.99984 at worst
_SEQUENCES = (Kind.HEIF, Kind.AVIF)
_TURNED_BY_DECODER = (Kind.HEIF, Kind.JXL, Kind.PSD)

_EMPTY = "The file is empty. Copy it again from the original."
_ZEROS = "The file holds nothing but zeros. Copy it again from the original."
_UNKNOWN = "The file does not hold a picture in a format that Photosift opens, whatever its name says."
_FILM = "The file holds a film, not a picture, whatever its name says."


@dataclass(frozen=True, slots=True)
class OpenedPicture:
    """An upright RGB picture, at least as large as was asked for unless the file's own is smaller."""

    image: Image.Image
    full_size: Size  # of the upright picture in the file
    pixel_key: str
    metadata: PhotoMetadata
    icc_profile: bytes | None  # of colours that are not converted yet


def open_picture(data: bytes, name: str, needed: NeededSize) -> OpenedPicture:
    """Decode a picture file; `name` helps only where the content leaves the format open.

    Raises UnsupportedMediaError, DamagedMediaError or MediaTooLargeError.
    """
    kind = _kind_of(data, name)
    with plain_errors(kind):
        if kind is Kind.JPEG:
            return _open_jpeg(data, needed)
        if kind is Kind.RAW:
            return _open_raw(data, name, needed)
        if kind in _SEQUENCES and is_film(data):
            return _open_sequence(data, kind, needed)
        if kind is Kind.PNG and is_panorama(data):
            return _open_strips(data, needed)
        layout = read_layout(data) if kind is Kind.TIFF else None
        if layout is not None and layout.needs_blocks:
            return _open_blocks(data, layout, needed)
        return _open_other(data, kind, needed)


def open_video(file: BinaryIO, path: str, needed: NeededSize) -> OpenedPicture:
    """The frame that stands for a video, which is read only in parts. Raises as `open_picture` does."""
    with plain_errors():
        return _show(*read_video(file, path), needed)


def _open_sequence(data: bytes, kind: Kind, needed: NeededSize) -> OpenedPicture:
    """A burst or an animation in a picture's format, which holds nothing but a film."""
    frame, metadata = read_video(io.BytesIO(data), "")
    return _show(frame, dataclasses.replace(metadata, format=str(kind)), needed)


def _show(frame: Image.Image, metadata: PhotoMetadata, needed: NeededSize) -> OpenedPicture:
    image, key = _finish_with_key(frame, 1, needed(frame.size))
    return OpenedPicture(image, frame.size, key, metadata, None)


def _kind_of(data: bytes, name: str) -> Kind:
    if not data[:_LOOK].strip(b"\0") and not data.strip(b"\0"):  # large files are not copied for this
        raise DamagedMediaError(_ZEROS if data else _EMPTY)
    kind = sniff(data, name)
    if is_film(data) and kind not in _SEQUENCES:
        raise UnsupportedMediaError(_FILM)
    if kind is None:
        raise UnsupportedMediaError(_UNKNOWN)
    return kind


def _open_jpeg(data: bytes, needed: NeededSize) -> OpenedPicture:
    with _header(data, Kind.JPEG) as header:
        tags = read_tags(header)
        orientation = read_orientation(header)
        full = _turned_size(header.size, orientation)
        profile = effective_profile(header)
        image = _decode_jpeg(header, data, orientation, needed)
        metadata = describe(tags, size=full, format_=Kind.JPEG, orientation=orientation)
        key = jpeg_pixel_key(data, orientation, profile)
        return OpenedPicture(image, full, key, metadata, _profile(header))


def _decode_jpeg(header: Image.Image, data: bytes, orientation: int, needed: NeededSize) -> Image.Image:
    """Decode at the smallest of libjpeg's scales (1, 1/2, 1/4, 1/8) that is large enough."""
    if is_cut_off(data, header.size):
        raise DamagedMediaError(TRUNCATED)
    if header.info.get("progressive") and 6 * header.width * header.height > MAX_COEFFICIENT_BYTES:
        raise too_large(header.size)
    full = _turned_size(header.size, orientation)
    if is_arithmetic(data):
        return _finish(read_arithmetic_jpeg(data, header.size), orientation, needed(full))
    header.draft(None, _turned_size(needed(full), orientation))
    return _finish(header, orientation, needed(full))


def _open_raw(data: bytes, name: str, needed: NeededSize) -> OpenedPicture:
    try:
        raw = raw_files.read_raw(data)
    except Exception as error:
        kind = sniff(data, "")  # a plain picture under a raw file's name
        if not raw_files.is_raw_error(error) or kind in (None, Kind.RAW):
            raise
        return _open_other(data, kind, needed)
    full = (raw.width, raw.height)
    preview = raw.picture if isinstance(raw.picture, bytes) else None
    metadata = describe(raw_tags(data, preview), size=full, format_=Kind.RAW, orientation=raw.orientation)
    if isinstance(raw.picture, bytes):
        return _open_preview(raw.picture, raw, full, metadata, needed)
    orientation = 1 if raw.turned else raw_files.preview_orientation(raw.picture.size, 1, raw)
    image, key = _finish_with_key(raw.picture, orientation, needed(full))
    return OpenedPicture(image, full, key, metadata, None)


def _open_preview(
    preview: bytes, raw: raw_files.RawPicture, full: Size, metadata: PhotoMetadata, needed: NeededSize
) -> OpenedPicture:
    with _header(preview, Kind.JPEG) as header:
        orientation = raw_files.preview_orientation(header.size, read_orientation(header), raw)
        image = _decode_jpeg(header, preview, orientation, needed)
        key = jpeg_pixel_key(preview, orientation, effective_profile(header))
        return OpenedPicture(image, full, key, metadata, _profile(header))


def _open_other(data: bytes, kind: Kind, needed: NeededSize) -> OpenedPicture:
    with _header(data, kind) as header:
        tags = read_tags(header)
        stored = _stored_orientation(header)
        orientation = 1 if kind in _TURNED_BY_DECODER else read_orientation(header)
        check_pixels(header.size)
        header.load()
        profile, shown_by = _profile(header), effective_profile(header)
        image: Image.Image = header
        if image.mode == "CMYK":
            image, profile = cmyk_to_rgb(image, shown_by or None), None
        if kind is Kind.TIFF:
            orientation = 1  # Pillow has turned it while loading
        full = _turned_size(image.size, orientation)
        image, key = _finish_with_key(image, orientation, needed(full), shown_by)
        metadata = describe(tags, size=full, format_=kind, orientation=stored)
        return OpenedPicture(image, full, key, metadata, profile if header.mode in _RGB_MODES else None)


def _open_blocks(data: bytes, layout: Layout, needed: NeededSize) -> OpenedPicture:
    """A TIFF that is too large, or stored too oddly, for Pillow."""
    tags = raw_tags(data, None)
    return _put_together(read_blocks(data, layout), Kind.TIFF, layout.size, tags, layout.profile, needed)


def _open_strips(data: bytes, needed: NeededSize) -> OpenedPicture:
    """A PNG that is too large for Pillow."""
    with _header(data, Kind.PNG) as header:
        size, profile = header.size, _profile(header)
        bare = Image.new("L", (1, 1))  # asking the header itself for its EXIF would decode the whole picture
        bare.info = {**header.info, "exif": find_exif(data)}
        tags = read_tags(bare)
    return _put_together(read_strips(data), Kind.PNG, size, tags, profile, needed)


def _put_together(
    picture: Image.Image, kind: Kind, size: Size, tags: Tags, profile: bytes | None, needed: NeededSize
) -> OpenedPicture:
    """What was read in parts, as stored and already reduced, whatever its full size."""
    orientation = orientation_of(tags)
    shown_by = in_effect(profile, "RGB")
    full = _turned_size(size, orientation)
    image, key = _finish_with_key(picture, orientation, needed(full), shown_by)
    metadata = describe(tags, size=full, format_=kind, orientation=orientation)
    return OpenedPicture(image, full, key, metadata, shown_by or None)


@contextlib.contextmanager
def _header(data: bytes, kind: Kind) -> Iterator[Image.Image]:
    """The opened file, as a rule with no pixel decoded; warnings about harmless flaws stay quiet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _open_kind(data, kind) as opened:
            yield opened


def _open_kind(data: bytes, kind: Kind) -> Image.Image:
    if kind in (Kind.JPEG, Kind.PNG):  # past Image.open, whose limit of pixels refuses what we scale down
        return _PANORAMIC[kind](io.BytesIO(data))
    if kind in _READERS:
        return _READERS[kind](data)
    _load_plugin(kind)
    try:
        return Image.open(io.BytesIO(data), formats=(kind,))
    except UnidentifiedImageError:
        picture = read_lenient_avif(data) if kind is Kind.AVIF else None
        if picture is None:
            raise
        return picture


def _load_plugin(kind: Kind) -> None:
    """Import one decoder, instead of the seventy that Pillow would import to find it."""
    if kind is Kind.HEIF:
        import pillow_heif

        pillow_heif.options.DECODE_THREADS = 1  # whole photos are decoded side by side instead
        pillow_heif.register_heif_opener(thumbnails=False)
    elif kind in _PLUGINS:
        importlib.import_module(f"PIL.{_PLUGINS[kind]}")
    if kind is Kind.AVIF:
        from PIL import AvifImagePlugin

        AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def _finish(picture: Image.Image, orientation: int, needed: Size) -> Image.Image:
    """Decode what is still to be decoded, convert, scale down, turn."""
    check_pixels(picture.size)
    picture.load()
    profile = picture.info.get("icc_profile")
    rgb = cmyk_to_rgb(picture, profile) if picture.mode == "CMYK" else to_rgb(picture)
    return _turn(_reduce(rgb, _turned_size(needed, orientation)), orientation)


def _finish_with_key(
    picture: Image.Image, orientation: int, needed: Size, profile: bytes = b""
) -> tuple[Image.Image, str]:
    rgb = to_rgb(picture)
    key = pixel_key(rgb, orientation, _turned_size(rgb.size, orientation), profile)
    return _turn(_reduce(rgb, _turned_size(needed, orientation)), orientation), key


def _reduce(picture: Image.Image, needed: Size) -> Image.Image:
    """Average whole blocks of pixels while the picture stays larger than needed, to resize it sooner."""
    factor = min(picture.width // needed[0], picture.height // needed[1]) // _SPARE
    return picture.reduce(factor) if factor > 1 else picture


def _turn(picture: Image.Image, orientation: int) -> Image.Image:
    return picture.transpose(_TURNS[orientation]) if orientation in _TURNS else picture


def _turned_size(size: Size, orientation: int) -> Size:
    return (size[1], size[0]) if orientation >= 5 else size


def _stored_orientation(header: Image.Image) -> int:
    stored = header.info.get("original_orientation")
    return stored if isinstance(stored, int) and 1 <= stored <= 8 else read_orientation(header)


def _profile(picture: Image.Image) -> bytes | None:
    profile = picture.info.get("icc_profile")
    return profile if isinstance(profile, bytes) and picture.mode not in ("CMYK", "L", "1") else None
