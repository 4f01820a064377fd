"""Keeps every watched folder scanned, watched, and known as there or not there."""

import logging
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from app.domain.indexing import FolderChanges
from app.domain.photo import Folder, FolderState, PhotoState
from app.domain.progress import CancelToken
from app.errors import AppError, CancelledError
from app.indexing.events import EventTranslator
from app.indexing.folder_states import FolderStates
from app.indexing.reconcile import FolderView, reconcile
from app.indexing.scanner import FolderScanner, ScanOutcome
from app.indexing.watcher import FolderWatcher, PathChange
from app.library.library import Library

_log = logging.getLogger(__name__)

_ROOT_CHECK_SECONDS = 3.0
_RESCAN_SECONDS = 60.0  # of folders that cannot be watched or read

OFFLINE_MESSAGE = "The folder is not there now. Its photos stay in the library until it is back."
EMPTY_MESSAGE = (
    "The folder is empty, though it held photos before: perhaps its drive is not mounted."
    " Its photos stay in the library until they are back."
)
UNREADABLE_MESSAGE = "The folder cannot be read: check its permissions."

_RootId = tuple[int, int]  # device and inode: another drive mounted at the same place is another root


@dataclass(frozen=True, slots=True)
class _Look:
    """What a scan brought back from one folder."""

    outcome: ScanOutcome
    root: _RootId | None
    empty: bool
    refusal: str  # why it is not watched; "" when it is


class FolderWatch:
    """Finds out what changed in the folders. Belongs to the worker's thread; scans run on their own."""

    def __init__(self, library: Library, states: FolderStates, on_event: Callable[[], None]) -> None:
        self._library = library
        self._states = states
        self._scanner = FolderScanner()
        self._watcher = FolderWatcher(on_event)
        self._events = EventTranslator(library, self._scanner)
        self._on_event = on_event
        self._folders: dict[int, Folder] = {}
        self._roots: dict[int, _RootId | None] = {}  # as they were when they were scanned
        self._look_again: dict[int, float] = {}  # folders that no event tells about: when to scan them
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="folder-scan")
        self._cancel = CancelToken()
        self._scan: Future[list[_Look]] | None = None
        self._in_scan: frozenset[int] = frozenset()
        self._wanted: set[int] = set()
        self._next_root_check = 0.0

    @property
    def scanning(self) -> bool:
        """A scan is running or about to."""
        return self._scan is not None or bool(self._wanted)

    @property
    def current(self) -> str:
        """The folder that is being scanned, for people."""
        names = [folder.path for key, folder in self._folders.items() if self._is_scanning(key)]
        return names[0] if names else ""

    @property
    def events_waiting(self) -> bool:
        """Something was touched and has not settled yet."""
        return self._watcher.next_due() is not None

    def next_due(self) -> float:
        """Seconds until there is something to do."""
        waits = [max(0.0, self._next_root_check - time.monotonic())]
        due = self._watcher.next_due()
        if due is not None and self._scan is None:
            waits.append(due)
        return min(waits)

    def refresh_folders(self) -> bool:
        """Take over the library's list: scan and watch what is new or has other rules; True if it differs."""
        listed = {folder.folder_id: folder for folder in self._library.folders.all()}
        removed = self._folders.keys() - listed.keys()
        new = {key for key, folder in listed.items() if self._folders.get(key) != folder}
        for folder_id in removed | new:
            self._watcher.unwatch(folder_id)
        for folder_id in removed:
            self._states.forget(folder_id)
            self._look_again.pop(folder_id, None)
        self._folders = listed
        self._wanted &= listed.keys()
        self.want_scan(new)
        return bool(removed or new)

    def want_scan(self, folder_ids: Iterable[int] | None = None) -> None:
        """Look through folders again soon (None: all of them)."""
        self._wanted |= set(self._folders if folder_ids is None else folder_ids) & self._folders.keys()

    def look_at(self, folder_id: int, path: str) -> None:
        """A file was not where it should be: look there, and whether the whole folder is gone."""
        folder = self._folders.get(folder_id)
        if folder is not None:
            relative = path[len(folder.path) :].lstrip(os.sep).replace(os.sep, "/")
            self._watcher.note(PathChange(folder_id, relative, False), 0.0)
            self._next_root_check = 0.0

    def step(self) -> bool:
        """Start and take in scans, take in events; True when the library changed."""
        self._check_roots()
        self._start_scan()
        changed = self._take_scan()
        if self._scan is None:  # a scan in flight would see the same files: first things first
            changed |= self._take_events()
        return changed

    def close(self) -> None:
        """Call off a running scan and stop watching."""
        self._cancel.cancel()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._watcher.close()

    # -- scanning

    def _start_scan(self) -> None:
        if self._scan is not None or not self._wanted:
            return
        folders = [self._folders[key] for key in sorted(self._wanted)]
        self._in_scan = frozenset(self._wanted)
        self._wanted.clear()
        for folder in folders:
            self._states.set(folder.folder_id, FolderState.SCANNING)
            if _root_id(folder.path) != self._roots.get(folder.folder_id):
                self._watcher.unwatch(folder.folder_id)  # it watches what was there before
        self._scan = self._executor.submit(self._look_through, folders)
        self._scan.add_done_callback(lambda _: self._on_event())

    def _look_through(self, folders: list[Folder]) -> list[_Look]:
        """On the scan's thread: watch first, so that nothing falls between scan and watching."""
        looks = []
        for folder in folders:
            root = _root_id(folder.path)
            refusal = self._watcher.watch(folder) if root is not None else ""
            outcome = self._scanner.scan(
                folder.folder_id, folder.path, rules=folder.rules, cancel=self._cancel
            )
            empty = not outcome.files and not _has_entries(folder.path)
            looks.append(_Look(outcome, root, empty, refusal))
        return looks

    def _take_scan(self) -> bool:
        if self._scan is None or not self._scan.done():
            return False
        scan, self._scan = self._scan, None
        scanned, self._in_scan = self._in_scan, frozenset()
        try:
            views = [view for look in scan.result() if (view := self._view(look)) is not None]
            return self._apply(reconcile(views))
        except CancelledError:
            return False
        except (AppError, OSError):
            self.want_scan(scanned)  # nothing was lost but time
            raise

    def _view(self, look: _Look) -> FolderView | None:
        """None when the folder was removed meanwhile, or is not there: then nothing is concluded from it."""
        folder_id = look.outcome.folder_id
        if folder_id not in self._folders:
            self._watcher.unwatch(folder_id)
            self._states.forget(folder_id)
            return None
        self._roots[folder_id] = look.root
        self._look_again.pop(folder_id, None)
        if look.outcome.root_gone:
            self._go_offline(folder_id, OFFLINE_MESSAGE)
            return None
        if "" in look.outcome.unreadable:
            self._states.set(folder_id, FolderState.PROBLEM, UNREADABLE_MESSAGE)
            self._look_again[folder_id] = time.monotonic() + _RESCAN_SECONDS
            return None
        known = self._library.photos.known_files(folder_id)
        if look.empty and any(one.state is not PhotoState.MISSING for one in known):
            self._go_offline(folder_id, EMPTY_MESSAGE)
            return None
        self._states.set(folder_id, FolderState.WATCHING, self._remark(look))
        return FolderView(look.outcome, known)

    def _remark(self, look: _Look) -> str:
        """What people should know about a folder that is there."""
        if look.refusal:
            self._look_again[look.outcome.folder_id] = time.monotonic() + _RESCAN_SECONDS
            return look.refusal
        unreadable = len(look.outcome.unreadable)
        if unreadable:
            return f"Subfolders that cannot be read: {unreadable}. Their photos stay as they were."
        return ""

    # -- events

    def _take_events(self) -> bool:
        touched, crowded = self._watcher.take()
        self.want_scan(crowded)
        if not touched:
            return False
        try:
            return self._apply(self._events.changes(touched, self._folders))
        except AppError:
            self.want_scan({change.folder_id for change in touched})  # a scan finds it once more
            raise

    def _apply(self, found: Iterable[FolderChanges]) -> bool:
        """Vanished files first in all folders, so that a copy elsewhere can take a vanished one's place."""
        found = tuple(found)
        for changes in found:
            self._library.photos.mark_missing(changes.missing)
        for changes in found:
            self._library.photos.apply_changes(changes)
            _log.info("folder %d: %s", changes.folder_id, _summary(changes))
        return bool(found)

    # -- roots that come and go

    def _check_roots(self) -> None:
        now = time.monotonic()
        if now < self._next_root_check:
            return
        self._next_root_check = now + _ROOT_CHECK_SECONDS
        for folder_id, folder in self._folders.items():
            if not self._is_scanning(folder_id):
                self._check_root(folder)
        self._wanted.update(key for key, due in self._look_again.items() if due <= now)

    def _check_root(self, folder: Folder) -> None:
        root = _root_id(folder.path)
        offline = self._states.get(folder.folder_id)[0] is FolderState.OFFLINE
        if root is None:
            if not offline:
                self._go_offline(folder.folder_id, OFFLINE_MESSAGE)
        elif offline:
            if _has_entries(folder.path):
                self._wanted.add(folder.folder_id)
        elif root != self._roots.get(folder.folder_id):
            self._wanted.add(folder.folder_id)  # a drive was mounted there, or it is not any more

    def _go_offline(self, folder_id: int, message: str) -> None:
        _log.info("folder %d is offline: %s", folder_id, message)
        self._states.set(folder_id, FolderState.OFFLINE, message)
        self._watcher.unwatch(folder_id)

    def _is_scanning(self, folder_id: int) -> bool:
        return folder_id in self._wanted or folder_id in self._in_scan


def _root_id(path: str) -> _RootId | None:
    """None when no directory is there."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if os.path.isdir(path) else None


def _has_entries(path: str) -> bool:
    """Whether anything at all is in a directory; False when it cannot be told."""
    try:
        with os.scandir(path) as entries:
            return next(entries, None) is not None
    except OSError:
        return False


def _summary(changes: FolderChanges) -> str:
    kinds = ("added", "changed", "moved", "returned", "missing")
    return ", ".join(f"{len(getattr(changes, kind))} {kind}" for kind in kinds if getattr(changes, kind))
