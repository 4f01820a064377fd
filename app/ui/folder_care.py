"""What people are asked about their folders, and the dialogs in which they say more."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths, Signal
from PySide6.QtWidgets import QFileDialog

from app.domain.photo import Folder, FolderStatus
from app.ui import wording
from app.ui.folder_settings import FolderSettingsDialog
from app.ui.library_overview import LibraryOverview
from app.ui.task_runner import Lane, TaskRunner
from app.ui.window_body import WindowBody

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.folders import FolderService


class FolderCare(QObject):
    """Adds folders, finds them again, sets what they leave out, and asks what becomes of vanished photos."""

    library_changed = Signal()

    def __init__(
        self, body: WindowBody, folders: FolderService, overview: LibraryOverview, tasks: TaskRunner
    ) -> None:
        super().__init__(body)
        self._body = body
        self._folders = folders
        self._overview = overview
        self._tasks = tasks
        self._paths: dict[int, str] = {}
        self._asked: dict[int, int] = {}  # folder id -> how many vanished photos the user was asked about
        sidebar = body.sidebar
        sidebar.folder_settings_wanted.connect(self.open_settings)
        sidebar.locate_wanted.connect(self.choose_place)
        sidebar.vanished_decided.connect(self._on_decided)

    def show_folders(self, statuses: Sequence[FolderStatus]) -> None:
        """Ask about folders whose files are gone in numbers, once for each number."""
        self._paths = {status.folder.folder_id: status.folder.path for status in statuses}
        asking = {  # also while a folder is being looked through once more
            status.folder.folder_id: status.vanished_count for status in statuses if status.vanished_count
        }
        for folder_id, count in asking.items():
            if self._asked.get(folder_id) != count:
                self._ask_about(folder_id, count)
        self._asked = asking

    def add_folders(self, paths: Sequence[str]) -> None:
        """Watch folders; one with the files of a folder that is not there may be that folder."""
        for path in paths:
            self._tasks.run(
                functools.partial(self._folders.offline_twin, path),
                functools.partial(self._on_twin, path),
                self._body.messages.say_error,
                lane=Lane.LOOSE,
            )

    def open_settings(self, folder_id: int) -> None:
        """Show what a folder leaves out."""
        path = self._paths.get(folder_id)
        if path is not None:
            dialog = FolderSettingsDialog(self._folders, folder_id, path, self._tasks, self._body.window())
            dialog.saved.connect(self.library_changed)
            dialog.open()

    def choose_place(self, folder_id: int) -> None:
        """Let the user point to where a folder is now."""
        name = wording.folder_name(self._paths.get(folder_id, ""))
        title = self.tr("Where is {name} now?").format(name=name)
        start = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.HomeLocation)
        dialog = QFileDialog(self._body.window(), title, start)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(functools.partial(self.locate, folder_id))
        dialog.open()

    def locate(self, folder_id: int, path: str) -> None:
        """A folder is at this path now, if its files are."""
        found = self.tr("{name} is found again. Nothing has to be read anew.")
        self._change(
            lambda: self._folders.locate(folder_id, path),
            found.format(name=wording.folder_name(path)),
        )

    def _on_twin(self, path: str, twin: Folder | None) -> None:
        if twin is None:
            self._overview.add_folders([path])
            return
        text = self.tr("{new} holds the photos of {old}, which is not connected.")
        self._body.messages.ask(
            text.format(new=wording.folder_name(path), old=wording.printable(twin.path)),
            (self.tr("It is the same folder"), lambda: self.locate(twin.folder_id, path)),
            (self.tr("Add it as another"), lambda: self._overview.add_folders([path])),
        )

    def _ask_about(self, folder_id: int, count: int) -> None:
        text = self.tr("{photos} of {name} are not there any more.")
        name = wording.folder_name(self._paths[folder_id])
        self._body.messages.ask(
            text.format(photos=wording.photo_count(count), name=name),
            (self.tr("Remove them"), lambda: self._on_decided(folder_id, True)),
            (self.tr("Keep them"), lambda: self._on_decided(folder_id, False)),
        )

    def _on_decided(self, folder_id: int, remove: bool) -> None:
        decide = self._folders.remove_vanished if remove else self._folders.keep_vanished
        self._change(lambda: decide(folder_id))

    def _change(self, work: Callable[[], object], message: str = "") -> None:
        """Looking through a drive takes a while, so nobody's click waits for it."""

        def done(_: object) -> None:
            if message:
                self._body.messages.say(message)
            self._overview.refresh()
            self.library_changed.emit()

        self._tasks.run(work, done, self._body.messages.say_error, lane=Lane.LOOSE)
