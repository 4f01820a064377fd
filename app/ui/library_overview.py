"""Folders and counts as the sidebar shows them, kept up to date, and what users do with folders."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.domain.photo import Folder
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.indexing import IndexingService
    from app.services.library import LibraryService

_PAUSE_MS = 700  # between two looks at folders and counts while much changes
_POLL_MS = 10_000  # an unplugged drive tells nobody


class LibraryOverview(QObject):
    """Asks the library on threads and hands values to whoever shows them."""

    folders_changed = Signal(object)  # tuple[FolderStatus, ...]
    counts_changed = Signal(object)  # LibraryCounts
    subfolders_changed = Signal(int, str, object)  # folder_id, parent, tuple[Subfolder, ...]
    folder_added = Signal(object)  # Folder
    failed = Signal(object)  # Exception

    def __init__(self, library: LibraryService, indexing: IndexingService, tasks: TaskRunner) -> None:
        super().__init__()
        self._library = library
        self._indexing = indexing
        self._tasks = tasks
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self.refresh)
        self._poll = QTimer(self, interval=_POLL_MS)
        self._poll.timeout.connect(self.refresh)

    def start(self) -> None:
        """Look now, and again from time to time."""
        self.refresh()
        self._poll.start()

    def stop(self) -> None:
        """Look no more."""
        self._pause.stop()
        self._poll.stop()

    def refresh(self) -> None:
        """Look at folders and counts now."""
        self._tasks.run(self._library.folders, self.folders_changed.emit, self.failed.emit)
        self._tasks.run(self._library.counts, self.counts_changed.emit, self.failed.emit)

    def refresh_soon(self) -> None:
        """Look after a short pause, once for many calls."""
        if not self._pause.isActive():
            self._pause.start()

    def load_subfolders(self, folder_id: int, parent: str) -> None:
        """Ask for the children of a folder."""
        self._tasks.run(
            lambda: self._library.subfolders(folder_id, parent),
            lambda children: self.subfolders_changed.emit(folder_id, parent, children),
            self.failed.emit,
        )

    def add_folders(self, paths: Sequence[str]) -> None:
        """Watch folders; each that cannot be watched is reported by itself."""
        for path in paths:
            self._change(functools.partial(self._library.add_folder, path), self._on_added)

    def remove_folder(self, folder_id: int) -> None:
        """Stop watching a folder."""
        self._change(lambda: self._library.remove_folder(folder_id))

    def rescan(self, folder_id: int | None = None) -> None:
        """Look through one folder, or all, once more."""
        self._change(lambda: self._indexing.rescan(folder_id))

    def pause_indexing(self, pause: bool) -> None:
        """Let indexing rest, or go on."""
        self._change(self._indexing.pause if pause else self._indexing.resume)

    def _change(self, work: Callable[[], object], on_done: Callable[[object], None] | None = None) -> None:
        def done(value: object) -> None:
            if on_done is not None:
                on_done(value)
            self.refresh()

        self._tasks.run(work, done, self.failed.emit, lane=Lane.WRITES)

    def _on_added(self, folder: object) -> None:
        if isinstance(folder, Folder):
            self.folder_added.emit(folder)
