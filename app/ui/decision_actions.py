"""Carries out what users decide with keys, menus and the details: stars, flags, labels, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.domain.decisions import AlbumUndo, Kind, Undo
from app.ui.decision_wishes import Wish, done_text
from app.ui.message_bar import MessageBar
from app.ui.photo_grid_model import PhotoGridModel
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.decisions import DecisionService


class DecisionActions(QObject):
    """Shows each decision at once, writes it on the writing thread, and offers to take it back."""

    made = Signal()  # the library has changed

    def __init__(
        self,
        decisions: DecisionService,
        model: PhotoGridModel,
        messages: MessageBar,
        tasks: TaskRunner,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._decisions = decisions
        self._model = model
        self._messages = messages
        self._tasks = tasks

    def decide(self, photo_ids: Sequence[int], wish: Wish) -> None:
        """Decide the same for photos. For one the change itself is to be seen, more get a message."""
        ids = list(photo_ids)
        if not ids:
            return
        self._show(ids, wish)

        def done(undo: Undo) -> None:
            if len(undo.before) > 1:
                self.offer_undo(done_text(wish, len(undo.before)), undo)
            self.made.emit()

        self._run(lambda: _decide(self._decisions, ids, wish), done)

    def use_what_the_file_says(self, photo_id: int, kind: Kind) -> None:
        """Settle a conflict for the file."""
        self._run(
            lambda: self._decisions.use_what_the_file_says(kind, [photo_id]), lambda _: self.made.emit()
        )

    def offer_undo(self, text: str, undo: Undo | AlbumUndo) -> None:
        """Say what was done, with a button that takes it back."""
        self._messages.say(text, self.tr("Undo"), lambda: self._undo(undo))

    def _undo(self, undo: Undo | AlbumUndo) -> None:
        self._run(lambda: self._decisions.undo(undo), lambda _: self.made.emit())

    def _show(self, photo_ids: list[int], wish: Wish) -> None:
        """Before the library has written it; what is known only."""
        changes: dict[str, Any] = {wish.kind.value: wish.value}
        if wish.kind is not Kind.FLAG:
            changes[f"{wish.kind.value}_conflict"] = None
        self._model.change_photos(
            photo_ids, lambda photo: replace(photo, decisions=replace(photo.decisions, **changes))
        )

    def _run(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self._tasks.run(work, done, self._on_failed, lane=Lane.WRITES)

    def _on_failed(self, error: Exception) -> None:
        self._messages.say_error(error)
        self._model.refresh()  # what was shown ahead is not true


def _decide(decisions: DecisionService, photo_ids: list[int], wish: Wish) -> Undo:
    """On the writing thread."""
    value: Any = wish.value
    if wish.kind is Kind.RATING:
        return decisions.rate(photo_ids, value)
    if wish.kind is Kind.FLAG:
        return decisions.flag(photo_ids, value)
    return decisions.label(photo_ids, value)
