"""Titles, captions and keywords that people gave a photo, from XMP, IPTC and EXIF, in this order."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

from PIL import ExifTags, ImageFile, IptcImagePlugin

from app.media.text import clean_text

_DC = "{http://purl.org/dc/elements/1.1/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XMP = "{http://ns.adobe.com/xap/1.0/}"
_PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"

_IPTC_TITLE, _IPTC_CAPTION, _IPTC_KEYWORDS = (2, 5), (2, 120), (2, 25)

_LARGEST_XMP = 1_000_000  # bytes; some programs store their undo history there
_MOST_KEYWORDS = 200
_LONGEST_TITLE = 300
_LONGEST_KEYWORD = 100

# What cameras write into every photo's description.
_FACTORY_TEXTS = re.compile(
    r"(olympus|sony|minolta|konica|kodak|samsung|sanyo|epson|digital|still|camera|dsc|dcim|jpeg|exif|picture|"
    r"photo|image|default|dav|cof|sdr|hdr|oznor|rhdr|qrf|fbt|mde|[\W\d_])+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Captions:
    """What people wrote about a photo."""

    title: str | None = None
    caption: str | None = None
    keywords: tuple[str, ...] = ()
    created: datetime | None = None  # as XMP has it, for files without EXIF


def read_captions(picture: ImageFile.ImageFile, base: Mapping[int, Any]) -> Captions:
    """Everything written about the photo. Raises anything when the metadata is broken."""
    xmp = _parse_xmp(picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or base.get(700))
    iptc = _parse_iptc(picture)
    exif = _parse_exif(base)
    return Captions(
        title=xmp.title or iptc.title or exif.title,
        caption=xmp.caption or iptc.caption or exif.caption,
        keywords=xmp.keywords or iptc.keywords or exif.keywords,
        created=xmp.created,
    )


def _parse_xmp(packet: Any) -> Captions:
    if isinstance(packet, str):
        packet = packet.encode()
    if not isinstance(packet, bytes) or len(packet) > _LARGEST_XMP or b"<!" in packet:
        return Captions()  # entity declarations have no place in XMP and are how XML is made a bomb
    start, end = packet.find(b"<x:xmpmeta"), packet.rfind(b">")
    if start < 0:
        start = packet.find(b"<rdf:RDF")
    if start < 0:
        return Captions()
    body = re.sub(rb"<\?xpacket[^>]*\?>\s*$", b"", packet[start : end + 1])
    try:
        root = ET.fromstring(body)
    except ET.ParseError:
        return Captions()
    return Captions(
        title=_first(_items(root, f"{_DC}title"), _LONGEST_TITLE),
        caption=_first(_items(root, f"{_DC}description")),
        keywords=_keywords(_items(root, f"{_DC}subject")),
        created=_date(root),
    )


def _items(root: ET.Element, tag: str) -> list[str]:
    return [item.text or "" for element in root.iter(tag) for item in element.iter(f"{_RDF}li")]


def _date(root: ET.Element) -> datetime | None:
    for tag in (f"{_PHOTOSHOP}DateCreated", f"{_XMP}CreateDate"):
        texts = [element.get(tag, "") for element in root.iter(f"{_RDF}Description")]
        texts += [element.text or "" for element in root.iter(tag)]
        for text in filter(None, texts):
            try:
                return datetime.fromisoformat(text.strip())
            except ValueError:
                continue
    return None


def _parse_iptc(picture: ImageFile.ImageFile) -> Captions:
    if not {"photoshop", "iptc"} & picture.info.keys() and picture.format != "TIFF":
        return Captions()
    try:
        records = IptcImagePlugin.getiptcinfo(picture) or {}
    except (SyntaxError, OSError, ValueError, TypeError, LookupError):
        return Captions()
    keywords = records.get(_IPTC_KEYWORDS, [])
    return Captions(
        title=clean_text(records.get(_IPTC_TITLE), _LONGEST_TITLE),
        caption=clean_text(records.get(_IPTC_CAPTION)),
        keywords=_keywords(keywords if isinstance(keywords, list) else [keywords]),
    )


def _parse_exif(base: Mapping[int, Any]) -> Captions:
    description = clean_text(base.get(ExifTags.Base.ImageDescription))
    camera = {clean_text(base.get(tag)) for tag in (ExifTags.Base.Make, ExifTags.Base.Model)}
    if description and (description in camera or _FACTORY_TEXTS.fullmatch(description)):
        description = None
    words = _utf16(base.get(ExifTags.Base.XPKeywords)) or ""
    return Captions(
        title=_utf16(base.get(ExifTags.Base.XPTitle), _LONGEST_TITLE),
        caption=description or _utf16(base.get(ExifTags.Base.XPComment)),
        keywords=_keywords(words.split(";")),
    )


def _utf16(value: Any, longest: int = 2000) -> str | None:
    """Windows Explorer's own tags."""
    if isinstance(value, (tuple, list)) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in value):
        value = bytes(value)
    return clean_text(value.decode("utf-16-le", "ignore"), longest) if isinstance(value, bytes) else None


def _first(texts: Sequence[str], longest: int = 2000) -> str | None:
    return next(filter(None, (clean_text(text, longest) for text in texts)), None)


def _keywords(words: Sequence[Any]) -> tuple[str, ...]:
    cleaned = (clean_text(word, _LONGEST_KEYWORD) for word in words[:_MOST_KEYWORDS])
    return tuple(dict.fromkeys(word for word in cleaned if word))
