"""Remembers what was searched for, and has completed what is typed, both on threads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.domain.suggestions import Suggestion
from app.ui.search_bar import SearchBar
from app.ui.settings_keeper import SettingsKeeper
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.history import HistoryService
    from app.services.query_completion import CompletionService


class SearchAids(QObject):
    """Stands between the search bar, which knows no services, and those that help to type."""

    failed = Signal(object)  # Exception

    def __init__(
        self,
        bar: SearchBar,
        history: HistoryService,
        completion: CompletionService,
        tasks: TaskRunner,
        keeper: SettingsKeeper,
    ) -> None:
        super().__init__(bar)
        self._bar = bar
        self._history = history
        self._completion = completion
        self._tasks = tasks
        self._keeper = keeper
        self._asked = 0
        bar.submitted.connect(self.remember)
        bar.suggestions.completion_wanted.connect(self._complete)
        bar.suggestions.history_removed.connect(self._forget)
        bar.suggestions.history_cleared.connect(self.clear_history)

    def start(self) -> None:
        """Offer what was searched for earlier; an older version kept that in the settings."""
        if not self._keeper.settings.remember_searches:
            return
        older = self._keeper.settings.history
        self._keeper.change(history=())
        self._write(partial(self._history.remember, tuple(reversed(older))))

    def remember(self, text: str) -> None:
        """Put a search at the head of the history."""
        if text and self._keeper.settings.remember_searches:
            self._write(partial(self._history.remember, (text,)))

    def clear_history(self) -> None:
        """Forget what was searched for."""
        self._keeper.change(history=())
        self._write(self._history.clear)

    def offer_history(self, offer: bool) -> None:
        """Remember searches from now on, or none; those that are known stay until they are cleared."""
        self._keeper.change(remember_searches=offer)
        if offer:
            self.start()
        else:
            self._bar.set_history(())

    def _forget(self, text: str) -> None:
        self._write(partial(self._history.forget, text))

    def _write(self, work: Callable[[], tuple[str, ...]]) -> None:
        self._tasks.run(work, self._bar.set_history, self.failed.emit, lane=Lane.WRITES)

    def _complete(self, text: str, cursor: int, wanted: bool) -> None:
        """Only the latest answer counts."""
        self._asked += 1
        number = self._asked

        def show(suggestions: tuple[Suggestion, ...]) -> None:
            if number == self._asked:
                self._bar.suggestions.offer(text, cursor, suggestions)

        self._tasks.run(
            lambda: self._completion.complete(text, cursor, wanted=wanted), show, self.failed.emit
        )
