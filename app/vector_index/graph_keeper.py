"""Keeps a graph equal to a matrix, in the background."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.domain.vectors import Labels
from app.errors import VectorIndexError
from app.service_process import come_after_others
from app.vector_index.graph_file import record_path
from app.vector_index.hnsw import HnswIndex
from app.vector_index.matrix import EmbeddingMatrix
from app.vector_index.projection import LOST_TOO_MUCH, SAMPLE, Projection

_log = logging.getLogger(__name__)

_FEW_PENDING = 256  # so many rows are scored exactly beside the graph in a fraction of a millisecond
_BATCH = 32
_BULK = 1024  # while the graph is not ready, nobody waits for it
_MANY = 8  # from an eighth of all on, scoring everything exactly costs no more
_RESERVE = 300  # candidates beyond twice what is wanted, as scores of projections are only close
_NICENESS = 10  # of building in bulk, which takes every core
_WORTH_SAVING = 50  # a graph is written when a fiftieth of it has changed


class GraphKeeper:
    """Owns the graph of one matrix and the thread that loads it, adds to it and builds it anew.

    Labels that the graph does not have yet are *pending*. Few of them are searched exactly beside the graph;
    while there are many the graph is not ready, and whoever asks scores the matrix instead. Thread-safe.
    """

    def __init__(
        self, path: Path, identity: str, matrix: EmbeddingMatrix, *, exact_below: int, quiet_seconds: float
    ) -> None:
        self._path = path
        self._identity = identity
        self._matrix = matrix
        self._exact_below = exact_below
        self._quiet_seconds = quiet_seconds
        self._last_search = -quiet_seconds
        self._wake = threading.Condition()
        self._graph: HnswIndex | None = None  # None until it is loaded or started anew
        self._pending: set[int] = set()
        self._adding: list[int] = []
        self._examined = 0  # how many embeddings there were when the directions were last found good
        self._unsaved = 0
        self._failed = False
        self._stopping = False
        self.problem: str | None = None
        self._builder = ThreadPoolExecutor(1, "graph-builder", come_after_others, (_NICENESS,))
        self._thread = threading.Thread(target=self._run, name="graph-keeper", daemon=True)
        self._thread.start()

    @property
    def ready(self) -> bool:
        """Whether searches use the graph, or need none because the matrix is small."""
        return len(self._matrix) < self._exact_below or self._usable() is not None

    def wait_until_ready(self, timeout: float) -> bool:
        """Block until nothing is pending any more; False when the time ran out."""
        with self._wake:
            return self._wake.wait_for(self._idle, timeout)

    def candidates(self, embedding: NDArray[np.float32], k: int) -> Labels | None:
        """Labels among which the k best are, with great likelihood; None when only the matrix can tell."""
        if len(self._matrix) < self._exact_below:
            return None
        self._last_search = time.monotonic()
        with self._wake:
            graph = self._usable()
            if graph is None or k * _MANY > len(graph):
                return None
            # before the search: a label that moves from here to the graph meanwhile is found twice, not never
            pending = np.fromiter((*self._pending, *self._adding), np.int64)
        found = graph.search(embedding, k if graph.projection is None else 2 * k + _RESERVE)
        return None if found is None else np.concatenate([found.labels, pending])

    def add(self, labels: Labels) -> None:
        """These labels are new in the matrix, or have a new embedding."""
        with self._wake:
            self._pending.update(labels.tolist())
            self._wake.notify_all()

    def remove(self, labels: Labels) -> None:
        """These labels are gone from the matrix."""
        gone = labels.tolist()
        with self._wake:
            self._pending.difference_update(gone)
            self._unsaved += len(gone)
            graph = self._graph
            self._wake.notify_all()
        if graph is not None:
            graph.remove(gone)

    def save(self) -> None:
        """Write the graph if a fiftieth of it has changed and nobody has searched for a moment.

        hnswlib holds the interpreter lock while it writes, so a search would wait. What the file lacks when
        it is opened again is added from the matrix, 1,000 or more a second.
        """
        if time.monotonic() - self._last_search >= self._quiet_seconds:
            self._save_if_due()

    def close(self) -> None:
        """End the thread, and write the graph if a fiftieth of it has changed. Raises VectorIndexError."""
        self.stop()
        self._save_if_due()

    def stop(self) -> None:
        """End the thread; nothing is written."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self._thread.join()
        self._builder.shutdown()

    def _save_if_due(self) -> None:
        with self._wake:
            graph, unsaved = self._graph, self._unsaved
        if graph is None or unsaved == 0 or unsaved * _WORTH_SAVING < len(graph):
            return
        # not when it is opened: the matrix may be about to get labels back that the graph still holds
        graph.remove(graph.labels() - set(self._matrix.labels.tolist()))
        graph.save(self._path, self._identity)
        with self._wake:
            self._unsaved -= unsaved

    def _usable(self) -> HnswIndex | None:
        few = len(self._pending) + len(self._adding) <= _FEW_PENDING
        return self._graph if few and not self._failed else None

    def _idle(self) -> bool:
        small = len(self._matrix) < self._exact_below
        return small or self._failed or (self._graph is not None and not self._pending and not self._adding)

    def _run(self) -> None:
        try:
            while self._wait_for_work():
                if self._graph is None:
                    self._load()
                elif self._mostly_deleted(self._graph) or self._outgrown(self._graph):
                    self._start_anew()
                else:
                    self._add_batch(self._graph)
        except (VectorIndexError, MemoryError) as error:
            _log.warning("searching without the graph: %s", error)
            self._fail(f"graph: {error}")
        except Exception as error:  # noqa: BLE001 - a bug here may cost speed, but nobody waits for ever
            _log.exception("searching without the graph")
            self._fail(f"graph: {error}")

    def _wait_for_work(self) -> bool:
        with self._wake:
            while not self._stopping and self._idle():
                self._wake.notify_all()
                self._wake.wait()
            return not self._stopping

    def _load(self) -> None:
        graph = self._read()
        lacking = set(self._matrix.labels.tolist()) - graph.labels()  # takes a while: no search waits for it
        with self._wake:
            self._pending |= lacking
            self._graph = graph

    def _read(self) -> HnswIndex:
        try:
            return HnswIndex.load(self._path, self._identity, self._matrix.dim)
        except FileNotFoundError:
            self.problem = "graph: missing" if record_path(self._path).exists() else None
        except (VectorIndexError, OSError) as error:
            _log.warning("building the search graph anew; the stored one is %s", error)
            self.problem = f"graph: {error}"
        return self._empty_graph()

    def _empty_graph(self) -> HnswIndex:
        self._examined = len(self._matrix)
        return HnswIndex(self._matrix.dim, Projection.fitted(self._matrix.sample(SAMPLE)))

    def _start_anew(self) -> None:
        """Deleted elements stay in a graph and slow it down: above a third, building it again is better."""
        graph = self._empty_graph()
        with self._wake:
            self._graph = graph
            self._pending = set(self._matrix.labels.tolist())

    def _outgrown(self, graph: HnswIndex) -> bool:
        """Whether other directions are needed: those of the first thousands may not be those of them all."""
        count = len(self._matrix)
        if graph.projection is None or count < 2 * self._examined:
            return False
        self._examined = count
        return graph.projection.lost(self._matrix.sample(SAMPLE)) > LOST_TOO_MUCH

    def _mostly_deleted(self, graph: HnswIndex) -> bool:
        status = graph.status
        return status.deleted > 1000 and status.deleted * 2 > status.count

    def _add_batch(self, graph: HnswIndex) -> None:
        with self._wake:
            in_bulk = self._usable() is None
            size = min(_BULK if in_bulk else _BATCH, len(self._pending))
            self._adding = [self._pending.pop() for _ in range(size)]
        labels, embeddings = self._matrix.get_present(np.array(sorted(self._adding), np.int64))
        changed = [row for row, label in enumerate(labels) if not graph.holds(int(label), embeddings[row])]
        if in_bulk:  # the window must not wait for a processor meanwhile
            self._builder.submit(graph.add, labels[changed], embeddings[changed], in_bulk=True).result()
        else:
            graph.add(labels[changed], embeddings[changed])
        with self._wake:
            self._unsaved += len(changed)
            self._adding = []
        self._remove_vanished(graph, labels)

    def _remove_vanished(self, graph: HnswIndex, labels: Labels) -> None:
        """A label that was removed from the matrix while it was being added."""
        still_there, _ = self._matrix.get_present(labels)
        graph.remove(set(labels.tolist()) - set(still_there.tolist()))

    def _fail(self, problem: str) -> None:
        with self._wake:
            self.problem = problem
            self._failed = True
            self._wake.notify_all()
