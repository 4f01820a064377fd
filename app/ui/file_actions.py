"""What is done with the files behind photos: open, show in the file manager, copy, drag to other programs."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMimeData, QObject, QProcess, QUrl, Signal
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher
from PySide6.QtGui import QDesktopServices, QGuiApplication

from app.domain.photo import Photo
from app.ui.task_runner import Lane, TaskRunner
from app.ui.wording import photo_count, printable

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.library import LibraryService

_log = logging.getLogger(__name__)

_OPENED_AT_ONCE = 20
_PAGE = 100


def url_of(path: str) -> QUrl:
    """A file address that also carries names which are no text, byte for byte."""
    return QUrl.fromEncoded(QByteArray(Path(path).as_uri().encode("ascii")))


def mime_data(paths: Iterable[str]) -> QMimeData:
    """Files as other programs take them, from the clipboard or a drag."""
    urls = [url_of(path) for path in paths]
    mime = QMimeData()
    mime.setUrls(urls)
    mime.setText("\n".join(url.toLocalFile() for url in urls))
    encoded = b"\n".join(url.toEncoded().data() for url in urls)
    mime.setData("x-special/gnome-copied-files", QByteArray(b"copy\n" + encoded))
    mime.setData("application/x-kde-cutselection", QByteArray(b"0"))
    return mime


class FileActions(QObject):
    """Does it for photo ids; looks at the disk on threads, and says in words what did not work."""

    message = Signal(str)  # for people

    def __init__(self, library: LibraryService, runner: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._runner = runner

    def open_photos(self, photo_ids: Sequence[int]) -> None:
        """Open files in the system's viewer."""
        if len(photo_ids) > _OPENED_AT_ONCE:
            self.message.emit(
                self.tr("Only the first {count} of {all} photos were opened.").format(
                    count=_OPENED_AT_ONCE, all=len(photo_ids)
                )
            )
        self._with_files(photo_ids[:_OPENED_AT_ONCE], self._open)

    def reveal_photo(self, photo_id: int) -> None:
        """Show a file, selected, in the system's file manager."""
        self._with_files([photo_id], lambda paths: self._reveal(paths[0]))

    def copy_photos(self, photo_ids: Sequence[int]) -> None:
        """Put files on the clipboard, to be pasted in a file manager or a mail."""
        self._with_files(photo_ids, self._copy)

    def _with_files(self, photo_ids: Sequence[int], action: Callable[[list[str]], None]) -> None:
        work = partial(_existing, self._library, list(photo_ids))
        self._runner.run(work, partial(self._act, action), self._on_failed, lane=Lane.LOOSE)

    def _act(self, action: Callable[[list[str]], None], found: tuple[list[str], list[Photo]]) -> None:
        paths, absent = found
        if absent:
            self.message.emit(self._absent_text(absent))
        if paths:
            action(paths)

    def _absent_text(self, absent: list[Photo]) -> str:
        name = printable(absent[0].path)
        if len(absent) > 1:
            text = self.tr("{count} files are not there now, for example {path}.")
            return text.format(count=len(absent), path=name)
        if absent[0].offline:
            return self.tr("{path} is on a drive that is not connected. Connect it and try again.").format(
                path=name
            )
        return self.tr("{path} is no longer there.").format(path=name)

    def _on_failed(self, error: Exception) -> None:
        _log.error("photos could not be read from the library", exc_info=error)
        self.message.emit(str(error))

    def _open(self, paths: list[str]) -> None:
        for path in paths:
            if not QDesktopServices.openUrl(url_of(path)):
                text = self.tr("No program is set up to open {path}. Choose one in the system's settings.")
                self.message.emit(text.format(path=printable(path)))

    def _copy(self, paths: list[str]) -> None:
        QGuiApplication.clipboard().setMimeData(mime_data(paths))
        self.message.emit(self.tr("{photos} copied").format(photos=photo_count(len(paths))))

    def _reveal(self, path: str) -> None:
        if sys.platform == "darwin":
            QProcess.startDetached("open", ["-R", path])
        elif sys.platform == "win32":
            QProcess.startDetached("explorer.exe", ["/select,", os.path.normpath(path)])
        else:
            self._reveal_over_dbus(path)

    def _reveal_over_dbus(self, path: str) -> None:
        """Ask the desktop's file manager; where none answers, open the folder."""
        call = QDBusMessage.createMethodCall(
            "org.freedesktop.FileManager1",
            "/org/freedesktop/FileManager1",
            "org.freedesktop.FileManager1",
            "ShowItems",
        )
        call.setArguments([[url_of(path).toString(QUrl.ComponentFormattingOption.FullyEncoded)], ""])
        bus = QDBusConnection.sessionBus()
        if not bus.isConnected():
            self._open([os.path.dirname(path)])
            return
        watcher = QDBusPendingCallWatcher(bus.asyncCall(call), self)
        watcher.finished.connect(partial(self._on_revealed, path))

    def _on_revealed(self, path: str, watcher: QDBusPendingCallWatcher) -> None:
        if watcher.isError():
            self._open([os.path.dirname(path)])
        watcher.deleteLater()


def _existing(library: LibraryService, photo_ids: list[int]) -> tuple[list[str], list[Photo]]:
    """On a thread: paths that are there now, and the photos whose file is not."""
    paths: list[str] = []
    absent: list[Photo] = []
    for start in range(0, len(photo_ids), _PAGE):
        for photo in library.photos(photo_ids[start : start + _PAGE]):
            if os.path.exists(photo.path):
                paths.append(photo.path)
            else:
                absent.append(photo)
    return paths, absent
