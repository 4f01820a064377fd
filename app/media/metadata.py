"""What a photo says about itself: EXIF, GPS, IPTC and XMP. Bad metadata never stops a photo."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from typing import Any, TypeVar

from PIL import ExifTags, Image, ImageFile

from app.domain.media import PhotoMetadata
from app.media.captions import Captions, read_captions
from app.media.text import clean_text

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

Base = ExifTags.Base
GPS = ExifTags.GPS

_FIRST_PHOTOGRAPH = 1826
_EPOCHS = {datetime(1904, 1, 1), datetime(1970, 1, 1), datetime(1980, 1, 1)}  # noqa: DTZ001 - a clock never set
_ISO_IS_ELSEWHERE = 65535


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a file, by EXIF number, as they stand in it."""

    base: Mapping[int, Any] = field(default_factory=dict)
    exif: Mapping[int, Any] = field(default_factory=dict)
    gps: Mapping[int, Any] = field(default_factory=dict)
    captions: Captions = field(default_factory=Captions)


def read_tags(picture: ImageFile.ImageFile) -> Tags:
    """All tags of an opened file; empty where there are none or they are broken."""
    tags = _from_exif(_tolerate(picture.getexif, Image.Exif()))
    captions = _tolerate(lambda: read_captions(picture, tags.base), Captions())
    return Tags(tags.base, tags.exif, tags.gps, captions)


def raw_tags(data: bytes, preview: bytes | None) -> Tags:
    """The tags of a raw file: from its own TIFF structure, else from its preview."""
    tags = _tolerate(lambda: _raw_structure(data), Tags())
    if preview is None or tags.exif:
        return tags
    with_preview = _tolerate(lambda: _preview_tags(preview), Tags())
    return Tags(tags.base or with_preview.base, tags.exif or with_preview.exif, tags.gps or with_preview.gps)


def read_orientation(picture: ImageFile.ImageFile) -> int:
    """The EXIF orientation, 1 where there is none or nonsense."""
    value: Any = _tolerate(lambda: picture.getexif().get(Base.Orientation, 1), 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def describe(tags: Tags, *, size: tuple[int, int], format_: str, orientation: int) -> PhotoMetadata:
    """The tags as values; what is missing, garbage or absurd becomes None."""
    latitude, longitude = _position(tags.gps)
    return PhotoMetadata(
        width=size[0],
        height=size[1],
        format=str(format_),
        orientation=orientation,
        taken_at=_taken_at(tags),
        camera_make=clean_text(tags.base.get(Base.Make)),
        camera_model=clean_text(tags.base.get(Base.Model)),
        lens=clean_text(tags.exif.get(Base.LensModel)),
        exposure_seconds=_exposure(tags.exif),
        f_number=_f_number(tags.exif),
        iso=_iso(tags.exif),
        focal_length_mm=_within(tags.exif.get(Base.FocalLength), 0.1, 10_000),
        latitude=latitude,
        longitude=longitude,
        altitude_m=_altitude(tags.gps),
        title=tags.captions.title,
        caption=tags.captions.caption,
        keywords=tags.captions.keywords,
    )


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


def _taken_at(tags: Tags) -> datetime | None:
    candidates = (
        (tags.exif.get(Base.DateTimeOriginal), Base.OffsetTimeOriginal, Base.SubsecTimeOriginal),
        (tags.exif.get(Base.DateTimeDigitized), Base.OffsetTimeDigitized, Base.SubsecTimeDigitized),
        (tags.base.get(Base.DateTime), Base.OffsetTime, Base.SubsecTime),
    )
    for text, offset, fraction in candidates:
        moment = parse_exif_date(text, tags.exif.get(offset), tags.exif.get(fraction))
        if moment is not None:
            return moment
    written = tags.captions.created
    return written if written is not None and _is_plausible(written) else None


def parse_exif_date(text: Any, offset: Any = None, fraction: Any = None) -> datetime | None:
    """A date as cameras write it, "2024:05:17 18:03:59"; None when it is garbage or absurd."""
    cleaned = clean_text(text)
    if cleaned is None:
        return None
    digits = cleaned[:19].replace("/", ":").replace("-", ":").replace("T", " ")
    try:
        moment = datetime.strptime(digits, "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - the offset is a tag of its own
    except ValueError:
        return None
    if not _is_plausible(moment):
        return None
    return moment.replace(tzinfo=_parse_offset(offset), microsecond=_parse_fraction(fraction))


def _is_plausible(moment: datetime) -> bool:
    naive = moment.replace(tzinfo=None)
    tomorrow = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
    return naive.year >= _FIRST_PHOTOGRAPH and naive <= tomorrow and naive not in _EPOCHS


def _parse_offset(text: Any) -> timezone | None:
    cleaned = clean_text(text)
    if cleaned is None:
        return None
    try:
        moment = datetime.strptime(cleaned, "%z")
    except ValueError:
        return None
    offset = moment.utcoffset()
    return timezone(offset) if offset is not None and abs(offset) <= timedelta(hours=14) else None


def _parse_fraction(text: Any) -> int:
    digits = (clean_text(text) or "")[:6]
    return int(digits.ljust(6, "0")) if digits.isascii() and digits.isdigit() else 0


def _number(value: Any) -> float | None:
    """A finite number from an EXIF value: rationals may have a zero denominator, fields may be lists."""
    if isinstance(value, (tuple, list)):
        value = value[0] if value else None
    if value is None or isinstance(value, (str, bytes)):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return number if math.isfinite(number) else None


def _within(value: Any, low: float, high: float) -> float | None:
    number = _number(value)
    return number if number is not None and low <= number <= high else None


def _exposure(exif: Mapping[int, Any]) -> float | None:
    seconds = _within(exif.get(Base.ExposureTime), 1e-6, 86_400)
    apex = _within(exif.get(Base.ShutterSpeedValue), -16, 20)
    return seconds if seconds is not None or apex is None else 2.0**-apex


def _f_number(exif: Mapping[int, Any]) -> float | None:
    number = _within(exif.get(Base.FNumber), 0.5, 256)
    apex = _within(exif.get(Base.ApertureValue), 0.1, 16)
    return number if number is not None or apex is None else round(2.0 ** (apex / 2), 1)


def _iso(exif: Mapping[int, Any]) -> int | None:
    for tag in (Base.ISOSpeedRatings, Base.RecommendedExposureIndex, Base.ISOSpeed):
        iso = _within(exif.get(tag), 1, 10_000_000)
        if iso is not None and iso != _ISO_IS_ELSEWHERE:
            return round(iso)
    return None


def _position(gps: Mapping[int, Any]) -> tuple[float | None, float | None]:
    latitude = _degrees(gps.get(GPS.GPSLatitude), gps.get(GPS.GPSLatitudeRef), b"S", 90)
    longitude = _degrees(gps.get(GPS.GPSLongitude), gps.get(GPS.GPSLongitudeRef), b"W", 180)
    if latitude is None or longitude is None or latitude == longitude == 0:
        return None, None  # zeros are what receivers without a fix write
    return latitude, longitude


def _degrees(parts: Any, reference: Any, negative: bytes, limit: float) -> float | None:
    if not isinstance(parts, (tuple, list)) or not parts:
        return None
    numbers = [_number(part) for part in parts[:3]]
    if numbers[0] is None:
        return None
    degrees = sum((number or 0.0) / 60**power for power, number in enumerate(numbers))
    letter = (clean_text(reference) or "").upper()[:1].encode()
    signed = -degrees if letter == negative else degrees
    return signed if -limit <= signed <= limit else None


def _altitude(gps: Mapping[int, Any]) -> float | None:
    metres = _within(gps.get(GPS.GPSAltitude), -12_000, 100_000)
    below = gps.get(GPS.GPSAltitudeRef) in (b"\x01", 1, "\x01")
    return -metres if metres is not None and below else metres
