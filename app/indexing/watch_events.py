"""Translates watchdog's events of one folder into touched paths and moves."""

import os
import sys
from typing import Protocol

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileClosedNoWriteEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileOpenedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)

from app.domain.photo import Folder
from app.indexing.folder_filter import MARKER, folder_filter
from app.indexing.touched import PathChange
from app.media.formats import is_sidecar_name

_CLOSED_SECONDS = 0.15  # a file that was closed after writing needs only its neighbours' events
_QUIET_SECONDS = 0.4  # one whose attributes changed is whole
# While it is written to. Where closing is told, that ends it; else so long a silence is taken for the end.
_WRITING_SECONDS = 2.0 if sys.platform == "linux" else 1.0
# A name that appeared and is not written to was moved in. Where from, watchdog tells up to 0.5 s later.
_APPEARED_SECONDS = 0.8


class Listener(Protocol):
    """Collects what the events mean."""

    def note(self, change: PathChange, quiet: float) -> None:
        """A path was touched; it has settled when `quiet` seconds pass without another touch."""
        ...

    def note_move(self, folder_id: int, source: str, target: str, *, is_directory: bool) -> None:
        """The system told of a move within a folder."""
        ...


class EventHandler(FileSystemEventHandler):
    """Handles the events of one folder, whose path is the one that the system uses."""

    def __init__(self, folder: Folder, listener: Listener) -> None:
        self._folder_id = folder.folder_id
        self._rules = folder_filter(folder.rules)
        self._root = folder.path
        self._listener = listener

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Called on watchdog's thread."""
        if isinstance(event, FileOpenedEvent | FileClosedNoWriteEvent):
            return  # reading changes nothing; our own reading least of all
        if event.is_synthetic:
            return  # made up from the event of a directory, which is looked through as a whole
        if isinstance(event, FileMovedEvent | DirMovedEvent):
            self._move(event)
        elif isinstance(event, FileDeletedEvent | DirDeletedEvent):
            # At once, so that a row is free before its file turns up in another watched folder.
            self._touch(event.src_path, event.is_directory, 0.0)
        elif isinstance(event, FileCreatedEvent | DirCreatedEvent):
            self._touch(event.src_path, event.is_directory, _APPEARED_SECONDS)
        elif not event.is_directory:
            self._touch(event.src_path, False, _quiet_after(event))

    def _move(self, event: FileSystemEvent) -> None:
        source = self._relative(os.fsdecode(event.src_path))
        target = self._relative(os.fsdecode(event.dest_path))
        if source and target:
            self._listener.note_move(self._folder_id, source, target, is_directory=event.is_directory)
        self._touch(event.src_path, event.is_directory, _CLOSED_SECONDS)
        self._touch(event.dest_path, event.is_directory, _CLOSED_SECONDS)

    def _touch(self, path: bytes | str, directory: bool, quiet: float) -> None:
        relative = self._relative(os.fsdecode(path))
        if relative is None:
            return
        parent, _, name = relative.rpartition("/")
        if name == MARKER:
            relative, directory = parent, True  # all of its directory is hidden now, or shown again
        if directory:
            counts = self._rules.place(relative) is not None
        else:
            counts = self._rules.takes_path(relative) or is_sidecar_name(name)
        if counts:
            self._listener.note(PathChange(self._folder_id, relative, directory), quiet)

    def _relative(self, path: str) -> str | None:
        """Relative to the folder with "/" between parts; None when outside."""
        if path == self._root:
            return ""
        prefix = self._root.rstrip(os.sep) + os.sep
        return path[len(prefix) :].replace(os.sep, "/") if path.startswith(prefix) else None


def _quiet_after(event: FileSystemEvent) -> float:
    if isinstance(event, FileClosedEvent):
        return _CLOSED_SECONDS
    return _QUIET_SECONDS if isinstance(event, FileAttribEvent) else _WRITING_SECONDS
