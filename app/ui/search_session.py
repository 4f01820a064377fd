"""One query at a time: newer ones cancel older ones, and a grown library refreshes the last one."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.domain.progress import CancelToken
from app.domain.query import SearchQuery, SearchResult
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.search import SearchService

FIRST_PAGE = 500
_SLOW_MS = 400  # a search that takes longer says that it is at work
_REFRESH_MS = 1000
_REFRESH_SHARE = 4  # refreshing may take a quarter of the search thread's time at most


class SearchSession(QObject):
    """Runs queries on the search thread and lets only the newest result through."""

    found = Signal(object)  # SearchResult of a new query
    refreshed = Signal(object)  # SearchResult of the same query, changed by the library
    unchanged = Signal()  # the library changed, the result did not; single photos may have
    failed = Signal(object)  # Exception
    slow = Signal()  # the query takes a while

    def __init__(self, search: SearchService, tasks: TaskRunner) -> None:
        super().__init__()
        self._search = search
        self._tasks = tasks
        self._query = SearchQuery()
        self._result: SearchResult | None = None
        self._token = CancelToken()
        self._asking = False
        self._stale = False
        self._slow_timer = QTimer(self, singleShot=True, interval=_SLOW_MS)
        self._slow_timer.timeout.connect(self.slow)
        self._refresh_timer = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._refresh_timer.timeout.connect(self._refresh)

    @property
    def query(self) -> SearchQuery:
        """What was asked last."""
        return self._query

    @property
    def is_asking(self) -> bool:
        """Whether a new query waits for its answer."""
        return self._asking

    @property
    def result(self) -> SearchResult | None:
        """What was found last."""
        return self._result

    def ask(self, query: SearchQuery) -> None:
        """Start a query; whatever was under way is called off."""
        self._query = query
        self._asking = True
        self._stale = False
        self._slow_timer.start()
        self._start(query, self._on_found)

    def ask_for_all(self) -> None:
        """Get the last query's result without a limit."""
        if self._result is not None and not self._result.complete and not self._asking:
            self._query = _unlimited(self._query)
            self._start(self._query, self._on_grown)

    def library_changed(self) -> None:
        """The result may be out of date: look again soon, at most about once a second."""
        self._stale = True
        if not self._refresh_timer.isActive() and not self._asking:
            self._refresh_timer.start()

    def stop(self) -> None:
        """Call off whatever is under way."""
        self._token.cancel()
        self._refresh_timer.stop()
        self._slow_timer.stop()

    def _start(self, query: SearchQuery, on_found: object) -> None:
        self._token.cancel()
        token = self._token = CancelToken()
        known = self._result

        def work() -> tuple[SearchResult, bool, float]:
            began = time.monotonic()
            result = self._search.search(query, token)
            token.check()
            return result, _same(result, known), time.monotonic() - began

        def done(outcome: tuple[SearchResult, bool, float]) -> None:
            if token is self._token:
                on_found(*outcome)  # type: ignore[operator]

        def failed(error: Exception) -> None:
            if token is self._token:
                self._on_failed(error)

        self._tasks.run(work, done, failed, lane=Lane.SEARCH)

    def _on_found(self, result: SearchResult, same: bool, seconds: float) -> None:
        self._finish(result, seconds)
        self.found.emit(result)
        if not result.complete and not result.query.terms:
            self.ask_for_all()  # the library itself: the first page is up, the scroll bar wants the rest

    def _on_grown(self, result: SearchResult, same: bool, seconds: float) -> None:
        self._finish(result, seconds)
        if same:
            self.unchanged.emit()
        else:
            self.refreshed.emit(result)

    def _finish(self, result: SearchResult, seconds: float) -> None:
        self._asking = False
        self._slow_timer.stop()
        self._result = result
        self._refresh_timer.setInterval(max(_REFRESH_MS, round(seconds * 1000 * _REFRESH_SHARE)))
        self._stale = self._stale or result.unfinished
        if self._stale:
            self._refresh_timer.start()

    def _on_failed(self, error: Exception) -> None:
        self._asking = False
        self._slow_timer.stop()
        self.failed.emit(error)

    def _refresh(self) -> None:
        if self._asking or not self._stale:
            return
        self._stale = False
        self._start(self._query, self._on_grown)


def _unlimited(query: SearchQuery) -> SearchQuery:
    return replace(query, limit=None)


def _same(result: SearchResult, known: SearchResult | None) -> bool:
    """Whether both show the same; compared on the search thread, since there may be a million."""
    if known is None or result.total != known.total:
        return False
    if (result.weak_from, result.possible_from) != (known.weak_from, known.possible_from):
        return False
    if (result.complete, result.message) != (known.complete, known.message):
        return False
    return np.array_equal(result.photo_ids, known.photo_ids)
