"""Asks before duplicates go to the trash, and sees them off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QMessageBox, QWidget

from app.domain.duplicates import Removal, RemovalOutcome
from app.ui import wording
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.duplicates import DuplicateService


class DuplicateRemovalQuestion(QObject):
    """One question for all that was marked, with how many files and how much space."""

    begun = Signal()
    done = Signal(str)  # what was done, in words
    failed = Signal(object)  # exception

    def __init__(self, service: DuplicateService, tasks: TaskRunner, window: QWidget) -> None:
        super().__init__(window)
        self._service = service
        self._tasks = tasks
        self._window = window

    def ask(self, removals: Sequence[Removal], size: int) -> None:
        """`size`: the bytes of what is to go."""
        ids = [photo_id for removal in removals for photo_id in removal.removed]
        if ids:
            self._tasks.run(
                lambda: self._service.decided_about(ids),
                lambda decided: self._open(removals, len(ids), size, decided),
                self.failed.emit,
                receiver=self,
            )

    def _open(self, removals: Sequence[Removal], count: int, size: int, decided: int) -> None:
        box = QMessageBox(
            QMessageBox.Icon.Question,
            self.tr("Move to the trash?"),
            self.tr("Move {photos} to the trash? This frees {size}.").format(
                photos=wording.photo_count(count), size=wording.byte_size(size)
            ),
            QMessageBox.StandardButton.Cancel,
            self._window,
        )
        text = self.tr(
            "Of each group at least one photo stays. RAW files and films that belong to a photo go with it."
            " All can be taken back from the system's trash."
        )
        hand_on = self._hand_on_box(decided) if decided else None
        if hand_on is not None:
            text += " " + self.tr(
                "Of some of them ({n}) you decided something: they are favourites, rated, labelled or in an"
                " album. These stay unless you tick the box."
            ).format(n=wording.number(decided))
            box.setCheckBox(hand_on)
        box.setInformativeText(text)
        move = box.addButton(self.tr("Move to trash"), QMessageBox.ButtonRole.DestructiveRole)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        move.clicked.connect(
            lambda: self._remove(removals, hand_on=hand_on is not None and hand_on.isChecked())
        )
        box.open()

    def _hand_on_box(self, decided: int) -> QCheckBox:
        return QCheckBox(self.tr("Move them, too, and give what I decided to the photo that stays"))

    def _remove(self, removals: Sequence[Removal], *, hand_on: bool) -> None:
        self.begun.emit()
        self._tasks.run(
            lambda: self._service.remove(removals, hand_on=hand_on),
            lambda outcome: self.done.emit(self._text(outcome)),
            self.failed.emit,
            lane=Lane.LOOSE,  # each file is read again before it goes: other decisions need not wait
            receiver=self,
        )

    def _text(self, outcome: RemovalOutcome) -> str:
        moved = self.tr("{photos} moved to the trash.")
        parts = [moved.format(photos=wording.photo_count(len(outcome.moved)))]
        if outcome.left:
            left = self.tr("{photos} stayed because of what you decided about them.")
            parts.append(left.format(photos=wording.photo_count(outcome.left)))
        for path, reason in outcome.failures[:1]:
            text = self.tr("{path} was not moved: {reason}.")
            parts.append(text.format(path=wording.printable(path), reason=reason.rstrip(".")))
        if len(outcome.failures) > 1:
            more = self.tr("{n} more were not moved either.")
            parts.append(more.format(n=wording.number(len(outcome.failures) - 1)))
        return " ".join(parts)
