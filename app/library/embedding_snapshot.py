"""All embeddings of one model as they are stored, with their photos, at one moment of the library."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, select

from app.domain.query import SearchFilters
from app.domain.stored_embeddings import EmbeddedPhoto
from app.library.filters import NO_FILTERS, embedded, newest_first, shown
from app.library.photo_values import absolute_path
from app.library.schema import EmbeddingRow, FolderRow, PhotoRow
from app.library.sql import Ids, among, fetch_ids

_STORED = np.dtype("<f2")
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

    def photos(self) -> Iterator[list[EmbeddedPhoto]]:
        """In the order of the library: newest first."""
        folders = self.folders()
        for block in self._blocks():
            statement = select(
                PhotoRow.id, PhotoRow.folder_id, PhotoRow.relative_path, PhotoRow.content_key
            ).where(among(PhotoRow.id, block))
            found = {
                photo_id: EmbeddedPhoto(folder_id, absolute_path(folders[folder_id], path), content_key or "")
                for photo_id, folder_id, path, content_key in self._connection.execute(statement)
            }
            yield [found[photo_id] for photo_id in block]

    def vectors(self) -> Iterator[NDArray[np.float16]]:
        """(n, dim) little-endian float16, bit by bit as stored, in the same blocks as `photos`."""
        for block in self._blocks():
            statement = (
                select(PhotoRow.id, EmbeddingRow.vector)
                .join(EmbeddingRow, EmbeddingRow.content_key == PhotoRow.content_key)
                .where(among(PhotoRow.id, block), EmbeddingRow.model_id == self._model)
            )
            found = {row.id: row.vector for row in self._connection.execute(statement)}
            blobs = b"".join(found[photo_id] for photo_id in block)
            yield np.frombuffer(blobs, _STORED).reshape(len(block), self.dim)

    def _blocks(self) -> Iterator[list[int]]:
        for start in range(0, len(self._photo_ids), _BLOCK):
            yield self._photo_ids[start : start + _BLOCK].tolist()


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
