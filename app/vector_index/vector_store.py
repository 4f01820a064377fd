"""Nearest-neighbour search out of both: candidates from the graph, scores from the matrix.

SQLite is the truth; the two files are caches that its owner keeps equal to the embeddings table.
"""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Embeddings
from app.domain.vectors import LabelPairs, Labels, Neighbours, VectorIndexStatus
from app.errors import VectorIndexError
from app.vector_index.checks import checked_labels, checked_query
from app.vector_index.files import discard, remove_leftovers
from app.vector_index.graph_file import discard_graph
from app.vector_index.graph_keeper import GraphKeeper
from app.vector_index.lookalikes import lookalikes
from app.vector_index.matrix import EmbeddingMatrix, best

_log = logging.getLogger(__name__)

EXACT_BELOW = 12_000  # scoring so many exactly takes 2 ms: not worth missing one of the best


class VectorStore:
    """`VectorIndex` in this process. Every answer is scored exactly; only the choice of candidates is not.

    Searches never wait for `add`, `remove`, `save` or the building of the graph, save for a few milliseconds.
    One that is not `writable` lives beside a program that keeps the files: it leaves them as they are.
    """

    def __init__(
        self,
        folder: Path,
        identity: str,
        dim: int,
        *,
        exact_below: int = EXACT_BELOW,
        quiet_seconds: float = 2.0,
        writable: bool = True,
    ) -> None:
        self._matrix_path = folder / f"{identity}.f16"
        self._graph_path = folder / f"{identity}.hnsw"
        self._identity = identity
        self._dim = dim
        self._exact_below = exact_below
        self._quiet_seconds = quiet_seconds
        self._writable = writable
        self._writing = threading.Lock()
        if writable:
            remove_leftovers(self._matrix_path)
            remove_leftovers(self._graph_path)
        self._matrix_problem: str | None = None
        self._matrix = self._open_matrix()
        self._keeper = self._new_keeper()

    def status(self) -> VectorIndexStatus:
        problems = [problem for problem in (self._matrix_problem, self._keeper.problem) if problem]
        return VectorIndexStatus(
            identity=self._identity,
            count=len(self._matrix),
            high_water=self._matrix.high_water,
            graph_ready=self._keeper.ready,
            problem="; ".join(problems) or None,
        )

    def labels(self) -> Labels:
        """All labels, ascending."""
        return self._matrix.labels

    def add(self, labels: Sequence[int] | Labels, embeddings: Embeddings) -> None:
        """A label that is there already gets the new embedding. Raises VectorIndexError."""
        with self._writing:
            self._matrix.add(labels, embeddings)
            self._keeper.add(checked_labels(labels))

    def remove(self, labels: Sequence[int] | Labels) -> None:
        """Labels that are not there are passed over."""
        with self._writing:
            self._keeper.remove(self._matrix.remove(labels))

    def search(self, embedding: NDArray[np.float32], k: int) -> Neighbours:
        """The k best of all, best first, equal scores by label. Raises VectorIndexError for a bad query."""
        query = checked_query(embedding, self._dim)
        matrix, keeper = self._matrix, self._keeper
        k = min(k, len(matrix))
        candidates = keeper.candidates(query, k) if k > 0 else None
        if candidates is not None:
            scored = matrix.score(query, candidates)
            if len(scored.labels) >= k:
                return best(scored, k)
        return matrix.top(query, k)

    def score(self, embedding: NDArray[np.float32], labels: Labels | None = None) -> Neighbours:
        """Exact scores, labels ascending: of all, or of those given that are there."""
        return self._matrix.score(embedding, labels)

    def sample_scores(self, embedding: NDArray[np.float32], n: int = 2048) -> NDArray[np.float32]:
        """Scores of a fixed random sample of the labels."""
        return self._matrix.sample_scores(embedding, n)

    def lookalikes(self, labels: Labels, at_least: float, most: int) -> LabelPairs:
        """For each label the `most` best of the labels above it that score `at_least`, in no order."""
        return lookalikes(self._matrix, labels, at_least, most)

    def get(self, labels: Labels) -> Embeddings:
        """(n, dim) in the order asked for; raises VectorIndexError when one is not there."""
        return self._matrix.get(labels)

    def save(self) -> None:
        """Write both files atomically; the graph only when that is worth it and nobody is searching.

        Raises VectorIndexError; everything stays in memory then.
        """
        if not self._writable:
            return
        with self._writing:
            self._matrix.save(self._matrix_path, self._identity)
            self._keeper.save()

    def clear(self) -> None:
        """Forget everything, files included."""
        with self._writing:
            self._keeper.stop()
            self._matrix = EmbeddingMatrix(self._dim)
            if self._writable:
                discard(self._matrix_path)
                discard_graph(self._graph_path)
            self._matrix_problem = None
            self._keeper = self._new_keeper()

    def close(self) -> None:
        """End the background thread; the matrix is saved by `save` alone."""
        with self._writing:
            if self._writable:
                self._keeper.close()
            else:
                self._keeper.stop()

    def wait_until_ready(self, timeout: float) -> bool:
        """Block until the graph holds everything; False when the time ran out."""
        return self._keeper.wait_until_ready(timeout)

    def _open_matrix(self) -> EmbeddingMatrix:
        try:
            return EmbeddingMatrix.open(self._matrix_path, self._identity, self._dim)
        except FileNotFoundError:
            if self._graph_path.exists():
                self._matrix_problem = "matrix: missing"
        except VectorIndexError as error:
            _log.warning("starting with an empty matrix; the stored one is %s", error)
            self._matrix_problem = f"matrix: {error}"
        return EmbeddingMatrix(self._dim)

    def _new_keeper(self) -> GraphKeeper:
        return GraphKeeper(
            self._graph_path,
            self._identity,
            self._matrix,
            exact_below=self._exact_below,
            quiet_seconds=self._quiet_seconds,
        )
