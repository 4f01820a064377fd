"""IPTC records: what agencies and older programs write about a photo."""

from dataclasses import dataclass
from datetime import datetime

from PIL import Image, ImageFile, IptcImagePlugin

from app.media.text import clean_text
from app.media.xmp import LONGEST_TITLE, clean_keywords, parse_xmp_date

_TITLE, _CAPTION, _KEYWORDS, _DAY, _TIME = (2, 5), (2, 120), (2, 25), (2, 55), (2, 60)


@dataclass(frozen=True, slots=True)
class IptcValues:
    """What IPTC records say; None or empty where they say nothing."""

    title: str | None = None
    caption: str | None = None
    keywords: tuple[str, ...] = ()
    taken_at: datetime | None = None  # aware when the offset is written


def read_iptc(picture: Image.Image) -> IptcValues:
    """The records of an opened file. Raises anything when they are broken."""
    if not isinstance(picture, ImageFile.ImageFile):
        return IptcValues()  # decoded by other libraries, which give no records
    if not {"photoshop", "iptc"} & picture.info.keys() and picture.format != "TIFF":
        return IptcValues()
    records = IptcImagePlugin.getiptcinfo(picture) or {}
    keywords = records.get(_KEYWORDS, [])
    day, time = clean_text(records.get(_DAY)), clean_text(records.get(_TIME))
    return IptcValues(
        title=clean_text(records.get(_TITLE), LONGEST_TITLE),
        caption=clean_text(records.get(_CAPTION)),
        keywords=clean_keywords(keywords if isinstance(keywords, list) else [keywords]),
        taken_at=_moment(day, time or "") if day else None,
    )


def _moment(day: str, time: str) -> datetime | None:
    """A day as "20190704" and a time as "153012+0200"."""
    return parse_xmp_date(f"{day}T{time}") or parse_xmp_date(day)
