"""When a photo was taken, as cameras write it, with the offset from UTC where anything tells it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from PIL import ExifTags

from app.media.tag_numbers import number
from app.media.text import clean_text

Base = ExifTags.Base
GPS = ExifTags.GPS

_FIRST_PHOTOGRAPH = 1826
_EPOCHS = {  # what a clock says that was never set
    datetime(1904, 1, 1),  # noqa: DTZ001
    datetime(1970, 1, 1),  # noqa: DTZ001
    datetime(1980, 1, 1),  # noqa: DTZ001
}
_QUARTERS_IN_USE = (-38, -14, 14, 18, 22, 23, 26, 35, 38, 42, 51)  # offsets of no whole hour, in quarters
_OFFSETS = sorted([*range(-48, 57, 4), *_QUARTERS_IN_USE])
_STRAY = timedelta(minutes=3)  # how far a camera's clock may be off the satellites'


def taken_by_camera(exif: Mapping[int, Any], gps: Mapping[int, Any]) -> datetime | None:
    """The moment of the exposure, or of its digitisation."""
    candidates = (
        (Base.DateTimeOriginal, Base.OffsetTimeOriginal, Base.SubsecTimeOriginal),
        (Base.DateTimeDigitized, Base.OffsetTimeDigitized, Base.SubsecTimeDigitized),
    )
    for date, offset, fraction in candidates:
        moment = parse_exif_date(exif.get(date), exif.get(offset), exif.get(fraction))
        if moment is not None:
            return moment if moment.tzinfo else with_offset_of(moment, satellite_time(gps))
    return None


def file_date(base: Mapping[int, Any], exif: Mapping[int, Any]) -> datetime | None:
    """The date that EXIF gives the file: often, but not surely, the moment of the exposure."""
    return parse_exif_date(base.get(Base.DateTime), exif.get(Base.OffsetTime), exif.get(Base.SubsecTime))


def satellite_time(gps: Mapping[int, Any]) -> datetime | None:
    """The time of the GPS fix, in UTC."""
    day, parts = clean_text(gps.get(GPS.GPSDateStamp)), gps.get(GPS.GPSTimeStamp)
    if day is None or not isinstance(parts, (tuple, list)) or len(parts) < 3:
        return None
    hours, minutes, seconds = (number(part) for part in parts[:3])
    if hours is None or minutes is None or seconds is None:
        return None
    try:
        midnight = datetime.strptime(day[:10].replace("-", ":"), "%Y:%m:%d").replace(tzinfo=UTC)
        moment = midnight + timedelta(hours=hours, minutes=minutes, seconds=int(seconds))
    except (ValueError, OverflowError):
        return None
    return moment if is_plausible(moment) else None


def with_offset_of(wall_clock: datetime, universal: datetime | None) -> datetime:
    """A naive moment with the offset that makes it agree with a moment in UTC, if an offset in use does."""
    if universal is None:
        return wall_clock
    ahead = wall_clock - universal.replace(tzinfo=None)
    offset = min((timedelta(minutes=15 * n) for n in _OFFSETS), key=lambda candidate: abs(candidate - ahead))
    return wall_clock.replace(tzinfo=timezone(offset)) if abs(offset - ahead) <= _STRAY else wall_clock


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
    if not is_plausible(moment):
        return None
    return moment.replace(tzinfo=_parse_offset(offset), microsecond=_parse_fraction(fraction))


def is_plausible(moment: datetime) -> bool:
    """Whether somebody can have taken a photo then."""
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
