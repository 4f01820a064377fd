"""XMP as values: what programs write about a photo, inside it or in a sidecar. Hostile XML is harmless."""

import logging
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from app.media.text import clean_text

_log = logging.getLogger(__name__)

DC = "{http://purl.org/dc/elements/1.1/}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
XMP = "{http://ns.adobe.com/xap/1.0/}"
_LIGHTROOM = "{http://ns.adobe.com/lightroom/1.0/}"
_DIGIKAM = "{http://www.digikam.org/ns/1.0/}"
_MICROSOFT = "{http://ns.microsoft.com/photo/1.0/}"
_PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
_EXIF = "{http://ns.adobe.com/exif/1.0/}"
_EXIF_EX = "{http://cipa.jp/exif/1.0/}"
_TIFF = "{http://ns.adobe.com/tiff/1.0/}"
_AUX = "{http://ns.adobe.com/exif/1.0/aux/}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

LARGEST_PACKET = 1_000_000  # bytes; some programs store their undo history there
LARGEST_SIDECAR = 8_000_000  # masks of several retouchings
MOST_KEYWORDS = 200
LONGEST_TITLE = 300
LONGEST_KEYWORD = 100

REJECTED = -1
_FULL_MARKS = 5
_PERCENT = ((99, 5), (75, 4), (50, 3), (25, 2), (1, 1))  # how Windows words one to five stars

_START = re.compile(r"<(x:xmpmeta|rdf:RDF)\b")
_DEGREES = re.compile(r"(\d{1,3}),(\d{1,2}(?:\.\d*)?)(?:,(\d{1,2}(?:\.\d*)?))?([NSEW])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class XmpValues:
    """What an XMP packet says; None or empty where it says nothing."""

    title: str | None = None
    caption: str | None = None
    subjects: tuple[str, ...] = ()  # dc:subject as it stands there
    hierarchies: tuple[tuple[str, ...], ...] = ()  # ("Places", "Italy", "Rome"), the widest first
    rating: int | None = None  # 1 to 5; 0 is expressly none, -1 rejected
    label: str | None = None
    taken_at: datetime | None = None  # aware when the offset is written
    taken_day_only: bool = False  # no time of day is written
    modified: datetime | None = None  # when the metadata was last changed
    camera_make: str | None = None
    camera_model: str | None = None
    lens: str | None = None
    latitude: float | None = None
    longitude: float | None = None

    @property
    def keywords(self) -> tuple[str, ...]:
        """The subjects, then whatever the hierarchies name beyond them."""
        known = {subject.casefold() for subject in self.subjects}
        words = [word for path in self.hierarchies for word in path if word.casefold() not in known]
        return tuple(dict.fromkeys([*self.subjects, *words]))[:MOST_KEYWORDS]


def parse_xmp(packet: bytes | str | None, largest: int = LARGEST_PACKET) -> XmpValues:
    """The values of a packet or a sidecar; empty ones for what is no XMP, too large, broken or hostile."""
    if not packet or len(packet) > largest:
        return XmpValues()
    text = packet if isinstance(packet, str) else _decoded(packet)
    start = _START.search(text)
    if start is None or "<!DOCTYPE" in text[: start.start()]:
        return XmpValues()
    body = text[start.start() : text.rfind(">") + 1]
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        _log.debug("XMP not read: %r", error)
        return XmpValues()
    return _values(_Properties(root))


def _values(found: "_Properties") -> XmpValues:
    taken, day_only = _taken(found)
    latitude, longitude = _position(found)
    return XmpValues(
        title=_text(found.alternatives(f"{DC}title"), LONGEST_TITLE),
        caption=_text(found.alternatives(f"{DC}description")),
        subjects=clean_keywords(found.all(f"{DC}subject")),
        hierarchies=tuple(_hierarchies(found)),
        rating=_rating(found),
        label=_text(found.all(f"{XMP}Label"), LONGEST_KEYWORD),
        taken_at=taken,
        taken_day_only=day_only,
        modified=parse_xmp_date(found.first(f"{XMP}MetadataDate") or found.first(f"{XMP}ModifyDate")),
        camera_make=_text(found.all(f"{_TIFF}Make")),
        camera_model=_text(found.all(f"{_TIFF}Model")),
        lens=_text(found.all(f"{_EXIF_EX}LensModel") + found.all(f"{_AUX}Lens")),
        latitude=latitude,
        longitude=longitude,
    )


class _Properties:
    """The properties of the photo itself, whether written as attributes or as elements.

    Only what stands directly in a description counts: histories and presets repeat the same names inside.
    """

    def __init__(self, root: Element) -> None:
        self._descriptions = [
            description
            for rdf in ([root] if root.tag == f"{RDF}RDF" else root.iter(f"{RDF}RDF"))
            for description in rdf.findall(f"{RDF}Description")
        ]

    def all(self, name: str) -> list[str]:
        """Every text of a property, in its order."""
        texts = [description.get(name, "") for description in self._descriptions]
        for element in self._elements(name):
            texts += [item.text or "" for item in element.iter(f"{RDF}li")]
            texts += [value.text or "" for value in element.iter(f"{RDF}value")]
            texts.append(element.text or "")
        return [text for text in texts if text.strip()]

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def alternatives(self, name: str) -> list[str]:
        """The texts of a property in several languages, the default one first."""
        items = [item for element in self._elements(name) for item in element.iter(f"{RDF}li")]
        default = [item.text or "" for item in items if item.get(_LANGUAGE) == "x-default"]
        return default + self.all(name)

    def _elements(self, name: str) -> Iterator[Element]:
        for description in self._descriptions:
            yield from description.findall(name)


def clean_keywords(words: Sequence[object]) -> tuple[str, ...]:
    """Keywords fit to store, each once."""
    cleaned = (clean_text(word, LONGEST_KEYWORD) for word in words[:MOST_KEYWORDS])
    return tuple(dict.fromkeys(word for word in cleaned if word))


def parse_xmp_date(text: str) -> datetime | None:
    """A moment as XMP writes it, "2019-07-04T15:30:12+02:00", or as EXIF does; None when it is neither."""
    cleaned = text.strip()
    if len(cleaned) >= 10 and cleaned[4] == cleaned[7] == ":":
        cleaned = f"{cleaned[:4]}-{cleaned[5:7]}-{cleaned[8:]}"
    try:
        moment = datetime.fromisoformat(cleaned)
    except ValueError:
        return None
    offset = moment.utcoffset()
    return moment if offset is None or abs(offset) <= timedelta(hours=14) else moment.replace(tzinfo=None)


def rating_of_percent(percent: float) -> int | None:
    """The stars behind Windows' own tag, which counts to 99."""
    if not 0 <= percent <= 100:
        return None
    return next((stars for least, stars in _PERCENT if percent >= least), 0)


def _decoded(packet: bytes) -> str:
    if packet.startswith((b"\xff\xfe", b"\xfe\xff")):
        return packet.decode("utf-16", "replace")
    if packet[:2] in (b"<\0", b"\0<"):
        return packet.decode("utf-16-le" if packet[0] else "utf-16-be", "replace")
    try:
        return packet.decode("utf-8")
    except UnicodeDecodeError:
        return packet.decode("latin-1")


def _text(texts: Sequence[str], longest: int = 2000) -> str | None:
    return next(filter(None, (clean_text(text, longest) for text in texts)), None)


def _hierarchies(found: _Properties) -> Iterator[tuple[str, ...]]:
    paths = [text.split("|") for text in found.all(f"{_LIGHTROOM}hierarchicalSubject")]
    paths += [text.split("/") for text in found.all(f"{_DIGIKAM}TagsList")]
    for path in paths[:MOST_KEYWORDS]:
        words = clean_keywords(path)
        if words:
            yield words


def _rating(found: _Properties) -> int | None:
    stars = _number(found.first(f"{XMP}Rating"))
    if stars is not None:
        return round(stars) if REJECTED <= stars <= _FULL_MARKS else None
    percent = _number(found.first(f"{_MICROSOFT}Rating"))
    return None if percent is None else rating_of_percent(percent)


def _taken(found: _Properties) -> tuple[datetime | None, bool]:
    """The moment of the picture, and whether only its day is written."""
    names = (f"{_EXIF}DateTimeOriginal", f"{_PHOTOSHOP}DateCreated", f"{XMP}CreateDate")
    for name in names:
        for text in found.all(name):
            moment = parse_xmp_date(text)
            if moment is not None:
                return moment, len(text.strip()) <= len("2019-07-04")
    return None, False


def _position(found: _Properties) -> tuple[float | None, float | None]:
    latitude = _degrees(found.first(f"{_EXIF}GPSLatitude"), 90)
    longitude = _degrees(found.first(f"{_EXIF}GPSLongitude"), 180)
    if latitude is None or longitude is None or latitude == longitude == 0:
        return None, None  # zeros are what receivers without a fix write
    return latitude, longitude


def _degrees(text: str, limit: float) -> float | None:
    """Degrees from "48,51.5030N", "48,51,30N" or plain decimals."""
    match = _DEGREES.fullmatch(text.strip())
    if match is None:
        degrees = _number(text)
    else:
        degrees = int(match[1]) + float(match[2]) / 60 + float(match[3] or 0) / 3600
        degrees = -degrees if match[4].upper() in "SW" else degrees
    return degrees if degrees is not None and -limit <= degrees <= limit else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
