"""Live watching of folders through watchdog: collects what was touched until the worker takes it."""

import errno
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from app.domain.photo import Folder
from app.indexing.network_drives import network_type
from app.indexing.polling import FolderPoller
from app.indexing.touched import MoveLog, PathChange
from app.indexing.watch_events import EventHandler

__all__ = ["FolderWatcher", "PathChange"]

_log = logging.getLogger(__name__)
# An event that comes in while a watch is being ended is reported as an error by watchdog; it is none.
logging.getLogger("watchdog.observers.inotify").addFilter(
    lambda record: "thread is inactive" not in record.getMessage()
)

_CROWD = 1000  # so many touched paths are a crowd: one look through the folder costs less
_CROWD_SECONDS = 2.0  # how long a crowd may keep us from looking
_TOGETHER_SECONDS = 0.02  # what was touched so shortly after belongs to the same rename or swap
_RETRY_SECONDS = (60.0, 900.0)  # after watching was refused: first, and at last; doubled in between

NETWORK_REMARK = "This folder is on a network drive ({kind}): changes made elsewhere are noticed later."


class FolderWatcher:
    """Watches folders recursively. `take` hands out what has settled; `on_event` says that there is some.

    Where nobody tells about changes, on network drives and beyond the system's limits, a folder is polled.
    Thread-safe, but one thread at a time may call `watch`.
    """

    def __init__(self, on_event: Callable[[], None]) -> None:
        self._on_event = on_event
        self._observer: BaseObserver | None = None
        self._watches: dict[int, ObservedWatch] = {}
        self._roots: dict[int, str] = {}  # as the system names them: of folders that are watched live
        self._remarks: dict[int, str] = {}  # why a folder is polled
        self._full: set[int] = set()  # folders of which a part could not be watched for want of room
        self._retry: dict[
            int, tuple[float, float]
        ] = {}  # folder id -> when to watch live again, pause before
        self._poller = FolderPoller(lambda change: self.note(change, 0.1))
        self._moves = MoveLog()
        self._lock = threading.Lock()
        self._due: dict[int, dict[PathChange, float]] = {}  # folder id -> path -> when it has settled
        self._crowded: dict[int, float] = {}  # folder id -> when to look through all of it
        self._earliest = math.inf  # nothing settles before

    def watch(self, folder: Folder) -> str:
        """Begin to watch, or go on; "" when changes are told at once, else why not, for people."""
        folder_id = folder.folder_id
        if folder_id in self._watches and folder_id not in self._full:
            return ""
        if folder_id in self._remarks and not self._is_due_again(folder_id):
            return self._remarks[folder_id]
        remark = self._refusal(folder)
        if remark:
            self._end_live(folder_id)
            self._remarks[folder_id] = remark
            if folder_id not in self._poller:
                self._poller.add(folder)
        else:
            self._poller.remove(folder_id)
            self._remarks.pop(folder_id, None)
            self._retry.pop(folder_id, None)
        return remark

    def unwatch(self, folder_id: int) -> None:
        """Stop watching and forget what was collected there."""
        self._end_live(folder_id)
        self._poller.remove(folder_id)
        self._remarks.pop(folder_id, None)
        self._retry.pop(folder_id, None)
        with self._lock:
            self._due.pop(folder_id, None)
            self._crowded.pop(folder_id, None)

    def moved_from(self, folder_id: int, path: str) -> str | None:
        """Where the system said that the file at this path was a moment ago."""
        return self._moves.origin(folder_id, path)

    def has_left(self, folder_id: int, path: str) -> bool:
        """Whether the system said that the file of this path was moved away a moment ago."""
        return self._moves.has_left(folder_id, path)

    def unsettled(self, folder_id: int) -> frozenset[str]:
        """Paths that are being touched: what is there may be half written, and is told of when it settles."""
        with self._lock:
            return frozenset(change.relative_path for change in self._due.get(folder_id, ()))

    def take(self) -> tuple[list[PathChange], set[int]]:
        """Paths that nobody has touched for a moment, and folders where too much happened to tell."""
        self._try_live_again()
        now = time.monotonic() + _TOGETHER_SECONDS
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
        self._poller.close()
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

    def note_move(self, folder_id: int, source: str, target: str, *, is_directory: bool) -> None:
        """The system told of a move; both paths are to be noted as touched as well."""
        self._moves.note(folder_id, source, target, is_directory=is_directory)

    def note_all(self, folder_id: int) -> None:
        """Something happened that nobody can tell: the whole folder is to be looked through."""
        with self._lock:
            self._due.pop(folder_id, None)
            self._crowded[folder_id] = time.monotonic()
            self._earliest = 0.0
        self._on_event()

    def _note_path(self, change: PathChange, due: float) -> None:
        paths = self._due.setdefault(change.folder_id, {})
        paths[change] = due
        if len(paths) > _CROWD:
            del self._due[change.folder_id]
            self._crowded[change.folder_id] = time.monotonic() + _CROWD_SECONDS

    # -- live or not

    def _refusal(self, folder: Folder) -> str:
        """Watch live; why that is not possible, else "" ."""
        kind = network_type(folder.path)
        if kind is not None:
            return NETWORK_REMARK.format(kind=kind)
        folder_id, root = folder.folder_id, os.path.realpath(folder.path)
        self._end_live(folder_id)
        self._roots[folder_id] = root
        try:
            handler = EventHandler(replace(folder, path=root), self)
            self._watches[folder_id] = self._running_observer().schedule(handler, root, recursive=True)
            if folder_id in self._full:
                raise OSError(errno.ENOSPC, "no room for all of its directories")
        except OSError as error:
            _log.info("cannot watch %r: %s", folder.path, error)
            self._try_later(folder_id)
            if sys.platform == "linux" and error.errno in (errno.ENOSPC, errno.EMFILE):
                return self._limit_reached(folder, error.errno)
            return f"It cannot be watched: {error.strerror}. Changes are noticed later."
        return ""

    def _limit_reached(self, folder: Folder, error_number: int) -> str:
        from app.indexing.inotify import remedy

        self._end_live(folder.folder_id)
        if folder.folder_id not in self._poller:
            self._poller.add(folder)
        return remedy(error_number, self._poller.directories(folder.folder_id))

    def _try_later(self, folder_id: int) -> None:
        first, last = _RETRY_SECONDS
        _, pause = self._retry.get(folder_id, (0.0, first / 2))
        pause = min(2 * pause, last)
        self._retry[folder_id] = (time.monotonic() + pause, pause)

    def _end_live(self, folder_id: int) -> None:
        watch = self._watches.pop(folder_id, None)
        if watch is not None and self._observer is not None:
            self._observer.unschedule(watch)
        self._roots.pop(folder_id, None)
        self._full.discard(folder_id)

    def _is_due_again(self, folder_id: int) -> bool:
        at, _ = self._retry.get(folder_id, (math.inf, 0.0))
        return at <= time.monotonic()

    def _try_live_again(self) -> None:
        """Looking through the folder begins with watching it."""
        for folder_id in [key for key in self._retry if self._is_due_again(key)]:
            if folder_id not in self._crowded:
                self.note_all(folder_id)

    def _on_full(self, path: str) -> None:
        """A directory cannot be watched. Called on watchdog's thread, or within `watch`."""
        for folder_id, root in list(self._roots.items()):
            if path == root or path.startswith(root.rstrip(os.sep) + os.sep):
                self._full.add(folder_id)
                if folder_id in self._watches:  # it was watched until now
                    self.note_all(folder_id)

    def _on_overflow(self) -> None:
        """The system dropped events of any folder."""
        for folder_id in list(self._roots):
            self.note_all(folder_id)

    def _running_observer(self) -> BaseObserver:
        if self._observer is None:
            if sys.platform == "linux":
                from app.indexing.inotify import LimitObserver

                observer: BaseObserver = LimitObserver(self._on_full, self._on_overflow)
            else:
                observer = Observer()
            observer.daemon = True
            observer.start()
            self._observer = observer
        return self._observer
