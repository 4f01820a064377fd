"""Embeddings of words that were searched for, so that known words are found before the model is loaded.

A cache: whatever is lost here is computed again. Only a digest of each text is kept.
"""

import hashlib
import time

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from app.library.database import Database
from app.library.schema import QueryEmbeddingRow
from app.library.writer import LibraryWriter

KEPT = 5000
_STORED = np.dtype("<f4")
_LENGTHS = (0.999, 1.001)  # of what is a direction


class QueryEmbeddingRepository:
    """Embeddings of texts by model identity; the least recently used go first."""

    def __init__(self, database: Database, writer: LibraryWriter, kept: int = KEPT) -> None:
        self._database = database
        self._writer = writer
        self._kept = kept

    def find(self, identity: str, text: str, dim: int) -> NDArray[np.float32] | None:
        """(dim,) float32, L2-normalised; None when it is not known, or damaged."""
        statement = select(QueryEmbeddingRow.vector).where(_is(identity, text))
        with self._database.read() as connection:
            stored = connection.execute(statement).scalar_one_or_none()
        return _direction(stored, dim) if stored is not None else None

    def keep(self, identity: str, text: str, embedding: NDArray[np.float32]) -> None:
        """Remember an embedding, instead of a former one; where nothing may be written, nothing is done."""
        if self._database.read_only:
            return
        statement = insert(QueryEmbeddingRow).values(
            identity=identity,
            text_key=_key(text),
            vector=embedding.astype(_STORED).tobytes(),
            used_at=time.time(),
        )
        replaced = {"vector": statement.excluded.vector, "used_at": statement.excluded.used_at}
        last = select(QueryEmbeddingRow.id).order_by(QueryEmbeddingRow.used_at.desc())
        with self._writer.transaction(answers=False) as connection:
            connection.execute(statement.on_conflict_do_update(["identity", "text_key"], set_=replaced))
            too_many = last.limit(-1).offset(self._kept)
            connection.execute(delete(QueryEmbeddingRow).where(QueryEmbeddingRow.id.in_(too_many)))

    def touch(self, identity: str, text: str) -> None:
        """It was used again, so it goes later than others."""
        if self._database.read_only:
            return
        with self._writer.transaction(answers=False) as connection:
            connection.execute(
                update(QueryEmbeddingRow).where(_is(identity, text)).values(used_at=time.time())
            )

    def count(self, identity: str) -> int:
        """How many texts are known."""
        statement = select(func.count()).where(QueryEmbeddingRow.identity == identity)
        with self._database.read() as connection:
            return connection.execute(statement).scalar_one()

    def forget(self, identity: str) -> None:
        """Delete those of one model: it is gone, or its embeddings turned out to be wrong."""
        with self._writer.transaction(answers=False) as connection:
            connection.execute(delete(QueryEmbeddingRow).where(QueryEmbeddingRow.identity == identity))

    def clear(self) -> None:
        """Delete all: nobody shall see what was searched for."""
        with self._writer.transaction(decision=True, answers=False) as connection:
            connection.execute(delete(QueryEmbeddingRow))


def _is(identity: str, text: str) -> ColumnElement[bool]:
    return and_(QueryEmbeddingRow.identity == identity, QueryEmbeddingRow.text_key == _key(text))


def _key(text: str) -> str:
    """Of any length and any characters, lone surrogates included."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _direction(stored: bytes, dim: int) -> NDArray[np.float32] | None:
    if len(stored) != dim * _STORED.itemsize:
        return None
    vector = np.frombuffer(stored, _STORED).astype(np.float32)
    with np.errstate(all="ignore"):
        length = float(np.linalg.norm(vector))
    return vector if _LENGTHS[0] < length < _LENGTHS[1] else None
