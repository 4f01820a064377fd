"""What a photo says about itself: EXIF, GPS, IPTC and XMP. Bad metadata never stops a photo."""

import dataclasses
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any, TypeVar

from PIL import ExifTags, Image

from app.domain.media import PhotoMetadata, TakenFrom
from app.media.captions import read_captions
from app.media.dates import file_date, is_plausible, satellite_time, taken_by_camera
from app.media.exposure import exposure_seconds, f_number, iso
from app.media.iptc import IptcValues, read_iptc
from app.media.places import altitude, position
from app.media.tag_numbers import within
from app.media.text import clean_text
from app.media.xmp import XmpValues, parse_xmp

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

Base = ExifTags.Base
_XMP_TAG = 700


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a file, by EXIF number, as they stand in it."""

    base: Mapping[int, Any] = field(default_factory=dict)
    exif: Mapping[int, Any] = field(default_factory=dict)
    gps: Mapping[int, Any] = field(default_factory=dict)
    xmp: XmpValues = field(default_factory=XmpValues)
    iptc: IptcValues = field(default_factory=IptcValues)


def read_tags(picture: Image.Image) -> Tags:
    """All tags of an opened file; empty where there are none or they are broken."""
    tags = _from_exif(_tolerate(picture.getexif, Image.Exif()))
    packet = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or tags.base.get(_XMP_TAG)
    xmp = _tolerate(lambda: parse_xmp(packet), XmpValues())
    return Tags(tags.base, tags.exif, tags.gps, xmp, _tolerate(lambda: read_iptc(picture), IptcValues()))


def raw_tags(data: bytes, preview: bytes | None) -> Tags:
    """The tags of a raw file: from its own TIFF structure, else from its preview."""
    tags = _tolerate(lambda: _raw_structure(data), Tags())
    xmp = _tolerate(lambda: parse_xmp(tags.base.get(_XMP_TAG)), XmpValues())
    if preview is None or tags.exif:
        return dataclasses.replace(tags, xmp=xmp)
    other = _tolerate(lambda: _preview_tags(preview), Tags())
    return Tags(tags.base or other.base, tags.exif or other.exif, tags.gps or other.gps, xmp)


def read_orientation(picture: Image.Image) -> int:
    """The EXIF orientation, 1 where there is none or nonsense."""
    return orientation_of(Tags(base=_tolerate(lambda: dict(picture.getexif()), {})))


def orientation_of(tags: Tags) -> int:
    """The same of tags that were read already."""
    value = tags.base.get(Base.Orientation, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def describe(tags: Tags, *, size: tuple[int, int], format_: str, orientation: int) -> PhotoMetadata:
    """The tags as values; what is missing, garbage or absurd becomes None."""
    latitude, longitude = position(tags.gps)
    taken_at, taken_from = _taken(tags)
    captions = read_captions(tags.xmp, tags.iptc, tags.base)
    return PhotoMetadata(
        width=size[0],
        height=size[1],
        format=str(format_),
        orientation=orientation,
        taken_at=taken_at,
        taken_from=taken_from,
        camera_make=clean_text(tags.base.get(Base.Make)) or tags.xmp.camera_make,
        camera_model=clean_text(tags.base.get(Base.Model)) or tags.xmp.camera_model,
        lens=clean_text(tags.exif.get(Base.LensModel)) or tags.xmp.lens,
        exposure_seconds=exposure_seconds(tags.exif),
        f_number=f_number(tags.exif),
        iso=iso(tags.exif),
        focal_length_mm=within(tags.exif.get(Base.FocalLength), 0.1, 10_000),
        latitude=tags.xmp.latitude if latitude is None else latitude,
        longitude=tags.xmp.longitude if longitude is None else longitude,
        altitude_m=altitude(tags.gps),
        title=captions.title,
        caption=captions.caption,
        keywords=captions.keywords,
        rating=captions.rating,
        label=captions.label,
    )


def _taken(tags: Tags) -> tuple[datetime | None, TakenFrom | None]:
    """The surest date that a file holds, and what holds it."""
    candidates = (
        (taken_by_camera(tags.exif, tags.gps), TakenFrom.EXIF),
        (tags.xmp.taken_at, TakenFrom.XMP),
        (tags.iptc.taken_at, TakenFrom.XMP),
        (file_date(tags.base, tags.exif), TakenFrom.EXIF),
        (satellite_time(tags.gps), TakenFrom.GPS),
    )
    for moment, source in candidates:
        if moment is not None and is_plausible(moment):
            return moment, source
    return None, None


def _tolerate(read: Callable[[], _T], otherwise: _T) -> _T:
    """Read metadata that may be anything; Pillow's parsers raise nearly every exception on garbage."""
    try:
        return read()
    except Exception as error:  # noqa: BLE001 - bad metadata must not cost the photo
        _log.debug("metadata not read: %r", error)
        return otherwise


def _from_exif(exif: Image.Exif) -> Tags:
    return Tags(
        base=_tolerate(lambda: dict(exif), {}),
        exif=_tolerate(lambda: exif.get_ifd(ExifTags.IFD.Exif), {}),
        gps=_tolerate(lambda: exif.get_ifd(ExifTags.IFD.GPSInfo), {}),
    )


def _raw_structure(data: bytes) -> Tags:
    """Most raw files are TIFFs, some under a signature of their own; Canon's CR3 holds three small ones."""
    if data[4:8] == b"ftyp":
        base, exif, gps = (_tiff_tags(_cr3_box(data, name)).base for name in (b"CMT1", b"CMT2", b"CMT4"))
        return Tags(base, exif, gps)
    if data.startswith(b"II") and data[2:4] in (b"RO", b"RS", b"U\0"):
        data = b"II*\0" + data[4:]
    return _tiff_tags(data)


def _cr3_box(data: bytes, name: bytes) -> bytes:
    at = data.find(name, 0, 65536)
    if at < 4:
        return b""
    return data[at + 4 : at - 4 + int.from_bytes(data[at - 4 : at], "big")]


def _tiff_tags(data: bytes) -> Tags:
    if data[:4] not in (b"II*\0", b"MM\0*"):
        return Tags()
    exif = Image.Exif()
    exif.load(data)
    return _from_exif(exif)


def _preview_tags(preview: bytes) -> Tags:
    with Image.open(BytesIO(preview), formats=("JPEG",)) as picture:
        return read_tags(picture)
