"""How a photo was exposed, from its EXIF tags."""

from collections.abc import Mapping
from typing import Any

from PIL import ExifTags

from app.media.tag_numbers import within

Base = ExifTags.Base

_ISO_IS_ELSEWHERE = 65535


def exposure_seconds(exif: Mapping[int, Any]) -> float | None:
    seconds = within(exif.get(Base.ExposureTime), 1e-6, 86_400)
    apex = within(exif.get(Base.ShutterSpeedValue), -16, 20)
    return seconds if seconds is not None or apex is None else 2.0**-apex


def f_number(exif: Mapping[int, Any]) -> float | None:
    number = within(exif.get(Base.FNumber), 0.5, 256)
    apex = within(exif.get(Base.ApertureValue), 0.1, 16)
    return number if number is not None or apex is None else round(2.0 ** (apex / 2), 1)


def iso(exif: Mapping[int, Any]) -> int | None:
    for tag in (Base.ISOSpeedRatings, Base.RecommendedExposureIndex, Base.ISOSpeed):
        speed = within(exif.get(tag), 1, 10_000_000)
        if speed is not None and speed != _ISO_IS_ELSEWHERE:
            return round(speed)
    return None
