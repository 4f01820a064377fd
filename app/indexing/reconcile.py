"""Compares what a scan found with what the library remembers; no file is opened for it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from app.domain.indexing import FolderChanges, FoundFile, KnownFile
from app.domain.photo import PhotoState
from app.indexing.moves import NOTHING_TOLD, FileKey, Moves, Newcomer, Origin, Told, file_key
from app.indexing.scanner import ScanOutcome

_NOT_READ = (PhotoState.PENDING, PhotoState.PROBLEM)


@dataclass(frozen=True, slots=True)
class FolderView:
    """One folder, as found and as remembered."""

    outcome: ScanOutcome
    known: Sequence[KnownFile]


@dataclass(slots=True)
class _Draft:
    """One folder's differences, before it is known what moved."""

    folder_id: int
    changed: list[tuple[int, FoundFile]] = field(default_factory=list)
    returned: list[tuple[int, FoundFile]] = field(default_factory=list)
    newcomers: list[Newcomer] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)


def reconcile(
    views: Iterable[FolderView], *, told: Told = NOTHING_TOLD, urgent: bool = False
) -> tuple[FolderChanges, ...]:
    """The changes that make the library equal to the folders, to be applied in this order.

    Folders are compared together, so that a file which moved from one to the other is recognised. `told`
    says what the system reported of moves. A move that changes the file id (to another drive) is recognised
    later by content, and so is one that was edited on the way. Unchanged files produce nothing.
    """
    drafts = [_compare(view) for view in views]
    moves = Moves(
        [newcomer for draft in drafts for newcomer in draft.newcomers],
        [origin for draft in drafts for origin in draft.origins],
        told,
    )
    changes = [one for draft in drafts if (one := _finish(draft, moves, urgent)).count]
    return tuple(_moves_first(changes) if _crosses_folders(moves) else changes)


def _compare(view: FolderView) -> _Draft:
    draft = _Draft(view.outcome.folder_id)
    remembered = {known.relative_path: known for known in view.known}
    replaced: list[tuple[KnownFile, FoundFile]] = []
    for file in view.outcome.files:
        known = remembered.pop(file.relative_path, None)
        if known is None:
            draft.newcomers.append(Newcomer(draft.folder_id, file))
        elif known.file_id == file.file_id or known.file_id is None or file.file_id is None:
            _compare_one(draft, known, file)
        else:
            replaced.append((known, file))
    devices = _renumbered(replaced)
    for known, file in replaced:
        if _renamed_id(known.file_id, devices) == file.file_id:
            _compare_one(draft, known, file)
        else:
            occupant = Origin(draft.folder_id, known, _key(known, devices), replaced=True)
            draft.origins.append(occupant)
            draft.newcomers.append(Newcomer(draft.folder_id, file, occupant))
    blind = tuple(f"{path}/" if path else "" for path in view.outcome.unreadable)
    draft.origins.extend(
        Origin(draft.folder_id, known, _key(known, devices))
        for known in remembered.values()
        if not known.relative_path.startswith(blind)
    )
    return draft


def _compare_one(draft: _Draft, known: KnownFile, file: FoundFile) -> None:
    """What to do about a row whose file is at its place."""
    same = known.size == file.size and known.mtime_ns == file.mtime_ns and _same_sidecar(known, file)
    if known.state is PhotoState.MISSING:
        (draft.returned if same else draft.changed).append((known.photo_id, file))
    elif not same:
        draft.changed.append((known.photo_id, file))


def _same_sidecar(known: KnownFile, file: FoundFile) -> bool:
    """Only a photo that was read knows its sidecar; one that cannot be read is not tried for it."""
    return known.sidecar_mtime_ns == file.sidecar_mtime_ns or known.state in _NOT_READ


def _finish(draft: _Draft, moves: Moves, urgent: bool) -> FolderChanges:
    added: list[FoundFile] = []
    moved: list[tuple[int, FoundFile]] = []
    for newcomer in draft.newcomers:
        origin, occupant = moves.origin.get(newcomer), newcomer.occupant
        if origin is not None:
            moved.append((origin.known.photo_id, newcomer.file))
        elif occupant is None or occupant in moves.target:
            added.append(newcomer.file)
        else:
            _compare_one(draft, occupant.known, newcomer.file)
    missing = (
        origin.known.photo_id
        for origin in draft.origins
        if origin.fresh and not origin.replaced and origin not in moves.target
    )
    return FolderChanges(
        draft.folder_id,
        added=tuple(added),
        changed=tuple(draft.changed),
        moved=tuple(moved),
        returned=tuple(draft.returned),
        missing=tuple(missing),
        urgent=urgent,
    )


def _crosses_folders(moves: Moves) -> bool:
    """Whether a path became free by a move to another folder."""
    return any(
        origin.replaced and origin.folder_id != newcomer.folder_id
        for newcomer, origin in moves.origin.items()
    )


def _moves_first(changes: Sequence[FolderChanges]) -> list[FolderChanges]:
    """A row has to leave a path before another file is added there."""
    moves = [FolderChanges(one.folder_id, moved=one.moved, urgent=one.urgent) for one in changes if one.moved]
    rest = [
        FolderChanges(
            one.folder_id,
            added=one.added,
            changed=one.changed,
            returned=one.returned,
            missing=one.missing,
            urgent=one.urgent,
        )
        for one in changes
    ]
    return moves + [one for one in rest if one.count]


def settled(changes: FolderChanges, unsettled: Collection[str]) -> FolderChanges:
    """Without files that are being written: they are told of once more when they are whole."""
    if not unsettled:
        return changes
    return replace(
        changes,
        added=tuple(file for file in changes.added if file.relative_path not in unsettled),
        changed=tuple(one for one in changes.changed if one[1].relative_path not in unsettled),
    )


# -- file ids: "device:inode"


def _renumbered(replaced: Iterable[tuple[KnownFile, FoundFile]]) -> dict[str, str]:
    """Devices that have another number now, as drives do after being plugged in again: old to new.

    Nothing else gives a file another device and leaves its path, inode, size and time as they were.
    """
    devices = {}
    for known, file in replaced:
        old, _, old_inode = (known.file_id or "").partition(":")
        new, _, new_inode = (file.file_id or "").partition(":")
        if old_inode == new_inode and (known.size, known.mtime_ns) == (file.size, file.mtime_ns):
            devices[old] = new
    return devices


def _renamed_id(file_id: str | None, devices: dict[str, str]) -> str | None:
    if file_id is None or not devices:
        return file_id
    device, _, inode = file_id.partition(":")
    return f"{devices.get(device, device)}:{inode}"


def _key(known: KnownFile, devices: dict[str, str]) -> FileKey | None:
    key = file_key(known)
    file_id = _renamed_id(known.file_id, devices)
    return key if key is None or file_id is None else (file_id, known.size, known.mtime_ns)
