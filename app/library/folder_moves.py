"""Giving the photos of one folder to another, and folders another place, with everything that is known."""

import os
from collections.abc import Mapping, Sequence
from functools import partial

from sqlalchemy import Connection, bindparam, delete, select, update

from app.domain.folder_rules import FolderRules
from app.domain.photo import Folder
from app.library import word_index
from app.library.database import Database
from app.library.photo_values import place_values
from app.library.schema import DECISIONS, FolderRow, PhotoRow
from app.library.sql import among
from app.library.writer import LibraryWriter

_NOWHERE = "\0"  # begins the path of a row that waits under one that no file can have


class FolderMoves:
    """Every step leaves the library sound, and can be repeated after it was broken off."""

    def __init__(self, database: Database, writer: LibraryWriter) -> None:
        self._database = database
        self._writer = writer

    def absorb_some(self, inner: Folder, outer: Folder, prefix: str, limit: int) -> bool:
        """Give some photos of `inner`, which is at `prefix` in `outer`, to `outer`; False when none are left.

        Where `outer` has a row at such a path already, of a time when it was watched before, the decisions of
        both come together on the row of `inner`.
        """
        statement = select(PhotoRow.id).where(PhotoRow.folder_id == inner.folder_id).limit(limit)
        with self._database.read() as connection:
            photo_ids = connection.execute(statement).scalars().all()
        self._writer.in_chunks(photo_ids, partial(_give, outer=outer, prefix=prefix))
        return bool(photo_ids)

    def finish_absorbing(self, inner: Folder, outer: Folder, rules: FolderRules) -> None:
        """Forget a folder that holds no photos any more; `outer` has these rules from now on."""
        empty = ~select(PhotoRow.id).where(PhotoRow.folder_id == inner.folder_id).exists()
        with self._writer.transaction(decision=True) as connection:
            connection.execute(delete(FolderRow).where(FolderRow.id == inner.folder_id, empty))
            connection.execute(update(FolderRow).where(FolderRow.id == outer.folder_id).values(rules=rules))

    def relocate(self, folder: Folder, path: str) -> Folder:
        """The folder is at another absolute path now; photos, decisions and embeddings stay as they are.

        A folder that was removed from that path earlier gives its photos to this one.
        """
        moved = Folder(folder.folder_id, path, folder.rules)
        earlier = select(FolderRow.id).where(FolderRow.path == path, FolderRow.removed_at.is_not(None))
        with self._writer.transaction(decision=True) as connection:
            removed = connection.execute(earlier).scalar_one_or_none()
            if removed is not None:
                connection.execute(
                    update(FolderRow).where(FolderRow.id == removed).values(path=f"{path}{_NOWHERE}{removed}")
                )
            connection.execute(
                update(FolderRow)
                .where(FolderRow.id == folder.folder_id)
                .values(path=path, volume_id=None, volume_path=None)
            )
        if removed is not None:
            self._take_over(Folder(removed, path), moved)
        if os.path.basename(path) != os.path.basename(folder.path):
            self._rename(moved)
        return moved

    def _take_over(self, removed: Folder, folder: Folder) -> None:
        while self.absorb_some(removed, folder, "", 1000):
            continue
        self.finish_absorbing(removed, folder, folder.rules)

    def _rename(self, folder: Folder) -> None:
        """Photos are found by the words of their folder's name."""
        statement = select(PhotoRow.id).where(PhotoRow.folder_id == folder.folder_id)
        with self._database.read() as connection:
            photo_ids = connection.execute(statement).scalars().all()
        self._writer.in_chunks(photo_ids, partial(_give, outer=folder, prefix=""))


def _give(connection: Connection, photo_ids: Sequence[int], outer: Folder, prefix: str) -> None:
    statement = select(PhotoRow.id, PhotoRow.relative_path).where(among(PhotoRow.id, photo_ids))
    places = {
        row.id: place_values(outer, _path_in(prefix, row.relative_path))
        for row in connection.execute(statement)
    }
    occupants = {
        row.relative_path: row.id
        for row in connection.execute(
            select(PhotoRow.id, PhotoRow.relative_path).where(
                PhotoRow.folder_id == outer.folder_id,
                PhotoRow.relative_path.in_([place["relative_path"] for place in places.values()]),
                ~among(PhotoRow.id, photo_ids),
            )
        )
    }
    with word_index.reindexed(connection, [*places, *occupants.values()]):
        for photo_id, place in places.items():
            occupant = occupants.get(place["relative_path"])
            if occupant is not None:
                _merge(connection, occupant, photo_id)
        rows = [{"photo_id": photo_id, **_new(place)} for photo_id, place in places.items()]
        if rows:
            connection.execute(_PLACE, rows)


def _new(values: Mapping[str, object]) -> dict[str, object]:
    """Parameters named apart from the columns they are for."""
    return {f"new_{name}": value for name, value in values.items()}


def _path_in(prefix: str, relative_path: str) -> str:
    if not prefix or relative_path.startswith(_NOWHERE):
        return relative_path
    return f"{prefix}/{relative_path}"


def _merge(connection: Connection, occupant: int, photo_id: int) -> None:
    """What was decided about the row that goes counts for the one that stays, where that has nothing."""
    for decision in DECISIONS:
        connection.execute(
            update(decision)
            .prefix_with("OR IGNORE")
            .where(decision.photo_id == occupant)
            .values(photo_id=photo_id)
        )
    connection.execute(delete(PhotoRow).where(PhotoRow.id == occupant))


_PLACE_COLUMNS = ("folder_id", "relative_path", "directory", "name", "folder_words")
_PLACE = (
    update(PhotoRow)
    .where(PhotoRow.id == bindparam("photo_id"))
    .values(**{name: bindparam(f"new_{name}") for name in _PLACE_COLUMNS})
)
