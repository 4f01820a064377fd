"""Where places are, by the names people have for them, for `near:` in the search bar."""

import threading

from app.domain.places import Point
from app.errors import AppError
from app.gazetteer import GazetteerProcess
from app.services.query_values import BadValueError

_REMEMBERED = 1000  # names; typing asks for every beginning of one


class PlaceNames:
    """Asks the gazetteer, and remembers what it said. Thread-safe."""

    def __init__(self, gazetteer: GazetteerProcess | None = None) -> None:
        self._gazetteer = gazetteer or GazetteerProcess()
        self._lock = threading.Lock()
        self._known: dict[str, Point | BadValueError] = {}
        self._failed: set[str] = set()  # names that the gazetteer could not be asked for

    def find(self, name: str) -> Point | None:
        """The largest town of this name, or None; the first time takes two seconds.

        Raises BadValueError when something else is meant that can be told.
        """
        with self._lock:
            known = None if name in self._failed else self._known.get(name)
        if known is None:
            known = self._ask(name)
        return _answered(known)

    def find_at_once(self, name: str) -> Point | None:
        """The same for the window's thread, which must not wait: a name is unfinished until it was asked."""
        with self._lock:
            known = self._known.get(name)
        if known is None:
            raise BadValueError("The place is being looked up…", unfinished=True)
        return _answered(known)

    def _ask(self, name: str) -> Point | BadValueError:
        failed = False
        found: Point | BadValueError
        try:
            found = self._gazetteer.find(name) or self._unknown(name)
        except AppError as error:
            found, failed = BadValueError(f"Places cannot be looked up now. {error}"), True
        with self._lock:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
                self._failed.clear()
            self._known[name] = found
            (self._failed.add if failed else self._failed.discard)(name)
        return found

    def _unknown(self, name: str) -> BadValueError:
        if self._gazetteer.is_region(name):
            return BadValueError(f"{name} is too large to be near it.", f"place:{_quoted(name)}")
        alike = self._gazetteer.nearest_name(name)
        return BadValueError(
            f"No place is known as {name}. Coordinates work too, as in near:38.7,-9.1~2km.",
            f"near:{_quoted(alike)}" if alike else "",
        )


def _answered(known: Point | BadValueError) -> Point:
    if isinstance(known, BadValueError):
        raise known.with_traceback(None)  # else it would grow with every time that it is raised
    return known


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
