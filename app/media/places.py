"""Where a photo was taken, from its GPS tags."""

from collections.abc import Mapping
from typing import Any

from PIL import ExifTags

from app.media.tag_numbers import number, within
from app.media.text import clean_text

GPS = ExifTags.GPS


def position(gps: Mapping[int, Any]) -> tuple[float | None, float | None]:
    latitude = _degrees(gps.get(GPS.GPSLatitude), gps.get(GPS.GPSLatitudeRef), b"S", 90)
    longitude = _degrees(gps.get(GPS.GPSLongitude), gps.get(GPS.GPSLongitudeRef), b"W", 180)
    if latitude is None or longitude is None or latitude == longitude == 0:
        return None, None  # zeros are what receivers without a fix write
    return latitude, longitude


def _degrees(parts: Any, reference: Any, negative: bytes, limit: float) -> float | None:
    if not isinstance(parts, (tuple, list)) or not parts:
        return None
    numbers = [number(part) for part in parts[:3]]
    if numbers[0] is None:
        return None
    degrees = sum((number or 0.0) / 60**power for power, number in enumerate(numbers))
    letter = (clean_text(reference) or "").upper()[:1].encode()
    signed = -degrees if letter == negative else degrees
    return signed if -limit <= signed <= limit else None


def altitude(gps: Mapping[int, Any]) -> float | None:
    metres = within(gps.get(GPS.GPSAltitude), -12_000, 100_000)
    below = gps.get(GPS.GPSAltitudeRef) in (b"\x01", 1, "\x01")
    return -metres if metres is not None and below else metres
