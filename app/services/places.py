"""Where places are, by the names people have for them, for `near:` in the search bar."""

import threading

from app.domain.places import Point
from app.errors import ProcessDiedError
from app.gazetteer import GazetteerProcess
from app.services.query_values import BadValueError

_REMEMBERED = 1000  # names; typing asks for every beginning of one


class PlaceNames:
    """Asks the gazetteer, and remembers what it said. Thread-safe."""

    def __init__(self, gazetteer: GazetteerProcess | None = None) -> None:
        self._gazetteer = gazetteer or GazetteerProcess()
        self._lock = threading.Lock()
        self._known: dict[str, Point | BadValueError] = {}

    def find(self, name: str) -> Point | None:
        """The largest town of this name, or None; the first time takes two seconds.

        Raises BadValueError when something else is meant that can be told.
        """
        with self._lock:
            known = self._known.get(name)
        if known is None:
            known = self._ask(name)
            with self._lock:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[name] = known
        if isinstance(known, BadValueError):
            raise known
        return known

    def find_at_once(self, name: str) -> Point | None:
        """The same for the window's thread, which must not wait: a name is unfinished until it was asked."""
        with self._lock:
            known = self._known.get(name)
        if known is None:
            raise BadValueError("The place is being looked up…", unfinished=True)
        return self.find(name)

    def _ask(self, name: str) -> Point | BadValueError:
        try:
            point = self._gazetteer.find(name)
            return point if point is not None else self._unknown(name)
        except ProcessDiedError as error:
            return BadValueError(f"Places cannot be looked up now. {error}")

    def _unknown(self, name: str) -> BadValueError:
        if self._gazetteer.is_region(name):
            return BadValueError(f"{name} is too large to be near it.", f"place:{_quoted(name)}")
        alike = self._gazetteer.nearest_name(name)
        return BadValueError(
            f"No place is known as {name}. Coordinates work too, as in near:38.7,-9.1~2km.",
            f"near:{_quoted(alike)}" if alike else "",
        )


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
