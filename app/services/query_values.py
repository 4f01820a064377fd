"""The values of `field:value` in the search bar."""

import re
from collections.abc import Callable
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from app.domain.conditions import Circle, Field, FileType, NumberRange, Shape, SortOrder, Trait, Value

_E = TypeVar("_E", bound=StrEnum)

_RANGE = re.compile(r"(?P<low>\d+(?:\.\d+)?)?\.\.(?P<high>\d+(?:\.\d+)?)?")
_COMPARED = re.compile(r"(?P<sign>>=|<=|>|<|=)?\s*(?P<number>\d+(?:\.\d+)?)")
_CIRCLE = re.compile(
    r"(?P<where>.+?)(?:\s*[~±]\s*(?P<radius>\d+(?:\.\d+)?)\s*(?P<unit>km|m|mi)?)?", re.DOTALL
)
_COORDINATES = re.compile(r"(-?\d{1,2}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)")
_KILOMETRES = {"km": 1.0, "m": 0.001, "mi": 1.609344}
_USUAL_KILOMETRES = 25.0
_MOST_STARS = 5
_SYNONYMS: dict[str, str] = {
    "jpg": "jpeg",
    "tif": "tiff",
    "heif": "heic",
    "favorite": "favourite",
    "fav": "favourite",
    "pick": "picked",
    "reject": "rejected",
    "gps": "located",
    "horizontal": "landscape",
    "vertical": "portrait",
    "pano": "panorama",
    "movie": "video",
    "newest": "date",
    "best": "relevance",
    "strange": "unusual",
}

CHOICES: dict[Field, type[FileType | Trait | Shape | SortOrder]] = {
    Field.TYPE: FileType,
    Field.IS: Trait,
    Field.ORIENTATION: Shape,
    Field.SORT: SortOrder,
}


class BadValueError(ValueError):
    """A filter that cannot be understood: why, for people, and what may have been meant.

    `unfinished`: it may be understood in a moment, so nobody is to blame yet.
    """

    def __init__(self, message: str, instead: str = "", *, unfinished: bool = False) -> None:
        super().__init__(message)
        self.instead = instead
        self.unfinished = unfinished


def parse_value(
    field: Field, text: str, find_place: Callable[[str], tuple[float, float] | None] | None
) -> Value:
    """The value of any field but the date's. Raises BadValueError."""
    if field in CHOICES:
        return _choice(field, CHOICES[field], text)
    if field is Field.RATING:
        return _stars(text)
    if field is Field.SIZE:
        return _megapixels(text)
    if field is Field.NEAR:
        return _circle(text, find_place)
    if not text:
        raise BadValueError(f"Say which {field}, as in {field}:{_EXAMPLES[field]}.")
    if field is Field.PLACE and _is_circle(text):
        raise BadValueError("place: takes a name; near: takes distances and coordinates.", f"near:{text}")
    return " ".join(text.split())


def format_value(value: Value) -> str:
    """A value as it is typed, without the quotation marks it may need."""
    if isinstance(value, NumberRange):
        low, high = (_number(end) for end in (value.low, value.high))
        return low if low == high else f"{low}..{high}"
    if isinstance(value, Circle):
        where = value.place or f"{_number(value.latitude)},{_number(value.longitude)}"
        return f"{where}~{_number(value.kilometres)}km"
    return str(value)


def _choice(field: Field, choices: type[_E], text: str) -> _E:
    name = text.casefold()
    name = _SYNONYMS.get(name, name)
    for choice in choices:
        if choice == name:
            return choice
    close = get_close_matches(name, list(choices), n=1, cutoff=0.6)
    listed = ", ".join(f"{field}:{choice}" for choice in choices)
    raise BadValueError(f"There are {listed}.", f"{field}:{close[0]}" if close else "")


def _stars(text: str) -> NumberRange:
    found = _range(text)
    if found is None or any(end is not None and end > _MOST_STARS for end in (found.low, found.high)):
        too_many = found is not None and (found.low or 0) > _MOST_STARS
        raise BadValueError(
            "Ratings go from 0 to 5 stars, as in rating:4, rating:>=4 or rating:2..3.",
            f"rating:{_MOST_STARS}" if too_many else "",
        )
    return found


def _megapixels(text: str) -> NumberRange:
    found = _range(re.sub(r"\s*mp\b", "", text, flags=re.IGNORECASE))
    if found is None:
        raise BadValueError("Sizes are in megapixels, as in size:>=12, size:<1 or size:2..8.")
    return found


def _range(text: str) -> NumberRange | None:
    """ "4", ">=4", "<4", "2..3", "2.."; for whole numbers `>` and `<` leave the number itself out."""
    match = _RANGE.fullmatch(text)
    if match:
        low, high = (float(end) if end else None for end in match.groups())
        empty = low is None and high is None
        return (
            None if empty or (low is not None and high is not None and low > high) else NumberRange(low, high)
        )
    match = _COMPARED.fullmatch(text)
    if match is None:
        return None
    sign, number = match["sign"] or "=", float(match["number"])
    if sign == "=":
        return NumberRange(number, number)
    step = 0.0 if sign.endswith("=") else 1.0 if number.is_integer() and number <= _MOST_STARS else 1e-6
    if sign.startswith(">"):
        return NumberRange(number + step, None)
    return NumberRange(None, number - step) if number >= step else None


def _circle(text: str, find_place: Callable[[str], tuple[float, float] | None] | None) -> Circle:
    match = _CIRCLE.fullmatch(text)
    if match is None:
        raise BadValueError("Say where, as in near:Lisbon, near:Lisbon~5km or near:38.7,-9.1~2km.")
    where = " ".join(match["where"].split())
    radius = (
        float(match["radius"]) * _KILOMETRES[match["unit"] or "km"] if match["radius"] else _USUAL_KILOMETRES
    )
    if radius <= 0:
        raise BadValueError("The distance must be more than nothing, as in near:Lisbon~5km.")
    coordinates = _COORDINATES.fullmatch(where)
    if coordinates:
        latitude, longitude = (float(each) for each in coordinates.groups())
        if abs(latitude) > 90 or abs(longitude) > 180:
            raise BadValueError("Latitudes go from -90 to 90, longitudes from -180 to 180: near:38.7,-9.1.")
        return Circle(latitude, longitude, radius)
    found = find_place(where) if find_place else None
    if found is None:
        raise BadValueError(f"No place is known as {where}. Coordinates work too, as in near:38.7,-9.1~2km.")
    return Circle(*found, radius, where)


def _is_circle(text: str) -> bool:
    match = _CIRCLE.fullmatch(text)
    return match is not None and bool(match["radius"] or _COORDINATES.fullmatch(match["where"]))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.7f}".rstrip("0").rstrip(".") or "0"


_EXAMPLES = {
    Field.FOLDER: "Holidays",
    Field.CAMERA: "Canon",
    Field.LENS: "50mm",
    Field.KEYWORD: "family",
    Field.TEXT: "IMG_4711",
    Field.PLACE: "Portugal",
    Field.ALBUM: "Wedding",
}
