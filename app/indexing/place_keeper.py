"""Has the places of photos looked up in the gazetteer, behind everything else."""

import logging
import math
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from app.domain.places import Place, Point
from app.errors import AppError
from app.library.library import Library
from app.library.places import UnplacedPhoto

_log = logging.getLogger(__name__)

_AT_ONCE = 500  # photos: a question of some 50 ms
_RETRY_SECONDS = 60.0  # after the gazetteer could not answer
_LOOK_SECONDS = 0.02  # between two looks for an answer when there is nothing else to do
_UNUSED_SECONDS = 60.0  # then its memory is worth more to other programs


class Gazetteer(Protocol):
    """Who knows the places."""

    @property
    def running(self) -> bool: ...

    def around(self, points: Sequence[Point]) -> "Future[list[Place | None]]": ...

    def release_unused(self, seconds: float) -> None: ...


class PlaceKeeper:
    """One chore of the worker's thread, a small step at a time: it never waits for the gazetteer."""

    def __init__(self, library: Library, gazetteer: Gazetteer, version: int) -> None:
        self._library = library
        self._gazetteer = gazetteer
        self._version = version
        self._asked: tuple[list[UnplacedPhoto], Future[list[Place | None]]] | None = None
        self._seen: int | None = None  # the library's version when nothing was left to do
        self._not_before = 0.0

    def step(self) -> bool:
        """Do a little; whether photos were given their places. Raises LibraryError."""
        if self._asked is not None:
            return self._take_answer()
        if self._library.version == self._seen or time.monotonic() < self._not_before:
            self._gazetteer.release_unused(_UNUSED_SECONDS)
            return False
        self._ask()
        return False

    @property
    def waiting(self) -> bool:
        """Whether an answer is on its way."""
        return self._asked is not None

    def next_due(self) -> float:
        """In how many seconds there is something to do, though nothing happens meanwhile."""
        if self.waiting:
            return _LOOK_SECONDS
        return _UNUSED_SECONDS if self._gazetteer.running else math.inf

    def _ask(self) -> None:
        seen = self._library.version
        photos = self._library.places.unplaced(self._version, _AT_ONCE)
        if not photos:
            self._seen = seen
            return
        try:
            self._asked = photos, self._gazetteer.around([photo.point for photo in photos])
        except AppError as error:
            self._ask_later(error)

    def _take_answer(self) -> bool:
        assert self._asked is not None, "something was asked"
        photos, answer = self._asked
        if not answer.done():
            return False
        self._asked = None
        try:
            places = answer.result()
        except AppError as error:
            self._ask_later(error)
            return False
        except Exception:  # noqa: BLE001 - photos without places are no reason to take no more photos in
            _log.exception("places are not looked up until the next start")
            self._not_before = math.inf
            return False
        self._library.places.store(list(zip(photos, places, strict=True)), self._version)
        self._ask()
        return True

    def _ask_later(self, error: AppError) -> None:
        _log.info("places are looked up later: %s", error)
        self._not_before = time.monotonic() + _RETRY_SECONDS
