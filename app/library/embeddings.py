"""Embeddings: stored as float16, handed out as float32 of unit length."""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, delete, func, literal, select, union_all, update
from sqlalchemy.dialects.sqlite import insert

from app.domain.indexing import NewEmbedding
from app.domain.model import Embeddings, ModelSpec
from app.domain.query import SearchFilters
from app.domain.vectors import Labels
from app.errors import DamagedEmbeddingError
from app.library.database import Database
from app.library.embedding_snapshot import EmbeddingSnapshot
from app.library.filters import NO_FILTERS
from app.library.schema import EmbeddingRow, ModelRow, PhotoRow
from app.library.sql import among, fetch_ids, json_list
from app.library.stored_vectors import DAMAGED, STORED, is_sound, stored_rows
from app.library.writer import LibraryWriter

NO_MODEL = -1


class EmbeddingRepository:
    """Reads the embeddings of one model identity at a time; vector indexes are filled from here."""

    def __init__(self, database: Database, writer: LibraryWriter) -> None:
        self._database = database
        self._writer = writer

    def ensure_model(self, spec: ModelSpec) -> None:
        """Make the model known; embeddings can be stored under its identity from then on."""
        with self._database.read() as connection:
            if find_model(connection, spec.identity) is not None:
                return
        with self._writer.transaction() as connection:
            connection.execute(
                insert(ModelRow).on_conflict_do_nothing(),
                {
                    "identity": spec.identity,
                    "checkpoint": spec.checkpoint,
                    "revision": spec.revision,
                    "preprocessing": spec.preprocessing,
                    "family": spec.family,
                    "dim": spec.dim,
                    "added_at": time.time(),
                },
            )

    def count(self, identity: str) -> int:
        """How many embeddings there are."""
        with self._database.read() as connection:
            model = model_id(connection, identity)
            statement = select(func.count()).select_from(EmbeddingRow).where(EmbeddingRow.model_id == model)
            return connection.execute(statement).scalar_one()

    def high_water(self, identity: str) -> int:
        """The largest label there is; 0 without embeddings."""
        with self._database.read() as connection:
            model = model_id(connection, identity)
            largest = select(func.max(EmbeddingRow.id)).where(EmbeddingRow.model_id == model)
            return connection.execute(largest).scalar_one() or 0

    def labels(self, identity: str) -> Labels:
        """All labels, ascending."""
        with self._database.read() as connection:
            model = model_id(connection, identity)
            statement = (
                select(EmbeddingRow.id).where(EmbeddingRow.model_id == model).order_by(EmbeddingRow.id)
            )
            return fetch_ids(connection, statement)[0]

    def blocks(
        self, identity: str, labels_after: int = 0, block: int = 4096
    ) -> Iterator[tuple[Labels, Embeddings]]:
        """All embeddings with a label above `labels_after`, ascending, `block` at a time.

        Each block is a read of its own, so that a slow consumer does not keep the log from being folded back;
        what is added meanwhile comes at the end.
        """
        while True:
            with self._database.read() as connection:
                model = find_model(connection, identity)
                if model is None:
                    return
                statement = (
                    select(EmbeddingRow.id, EmbeddingRow.vector)
                    .where(EmbeddingRow.model_id == model.model_id, EmbeddingRow.id > labels_after)
                    .order_by(EmbeddingRow.id)
                    .limit(block)
                )
                rows = connection.execute(statement).all()
            if not rows:
                return
            labels_after = rows[-1].id
            yield (
                np.array([row.id for row in rows], np.int64),
                decode([row.vector for row in rows], model.dim),
            )

    def vectors(self, identity: str, labels: Labels) -> Embeddings:
        """(n, dim), one row for each label, in the order given. Raises KeyError for an unknown label."""
        there, vectors = self.present(identity, labels)
        if len(there) < len(labels):
            raise KeyError(identity)
        return vectors

    def present(self, identity: str, labels: Labels) -> tuple[Labels, Embeddings]:
        """Those of the labels that have an embedding, in the order given, and (n, dim) of these."""
        with self._database.read() as connection:
            model = find_model(connection, identity)
            if model is None:
                return labels[:0], np.zeros((0, 0), np.float32)
            statement = select(EmbeddingRow.id, EmbeddingRow.vector).where(
                EmbeddingRow.model_id == model.model_id, among(EmbeddingRow.id, labels.tolist())
            )
            found = {row.id: row.vector for row in connection.execute(statement)}
        there = [label for label in labels.tolist() if label in found]
        return np.array(there, np.int64), decode([found[label] for label in there], model.dim)

    def forget_damaged(self, identity: str) -> int:
        """Remove embeddings that were never stored like that, and have their photos embedded again.

        How many there were. Raises DamagedEmbeddingError where nothing may be written.
        """
        if self._database.read_only:
            raise DamagedEmbeddingError(DAMAGED)
        with self._database.read() as connection:
            model = find_model(connection, identity)
            if model is None:
                return 0
            rows = connection.execute(
                select(EmbeddingRow.id, EmbeddingRow.vector).where(EmbeddingRow.model_id == model.model_id)
            )
            damaged = [row.id for row in rows if not is_sound(row.vector, model.dim)]

        def remove(connection: Connection, chunk: Sequence[int]) -> None:
            gone = delete(EmbeddingRow).where(among(EmbeddingRow.id, chunk))
            contents = connection.execute(gone.returning(EmbeddingRow.content_key)).scalars().all()
            noted = (PhotoRow.embedded_by == model.model_id, among(PhotoRow.content_key, contents))
            connection.execute(update(PhotoRow).where(*noted).values(embedded_by=None))

        self._writer.in_chunks(damaged, remove)
        return len(damaged)

    @contextmanager
    def snapshot(
        self, identity: str, scopes: Sequence[SearchFilters] = (NO_FILTERS,)
    ) -> Iterator[EmbeddingSnapshot]:
        """One moment of the library, to take embeddings out of it; the log is not folded back meanwhile.

        Raises KeyError for an unknown model.
        """
        with self._database.read() as connection:
            model = find_model(connection, identity)
            if model is None:
                raise KeyError(identity)
            yield EmbeddingSnapshot(connection, model.model_id, model.dim, scopes)


# Asked for every photo, so they are put together once: that takes longer than their execution.
_MODEL_OF = select(ModelRow.id, ModelRow.dim).where(ModelRow.identity == bindparam("identity"))
_NEW = insert(EmbeddingRow).on_conflict_do_nothing().returning(EmbeddingRow.id)
_CONTENTS = select(EmbeddingRow.content_key).where(
    EmbeddingRow.model_id == bindparam("model"), among(EmbeddingRow.content_key, bindparam("keys"))
)
_KEYS = union_all(
    *(
        select(literal(name), column)
        .join(ModelRow, ModelRow.id == EmbeddingRow.model_id)
        .where(ModelRow.identity == bindparam("identity"), among(column, bindparam(name)))
        for name, column in (("contents", EmbeddingRow.content_key), ("pixels", EmbeddingRow.pixel_key))
    )
)


@dataclass(frozen=True, slots=True)
class StoredModel:
    """What the rows of embeddings refer to."""

    model_id: int
    dim: int


def find_model(connection: Connection, identity: str | None) -> StoredModel | None:
    """The stored model of an identity; None when it was never made known."""
    row = connection.execute(_MODEL_OF, {"identity": identity}).one_or_none()
    return None if row is None else StoredModel(*row)


def model_id(connection: Connection, identity: str | None) -> int:
    """The id of a model's row; NO_MODEL, which no row has, when it was never made known."""
    model = find_model(connection, identity)
    return NO_MODEL if model is None else model.model_id


def encode(vector: NDArray[np.float32]) -> bytes:
    """float16 as it is stored."""
    return vector.astype(STORED).tobytes()


def decode(blobs: Sequence[bytes], dim: int) -> Embeddings:
    """(n, dim) float32, made unit length again: rounding to float16 changes the length a little.

    Raises DamagedEmbeddingError.
    """
    vectors: Embeddings = stored_rows(blobs, dim).astype(np.float32)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.maximum(norms, np.float32(1e-12))
    return vectors


def store_new(connection: Connection, model: int, embedding: NewEmbedding) -> tuple[int, bytes] | None:
    """Store one embedding: its label and blob, or None when its content has one already."""
    blob = encode(embedding.vector)
    values = {
        "model_id": model,
        "content_key": embedding.content_key,
        "pixel_key": embedding.pixel_key,
        "runtime": embedding.provenance.runtime,
        "precision": embedding.provenance.precision,
        "device": embedding.provenance.device,
        "created_at": time.time(),
        "vector": blob,
    }
    label = connection.execute(_NEW, values).scalar_one_or_none()
    return None if label is None else (label, blob)


def copy_of_equal_pixels(
    connection: Connection, model: int, content_key: str, pixel_key: str
) -> tuple[int, bytes] | None:
    """Give a content the embedding of other content with the same pixels: its label and blob.

    None when the content has one already, or when no content with these pixels has one.
    """
    copied = ("pixel_key", "runtime", "precision", "device", "created_at", "vector")
    columns = EmbeddingRow.__table__.c
    source = (
        select(columns.model_id, literal(content_key), *(columns[name] for name in copied))
        .where(columns.model_id == model, columns.pixel_key == pixel_key)
        .limit(1)
    )
    statement = (
        insert(EmbeddingRow)
        .from_select(["model_id", "content_key", *copied], source)
        .on_conflict_do_nothing()
        .returning(EmbeddingRow.id, EmbeddingRow.vector)
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else (row.id, row.vector)


def contents_with_embedding(connection: Connection, model: int, contents: Collection[str]) -> set[str]:
    """Those of the content keys that have an embedding of this model."""
    return set(connection.execute(_CONTENTS, {"model": model, "keys": json_list(contents)}).scalars())


def keys_with_embedding(
    connection: Connection, identity: str, contents: Collection[str], pixels: Collection[str]
) -> tuple[set[str], set[str]]:
    """Those of the content keys, and of the pixel keys, that have an embedding under some content."""
    values = {"identity": identity, "contents": json_list(contents), "pixels": json_list(pixels)}
    found: dict[str, set[str]] = {"contents": set(), "pixels": set()}
    for kind, key in connection.execute(_KEYS, values):
        found[kind].add(key)
    return found["contents"], found["pixels"]
