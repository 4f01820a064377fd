"""Live watching of folders through watchdog: collects what was touched until the worker takes it."""

import errno
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileClosedNoWriteEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileOpenedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from app.domain.photo import Folder
from app.indexing.folder_filter import MARKER, folder_filter
from app.media.formats import is_sidecar_name

_log = logging.getLogger(__name__)
# An event that comes in while a watch is being ended is reported as an error by watchdog; it is none.
logging.getLogger("watchdog.observers.inotify").addFilter(
    lambda record: "thread is inactive" not in record.getMessage()
)

_QUIET_SECONDS = 0.4  # a file that nobody has touched for so long is taken to be whole
_CLOSED_SECONDS = 0.15  # one that was closed after writing needs only its neighbours' events
# A name that appeared and is not written to was moved in. Where from, watchdog tells up to 0.5 s later.
_APPEARED_SECONDS = 0.8
_CROWD = 1000  # so many touched paths are a crowd: one look through the folder costs less
_CROWD_SECONDS = 2.0  # how long a crowd may keep us from looking

INOTIFY_REMEDY = (
    "The system's limit of watched folders is used up, so this folder is looked through once a minute."
    " To watch it live: sudo sysctl fs.inotify.max_user_watches=1048576"
)


@dataclass(frozen=True, slots=True)
class PathChange:
    """Something happened at a path; what is true now, the disk says."""

    folder_id: int
    relative_path: str  # "" is the folder itself
    is_directory: bool


class FolderWatcher:
    """Watches folders recursively. `take` hands out what has settled; `on_event` says that there is some.

    A folder that cannot be watched is refused with a reason: the worker then looks through it now and then.
    Thread-safe, but one thread at a time may call `watch`.
    """

    def __init__(self, on_event: Callable[[], None]) -> None:
        self._on_event = on_event
        self._observer: BaseObserver | None = None
        self._watches: dict[int, ObservedWatch] = {}
        self._lock = threading.Lock()
        self._due: dict[int, dict[PathChange, float]] = {}  # folder id -> path -> when it has settled
        self._crowded: dict[int, float] = {}  # folder id -> when to look through all of it
        self._earliest = math.inf  # nothing settles before

    def watch(self, folder: Folder) -> str:
        """Begin to watch; "" when it works, else the reason for people."""
        if folder.folder_id in self._watches:
            return ""
        root = os.path.realpath(folder.path)
        try:
            watch = self._running_observer().schedule(_Handler(folder, self), root, recursive=True)
            self._watches[folder.folder_id] = watch
            _check_inotify_limit(root)
        except OSError as error:
            _log.info("cannot watch %r: %s", folder.path, error)
            self.unwatch(folder.folder_id)
            if error.errno in (errno.ENOSPC, errno.EMFILE):  # inotify's words for its limits
                return INOTIFY_REMEDY
            return f"It cannot be watched: {error.strerror}."
        return ""

    def unwatch(self, folder_id: int) -> None:
        """Stop watching and forget what was collected there."""
        watch = self._watches.pop(folder_id, None)
        if watch is not None and self._observer is not None:
            self._observer.unschedule(watch)
        with self._lock:
            self._due.pop(folder_id, None)
            self._crowded.pop(folder_id, None)

    def take(self) -> tuple[list[PathChange], set[int]]:
        """Paths that nobody has touched for a moment, and folders where too much happened to tell."""
        now = time.monotonic()
        with self._lock:
            crowded = {folder_id for folder_id, due in self._crowded.items() if due <= now}
            for folder_id in crowded:
                del self._crowded[folder_id]
            settled = []
            for paths in self._due.values():
                ready = [change for change, due in paths.items() if due <= now]
                for change in ready:
                    del paths[change]
                settled += ready
            self._earliest = min(
                (*self._crowded.values(), *(due for paths in self._due.values() for due in paths.values())),
                default=math.inf,
            )
        return settled, crowded

    def next_due(self) -> float | None:
        """Seconds until `take` may have something; None when nothing was seen."""
        with self._lock:
            return None if math.isinf(self._earliest) else max(0.0, self._earliest - time.monotonic())

    def close(self) -> None:
        """End the threads."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None
        self._watches.clear()

    def note(self, change: PathChange, quiet: float) -> None:
        """A path was touched; it has settled when `quiet` seconds pass without another touch."""
        due = time.monotonic() + quiet
        with self._lock:
            if change.folder_id not in self._crowded:
                self._note_path(change, due)
            earlier = due < self._earliest
            self._earliest = min(self._earliest, due)
        if earlier:  # else the worker looks before that anyway
            self._on_event()

    def _note_path(self, change: PathChange, due: float) -> None:
        paths = self._due.setdefault(change.folder_id, {})
        paths[change] = due
        if len(paths) > _CROWD:
            del self._due[change.folder_id]
            self._crowded[change.folder_id] = time.monotonic() + _CROWD_SECONDS

    def _running_observer(self) -> BaseObserver:
        if self._observer is None:
            observer = Observer()
            observer.daemon = True
            observer.start()
            self._observer = observer
        return self._observer


def _check_inotify_limit(root: str) -> None:
    """Raise OSError when no more directories can be watched.

    watchdog passes over subdirectories that it could not watch, so asking for one more watch is the way to
    know whether it got all.
    """
    if sys.platform == "linux":
        import ctypes

        from watchdog.observers.inotify_c import InotifyConstants, inotify_add_watch, inotify_init

        handle = inotify_init()
        if handle < 0:
            raise OSError(ctypes.get_errno(), "no more inotify instances")
        try:
            if inotify_add_watch(handle, os.fsencode(root), InotifyConstants.IN_DELETE_SELF) < 0:
                raise OSError(ctypes.get_errno(), "no more inotify watches")
        finally:
            os.close(handle)


class _Handler(FileSystemEventHandler):
    """Translates watchdog's events of one folder."""

    def __init__(self, folder: Folder, watcher: FolderWatcher) -> None:
        self._folder_id = folder.folder_id
        self._rules = folder_filter(folder.rules)
        self._root = os.path.realpath(folder.path)
        self._watcher = watcher

    def on_any_event(self, event: FileSystemEvent) -> None:
        if isinstance(event, FileOpenedEvent | FileClosedNoWriteEvent):
            return  # reading changes nothing; our own reading least of all
        if event.is_synthetic:
            return  # made up from the event of a directory, which is looked through as a whole
        if isinstance(event, FileMovedEvent | DirMovedEvent):
            # Which file it is, its id says; so a move is no more than two touched paths.
            self._touch(event.src_path, event.is_directory, _CLOSED_SECONDS)
            self._touch(event.dest_path, event.is_directory, _CLOSED_SECONDS)
        elif isinstance(event, FileDeletedEvent | DirDeletedEvent):
            # At once, so that a row is free before its file turns up in another watched folder.
            self._touch(event.src_path, event.is_directory, 0.0)
        elif isinstance(event, FileCreatedEvent | DirCreatedEvent):
            self._touch(event.src_path, event.is_directory, _APPEARED_SECONDS)
        elif not event.is_directory:
            quiet = _CLOSED_SECONDS if isinstance(event, FileClosedEvent) else _QUIET_SECONDS
            self._touch(event.src_path, False, quiet)

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
            self._watcher.note(PathChange(self._folder_id, relative, directory), quiet)

    def _relative(self, path: str) -> str | None:
        """Relative to the folder with "/" between parts; None when outside."""
        if path == self._root:
            return ""
        prefix = self._root.rstrip(os.sep) + os.sep
        return path[len(prefix) :].replace(os.sep, "/") if path.startswith(prefix) else None
