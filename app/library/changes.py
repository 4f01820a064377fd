"""Writing what a scan or a watcher found out about files; content is not known here yet."""

import time
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, Update, bindparam, case, func, or_, select, update
from sqlalchemy.dialects.sqlite import Insert, insert

from app.domain.indexing import FolderChanges, FoundFile
from app.domain.photo import Folder, PhotoState
from app.library import word_index
from app.library.photo_values import file_values, place_values, sort_time
from app.library.schema import PhotoRow
from app.library.sql import among
from app.library.writer import LibraryWriter

_PLACE = ("folder_id", "relative_path", "directory", "name", "folder_words", "size", "mtime_ns", "file_id")
_PENDING_AGAIN = ("state", "unread", "size", "mtime_ns", "file_id", "priority", "missing_since", "error")

Relocation = tuple[int, FoundFile]  # a photo id and the file as it is now


class ChangeWriter:
    """Applies the changes of one folder, in chunks that each leave the library sound."""

    def __init__(self, writer: LibraryWriter, folder: Folder, *, urgent: bool) -> None:
        self._writer = writer
        self._folder = folder
        self._priority = arrival_priority() if urgent else 0

    def apply(self, changes: FolderChanges) -> None:
        """Vanished files first, so that those which take their places find them free."""
        relocated = changes.moved + changes.returned
        leaving = frozenset(photo_id for photo_id, _ in relocated)
        self._writer.in_chunks(changes.missing, mark_missing)
        self._writer.in_chunks(
            relocated, lambda connection, chunk: self._relocate(connection, chunk, leaving)
        )
        self._writer.in_chunks(changes.changed, self._change)
        self._writer.in_chunks(changes.added, self._add)

    def _add(self, connection: Connection, files: Sequence[FoundFile]) -> None:
        """Insert pending rows; where the path is known, a file that differs from it is read again."""
        known = connection.execute(select(func.coalesce(func.max(PhotoRow.id), 0))).scalar_one()
        connection.execute(_ADD, [self._pending_row(file) for file in files])
        new_ids = connection.execute(select(PhotoRow.id).where(PhotoRow.id > known)).scalars().all()
        word_index.add(connection, new_ids)

    def _pending_row(self, file: FoundFile) -> dict[str, object]:
        return {
            **place_values(self._folder, file.relative_path),
            **file_values(file),
            "state": PhotoState.PENDING,
            "unread": True,
            "priority": self._priority,
            "sort_time": sort_time(file.mtime_ns),
            "added_at": time.time(),
            "missing_since": None,
            "error": None,
        }

    def _change(self, connection: Connection, changed: Sequence[Relocation]) -> None:
        """Have files read again; until then their rows show what was read last."""
        connection.execute(
            _CHANGE,
            [
                {"photo_id": photo_id, "new_priority": self._priority, **_new(file_values(file))}
                for photo_id, file in changed
            ],
        )

    def _relocate(
        self, connection: Connection, moves: Sequence[Relocation], leaving: Collection[int]
    ) -> None:
        """Give rows the paths their files have now, with all that is known about them."""
        forgotten = []
        with word_index.reindexed(connection, [photo_id for photo_id, _ in moves]):
            for photo_id, file in moves:
                self._vacate(connection, file.relative_path, photo_id, leaving)
                if not self._move(connection, photo_id, file):
                    forgotten.append(file)
        if forgotten:
            self._add(connection, forgotten)

    def _move(self, connection: Connection, photo_id: int, file: FoundFile) -> bool:
        """Whether the row was still there. A file that differs from what was read is read again."""
        values = place_values(self._folder, file.relative_path) | file_values(file)
        return connection.execute(_MOVE, {"photo_id": photo_id, **_new(values)}).rowcount > 0

    def _vacate(
        self, connection: Connection, relative_path: str, photo_id: int, leaving: Collection[int]
    ) -> None:
        """Take another row off a path that a moved file now has.

        It waits under a path no file can have, as missing: its own content may yet turn up elsewhere. A row
        that is `leaving` for its own new path keeps its state.
        """
        occupant = connection.execute(
            _OCCUPANT,
            {"folder_id": self._folder.folder_id, "relative_path": relative_path, "photo_id": photo_id},
        ).scalar_one_or_none()
        if occupant is None:
            return
        nowhere = f"\0{occupant}/{relative_path}"
        connection.execute(update(PhotoRow).where(PhotoRow.id == occupant).values(relative_path=nowhere))
        if occupant not in leaving:
            mark_missing(connection, [occupant])


def arrival_priority() -> int:
    """Smallest first: minus the clock puts the newest arrival first, and all before the backlog at 0."""
    return -(time.time_ns() // 1_000_000)


def mark_missing(connection: Connection, photo_ids: Collection[int]) -> None:
    """Take photos out of every answer; row, decisions and embedding are kept until `purge`."""
    connection.execute(
        update(PhotoRow)
        .where(among(PhotoRow.id, photo_ids))
        .values(
            state=PhotoState.MISSING,
            missing_since=func.coalesce(PhotoRow.missing_since, time.time()),
            left_out=False,  # unless the scan that found out says so
        )
    )


def _new(values: Mapping[str, object]) -> dict[str, object]:
    """Parameters named apart from the columns they are for."""
    return {f"new_{name}": value for name, value in values.items()}


def _adding() -> Insert:
    """Insert a row, or have the row of this path read again when its file was missing or differs."""
    statement = insert(PhotoRow)
    new = statement.excluded
    differs = or_(
        PhotoRow.state == PhotoState.MISSING, PhotoRow.size != new.size, PhotoRow.mtime_ns != new.mtime_ns
    )
    return statement.on_conflict_do_update(
        index_elements=["folder_id", "relative_path"],
        set_={name: new[name] for name in _PENDING_AGAIN},
        where=differs,
    )


def _changing() -> Update:
    new: dict[str, object] = {
        name: bindparam(f"new_{name}") for name in ("size", "mtime_ns", "file_id", "priority")
    }
    return (
        update(PhotoRow)
        .where(PhotoRow.id == bindparam("photo_id"))
        .values(**new, state=PhotoState.PENDING, unread=True, missing_since=None, error=None)
    )


def _moving() -> Update:
    """A row that was missing becomes what it was before, one whose file differs is read again."""
    same = (PhotoRow.size == bindparam("new_size")) & (PhotoRow.mtime_ns == bindparam("new_mtime_ns"))
    state = case(
        (~same, PhotoState.PENDING),
        (PhotoRow.state != PhotoState.MISSING, PhotoRow.state),
        (PhotoRow.unread, PhotoState.PENDING),
        else_=PhotoState.READY,
    )
    return (
        update(PhotoRow)
        .where(PhotoRow.id == bindparam("photo_id"))
        .values(
            **{name: bindparam(f"new_{name}") for name in _PLACE},
            state=state,
            unread=PhotoRow.unread | ~same,
            missing_since=None,
        )
    )


_ADD = _adding()
_CHANGE = _changing()
_MOVE = _moving()
_OCCUPANT = select(PhotoRow.id).where(
    PhotoRow.folder_id == bindparam("folder_id"),
    PhotoRow.relative_path == bindparam("relative_path"),
    PhotoRow.id != bindparam("photo_id"),
)
