"""The gazetteer in a process of its own, called like a local one."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import cached_property
from typing import Any, TypeVar

from app.domain.places import Place, Point
from app.errors import GazetteerError
from app.gazetteer.names import TownNames, is_region
from app.gazetteer.towns import Towns
from app.service_process import ServiceProcess, come_after_others

_T = TypeVar("_T")

_NICENESS = 5  # of finding photos' places: after the window and searches, not after all indexing, as a search
# for a place by its name waits while both read their lists
_LANES = {"find": "names", "nearest_name": "names", "is_region": "names", "around": "towns"}


class Gazetteer:
    """What runs over there: each half is read when it is first asked."""

    @cached_property
    def _names(self) -> TownNames:
        return _read(TownNames)

    @cached_property
    def _towns(self) -> Towns:
        return _read(Towns)

    def find(self, name: str) -> Point | None:
        return self._names.find(name)

    def nearest_name(self, name: str) -> str:
        return self._names.nearest_name(name)

    def is_region(self, name: str) -> bool:
        return is_region(name)

    def around(self, points: Sequence[Point]) -> list[Place | None]:
        return self._towns.around(points)


class GazetteerService(Gazetteer):
    """What runs over there: photos' places give way, on a thread of their own, and names do not."""

    def around(self, points: Sequence[Point]) -> list[Place | None]:
        come_after_others(_NICENESS)
        return super().around(points)


def _read(half: Callable[[], _T]) -> _T:
    try:
        return half()
    except Exception as error:
        raise GazetteerError(
            "The list of towns that came with Photosift cannot be read. Install Photosift again."
        ) from error


class GazetteerProcess:
    """Starts the process with the first question, and again after it ended. Thread-safe."""

    def __init__(self) -> None:
        self._process = ServiceProcess(GazetteerService, name="gazetteer", lanes=_LANES)
        self._lock = threading.Lock()
        self._used_at = 0.0

    @property
    def running(self) -> bool:
        """Whether it takes memory now."""
        return self._process.running

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def find(self, name: str) -> Point | None:
        """The largest town of this name, or None. The first question takes two seconds."""
        found: Future[Point | None] = self._submit("find", name)
        return found.result()

    def nearest_name(self, name: str) -> str:
        """A town whose name is written almost like this; "" when there is none."""
        return str(self._submit("nearest_name", name).result())

    def is_region(self, name: str) -> bool:
        """Whether this is a country or one of its regions."""
        return bool(self._submit("is_region", name).result())

    def around(self, points: Sequence[Point]) -> "Future[list[Place | None]]":
        """The place of each point, None far out at sea."""
        found: Future[list[Place | None]] = self._submit("around", list(points))
        return found

    def release_unused(self, seconds: float) -> None:
        """End the process, and with it its memory, when nobody asked for so long."""
        with self._lock:  # whoever asks meanwhile starts it again, and is not cut off with it
            if self._process.running and time.monotonic() - self._used_at >= seconds:
                self._process.stop()

    def close(self) -> None:
        """End it for good."""
        self._process.close()

    def _submit(self, method: str, *arguments: object) -> "Future[Any]":
        with self._lock:
            self._used_at = time.monotonic()
            return self._process.submit(method, *arguments)
