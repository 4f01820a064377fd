"""Titles, captions, keywords and ratings that people gave a photo, from XMP, IPTC and EXIF, in this order."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import ExifTags

from app.media.iptc import IptcValues
from app.media.tag_numbers import within
from app.media.text import clean_text
from app.media.xmp import LONGEST_TITLE, XmpValues, clean_keywords, rating_of_percent

_RATING, _RATING_PERCENT = 0x4746, 0x4749  # Windows' own tags
_FULL_MARKS = 5

# What cameras write into every photo's description.
_FACTORY_TEXTS = re.compile(
    r"(olympus|sony|minolta|konica|kodak|samsung|sanyo|epson|digital|still|camera|dsc|dcim|jpeg|exif|picture|"
    r"photo|image|default|dav|cof|sdr|hdr|oznor|rhdr|qrf|fbt|mde|[\W\d_])+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Captions:
    """What people wrote about a photo and thought of it."""

    title: str | None = None
    caption: str | None = None
    keywords: tuple[str, ...] = ()
    rating: int | None = None
    label: str | None = None


def read_captions(xmp: XmpValues, iptc: IptcValues, base: Mapping[int, Any]) -> Captions:
    """Everything written about the photo, field by field from the first source that has it."""
    exif = _from_exif(base)
    return Captions(
        title=xmp.title or iptc.title or exif.title,
        caption=xmp.caption or iptc.caption or exif.caption,
        keywords=xmp.keywords or iptc.keywords or exif.keywords,
        rating=exif.rating if xmp.rating is None else xmp.rating,
        label=xmp.label,
    )


def _from_exif(base: Mapping[int, Any]) -> Captions:
    description = clean_text(base.get(ExifTags.Base.ImageDescription))
    camera = {clean_text(base.get(tag)) for tag in (ExifTags.Base.Make, ExifTags.Base.Model)}
    if description and (description in camera or _FACTORY_TEXTS.fullmatch(description)):
        description = None
    words = _utf16(base.get(ExifTags.Base.XPKeywords)) or ""
    return Captions(
        title=_utf16(base.get(ExifTags.Base.XPTitle), LONGEST_TITLE),
        caption=description or _utf16(base.get(ExifTags.Base.XPComment)),
        keywords=clean_keywords(words.split(";")),
        rating=_rating(base),
    )


def _rating(base: Mapping[int, Any]) -> int | None:
    """One to five stars; zero is what cameras write into every photo."""
    stars = within(base.get(_RATING), 0, _FULL_MARKS)
    if stars is None:
        percent = within(base.get(_RATING_PERCENT), 0, 100)
        stars = rating_of_percent(percent) if percent is not None else None
    return round(stars) if stars else None


def _utf16(value: Any, longest: int = 2000) -> str | None:
    """Windows Explorer's own tags."""
    if isinstance(value, (tuple, list)) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in value):
        value = bytes(value)
    return clean_text(value.decode("utf-16-le", "ignore"), longest) if isinstance(value, bytes) else None
