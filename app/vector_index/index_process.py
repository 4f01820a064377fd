"""The vector index in a process of its own.

hnswlib holds the interpreter lock while it reads or writes its file (seconds, for large libraries); in the
window's process that would freeze the window.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Embeddings
from app.domain.vectors import LabelPairs, Labels, Neighbours, VectorIndex, VectorIndexStatus
from app.service_process import ServiceProcess

_CLOSE_SECONDS = 30.0  # a graph of a million takes that long to write to a slow disk
_WRITING = ("add", "remove", "save", "clear")


def open_index(
    folder: Path, identity: str, dim: int, *, in_process: bool = False, writable: bool = True
) -> VectorIndex:
    """The index of one model identity, from its files in `folder` if they are sound, else empty.

    Never raises because of what is in the files: `status().problem` tells. The owner compares `status()` and
    `labels()` with the embeddings table, adds what is missing and removes what is too much. Without
    `writable` the files stay as they are: another program keeps them.
    """
    if in_process:
        from app.vector_index.vector_store import VectorStore

        return VectorStore(folder, identity, dim, writable=writable)
    return IndexProcess(folder, identity, dim, writable=writable)


class IndexProcess:
    """`VectorIndex` over there. Searching and writing have a lane each, so no search waits for a save.

    When the process dies, the call under way raises ProcessDiedError and the next one starts it again from
    the files: what was added since the last save is missing then. `pid` is another one from then on; whoever
    keeps the index compares `status()` and `labels()` with the embeddings table again.
    """

    def __init__(self, folder: Path, identity: str, dim: int, *, writable: bool = True) -> None:
        self._process = ServiceProcess(
            _open_store,
            (folder, identity, dim, writable),
            name="vector index",
            lanes={**dict.fromkeys(_WRITING, "write"), "lookalikes": "compare"},
        )

    @property
    def pid(self) -> int | None:
        """The process's number while it runs; another one after it died: then compare `status()` again."""
        return self._process.pid

    def status(self) -> VectorIndexStatus:
        status: VectorIndexStatus = self._process.call("status")
        return status

    def labels(self) -> Labels:
        labels: Labels = self._process.call("labels")
        return labels

    def add(self, labels: Sequence[int] | Labels, embeddings: Embeddings) -> None:
        self._process.call("add", np.asarray(labels, np.int64), embeddings)

    def remove(self, labels: Sequence[int] | Labels) -> None:
        self._process.call("remove", np.asarray(labels, np.int64))

    def search(self, embedding: NDArray[np.float32], k: int) -> Neighbours:
        neighbours: Neighbours = self._process.call("search", embedding, k, urgent=True)
        return neighbours

    def score(self, embedding: NDArray[np.float32], labels: Labels | None = None) -> Neighbours:
        neighbours: Neighbours = self._process.call("score", embedding, labels, urgent=True)
        return neighbours

    def sample_scores(self, embedding: NDArray[np.float32], n: int = 2048) -> NDArray[np.float32]:
        scores: NDArray[np.float32] = self._process.call("sample_scores", embedding, n, urgent=True)
        return scores

    def lookalikes(self, labels: Labels, at_least: float, most: int) -> LabelPairs:
        pairs: LabelPairs = self._process.call("lookalikes", labels, at_least, most)
        return pairs

    def get(self, labels: Labels) -> Embeddings:
        embeddings: Embeddings = self._process.call("get", labels, urgent=True)
        return embeddings

    def save(self) -> None:
        self.start_saving().result()

    def start_saving(self) -> "Future[None]":
        """Save without waiting for it."""
        return self._process.submit("save")

    def clear(self) -> None:
        self._process.call("clear")

    def close(self) -> None:
        self._process.close(_CLOSE_SECONDS)


def _open_store(folder: Path, identity: str, dim: int, writable: bool) -> VectorIndex:
    """Runs over there; hnswlib is imported there only."""
    from app.vector_index.vector_store import VectorStore

    return VectorStore(folder, identity, dim, writable=writable)
