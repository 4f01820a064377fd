"""What is said with `field:value` in the search bar: what a photo's metadata must be, and the order."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Field(StrEnum):
    """The filters of the search bar, by the word that stands before the colon."""

    DATE = "date"
    FOLDER = "folder"
    CAMERA = "camera"
    LENS = "lens"
    TYPE = "type"
    IS = "is"
    RATING = "rating"
    NEAR = "near"
    PLACE = "place"  # a town, region or country by name
    ORIENTATION = "orientation"
    SIZE = "size"
    KEYWORD = "keyword"
    ALBUM = "album"
    SORT = "sort"  # no condition on photos, but typed, shown and changed like one
    TEXT = "text"  # written "in quotes": a phrase anywhere in names and metadata


class SortOrder(StrEnum):
    """The order of the grid."""

    RELEVANCE = "relevance"
    DATE = "date"  # newest first
    UNUSUAL = "unusual"  # farthest from their neighbours first


class FileType(StrEnum):
    """Kinds of files, each standing for several formats."""

    JPEG = "jpeg"
    PNG = "png"
    HEIC = "heic"
    AVIF = "avif"
    WEBP = "webp"
    GIF = "gif"
    TIFF = "tiff"
    BMP = "bmp"
    PSD = "psd"
    JXL = "jxl"
    JP2 = "jp2"
    RAW = "raw"
    VIDEO = "video"


class Trait(StrEnum):
    """What `is:` asks for."""

    FAVOURITE = "favourite"
    PICKED = "picked"
    REJECTED = "rejected"
    RATED = "rated"
    LOCATED = "located"  # has a place
    DATED = "dated"  # says when it was taken


class Shape(StrEnum):
    """What `orientation:` asks for."""

    LANDSCAPE = "landscape"
    PORTRAIT = "portrait"
    SQUARE = "square"
    PANORAMA = "panorama"  # at least twice as wide as high, or as high as wide


@dataclass(frozen=True, slots=True)
class DateRange:
    """Days, both included; None: open on that side."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Numbers, both included; None: open on that side. Stars, or megapixels."""

    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Circle:
    """Within so many kilometres of a point; `place` is how the user named it, "" for bare coordinates."""

    latitude: float
    longitude: float
    kilometres: float
    place: str = ""


Value = DateRange | NumberRange | Circle | FileType | Trait | Shape | SortOrder | str


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter. The value's type goes with the field; texts match anywhere in the field, case folded."""

    field: Field
    value: Value
    negated: bool = False
