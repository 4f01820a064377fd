"""Finds out whether a scan would take away so much that people are asked first."""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from app.domain.folder_rules import FolderRules
from app.domain.indexing import FolderChanges, FoundFile, KnownFile
from app.domain.photo import Folder, FolderState, PhotoState
from app.indexing.folder_filter import folder_filter
from app.indexing.folder_looks import KEPT_MESSAGE
from app.indexing.folder_states import FolderStates
from app.indexing.reconcile import FolderView
from app.library.folders import FolderCounts
from app.library.library import Library

_FEW = 20  # so many may go without a question, however small the folder is
_SHARE = 5  # one in so many as well
_LATELY_SECONDS = 3600.0  # moving to another drive is copying first, and may take a while

_Likeness = tuple[str, int, int]


def is_much(vanished: int, present: int) -> bool:
    """Whether so many of the photos that a folder holds are too many to remove unasked."""
    return vanished >= _FEW and vanished * _SHARE > present


def unexplained(
    changes: FolderChanges, view: FolderView, rules: FolderRules, arrived: Iterable[FoundFile | KnownFile]
) -> frozenset[int]:
    """The missing photos whose files are gone for no reason that is known.

    Known reasons: the folder leaves them out, or a file of the same name, size and time has arrived
    somewhere, as after a move to another drive.
    """
    moved = {_likeness(file) for file in arrived}
    missing = set(changes.missing) - left_out(view, rules, changes.missing)
    return frozenset(
        known.photo_id for known in view.known if known.photo_id in missing and _likeness(known) not in moved
    )


def left_out(view: FolderView, rules: FolderRules, missing: Collection[int]) -> frozenset[int]:
    """Of the photos that are missing, now as well, those that the rules leave out or a marker hides."""
    names, now = folder_filter(rules), frozenset(missing)
    hidden = tuple(f"{path}/" if path else "" for path in view.outcome.hidden)
    return frozenset(
        known.photo_id
        for known in view.known
        if (known.state is PhotoState.MISSING or known.photo_id in now)
        and (known.relative_path.startswith(hidden) or not names.takes_path(known.relative_path))
    )


def present_count(view: FolderView) -> int:
    """The photos of a folder that are not missing."""
    return sum(known.state is not PhotoState.MISSING for known in view.known)


def without(changes: FolderChanges, held_back: frozenset[int]) -> FolderChanges:
    """The changes with these photos left as they are."""
    return replace(changes, missing=tuple(one for one in changes.missing if one not in held_back))


def _likeness(file: FoundFile | KnownFile) -> _Likeness:
    """Stays the same when a file is copied to another drive; some of these keep no fractions of a second."""
    name = file.relative_path.rpartition("/")[2]
    return name.casefold(), file.size, file.mtime_ns // 2_000_000_000


class RemovalGuard:
    """Asks before much is removed: what it holds back stays in the library as it is."""

    def __init__(self, states: FolderStates, library: Library) -> None:
        self._states = states
        self._library = library

    def after_scan(
        self, found: Iterable[FolderChanges], views: Iterable[FolderView], folders: Mapping[int, Folder]
    ) -> list[FolderChanges]:
        """The changes that may be made; folders whose files are gone in numbers ask what to do."""
        found, by_folder = list(found), {view.outcome.folder_id: view for view in views}
        allowed = {folder_id for folder_id in by_folder if self._states.may_remove(folder_id)}
        arrived = [file for changes in found for file in changes.added]
        checked = []
        for changes in found:
            folder_id = changes.folder_id
            if folder_id in by_folder and folder_id not in allowed:
                changes = self._check(changes, by_folder[folder_id], folders[folder_id].rules, arrived)
            checked.append(changes)
        return checked

    def after_events(self, found: Iterable[FolderChanges]) -> tuple[list[FolderChanges], set[int]]:
        """The changes that may be made at once, and folders that have to be looked through first.

        Where much is gone, it may be turning up elsewhere; a scan knows more than an event, and may ask.
        """
        checked, doubtful = list(found), set()
        for place, changes in enumerate(checked):
            if self._is_much(changes):
                checked[place] = replace(changes, missing=())
                doubtful.add(changes.folder_id)
        return checked, doubtful

    def _is_much(self, changes: FolderChanges) -> bool:
        if not is_much(len(changes.missing), 0):
            return False  # however many there are: the library need not be asked
        counts = self._library.folders.counts().get(changes.folder_id, FolderCounts())
        return is_much(len(changes.missing), counts.photos + counts.problems)

    def _check(
        self, changes: FolderChanges, view: FolderView, rules: FolderRules, arrived: Iterable[FoundFile]
    ) -> FolderChanges:
        gone = unexplained(changes, view, rules, arrived)
        if is_much(len(gone), present_count(view)):
            copies = (
                one
                for one in self._library.photos.added_since(time.time() - _LATELY_SECONDS)
                if one.photo_id not in gone
            )
            gone = unexplained(changes, view, rules, (*arrived, *copies))
        if not is_much(len(gone), present_count(view)):
            return changes
        if len(gone) <= self._states.kept(changes.folder_id):
            message = KEPT_MESSAGE.format(count=len(gone))
            self._states.set(changes.folder_id, FolderState.WATCHING, message)
        else:
            self._states.ask(changes.folder_id, len(gone))
        return without(changes, gone)
