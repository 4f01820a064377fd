"""Keeps every watched folder scanned, watched, and known as there or not there."""

import logging
import os
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from app.domain.indexing import FolderChanges, KnownFile
from app.domain.photo import Folder, FolderState, PhotoState
from app.domain.progress import CancelToken
from app.errors import AppError, CancelledError
from app.indexing.crossings import without_crossings
from app.indexing.events import EventTranslator
from app.indexing.folder_looks import (
    EMPTY_MESSAGE,
    OFFLINE_MESSAGE,
    REPLACED_MESSAGE,
    UNREADABLE_MESSAGE,
    FolderLook,
    RootId,
    has_entries,
    root_id,
)
from app.indexing.folder_places import FolderPlaces
from app.indexing.folder_states import FolderStates
from app.indexing.heirs import Heirs
from app.indexing.reconcile import FolderView, reconcile, settled
from app.indexing.removal_guard import RemovalGuard, left_out
from app.indexing.scanner import FolderScanner
from app.indexing.volumes import volume_place
from app.indexing.watcher import FolderWatcher, PathChange
from app.library.library import Library

_log = logging.getLogger(__name__)

_ROOT_CHECK_SECONDS = 3.0
_RESCAN_SECONDS = 60.0  # of folders that cannot be read
_FULL_LOOK_SECONDS = 900.0  # of folders that are polled: files written to in place show only then
_ASKING_SECONDS = 300.0  # of folders whose files are gone in numbers: they may be back
_MANY_GONE_SECONDS = 2.0  # so many gone at once may be turning up elsewhere


class FolderWatch:
    """Finds out what changed in the folders. Belongs to the worker's thread; scans run on their own."""

    def __init__(self, library: Library, states: FolderStates, on_event: Callable[[], None]) -> None:
        self._library = library
        self._states = states
        self._scanner = FolderScanner()
        self._watcher = FolderWatcher(on_event)
        self._events = EventTranslator(library, self._scanner, self._watcher)
        self._heirs = Heirs(library)
        self._on_event = on_event
        self._folders: dict[int, Folder] = {}
        self._places = FolderPlaces(library)
        self._guard = RemovalGuard(states, library)
        self._roots: dict[int, RootId | None] = {}  # as they were when their photos were found in them
        self._foreign: dict[int, RootId | None] = {}  # what was at their places without being them
        self._look_again: dict[int, float] = {}  # folders that no event tells about: when to scan them
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="folder-scan")
        self._cancel = CancelToken()
        self._scan: Future[list[FolderLook]] | None = None
        self._in_scan: frozenset[int] = frozenset()
        self._wanted: set[int] = set()
        self._stirred: set[int] = set()  # to be looked through because much happens in them now
        self._next_root_check = 0.0

    @property
    def scanning(self) -> bool:
        """A scan is running or about to."""
        return self._scan is not None or bool(self._wanted) or self._places.absorbing

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
        if self._scan is None:
            waits += [due for due in (self._watcher.next_due(), self._heirs.next_due()) if due is not None]
        return min(waits)

    def refresh_folders(self) -> bool:
        """Take over the library's list: scan and watch what is new or has other rules; True if it differs."""
        listed = self._places.folders()
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
        if self._scan is None and self._places.absorbing:
            return self._absorb()
        self._start_scan()
        changed = self._take_scan()
        if self._scan is None:  # a scan in flight would see the same files: first things first
            changed |= self._take_events()
            changed |= self._heirs.step()
        return changed

    def close(self) -> None:
        """Call off a running scan and stop watching."""
        self._cancel.cancel()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._watcher.close()

    def _absorb(self) -> bool:
        """A folder takes over another one's photos; what the watcher tells meanwhile, the scan finds."""
        if self._places.absorb_some():
            self.refresh_folders()
        return True

    # -- scanning

    def _start_scan(self) -> None:
        if self._scan is not None or not self._wanted:
            return
        folders = [self._folders[key] for key in sorted(self._wanted)]
        self._in_scan = frozenset(self._wanted)
        self._wanted.clear()
        for folder in folders:
            self._states.set(folder.folder_id, FolderState.SCANNING)
            if root_id(folder.path) != self._roots.get(folder.folder_id):
                self._watcher.unwatch(folder.folder_id)  # it watches what was there before
        self._scan = self._executor.submit(self._look_through, folders)
        self._scan.add_done_callback(lambda _: self._on_event())

    def _look_through(self, folders: list[Folder]) -> list[FolderLook]:
        """On the scan's thread: watch first, so that nothing falls between scan and watching."""
        looks = []
        for folder in folders:
            root = root_id(folder.path)
            refusal = self._watcher.watch(folder) if root is not None else ""
            outcome = self._scanner.scan(
                folder.folder_id, folder.path, rules=folder.rules, cancel=self._cancel
            )
            empty = not outcome.files and not has_entries(folder.path)
            volume = volume_place(folder.path) if root is not None else None
            looks.append(FolderLook(outcome, root, empty, refusal, volume))
        return looks

    def _take_scan(self) -> bool:
        if self._scan is None or not self._scan.done():
            return False
        scan, self._scan = self._scan, None
        scanned, self._in_scan = self._in_scan, frozenset()
        try:
            views = [view for look in scan.result() if (view := self._view(look)) is not None]
            changes = self._guard.after_scan(self._reconcile(views, scanned), views, self._folders)
            for view in views:
                if self._states.vanished(view.outcome.folder_id):
                    self._look_again[view.outcome.folder_id] = time.monotonic() + _ASKING_SECONDS
            changed = self._apply(changes, scanned)
            self._note_left_out(views, changes)
            return changed
        except CancelledError:
            return False
        except (AppError, OSError):
            self.want_scan(scanned)  # nothing was lost but time
            raise

    def _reconcile(self, views: list[FolderView], scanned: frozenset[int]) -> tuple[FolderChanges, ...]:
        arriving = scanned <= self._stirred
        self._stirred -= scanned
        return reconcile(views, told=self._watcher, urgent=arriving)

    def _stir(self, folder_ids: Collection[int]) -> None:
        self._stirred |= set(folder_ids)
        self.want_scan(folder_ids)

    def _note_left_out(self, views: Iterable[FolderView], found: Iterable[FolderChanges]) -> None:
        """At once after they were marked as missing, before anything takes their places."""
        missing = {changes.folder_id: changes.missing for changes in found}
        for view in views:
            folder_id = view.outcome.folder_id
            ids = left_out(view, self._folders[folder_id].rules, missing.get(folder_id, ()))
            self._library.photos.note_left_out(folder_id, ids)

    def _view(self, look: FolderLook) -> FolderView | None:
        """None when the folder was removed meanwhile, or is not there: then nothing is concluded from it."""
        folder_id = look.outcome.folder_id
        if folder_id not in self._folders:
            self._watcher.unwatch(folder_id)
            self._states.forget(folder_id)
            return None
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
        if look.is_foreign(known, self._roots.get(folder_id), self._places.volume(folder_id)):
            self._foreign[folder_id] = look.root
            self._go_offline(folder_id, REPLACED_MESSAGE)
            return None
        return self._accept(look, known)

    def _accept(self, look: FolderLook, known: list[KnownFile]) -> FolderView:
        """The folder is there. Nothing is concluded about files that are in the cloud."""
        folder_id = look.outcome.folder_id
        self._roots[folder_id] = look.root
        self._foreign.pop(folder_id, None)
        self._places.note_volume(folder_id, look.volume)
        if look.refusal:
            self._look_again[folder_id] = time.monotonic() + _FULL_LOOK_SECONDS
        self._states.set(folder_id, FolderState.WATCHING, look.remark())
        afar = frozenset(look.outcome.placeholders)
        return FolderView(look.outcome, [one for one in known if one.relative_path not in afar])

    # -- events

    def _take_events(self) -> bool:
        touched, crowded = self._watcher.take()
        whole = {change.folder_id for change in touched if change.is_directory and not change.relative_path}
        self._stir(crowded | whole)
        touched = [change for change in touched if change.folder_id not in whole]
        if not touched:
            return False
        try:
            changes, doubtful = self._guard.after_events(self._events.changes(touched, self._folders))
            self._look_again.update(dict.fromkeys(doubtful, time.monotonic() + _MANY_GONE_SECONDS))
            self._stirred |= set(doubtful)
            self.want_scan(self._events.take_hidden())
            return self._apply(changes)
        except AppError:
            self.want_scan({change.folder_id for change in touched})  # a scan finds it once more
            raise

    def _apply(self, found: Iterable[FolderChanges], looked_through: Collection[int] = ()) -> bool:
        """Vanished files first in all folders, so that a copy elsewhere can take a vanished one's place."""
        found, doubtful = without_crossings(self._library, found, looked_through)
        self._stir(doubtful)
        found = [settled(changes, self._watcher.unsettled(changes.folder_id)) for changes in found]
        found = [changes for changes in found if changes.count]
        for changes in found:
            self._library.photos.mark_missing(changes.missing)
            if changes.missing or changes.moved:  # which may have put others off their paths
                self._heirs.note_missing()
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
        if self._scan is None and not self._places.absorbing:
            self._follow_drives()
        self._wanted.update(key for key, due in self._look_again.items() if due <= now)

    def _check_root(self, folder: Folder) -> None:
        root = root_id(folder.path)
        offline = self._states.get(folder.folder_id)[0] is FolderState.OFFLINE
        if root is None:
            if not offline:
                self._go_offline(folder.folder_id, OFFLINE_MESSAGE)
        elif offline:
            if root != self._foreign.get(folder.folder_id) and has_entries(folder.path):
                self._wanted.add(folder.folder_id)
        elif root != self._roots.get(folder.folder_id):
            self._wanted.add(folder.folder_id)  # a drive was mounted there, or it is not any more

    def _follow_drives(self) -> None:
        """A drive that is gone may be mounted elsewhere."""
        offline = self._states.offline() & self._folders.keys()
        found = [folder_id for folder_id in offline if self._places.follow(folder_id, self._folders)]
        if found:
            self.refresh_folders()

    def _go_offline(self, folder_id: int, message: str) -> None:
        _log.info("folder %d is offline: %s", folder_id, message)
        self._states.set(folder_id, FolderState.OFFLINE, message)
        self._watcher.unwatch(folder_id)

    def _is_scanning(self, folder_id: int) -> bool:
        return folder_id in self._wanted or folder_id in self._in_scan


def _summary(changes: FolderChanges) -> str:
    kinds = ("added", "changed", "moved", "returned", "missing")
    return ", ".join(f"{len(getattr(changes, kind))} {kind}" for kind in kinds if getattr(changes, kind))
