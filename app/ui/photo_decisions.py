"""What users decide about photos: favourite or not, and into the trash after asking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from app.domain.companions import Companion, CompanionKind
from app.domain.status import TrashOutcome
from app.ui import wording
from app.ui.message_bar import MessageBar
from app.ui.photo_grid_model import PhotoGridModel
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.library import LibraryService


class PhotoDecisions(QObject):
    """Writes decisions on the writing thread and tells what did not work."""

    made = Signal()  # the library has changed

    def __init__(
        self,
        library: LibraryService,
        model: PhotoGridModel,
        messages: MessageBar,
        tasks: TaskRunner,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._library = library
        self._model = model
        self._messages = messages
        self._tasks = tasks
        self._window = window

    def set_favourite(self, photo_ids: Sequence[int], favourite: bool) -> None:
        """Show the decision at once, then write it; it is taken back on screen when that fails."""
        ids = list(photo_ids)
        self._model.mark_favourite(ids, favourite)

        def failed(error: Exception) -> None:
            self._model.mark_favourite(ids, not favourite)
            self._messages.say_error(error)

        self._tasks.run(
            lambda: self._library.set_favourite(ids, favourite),
            lambda _: self.made.emit(),
            failed,
            lane=Lane.WRITES,
        )

    def ask_to_trash(self, photo_ids: Sequence[int]) -> None:
        """Ask, then move the files and what belongs to them to the system's trash."""
        ids = list(photo_ids)
        if ids:
            self._tasks.run(
                lambda: self._library.companions(ids),
                lambda companions: self._ask_to_trash(ids, companions),
                self._messages.say_error,
                lane=Lane.READS,
            )

    def _ask_to_trash(self, ids: list[int], companions: tuple[Companion, ...]) -> None:
        box = QMessageBox(
            QMessageBox.Icon.Question,
            self.tr("Move to the trash?"),
            _trash_question(len(ids), companions),
            QMessageBox.StandardButton.Cancel,
            self._window,
        )
        box.setInformativeText(self.tr("The system's trash gives them back, should you want them again."))
        move = box.addButton(self.tr("Move to trash"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(move)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        move.clicked.connect(lambda: self._trash(ids))
        box.open()

    def _trash(self, ids: list[int]) -> None:
        self._tasks.run(
            lambda: self._library.move_to_trash(ids),
            self._on_trashed,
            self._messages.say_error,
            lane=Lane.WRITES,
        )

    def _on_trashed(self, outcome: TrashOutcome) -> None:
        self._messages.say(self._trash_text(outcome))
        self.made.emit()

    def _trash_text(self, outcome: TrashOutcome) -> str:
        moved = self.tr("{files} moved to the trash.").format(files=wording.photo_count(len(outcome.moved)))
        if not outcome.failures:
            return moved
        path, reason = outcome.failures[0]
        failed = self.tr("{path} could not be moved: {reason}")
        text = failed.format(path=wording.printable(path), reason=reason)
        if len(outcome.failures) > 1:
            more = self.tr("{n} more could not be moved either.")
            text += " " + more.format(n=wording.number(len(outcome.failures) - 1))
        return f"{moved} {text}" if outcome.moved else text


def _trash_question(photos: int, companions: tuple[Companion, ...]) -> str:
    """As in "Move 1 photo and its RAW file to the trash?"."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("PhotoDecisions", text)

    files = wording.photo_count(photos)
    kinds = {one.kind for one in companions}
    if not kinds:
        return tr("Move {files} to the trash?").format(files=files)
    if kinds == {CompanionKind.RAW}:
        text = (
            tr("Move {files} and its RAW file to the trash?")
            if photos == len(companions) == 1
            else tr("Move {files} and their RAW files ({n}) to the trash?")
        )
    elif kinds == {CompanionKind.FILM}:
        text = (
            tr("Move {files} and its Live Photo film to the trash?")
            if photos == len(companions) == 1
            else tr("Move {files} and their Live Photo films ({n}) to the trash?")
        )
    else:
        text = tr("Move {files} and the RAW files and films that belong to them ({n}) to the trash?")
    return text.format(files=files, n=wording.number(len(companions)))
