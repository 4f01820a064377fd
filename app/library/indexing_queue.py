"""Which photos wait to be read, and which to be embedded."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from app.domain.indexing import PendingPhoto
from app.library.database import Database
from app.library.embeddings import contents_with_embedding, model_id
from app.library.filters import ITEM, PENDING, READ, embedded, not_noted
from app.library.photo_values import absolute_path
from app.library.schema import FolderRow, PhotoRow
from app.library.sql import among, no_index, watched
from app.library.writer import LibraryWriter

_LOOK_AHEAD = 1024  # rows looked at in one go: many of them may turn out to have an embedding


class IndexingQueue:
    """Hands out work; it keeps nothing itself, so nothing is lost with the process."""

    def __init__(self, database: Database, writer: LibraryWriter) -> None:
        self._database = database
        self._writer = writer

    def next_pending(
        self, limit: int, exclude: Collection[int], offline: Collection[int]
    ) -> list[PendingPhoto]:
        """The newest of what arrived while running, then the backlog in the order it was found."""
        statement = _photos(offline).where(PENDING).order_by(PhotoRow.priority, PhotoRow.id)
        with self._database.read() as connection:
            rows = connection.execute(statement.limit(limit + len(exclude))).all()
        return _wanted(rows, limit, exclude)

    def next_unembedded(
        self, identity: str, limit: int, exclude: Collection[int], offline: Collection[int]
    ) -> list[PendingPhoto]:
        """Photos that were read but whose content has no embedding of this model.

        `embedded_by` finds them without looking at the others. It names one model only, so after a change of
        models photos show up that have an embedding of the new one as well: these are noted as they are met.
        """
        while True:
            with self._database.read() as connection:
                model = model_id(connection, identity)
                rows = _not_noted(connection, model, max(limit + len(exclude), _LOOK_AHEAD), offline)
                known = contents_with_embedding(connection, model, {row.content_key for row in rows})
            noted = [row.id for row in rows if row.content_key in known]
            if not noted:
                return _read(rows, limit, exclude)
            self._writer.in_chunks(noted, partial(_note, model=model))

    def next_never_embedded(
        self, limit: int, exclude: Collection[int], offline: Collection[int]
    ) -> list[PendingPhoto]:
        """Photos that were read but that no model has embedded.

        While two models embed, `next_unembedded` of both would note the same photos by turns.
        """
        statement = _photos(offline).where(READ, ITEM, PhotoRow.embedded_by.is_(None))
        with self._database.read() as connection:
            return _read(connection.execute(statement.limit(limit + len(exclude))).all(), limit, exclude)


def _photos(offline: Collection[int]) -> Select[*tuple[Any, ...]]:
    statement = select(
        PhotoRow.id,
        PhotoRow.folder_id,
        FolderRow.path,
        PhotoRow.relative_path,
        PhotoRow.size,
        PhotoRow.mtime_ns,
        PhotoRow.content_key,
        PhotoRow.companion_of.is_not(None).label("companion"),
    ).join_from(PhotoRow, FolderRow, FolderRow.id == no_index(PhotoRow.folder_id))
    return statement.where(watched(PhotoRow.folder_id), ~among(PhotoRow.folder_id, offline))


def _not_noted(
    connection: Connection, model: int, limit: int, offline: Collection[int]
) -> list[Row[*tuple[Any, ...]]]:
    rows: list[Row[*tuple[Any, ...]]] = []
    for others in not_noted(model):
        statement = _photos(offline).where(READ, ITEM, others).limit(limit - len(rows))
        rows.extend(connection.execute(statement))
    return rows


def _wanted(
    rows: Sequence[Row[*tuple[Any, ...]]], limit: int, exclude: Collection[int]
) -> list[PendingPhoto]:
    excluded = frozenset(exclude)
    wanted = (row for row in rows if row.id not in excluded)
    return [
        PendingPhoto(
            row.id,
            row.folder_id,
            absolute_path(row.path, row.relative_path),
            row.size,
            row.mtime_ns,
            bool(row.companion),
        )
        for row in wanted
    ][:limit]


def _read(rows: Sequence[Row[*tuple[Any, ...]]], limit: int, exclude: Collection[int]) -> list[PendingPhoto]:
    """These were read before, as the content that their rows name."""
    keys = {row.id: row.content_key for row in rows}
    return [replace(photo, read_as=keys[photo.photo_id]) for photo in _wanted(rows, limit, exclude)]


def _note(connection: Connection, photo_ids: Collection[int], model: int) -> None:
    """Note which of these photos have an embedding of the model."""
    connection.execute(
        update(PhotoRow).where(among(PhotoRow.id, photo_ids), embedded(model)).values(embedded_by=model)
    )
