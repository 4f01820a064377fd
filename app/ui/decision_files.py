"""Decisions in files: export and import as the user wishes, copies and sidecars by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths, Qt, Signal
from PySide6.QtWidgets import QFileDialog

from app.domain.decision_records import ImportReport
from app.ui import wording
from app.ui.message_bar import MessageBar
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.decision_files import DecisionFileService
    from app.services.sidecars import SidecarService

_NAME = "photosift-decisions.json"


class DecisionFiles(QObject):
    """Asks where, and says what came of it."""

    imported = Signal()  # the library has changed

    def __init__(
        self,
        files: DecisionFileService,
        sidecars: SidecarService,
        messages: MessageBar,
        tasks: TaskRunner,
    ) -> None:
        super().__init__(messages)
        self._files = files
        self._sidecars = sidecars
        self._messages = messages
        self._tasks = tasks

    def start(self) -> None:
        """What a start brings: the weekly copy, and sidecars that were not written last time."""
        self._tasks.run(self._keep, on_error=self._messages.say_error, lane=Lane.LOOSE)

    def take_up_kept(self) -> None:
        """Photos have come: some may be those that an import kept decisions for."""
        self._tasks.run(
            self._files.match_kept,
            lambda matched: self.imported.emit() if matched else None,
            self._messages.say_error,
            lane=Lane.WRITES,
        )

    def ask_to_export(self) -> None:
        """Let the user choose a file, then write everything that was decided."""
        dialog = self._dialog(self.tr("Export decisions"), QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(_NAME)
        dialog.fileSelected.connect(self.export_to)
        dialog.open()

    def ask_to_import(self) -> None:
        """Let the user choose a file, then merge it."""
        dialog = self._dialog(self.tr("Import decisions"), QFileDialog.AcceptMode.AcceptOpen)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.import_from)
        dialog.open()

    def export_to(self, path: str) -> None:
        """Write everything that was decided."""

        def done(count: int) -> None:
            text = self.tr("Decisions about {photos} are in {path}.")
            photos = wording.photo_count(count)
            self._messages.say(text.format(photos=photos, path=wording.printable(path)))

        self._tasks.run(
            lambda: self._files.export_to(Path(path)), done, self._messages.say_error, lane=Lane.LOOSE
        )

    def import_from(self, path: str) -> None:
        """Merge a file that was exported."""

        def done(report: ImportReport) -> None:
            self._messages.say(self._report_text(report))
            self.imported.emit()

        self._tasks.run(
            lambda: self._files.import_from(Path(path)), done, self._messages.say_error, lane=Lane.LOOSE
        )

    def _keep(self) -> None:
        self._sidecars.subscribe(lambda text: self._tasks.post(lambda: self._messages.say(text)))
        self._sidecars.tell()
        self._files.keep_weekly_copy()

    def _report_text(self, report: ImportReport) -> str:
        text = self.tr("{photos} found here, {changed} of them changed.").format(
            photos=wording.photo_count(report.photos), changed=wording.number(report.changed)
        )
        if report.not_duplicates:
            pairs = self.tr("{n} more pairs are known to be no duplicates.")
            text += " " + pairs.format(n=wording.number(report.not_duplicates))
        if not report.kept:
            return text
        kept = self.tr("{photos} not here: what was decided about them is kept until they come.")
        return f"{text} {kept.format(photos=wording.photo_count(report.kept))}"

    def _dialog(self, title: str, mode: QFileDialog.AcceptMode) -> QFileDialog:
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        dialog = QFileDialog(self._messages.window(), title, documents)
        dialog.setAcceptMode(mode)
        dialog.setNameFilter(self.tr("Decisions (*.json)"))
        dialog.setDefaultSuffix("json")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog
