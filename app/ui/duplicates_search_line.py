"""The line that searches for duplicates: what it is doing, how far it is, and a button that stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.domain.duplicates import DuplicateProgress, DuplicateReport, DuplicateStep
from app.domain.progress import CancelToken
from app.ui import wording
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.duplicates import DuplicateService


class DuplicateSearchLine(QWidget):
    """Searches when told to; says in words what came of it."""

    changed = Signal()  # a search began or ended
    found = Signal(object)  # DuplicateReport
    failed = Signal(object)  # exception

    def __init__(self, service: DuplicateService, tasks: TaskRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._service = service
        self._tasks = tasks
        self._cancel = CancelToken()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self.button = QPushButton()
        self.button.clicked.connect(self._on_clicked)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(4)
        row = QHBoxLayout()
        row.addWidget(self._text, 1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self._bar)
        self._set_searching(False)

    @property
    def text(self) -> str:
        return self._text.text()

    @property
    def searching(self) -> bool:
        return not self._bar.isHidden()

    def say(self, text: str) -> None:
        self._text.setText(text)

    def search(self) -> None:
        """Look through the library."""
        self._cancel = cancel = CancelToken()
        self.say(self.tr("Looking for duplicates…"))
        self._set_searching(True)
        self._tasks.run(
            lambda: self._service.find(lambda progress: self._tell(cancel, progress), cancel),
            self._on_found,
            self._on_failed,
            lane=Lane.LOOSE,
            receiver=self,
        )

    def stop(self) -> None:
        """Nobody waits for the search any more."""
        self._cancel.cancel()
        self._set_searching(False)

    def _set_searching(self, searching: bool) -> None:
        self._bar.setVisible(searching)
        self._bar.setRange(0, 0)
        self.button.setText(self.tr("Stop") if searching else self.tr("Look again"))
        self.changed.emit()

    def _on_clicked(self) -> None:
        if self.searching:
            self.stop()
            self.say(self.tr("The search was stopped."))
        else:
            self.search()

    def _tell(self, cancel: CancelToken, progress: DuplicateProgress) -> None:
        """On a thread."""

        def show() -> None:
            if not cancel.cancelled:
                self._show_progress(progress)

        self._tasks.post(show, self)

    def _show_progress(self, progress: DuplicateProgress) -> None:
        texts = {
            DuplicateStep.LOOKING: self.tr("Looking at photos: {done} of {total}"),
            DuplicateStep.GATHERING: self.tr("Gathering what may be alike…"),
            DuplicateStep.COMPARING: self.tr("Comparing what may be alike: {done} of {total}"),
        }
        self._bar.setRange(0, progress.total)
        self._bar.setValue(progress.done)
        done, total = wording.number(progress.done), wording.number(progress.total)
        self.say(texts[progress.step].format(done=done, total=total))

    def _on_found(self, report: DuplicateReport) -> None:
        self._set_searching(False)
        self.say(self._summary(report))
        self.found.emit(report)

    def _on_failed(self, error: Exception) -> None:
        self._set_searching(False)
        self.failed.emit(error)

    def _summary(self, report: DuplicateReport) -> str:
        text = self.tr("{photos} looked at.").format(photos=wording.photo_count(report.photos))
        if report.groups:
            text += " " + self.tr("Nothing is moved before you say so.")
        if report.unseen:
            unseen = self.tr("{photos} could not be compared: their drive is away, or they cannot be read.")
            text += " " + unseen.format(photos=wording.photo_count(report.unseen))
        return text
