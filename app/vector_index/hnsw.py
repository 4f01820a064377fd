"""The approximate index: hnswlib, made safe.

What hnswlib 0.8.0 leaves to its caller, and what is done here: it crashes when it is resized during a search
and gives wrong answers when it is changed during one (`SearchFirstLock`); it raises when it cannot return
exactly k (a None); it takes NaN (checked before); it counts deleted elements (counted here); it speaks of
distance (converted to score once, in `search`).

It knows float32 only. What makes a large graph small is that it holds projections of the embeddings; its
scores are therefore close to the true ones, and its answers candidates.
"""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import hnswlib
import numpy as np
from numpy.typing import NDArray

from app.domain.model import Embeddings
from app.domain.vectors import Labels, Neighbours
from app.errors import VectorIndexError
from app.vector_index.checks import checked_embeddings, checked_labels, checked_query
from app.vector_index.graph_file import GraphRecord, read_record, write_graph
from app.vector_index.projection import Projection
from app.vector_index.search_first_lock import SearchFirstLock

M = 16
EF_CONSTRUCTION = 200
_HEAD_ROOM = 1.5
_FIRST_CAPACITY = 4096
_THREADS = max(2, (os.cpu_count() or 2) // 2)
# hnswlib uses several threads only from so many rows on; they take about 4 ms
_LARGEST_CHUNK = 4 * _THREADS + 1
_BULK_CHUNK = 128
_LONG_CHANGE = 0.006  # seconds that a search may have to wait; on a busy machine chunks get smaller
_SHORT_CHANGE = 0.003
_EQUAL = 2e-3  # how far a float16 copy may be from the embedding it was made of, per component


def ef_for(count: int) -> int:
    """Candidates that a search looks at, so that enough of the best are among them as the library grows.

    Measured with `vector_search`: queries in words, which lie apart from all photos, are the ones that need
    so many.
    """
    return int(min(4096, max(300, 600 * (count / 100_000) ** 0.6)))


@dataclass(frozen=True, slots=True)
class GraphStatus:
    """What a graph holds."""

    count: int
    deleted: int
    high_water: int


class HnswIndex:
    """Candidates for the nearest neighbours of an embedding. Thread-safe; adds in steps of a few ms."""

    def __init__(self, dim: int, projection: Projection | None = None) -> None:
        self.dim = dim
        self.projection = projection
        self._lock = SearchFirstLock()
        self._labels: set[int] = set()
        self._deleted: set[int] = set()
        self._high_water = 0
        self._chunk = _LARGEST_CHUNK
        self._index = self._new_index()
        self._index.init_index(max_elements=_FIRST_CAPACITY, M=M, ef_construction=EF_CONSTRUCTION)
        self._index.set_ef(ef_for(0))

    @classmethod
    def load(cls, path: Path, identity: str, dim: int) -> "HnswIndex":
        """Verify, then load. Raises VectorIndexError with the reason, FileNotFoundError without a file."""
        record = read_record(path, identity, dim, M)
        directions = record.directions
        graph = cls(dim, Projection.from_text(directions, dim) if directions else None)
        graph._load(path, record)
        return graph

    def __len__(self) -> int:
        return len(self._labels)

    def __contains__(self, label: int) -> bool:
        return label in self._labels

    @property
    def status(self) -> GraphStatus:
        return GraphStatus(len(self._labels), len(self._deleted), self._high_water)

    def labels(self) -> set[int]:
        """The labels that can be found."""
        return set(self._labels)

    def add(self, labels: Labels, embeddings: Embeddings, *, in_bulk: bool = False) -> None:
        """A label that is there gets the new embedding. Raises VectorIndexError.

        Searches go on meanwhile, unless it is done `in_bulk`, which is faster.
        """
        labels = checked_labels(labels)
        rows = self.projected(checked_embeddings(embeddings, len(labels), self.dim))
        start = 0
        while start < len(labels):
            chunk = slice(start, start + (_BULK_CHUNK if in_bulk else self._chunk))
            with self._lock.change():
                began = time.perf_counter()
                self._add_chunk(labels[chunk], rows[chunk])
                if not in_bulk:
                    self._adapt(time.perf_counter() - began)
            start = chunk.stop

    def projected(self, embeddings: Embeddings) -> Embeddings:
        """(n, ...) what the graph holds of embeddings."""
        return embeddings if self.projection is None else self.projection.of(embeddings)

    def holds(self, label: int, embedding: NDArray[np.float32]) -> bool:
        """Whether this label is there with this embedding, give or take rounding to float16."""
        if label not in self._labels:
            return False
        with self._lock.search():
            stored = np.asarray(self._index.get_items([label]), np.float32)[0]
        return bool(np.abs(stored - self.projected(embedding)).max() <= _EQUAL)

    def embeddings(self, labels: Labels) -> Embeddings:
        """(n, ...) as they are stored, `projected`, for labels that are there."""
        if not len(labels):
            return self.projected(np.empty((0, self.dim), np.float32))
        with self._lock.search():
            return np.asarray(self._index.get_items(labels.tolist()), np.float32)

    def remove(self, labels: Iterable[int]) -> None:
        """Labels that are not there are passed over."""
        with self._lock.change():
            for label in self._labels.intersection(labels):
                self._index.mark_deleted(label)
                self._labels.discard(label)
                self._deleted.add(label)

    def search(self, embedding: NDArray[np.float32], k: int) -> Neighbours | None:
        """The k best, best first, fewer when there are fewer; None when the graph cannot answer.

        Scores are those of the projections: without one they are exact.
        """
        query = self.projected(checked_query(embedding, self.dim))
        with self._lock.search():
            k = min(k, len(self._labels))
            if k <= 0:
                return Neighbours(np.empty(0, np.int64), np.empty(0, np.float32))
            try:
                labels, distances = self._index.knn_query(query, k=k, num_threads=1)
            except RuntimeError:  # fewer than k were reachable: deletions can cut parts off
                return None
        return Neighbours(labels[0].astype(np.int64), (1.0 - distances[0]).astype(np.float32))

    def save(self, path: Path, identity: str) -> None:
        """Write graph and record atomically. Raises VectorIndexError; hnswlib itself would not notice.

        Reading only, so searches could go on, but hnswlib holds the interpreter lock while it writes.
        """
        with self._lock.search():
            write_graph(path, self._index, self._record(identity))

    def _record(self, identity: str) -> GraphRecord:
        return GraphRecord(
            identity=identity,
            dim=self.dim,
            m=M,
            elements=self._index.element_count,
            high_water=self._high_water,
            deleted=sorted(self._deleted),
            directions="" if self.projection is None else self.projection.as_text(),
        )

    def _new_index(self) -> hnswlib.Index:
        dim = self.dim if self.projection is None else self.projection.dim
        return hnswlib.Index(space="ip", dim=dim)

    def _add_chunk(self, labels: Labels, rows: Embeddings) -> None:
        needed = self._index.element_count + len(labels)
        try:
            if needed > self._index.max_elements:
                self._index.resize_index(int(needed * _HEAD_ROOM))
            self._index.add_items(rows, labels, num_threads=_THREADS)
        except RuntimeError as error:
            raise VectorIndexError(f"The search graph could not take more photos: {error}") from error
        added = labels.tolist()
        self._labels.update(added)
        self._deleted.difference_update(added)
        self._high_water = max(self._high_water, max(added))
        self._index.set_ef(ef_for(len(self._labels)))

    def _adapt(self, seconds: float) -> None:
        if seconds > _LONG_CHANGE:
            self._chunk = max(1, self._chunk // 2)
        elif seconds < _SHORT_CHANGE:
            self._chunk = min(_LARGEST_CHUNK, self._chunk * 2)

    def _load(self, path: Path, record: GraphRecord) -> None:
        index = self._new_index()
        capacity = max(_FIRST_CAPACITY, int(record.elements * _HEAD_ROOM))
        try:
            index.load_index(str(path), max_elements=capacity)
        except (RuntimeError, MemoryError) as error:
            raise VectorIndexError(f"damaged: {error}") from error
        if index.element_count != record.elements or record.m != index.M:
            raise VectorIndexError("damaged: it does not hold what its record says")
        self._deleted = set(record.deleted)
        self._labels = set(index.get_ids_list()) - self._deleted
        self._high_water = record.high_water
        index.set_ef(ef_for(len(self._labels)))
        self._index = index
