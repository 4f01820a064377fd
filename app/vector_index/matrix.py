"""All embeddings of one model identity, scored exactly.

SQLite is the truth; this matrix is a cache of its embeddings table and can be filled from it again.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Embeddings
from app.domain.vectors import Labels, Neighbours
from app.errors import VectorIndexError
from app.vector_index.checks import checked_embeddings, checked_labels, checked_query
from app.vector_index.half_rows import HalfMatrix, HalfRows
from app.vector_index.matrix_file import StoredMatrix, read_matrix, write_matrix

_FEW = 5  # up to a fifth of all rows, gathering and converting beats scoring everything


@dataclass(frozen=True, slots=True)
class _View:
    """The labels of one moment with the rows they had, which never change: read without a lock."""

    labels: Labels  # (n,) ascending
    rows: NDArray[np.int64]  # (n,) where each label's embedding is in `store`
    store: HalfRows

    @property
    def in_file_order(self) -> bool:
        return len(self.rows) == len(self.store) and bool(
            np.array_equal(self.rows, np.arange(len(self.rows)))
        )

    def find(self, labels: Labels) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Which of the labels are there, and the positions of those."""
        positions = np.searchsorted(self.labels, labels)
        inside = positions < len(self.labels)
        present = np.zeros(len(labels), np.bool_)
        present[inside] = self.labels[positions[inside]] == labels[inside]
        return present, positions[present].astype(np.int64)


class EmbeddingMatrix:
    """Embeddings under integer labels, kept as float16, scored in float32. Thread-safe.

    Up to `resident_bytes` of rows are kept as float32 once they were scored; the rest is converted piece by
    piece at every scoring.
    """

    def __init__(
        self, dim: int, stored: StoredMatrix | None = None, *, resident_bytes: int = 1 << 30
    ) -> None:
        self.dim = dim
        self._resident_bytes = resident_bytes
        self._lock = threading.Lock()
        self._fresh: list[tuple[Labels, NDArray[np.int64]]] = []  # appended since the view was made
        self._changes = 0
        self._saved_changes = 0 if stored else -1  # -1: no file, or none that was sound
        self._sample: tuple[int, int, Embeddings] | None = None
        self._current = self._view_of(stored) if stored else self._empty_view()
        self._count = len(self._current.labels)
        self._high_water = stored.high_water if stored else 0

    @classmethod
    def open(cls, path: Path, identity: str, dim: int, *, resident_bytes: int = 1 << 30) -> "EmbeddingMatrix":
        """Raises VectorIndexError with the reason, FileNotFoundError when there is no file."""
        return cls(dim, read_matrix(path, identity, dim), resident_bytes=resident_bytes)

    def __len__(self) -> int:
        return self._count

    @property
    def high_water(self) -> int:
        """The largest label that was ever added."""
        return self._high_water

    @property
    def labels(self) -> Labels:
        """All labels, ascending."""
        return self._view().labels.copy()

    def add(self, labels: Sequence[int] | Labels, embeddings: Embeddings) -> None:
        """A label that is there already gets the new embedding. Raises VectorIndexError."""
        new_labels = checked_labels(labels)
        new_rows = checked_embeddings(embeddings, len(new_labels), self.dim)
        if not new_labels.size:
            return
        new_labels, last = _last_of_each(new_labels)
        with self._lock:
            view = self._current
            rows = view.store.append(new_rows[last])
            if new_labels[0] > self._high_water:
                self._fresh.append((new_labels, rows))
                self._count += len(new_labels)
            else:
                self._merge(new_labels, rows)
            self._high_water = max(self._high_water, int(new_labels[-1]))
            self._changes += 1

    def remove(self, labels: Sequence[int] | Labels) -> Labels:
        """Returns the labels that were there."""
        gone = checked_labels(labels)
        with self._lock:
            view = self._fold()
            keep = ~np.isin(view.labels, gone)
            removed = view.labels[~keep]
            if removed.size:
                self._current = _View(view.labels[keep], view.rows[keep], view.store)
                self._count = len(self._current.labels)
                self._changes += 1
        return removed

    def score(self, embedding: NDArray[np.float32], labels: Labels | None = None) -> Neighbours:
        """Cosine similarities (inner products, exact in float32 for the stored float16), labels ascending."""
        query = checked_query(embedding, self.dim)
        view = self._view()
        if labels is None:
            return Neighbours(view.labels.copy(), view.store.dot(query)[view.rows])
        wanted = _each_once(np.asarray(labels, np.int64))
        present, positions = view.find(wanted)
        rows = view.rows[positions]
        if len(rows) * _FEW <= len(view.labels):
            scores = view.store.dot_at(query, rows)
        else:
            scores = view.store.dot(query)[rows]
        return Neighbours(wanted[present], scores)

    def top(self, embedding: NDArray[np.float32], k: int) -> Neighbours:
        """The k best of all, exactly; equal scores by label."""
        return best(self.score(embedding), k)

    def sample_scores(self, embedding: NDArray[np.float32], n: int = 2048) -> NDArray[np.float32]:
        """Scores of a fixed random sample: of all when there are no more than n."""
        query = checked_query(embedding, self.dim)
        scores: NDArray[np.float32] = np.vecdot(self._sampled(n), query)
        return scores

    def sample(self, n: int) -> Embeddings:
        """(n, dim) always the same ones while the matrix is: all when there are no more than n."""
        view = self._view()
        return view.store.take(view.rows[_drawn(view.labels, n)])

    def get(self, labels: Labels) -> Embeddings:
        """(n, dim) in the order asked for; raises VectorIndexError when one is not there."""
        wanted = np.asarray(labels, np.int64).reshape(-1)
        view = self._view()
        present, positions = view.find(wanted)
        if not present.all():
            raise VectorIndexError(f"The photo with embedding {wanted[~present][0]} is not in the index yet.")
        return view.store.take(view.rows[positions])

    def get_present(self, labels: Labels) -> tuple[Labels, Embeddings]:
        """Those of the labels that are there, with their embeddings."""
        view = self._view()
        present, positions = view.find(labels)
        return labels[present], view.store.take(view.rows[positions])

    def save(self, path: Path, identity: str) -> None:
        """Write the file atomically unless it is up to date. Raises VectorIndexError and loses nothing.

        Additions meanwhile are safe; they are not in the file.
        """
        with self._lock:
            view, high_water, changes = self._fold(), self._high_water, self._changes
            if changes == self._saved_changes and path.exists():
                return

        def halves(start: int, end: int) -> HalfMatrix:
            return view.store.halves(view.rows[start:end])

        write_matrix(path, identity, view.labels, high_water, self.dim, halves)
        self._map_saved(path, identity, view, changes)

    def _map_saved(self, path: Path, identity: str, saved: _View, changes: int) -> None:
        """Let go of the rows in memory: the file has them now."""
        stored = read_matrix(path, identity, self.dim)
        mapped = self._view_of(stored)
        if saved.in_file_order:
            mapped.store.keep_resident_blocks_of(saved.store)
        with self._lock:
            self._saved_changes = changes
            if self._changes == changes:
                self._current = mapped

    def _view(self) -> _View:
        with self._lock:
            return self._fold()

    def _fold(self) -> _View:
        """The view with everything appended since; the lock is held."""
        if self._fresh:
            view = self._current
            labels = np.concatenate([view.labels, *(labels for labels, _ in self._fresh)])
            rows = np.concatenate([view.rows, *(rows for _, rows in self._fresh)])
            self._fresh.clear()
            self._current = _View(labels, rows, view.store)
        return self._current

    def _merge(self, new_labels: Labels, new_rows: NDArray[np.int64]) -> None:
        """Labels that are not all new: the old rows of those that are there are left behind until a save."""
        view = self._fold()
        keep = ~np.isin(view.labels, new_labels)
        labels = np.concatenate([view.labels[keep], new_labels])
        rows = np.concatenate([view.rows[keep], new_rows])
        order = np.argsort(labels, kind="stable")
        self._current = _View(labels[order], rows[order], view.store)
        self._count = len(labels)

    def _sampled(self, n: int) -> Embeddings:
        """The sample stays the same while the library grows by less than a fiftieth: redrawing costs 5 ms."""
        sample = self._sample
        drift = abs(self._count - sample[1]) if sample else 0
        if sample is None or sample[0] != n or drift * 50 > sample[1]:
            view = self._view()
            chosen = view.rows[_drawn(view.labels, n)]
            sample = (n, len(view.labels), view.store.take(chosen))
            self._sample = sample
        return sample[2]

    def _view_of(self, stored: StoredMatrix) -> _View:
        store = HalfRows(self.dim, stored.rows, self._resident_bytes)
        return _View(stored.labels, np.arange(len(stored.labels), dtype=np.int64), store)

    def _empty_view(self) -> _View:
        nothing = np.empty(0, np.int64)
        return _View(nothing, nothing, HalfRows(self.dim, None, self._resident_bytes))


def best(neighbours: Neighbours, k: int) -> Neighbours:
    """The k best, best first, equal scores by label; the labels given must be ascending."""
    scores = neighbours.scores
    if k <= 0:
        return Neighbours(neighbours.labels[:0], scores[:0])
    candidates = np.arange(len(scores))
    if k < len(scores):
        worst = np.partition(scores, len(scores) - k)[len(scores) - k]
        candidates = np.flatnonzero(scores >= worst)
    order = candidates[np.argsort(-scores[candidates], kind="stable")][:k]
    return Neighbours(neighbours.labels[order], scores[order])


def _each_once(labels: Labels) -> Labels:
    """Ascending. Most come so, and sorting 100,000 anew takes longer than scoring them."""
    return labels if bool((labels[1:] > labels[:-1]).all()) else np.unique(labels)


def _last_of_each(labels: Labels) -> tuple[Labels, NDArray[np.int64]]:
    """The labels once each, ascending, and where each was last."""
    unique, from_the_end = np.unique(labels[::-1], return_index=True)
    return unique, (len(labels) - 1 - from_the_end).astype(np.int64)


def _drawn(labels: Labels, n: int) -> NDArray[np.int64]:
    """Where n of the labels are, drawn at random but always the same."""
    if len(labels) <= n:
        return np.arange(len(labels), dtype=np.int64)
    return np.argpartition(_scrambled(labels), n)[:n].astype(np.int64)


def _scrambled(labels: Labels) -> NDArray[np.uint64]:
    """A pseudo-random number for each label, always the same (SplitMix64, Steele and others 2014)."""
    mixed = labels.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
