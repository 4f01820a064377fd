"""The protocol of nearest-neighbour search."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Embeddings

Labels = NDArray[np.int64]  # (n,) rowids of the embeddings table, never reused


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Labels with their scores (cosine similarity, -1 to 1), best first."""

    labels: Labels
    scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LabelPairs:
    """Pairs of labels whose embeddings are near each other."""

    first: Labels
    second: Labels


@dataclass(frozen=True, slots=True)
class VectorIndexStatus:
    """What an index holds, for keeping it equal to the embeddings table."""

    identity: str
    count: int
    high_water: int  # largest label ever added; 0 when empty
    graph_ready: bool  # False while searches are answered exactly because the graph is being rebuilt
    problem: str | None = None  # why a stored file was not used: missing, damaged, stale, foreign


class VectorIndex(Protocol):
    """Embeddings of one model identity under integer labels. Thread-safe. A cache of the library."""

    def status(self) -> VectorIndexStatus: ...

    def labels(self) -> Labels:
        """All labels, ascending."""
        ...

    def add(self, labels: Sequence[int] | Labels, embeddings: Embeddings) -> None:
        """Raises VectorIndexError for a wrong dimension, NaN or a row that is not of unit length."""
        ...

    def remove(self, labels: Sequence[int] | Labels) -> None:
        """Labels that are not there are passed over."""
        ...

    def search(self, embedding: NDArray[np.float32], k: int) -> Neighbours:
        """The k best of the whole index, fewer when there are fewer; never raises for emptiness."""
        ...

    def score(self, embedding: NDArray[np.float32], labels: Labels | None = None) -> Neighbours:
        """Exact scores in ascending label order: of all labels, or of those given that are there."""
        ...

    def sample_scores(self, embedding: NDArray[np.float32], n: int = 2048) -> NDArray[np.float32]:
        """Scores against a fixed random sample of the index, for calibrating a query."""
        ...

    def lookalikes(self, labels: Labels, at_least: float, most: int) -> LabelPairs:
        """For each label the `most` best of the labels above it that score `at_least`, in no order."""
        ...

    def get(self, labels: Labels) -> Embeddings:
        """Embeddings of the labels; raises VectorIndexError when one is not there."""
        ...

    def save(self) -> None:
        """Write both files atomically."""
        ...

    def clear(self) -> None:
        """Forget everything, files included; the caller fills it again from SQLite."""
        ...

    def close(self) -> None: ...
