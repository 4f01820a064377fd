"""How many photos each saved search finds: counted one at a time, while nobody searches."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.domain.decisions import SavedSearch
from app.domain.progress import CancelToken
from app.errors import AppError, CancelledError
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.decisions import DecisionService
    from app.services.search import SearchService

_log = logging.getLogger(__name__)

_QUIET_MS = 1500  # after a search, a change of the library or the start
_SHARE = 20  # counting may take a twentieth of a processor's time


class SearchCounts(QObject):
    """Counts what is new or may have changed. A search calls it off; it goes on when all is quiet."""

    counted = Signal(int, object)  # id of a saved search, how many photos (None: nobody knows)

    def __init__(
        self,
        decisions: DecisionService,
        search: SearchService,
        tasks: TaskRunner,
        is_busy: Callable[[], bool],
        quiet_ms: int = _QUIET_MS,
    ) -> None:
        super().__init__()
        self._quiet_ms = quiet_ms
        self._decisions = decisions
        self._search = search
        self._tasks = tasks
        self._is_busy = is_busy
        self._searches: dict[int, SavedSearch] = {}
        self._waiting: list[int] = []
        self._counting: int | None = None
        self._unknown: set[int] = set()
        self._token = CancelToken()
        self._timer = QTimer(self, singleShot=True, interval=quiet_ms)
        self._timer.timeout.connect(self._count_next)

    def set_searches(self, searches: Sequence[SavedSearch]) -> None:
        """Count those that are new or ask for something else than before."""
        before, self._searches = self._searches, {each.search_id: each for each in searches}
        self._waiting = [number for number in self._waiting if number in self._searches]
        self._unknown &= set(self._searches)
        for each in searches:
            known = before.get(each.search_id)
            if known is None or known.query != each.query:
                self._want(each.search_id)

    def count_again(self) -> None:
        """The library, the model or the lines have changed."""
        for number in self._searches:
            self._want(number)

    def give_way(self) -> None:
        """Somebody searches: what is being counted is called off and waits until it is quiet."""
        if self._counting is not None:
            self._token.cancel()
            self._waiting.insert(0, self._counting)
            self._counting = None
        for number in self._unknown:  # what is asked now may make their words known
            self._want(number)
        if self._waiting:
            self._timer.start(self._quiet_ms)

    def stop(self) -> None:
        """Count no more; the window is closing."""
        self._timer.stop()
        self._token.cancel()

    def _want(self, number: int) -> None:
        if number not in self._waiting:
            self._waiting.append(number)
        if not self._timer.isActive() and self._counting is None:
            self._timer.start(self._quiet_ms)

    def _count_next(self) -> None:
        if not self._waiting:
            return
        if self._is_busy():
            self._timer.start(self._quiet_ms)
            return
        self._counting = self._waiting.pop(0)
        search, token = self._searches[self._counting], CancelToken()
        self._token = token

        def done(outcome: tuple[int | None, float]) -> None:
            if not token.cancelled:
                self._on_counted(search, *outcome)

        def failed(error: Exception) -> None:
            if not token.cancelled:
                _log.error("the saved search %s cannot be counted", search.search_id, exc_info=error)
                self._on_counted(search, None, 0.0)

        self._tasks.run(lambda: self._count(search, token), done, failed, lane=Lane.LOOSE, receiver=self)

    def _count(self, search: SavedSearch, token: CancelToken) -> tuple[int | None, float]:
        """On a thread: how many, and what that took."""
        began = time.monotonic()
        try:
            count = self._search.count(self._decisions.query_of(search), token)
            token.check()
        except CancelledError:
            raise
        except AppError as error:  # its folder is gone, for one: whoever runs it is told
            _log.info("the saved search %s has no count: %s", search.search_id, error)
            count = None
        return count, time.monotonic() - began

    def _on_counted(self, search: SavedSearch, count: int | None, seconds: float) -> None:
        number, self._counting = search.search_id, None
        if number in self._searches:
            (self._unknown.add if count is None else self._unknown.discard)(number)
            self.counted.emit(number, count)
        if self._waiting:
            self._timer.start(round(seconds * 1000 * _SHARE))
