"""Writing what reading and embedding photos yielded."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, Update, bindparam, select, update

from app.domain.indexing import IndexedPhoto, PhotoFailure, StoredBatch
from app.domain.photo import PhotoState
from app.library.embeddings import (
    StoredModel,
    contents_with_embedding,
    copy_of_equal_pixels,
    decode,
    store_new,
)
from app.library.fingerprints import store_fingerprint
from app.library.photo_values import file_says, kept_place, metadata_values, moments
from app.library.reattach import PLACE, absorb, known_again, overwritten, take_up
from app.library.refusals import note_refusal
from app.library.schema import PhotoRow
from app.library.sql import among
from app.library.word_index import reindexed


@functools.cache
def _read_statement(names: tuple[str, ...]) -> Update:
    """Makes a row that of a photo which was read. Put together once: that takes longer than executing it.

    Its parameters are the values, "new_" before each name, `moments`, and the id as "this".
    """
    return (
        update(PhotoRow)
        .where(PhotoRow.id == bindparam("this"))
        .values(
            **{name: bindparam(f"new_{name}") for name in names},
            **file_says(),
            **kept_place(),
            state=PhotoState.READY,
            unread=False,
            priority=0,
            error=None,
            missing_since=None,
        )
    )


class OutcomeWriter:
    """Stores one batch within one transaction and gathers the embeddings that it added."""

    def __init__(self, connection: Connection, model: StoredModel | None) -> None:
        self._connection = connection
        self._model = model
        self._stored: list[tuple[int, bytes]] = []
        self._reattached = 0
        self.touched: list[int] = []  # rows that were written, or gave way to the row of a missing photo

    def store(self, photos: Sequence[IndexedPhoto]) -> StoredBatch:
        """Photos that vanished meanwhile are passed over; those whose file changed stay pending."""
        rows = _current_rows(self._connection, [photo.photo_id for photo in photos])
        as_read = [
            photo for photo in photos if _still_as_read(self._connection, rows.get(photo.photo_id), photo)
        ]
        for photo in as_read:
            if photo.metadata is None:
                self._store_embedding(rows[photo.photo_id], photo)
        read = [photo for photo in as_read if photo.metadata is not None]
        pairs = [(rows[photo.photo_id], photo) for photo in read]
        known = known_again(self._connection, pairs)
        covered = overwritten(self._connection, pairs)
        touched = [*(photo.photo_id for photo in read), *known.values(), *covered.values()]
        with reindexed(self._connection, touched):
            for photo_id, missing_id in covered.items():
                absorb(self._connection, photo_id, missing_id)
            for row, photo in pairs:
                self._store_photo(row, photo, known.get(row.id))
        return StoredBatch(
            labels=np.array([label for label, _ in self._stored], np.int64),
            vectors=decode([blob for _, blob in self._stored], self._model.dim if self._model else 0),
            reattached=self._reattached,
        )

    def _store_embedding(self, row: Row[Any], photo: IndexedPhoto) -> None:
        """Only its pixels were read; where they are another content's, all of it is read again."""
        this = update(PhotoRow).where(PhotoRow.id == row.id)
        if row.content_key != photo.content_key:
            self._connection.execute(this.values(state=PhotoState.PENDING, unread=True))
            return
        embedded_by = self._embed(photo)
        if embedded_by is not None:
            self._connection.execute(this.values(embedded_by=embedded_by))

    def _store_photo(self, row: Row[Any], photo: IndexedPhoto, missing_id: int | None) -> None:
        """`missing_id` is the vanished photo that this new one was recognised as."""
        assert photo.metadata is not None, "a photo that was read for its pixels alone is stored otherwise"
        photo_id = photo.photo_id if missing_id is None else missing_id
        if missing_id is not None:
            take_up(self._connection, row, missing_id)
            self._reattached += 1
        self.touched += {photo_id, photo.photo_id}
        if photo.fingerprint is not None:
            store_fingerprint(self._connection, photo.content_key, photo.fingerprint)
        embedded_by = self._embed(photo)
        if embedded_by is None and row.content_key == photo.content_key:
            embedded_by = row.embedded_by
        values = metadata_values(photo.metadata, photo.mtime_ns) | {
            "content_key": photo.content_key,
            "pixel_key": photo.pixel_key,
            "embedded_by": embedded_by,
        }
        parameters = {f"new_{name}": value for name, value in values.items()}
        parameters |= moments(photo.metadata, photo.mtime_ns)
        self._connection.execute(_read_statement(tuple(values)), {"this": photo_id, **parameters})

    def _embed(self, photo: IndexedPhoto) -> int | None:
        """Store, copy or find the embedding of this content: the model, or None when there is none yet."""
        if self._model is None:
            return None
        model = self._model.model_id
        if photo.embedding is not None:
            stored = store_new(self._connection, model, photo.embedding)
        else:
            stored = copy_of_equal_pixels(self._connection, model, photo.content_key, photo.pixel_key)
        if stored is not None:
            self._stored.append(stored)
            return model
        known = contents_with_embedding(self._connection, model, [photo.content_key])
        return model if known else None


def store_failures(connection: Connection, failures: Sequence[PhotoFailure]) -> None:
    """Photos that vanished meanwhile are passed over; those whose file changed stay pending."""
    rows = _current_rows(connection, [failure.photo_id for failure in failures])
    for failure in failures:
        if _still_as_read(connection, rows.get(failure.photo_id), failure):
            connection.execute(
                update(PhotoRow)
                .where(PhotoRow.id == failure.photo_id)
                .values(state=PhotoState.PROBLEM, unread=True, error=failure.reason, priority=0)
            )
            if failure.content_key is not None:
                note_refusal(connection, failure.content_key, failure.size, failure.reason)


def _current_rows(connection: Connection, photo_ids: Sequence[int]) -> dict[int, Row[Any]]:
    columns = PhotoRow.__table__.c
    wanted = ("id", "state", "priority", "content_key", "embedded_by", *PLACE)
    statement = select(*(columns[name] for name in wanted)).where(
        among(PhotoRow.id, photo_ids), PhotoRow.state != PhotoState.MISSING
    )
    return {row.id: row for row in connection.execute(statement)}


def _still_as_read(
    connection: Connection, row: Row[Any] | None, outcome: IndexedPhoto | PhotoFailure
) -> bool:
    """Whether the row is there and describes the version of the file that was read.

    Where it describes another, one of the two is newer, and nobody knows which. The row stays pending and
    takes the version that was read: when that is the file's, the next reading agrees, else the one after.
    """
    if row is None:
        return False
    if (row.size, row.mtime_ns) == (outcome.size, outcome.mtime_ns):
        return True
    connection.execute(
        update(PhotoRow)
        .where(PhotoRow.id == row.id)
        .values(state=PhotoState.PENDING, unread=True, size=outcome.size, mtime_ns=outcome.mtime_ns)
    )
    return False
