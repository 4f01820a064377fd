"""All embeddings of one model as they are stored, with their photos, at one moment of the library."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Select, select

from app.domain.query import SearchFilters
from app.domain.stored_embeddings import EmbeddedPhoto
from app.library.filters import NO_FILTERS, embedded, newest_first, shown
from app.library.photo_values import absolute_path
from app.library.schema import EmbeddingRow, FolderRow, PhotoRow
from app.library.sql import Ids, among, fetch_ids
from app.library.stored_vectors import stored_rows

_BLOCK = 8192


class EmbeddingSnapshot:
    """Reads within one transaction, so that several passes see the same; a block at a time is in memory."""

    def __init__(self, connection: Connection, model: int, dim: int, scopes: Sequence[SearchFilters]) -> None:
        """`scopes`: photos that any of them lets through."""
        self._connection = connection
        self._model = model
        self.dim = dim
        self._photo_ids = _ids(connection, scopes, embedded(model))
        self.lacking = len(_ids(connection, scopes)) - len(self._photo_ids)  # photos without an embedding

    def __len__(self) -> int:
        """How many photos; those of the same content each count."""
        return len(self._photo_ids)

    def folders(self) -> dict[int, str]:
        """Absolute paths of the folders, by id."""
        rows = self._connection.execute(select(FolderRow.id, FolderRow.path))
        return {row.id: row.path for row in rows}

    def blocks(self) -> Iterator[tuple[list[EmbeddedPhoto], NDArray[np.float16]]]:
        """In the order of the library, newest first; (n, dim) little-endian, bit by bit as stored.

        Raises LibraryError for a damaged one.
        """
        folders = self.folders()
        for start in range(0, len(self), _BLOCK):
            photo_ids = self._photo_ids[start : start + _BLOCK].tolist()
            found = {row.id: row for row in self._connection.execute(self._rows(photo_ids))}
            rows = [found[photo_id] for photo_id in photo_ids]
            photos = [
                EmbeddedPhoto(
                    row.folder_id, absolute_path(folders[row.folder_id], row.relative_path), row.content_key
                )
                for row in rows
            ]
            yield photos, stored_rows([row.vector for row in rows], self.dim)

    def _rows(self, photo_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
        """The vector by a subquery: joined, SQLite would walk through all embeddings for every block."""
        vector = (
            select(EmbeddingRow.vector)
            .where(EmbeddingRow.model_id == self._model, EmbeddingRow.content_key == PhotoRow.content_key)
            .correlate(PhotoRow)
            .scalar_subquery()
        )
        columns = (PhotoRow.id, PhotoRow.folder_id, PhotoRow.relative_path, PhotoRow.content_key)
        return select(*columns, vector.label("vector")).where(among(PhotoRow.id, photo_ids))


def _ids(connection: Connection, scopes: Sequence[SearchFilters], *conditions: ColumnElement[bool]) -> Ids:
    """Shown photos that any of the scopes lets through, newest first."""
    found = [_ids_in(connection, scope, *conditions) for scope in scopes]
    if len(found) == 1:
        return found[0]
    everything = _ids_in(connection, NO_FILTERS)
    return everything[np.isin(everything, np.concatenate(found))]


def _ids_in(connection: Connection, scope: SearchFilters, *conditions: ColumnElement[bool]) -> Ids:
    statement = select(PhotoRow.id).where(*shown(scope), *conditions)
    return fetch_ids(connection, newest_first(statement, scope))[0]
