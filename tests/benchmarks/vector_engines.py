"""What our vector search is compared with: numpy, faiss and usearch, each in a process of its own.

All read the same rows, those of our matrix file. The graphs are given the same connections and care in
building as ours; how far they search is the least of a ladder that reaches the recall asked for.
"""

import json
import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from app.domain.model import Embeddings
from app.vector_index.half_rows import to_float32
from app.vector_index.hnsw import EF_CONSTRUCTION, M
from app.vector_index.matrix_file import read_matrix
from tests.benchmarks.embedding_maker import DIM

IDENTITY = "benchmark"
LADDER = (100, 200, 400, 800, 1600, 3200)
_BLOCK = 8192
_PROBED = 100  # queries that tell whether a step of the ladder is far enough
_EXACT_QUERIES = 60  # what looks at everything always takes as long


@dataclass(frozen=True, slots=True)
class Rows:
    """The embeddings to be searched."""

    matrix: Path
    count: int

    def blocks(self) -> Iterator[Embeddings]:
        """(at most 8192, dim) float32 at a time."""
        halves = read_matrix(self.matrix, IDENTITY, DIM).rows
        for start in range(0, len(halves), _BLOCK):
            half = np.asarray(halves[start : start + _BLOCK])
            block = np.empty(half.shape, np.float32)
            to_float32(half, block)
            yield block


@dataclass(frozen=True, slots=True)
class Question:
    """Queries of one kind, with the numbers of the rows that are truly the best for the first of them."""

    kind: str
    embeddings: Embeddings
    best: np.ndarray[Any, np.dtype[np.int64]]  # (some, k)


@dataclass(slots=True)
class Answer:
    """How an engine did with the queries of one kind."""

    kind: str
    times_ms: list[float]
    cpu_ms: float  # processor time of one query, which others on the machine do not disturb as much
    recall: float
    effort: int = 0  # of the ladder; 0 for what has none


@dataclass(slots=True)
class Outcome:
    """One engine over one set of rows."""

    build_s: float
    load_s: float
    memory_mb: float
    answers: list[Answer] = field(default_factory=list)
    built_now: bool = True


class NumpyExact:
    """All rows as float32, a matrix product, the best of it."""

    package = "numpy"
    exact = True

    def build(self, rows: Rows, path: Path) -> None:
        """Nothing to build: the matrix file is read."""

    def load(self, rows: Rows, path: Path) -> None:
        self._rows = np.empty((rows.count, DIM), np.float32)
        start = 0
        for block in rows.blocks():
            self._rows[start : start + len(block)] = block
            start += len(block)

    def search(self, embedding: Embeddings, k: int) -> Any:
        scores = self._rows @ embedding
        best = np.argpartition(-scores, k)[:k]
        return best[np.argsort(-scores[best])]

    def try_harder(self, effort: int) -> None:
        """It cannot."""


class FaissFlat(NumpyExact):
    """faiss's exact index of float32."""

    package = "faiss"

    def load(self, rows: Rows, path: Path) -> None:
        import faiss

        self._index = faiss.IndexFlatIP(DIM)
        for block in rows.blocks():
            self._index.add(block)

    def search(self, embedding: Embeddings, k: int) -> Any:
        return self._index.search(embedding[None], k)[1][0]


class FaissHnsw(FaissFlat):
    """faiss's graph of float32."""

    exact = False

    def build(self, rows: Rows, path: Path) -> None:
        import faiss

        index = faiss.IndexHNSWFlat(DIM, M, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = EF_CONSTRUCTION
        for block in rows.blocks():
            index.add(block)
        faiss.write_index(index, str(path))

    def load(self, rows: Rows, path: Path) -> None:
        import faiss

        self._index = faiss.read_index(str(path))

    def try_harder(self, effort: int) -> None:
        self._index.hnsw.efSearch = effort


class Usearch(NumpyExact):
    """usearch's graph of float16."""

    package = "usearch"
    exact = False

    def build(self, rows: Rows, path: Path) -> None:
        index = self._empty()
        start = 0
        for block in rows.blocks():
            index.add(np.arange(start, start + len(block)), block)
            start += len(block)
        index.save(str(path))

    def load(self, rows: Rows, path: Path) -> None:
        self._index = self._empty()
        self._index.load(str(path))

    def search(self, embedding: Embeddings, k: int) -> Any:
        return self._index.search(embedding, k).keys

    def try_harder(self, effort: int) -> None:
        self._index.expansion_search = effort

    def _empty(self) -> Any:
        from usearch.index import Index

        return Index(ndim=DIM, metric="ip", dtype="f16", connectivity=M, expansion_add=EF_CONSTRUCTION)


ENGINES: dict[str, Callable[[], NumpyExact]] = {
    "numpy exact": NumpyExact,
    "faiss flat": FaissFlat,
    "faiss HNSW": FaissHnsw,
    "usearch f16": Usearch,
}


def is_installed(name: str) -> bool:
    """Whether its package is there."""
    package: str = ENGINES[name].package  # type: ignore[attr-defined]
    return find_spec(package) is not None


def compare(name: str, rows: Rows, questions: list[Question], recall: float, k: int, folder: Path) -> Outcome:
    """Build unless `folder` has it from an earlier run, then load and search, in fresh processes."""
    path = folder / name.replace(" ", "-")
    record = path.with_suffix(".json")
    built_now = not record.exists()
    if built_now:
        record.write_text(json.dumps(_in_a_process(_build, name, rows, path)))
    outcome: Outcome = _in_a_process(_measure, name, rows, path, questions, recall, k)
    outcome.build_s, outcome.built_now = json.loads(record.read_text())["seconds"], built_now
    return outcome


def times_of(call: Callable[[Any], object], rows: Embeddings) -> list[float]:
    """Milliseconds of each call."""
    times = []
    for row in rows:
        start = time.perf_counter()
        call(row)
        times.append((time.perf_counter() - start) * 1e3)
    return times


def recall_of(search: Callable[[Any], Any], question: Question, first: int | None = None) -> float:
    """The share of the best rows that a search returns."""
    best = question.best[:first]
    found = [
        len(np.intersect1d(search(row), known)) for row, known in zip(question.embeddings, best, strict=False)
    ]
    return sum(found) / best.size


def _build(name: str, rows: Rows, path: Path) -> dict[str, float]:
    start = time.perf_counter()
    ENGINES[name]().build(rows, path)
    return {"seconds": time.perf_counter() - start}


def _measure(name: str, rows: Rows, path: Path, questions: list[Question], recall: float, k: int) -> Outcome:
    before = psutil.Process().memory_info().rss
    engine = ENGINES[name]()
    start = time.perf_counter()
    engine.load(rows, path)
    loaded = time.perf_counter() - start
    memory = psutil.Process().memory_info().rss - before
    answers = [_answer(engine, question, recall, k) for question in questions]
    return Outcome(0.0, loaded, memory / 1e6, answers)


def _answer(engine: NumpyExact, question: Question, recall: float, k: int) -> Answer:
    def search(row: Embeddings) -> Any:
        return engine.search(row, k)

    effort = 0
    if not engine.exact:
        for effort in LADDER:
            engine.try_harder(effort)
            if recall_of(search, question, _PROBED) >= recall:
                break
    queries = question.embeddings[:_EXACT_QUERIES] if engine.exact else question.embeddings
    before = time.process_time()
    times = times_of(search, queries)
    own = (time.process_time() - before) / len(queries) * 1e3
    return Answer(question.kind, times, own, recall_of(search, question), effort)


def _in_a_process(function: Callable[..., Any], *arguments: Any) -> Any:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def as_details(outcome: Outcome) -> dict[str, Any]:
    """Everything but the answers."""
    return {name: value for name, value in asdict(outcome).items() if name != "answers"}
