"""Compares what a scan found with what the library remembers; no file is opened for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.domain.indexing import FolderChanges, FoundFile, KnownFile
from app.domain.photo import PhotoState
from app.indexing.scanner import ScanOutcome

FileKey = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class FolderView:
    """One folder, as found and as remembered."""

    outcome: ScanOutcome
    known: Sequence[KnownFile]


@dataclass(slots=True)
class _Draft:
    """Changes of one folder while they are being worked out."""

    folder_id: int
    added: list[FoundFile] = field(default_factory=list)
    changed: list[tuple[int, FoundFile]] = field(default_factory=list)
    moved: list[tuple[int, FoundFile]] = field(default_factory=list)
    returned: list[tuple[int, FoundFile]] = field(default_factory=list)
    gone: list[KnownFile] = field(default_factory=list)  # remembered as present, not found
    lost: list[KnownFile] = field(default_factory=list)  # remembered as missing, still not found
    found_elsewhere: set[int] = field(default_factory=set)  # photo ids of those of `gone` that only moved

    def finish(self, urgent: bool) -> FolderChanges:
        return FolderChanges(
            self.folder_id,
            added=tuple(self.added),
            changed=tuple(self.changed),
            moved=tuple(self.moved),
            returned=tuple(self.returned),
            missing=tuple(
                known.photo_id for known in self.gone if known.photo_id not in self.found_elsewhere
            ),
            urgent=urgent,
        )


def reconcile(views: Iterable[FolderView], *, urgent: bool = False) -> tuple[FolderChanges, ...]:
    """The changes that make the library equal to the folders.

    Folders are compared together, so that a file which moved from one to the other is recognised: same file
    id, size and modification time, and its old place empty. A move that changes the file id (to another
    drive) is recognised later by content. Unchanged files produce nothing.
    """
    drafts = [_compare(view) for view in views]
    _match_moves(drafts)
    return tuple(changes for draft in drafts if (changes := draft.finish(urgent)).count)


def _compare(view: FolderView) -> _Draft:
    draft = _Draft(view.outcome.folder_id)
    remembered = {known.relative_path: known for known in view.known}
    for file in view.outcome.files:
        known = remembered.pop(file.relative_path, None)
        if known is None:
            draft.added.append(file)
        elif known.state is PhotoState.MISSING:
            place = draft.returned if _same_content(known, file) else draft.changed
            place.append((known.photo_id, file))
        elif not _same_content(known, file):
            draft.changed.append((known.photo_id, file))
    blind = tuple(f"{path}/" if path else "" for path in view.outcome.unreadable)
    for known in remembered.values():
        if any(known.relative_path.startswith(prefix) for prefix in blind):
            continue
        (draft.lost if known.state is PhotoState.MISSING else draft.gone).append(known)
    return draft


def _match_moves(drafts: Sequence[_Draft]) -> None:
    """Turn pairs of a vanished and a new file with one identity into moves."""
    vanished: dict[FileKey, tuple[_Draft, KnownFile]] = {
        key: (draft, known)
        for draft in drafts
        for known in (*draft.lost, *draft.gone)  # a file gone just now is the better candidate: it comes last
        if (key := file_key(known)) is not None
    }
    for draft in drafts:
        still_added = []
        for file in draft.added:
            key = file_key(file)
            origin = vanished.pop(key, None) if key is not None else None
            if origin is None:
                still_added.append(file)
                continue
            source, known = origin
            draft.moved.append((known.photo_id, file))
            source.found_elsewhere.add(known.photo_id)
        draft.added = still_added


def file_key(file: FoundFile | KnownFile) -> FileKey | None:
    """What stays with a file that is moved; ids alone are given out again by some systems."""
    return None if file.file_id is None else (file.file_id, file.size, file.mtime_ns)


def _same_content(known: KnownFile, file: FoundFile) -> bool:
    return known.size == file.size and known.mtime_ns == file.mtime_ns
