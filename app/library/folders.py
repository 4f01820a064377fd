"""The folders the user asked us to watch."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Row, Select, case, func, select, update
from sqlalchemy.dialects.sqlite import insert

from app.domain.folder_rules import NO_RULES, FolderRules
from app.domain.photo import Folder, PhotoState, VolumePlace
from app.library.database import Database
from app.library.folder_moves import FolderMoves
from app.library.schema import FolderRow, PhotoRow
from app.library.writer import LibraryWriter


@dataclass(frozen=True, slots=True)
class FolderCounts:
    """How many photos a folder holds; `pending` ones are among `photos`."""

    photos: int = 0  # ready or pending; companions are not counted
    pending: int = 0
    problems: int = 0


class FolderRepository:
    """Folders; a removed one is only marked, so that adding it again brings its photos back."""

    def __init__(self, database: Database, writer: LibraryWriter) -> None:
        self._database = database
        self._writer = writer
        self.moves = FolderMoves(database, writer)

    def add(self, path: str) -> Folder:
        """Watch an absolute path; a removed folder comes back with its photos."""
        statement = (
            insert(FolderRow)
            .values(path=path, added_at=time.time())
            .on_conflict_do_update(index_elements=["path"], set_={"removed_at": None})
            .returning(FolderRow.id, FolderRow.path, FolderRow.rules)
        )
        with self._writer.transaction(decision=True) as connection:
            return _folder(connection.execute(statement).one())

    def remove(self, folder_id: int) -> None:
        """Take the folder and its photos out of every answer; what is known is kept until `purge`."""
        statement = (
            update(FolderRow)
            .where(FolderRow.id == folder_id, FolderRow.removed_at.is_(None))
            .values(removed_at=time.time())
        )
        with self._writer.transaction(decision=True) as connection:
            connection.execute(statement)

    def set_rules(self, folder_id: int, rules: FolderRules) -> None:
        """What the folder leaves out from its next scan on."""
        statement = update(FolderRow).where(FolderRow.id == folder_id).values(rules=rules)
        with self._writer.transaction(decision=True) as connection:
            connection.execute(statement)

    def set_volume(self, folder_id: int, place: VolumePlace | None) -> None:
        """Remember which drive the folder is on, to find it when that is mounted elsewhere."""
        volume_id, volume_path = (place.volume_id, place.path) if place else (None, None)
        values = {"volume_id": volume_id, "volume_path": volume_path}
        with self._writer.transaction() as connection:
            connection.execute(update(FolderRow).where(FolderRow.id == folder_id).values(**values))

    def volumes(self) -> Mapping[int, VolumePlace]:
        """Where the watched folders are on their drives, for those of which it is known."""
        statement = select(FolderRow.id, FolderRow.volume_id, FolderRow.volume_path)
        with self._database.read() as connection:
            rows = connection.execute(statement.where(FolderRow.removed_at.is_(None)))
            return {
                row.id: VolumePlace(row.volume_id, row.volume_path)
                for row in rows
                if row.volume_id and row.volume_path
            }

    def removed(self) -> tuple[Folder, ...]:
        """The folders that are not watched any more and whose photos are still known."""
        statement = select(FolderRow.id, FolderRow.path, FolderRow.rules)
        statement = statement.where(FolderRow.removed_at.is_not(None)).order_by(FolderRow.id)
        with self._database.read() as connection:
            return tuple(map(_folder, connection.execute(statement)))

    def all(self) -> tuple[Folder, ...]:
        """The watched folders, in the order they were first added."""
        with self._database.read() as connection:
            return tuple(map(_folder, connection.execute(_watched().order_by(FolderRow.id))))

    def get(self, folder_id: int) -> Folder | None:
        """A watched folder; None when there is none, or it was removed."""
        with self._database.read() as connection:
            row = connection.execute(_watched().where(FolderRow.id == folder_id)).one_or_none()
            return None if row is None else _folder(row)

    def counts(self) -> Mapping[int, FolderCounts]:
        """For every watched folder."""
        folders = _watched().subquery()
        files, companions = func.count(PhotoRow.id), func.count(PhotoRow.companion_of)
        statement = (
            select(
                folders.c.id,
                PhotoRow.state,
                # A companion that cannot be read is a problem file like any other.
                case((PhotoRow.state == PhotoState.PROBLEM, files), else_=files - companions),
            )
            .join(PhotoRow, PhotoRow.folder_id == folders.c.id, isouter=True)
            .group_by(folders.c.id, PhotoRow.state)
        )
        found: dict[int, dict[PhotoState, int]] = {}
        with self._database.read() as connection:
            for folder_id, state, count in connection.execute(statement):
                found.setdefault(folder_id, {})[state] = count
        return {folder_id: _counts(states) for folder_id, states in found.items()}


def _watched() -> Select[int, str, FolderRules | None]:
    return select(FolderRow.id, FolderRow.path, FolderRow.rules).where(FolderRow.removed_at.is_(None))


def _folder(row: Row[int, str, FolderRules | None]) -> Folder:
    return Folder(row.id, row.path, row.rules or NO_RULES)


def _counts(states: Mapping[PhotoState, int]) -> FolderCounts:
    pending = states.get(PhotoState.PENDING, 0)
    return FolderCounts(
        photos=states.get(PhotoState.READY, 0) + pending,
        pending=pending,
        problems=states.get(PhotoState.PROBLEM, 0),
    )
