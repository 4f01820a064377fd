"""Searching the vector index against numpy, faiss and usearch: time, recall of the 50 best, building, memory.

10,000, 100,000, 300,000 and 1,000,000 made embeddings (`embedding_maker` says how); the index runs
in a process of its own, as in the product, and scores its candidates exactly. Recall is the share of the 50
exact best, over the stored float16, that a search returns.

PHOTOSIFT_BENCH_CACHE names a folder that keeps what was built for the next run, so that the largest can be
built while the machine is busy and measured when it is calm; `built_now` tells. With PHOTOSIFT_BENCH_SIZES,
as in 10000,300000, only these numbers are measured.
"""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from app.vector_index.hnsw import EF_CONSTRUCTION, M, ef_for
from app.vector_index.index_process import IndexProcess
from app.vector_index.projection import KEPT
from tests.benchmarks.embedding_maker import DIM, LATENT, TOPICS, EmbeddingMaker
from tests.benchmarks.figures import Figure, percentile, skipped, spread
from tests.benchmarks.vector_engines import (
    ENGINES,
    IDENTITY,
    Answer,
    Outcome,
    Question,
    Rows,
    as_details,
    compare,
    is_installed,
    recall_of,
    times_of,
)

K = 50
_DEEP = 501  # what the product asks for when it fuses names with contents
_SIZES = (10_000, 100_000, 300_000, 1_000_000)
_QUICK_SIZES = (10_000,)
_QUERIES = 500
_JUDGED = 200  # queries of each kind whose exact answer is known
_BARS = {100_000: (5.0, 0.995), 1_000_000: (30.0, 0.99)}  # milliseconds and recall
_ASKED = 0.995  # recall where there is no bar
_COPIED = 100_000  # larger files are not copied to be written to
_TIMEOUT = 4 * 3600.0
_MADE_WITH = f"M={M} ef_construction={EF_CONSTRUCTION} kept={KEPT}"


def run(quick: bool) -> Iterator[Figure]:
    """Each number of embeddings in turn; 10,000 alone when quick."""
    chosen = os.environ.get("PHOTOSIFT_BENCH_SIZES")
    sizes = _QUICK_SIZES if quick else _SIZES
    for count in map(int, chosen.split(",")) if chosen else sizes:
        with _folder_for(count) as folder:
            yield from _measure(folder, count)


@contextmanager
def _folder_for(count: int) -> Iterator[Path]:
    cache = os.environ.get("PHOTOSIFT_BENCH_CACHE")
    if cache:
        folder = Path(cache) / str(count)
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="photosift-vectors-") as temporary:
        yield Path(temporary)


def _measure(folder: Path, count: int) -> Iterator[Figure]:
    index_folder = folder / "photosift"
    built, built_now = _built(folder, count)
    yield _figure("vector_build", built["seconds"], "s", count, built | {"built_now": built_now})
    rows = Rows(index_folder / f"{IDENTITY}.f16", count)
    questions = _questions(rows, folder / "truth.npz")
    index = IndexProcess(index_folder, IDENTITY, DIM, writable=False)
    yield from _load(index, count)
    for question in questions:
        yield from _search(index, question, count)
    yield from _memory(index, count)
    yield _exact(index, questions[0], count)
    yield _while_adding(index, questions[0], count)
    index.close()
    if count <= _COPIED:
        yield _while_saving(index_folder, questions[0], count)
    yield from _others(folder, rows, questions)


def _built(folder: Path, count: int) -> tuple[dict[str, float], bool]:
    """Our two files in `folder`, from an earlier run where they were made alike."""
    record = folder / "photosift.json"
    if record.exists():
        known = json.loads(record.read_text(encoding="utf-8"))
        if known["made_with"] == _MADE_WITH:
            return known, False
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    built = _build(folder / "photosift", count)
    record.write_text(json.dumps(built), encoding="utf-8")
    return built, True


def _build(folder: Path, count: int) -> dict[str, Any]:
    folder.mkdir()
    index = IndexProcess(folder, IDENTITY, DIM)
    first = 1
    start = time.perf_counter()
    for block in EmbeddingMaker().blocks(count):
        for batch in np.split(block, range(1000, len(block), 1000)):
            index.add(np.arange(first, first + len(batch)), batch)
            first += len(batch)
    added = time.perf_counter() - start
    _wait_until_ready(index)
    built: dict[str, Any] = {"seconds": time.perf_counter() - start, "added_s": added}
    built |= _memory_of(index) | {"cpu_seconds": _seconds_of(index)}
    start = time.perf_counter()
    index.save()
    index.close()
    return built | {"save_s": time.perf_counter() - start, "made_with": _MADE_WITH}


def _questions(rows: Rows, known: Path) -> list[Question]:
    maker = EmbeddingMaker()
    queries = {"picture": maker.pictures(_QUERIES), "text": maker.texts(_QUERIES)}
    if known.exists():
        best = dict(np.load(known))
    else:
        best = _truth(rows, {kind: embeddings[:_JUDGED] for kind, embeddings in queries.items()})
        np.savez(known, **best)
    return [Question(kind, embeddings, best[kind]) for kind, embeddings in queries.items()]


def _truth(rows: Rows, queries: dict[str, Any]) -> dict[str, Any]:
    """For each kind (queries, K): the numbers of the best rows, a block of rows at a time."""
    scores = {kind: np.full((len(each), K), -2.0, np.float32) for kind, each in queries.items()}
    numbers = {kind: np.zeros((len(each), K), np.int64) for kind, each in queries.items()}
    start = 0
    for block in rows.blocks():
        for kind, each in queries.items():
            both = np.concatenate([scores[kind], each @ block.T], axis=1)
            own = np.broadcast_to(np.arange(start, start + len(block)), (len(each), len(block)))
            among = np.concatenate([numbers[kind], own], axis=1)
            chosen = np.argpartition(-both, K - 1, axis=1)[:, :K]
            scores[kind] = np.take_along_axis(both, chosen, axis=1)
            numbers[kind] = np.take_along_axis(among, chosen, axis=1)
        start += len(block)
    return numbers


def _load(index: IndexProcess, count: int) -> Iterator[Figure]:
    start = time.perf_counter()
    status = index.status()
    opened = time.perf_counter() - start
    _wait_until_ready(index)
    ready = time.perf_counter() - start
    if status.count != count:
        raise AssertionError(f"{status.count} of {count} embeddings came back: {status.problem}")
    details = {"note": "from the start of the process; searches are exact until the graph is there"}
    yield _figure("vector_open", opened, "s", count, details)
    yield _figure("vector_load_graph", ready, "s", count, details)


def _search(index: IndexProcess, question: Question, count: int) -> Iterator[Figure]:
    def search(row: Any) -> Any:
        return index.search(row, K).labels - 1

    times_of(search, question.embeddings[:20])
    before = _seconds_of(index)
    times = times_of(search, question.embeddings)
    own = (_seconds_of(index) - before) / len(times) * 1e3
    answer = Answer(question.kind, times, own, recall_of(search, question), ef_for(count))
    yield _answer_figure("photosift", answer, count)
    deep = times_of(lambda row: index.search(row, _DEEP), question.embeddings)
    details = {"queries": question.kind, "k": _DEEP, **spread(deep)}
    yield _figure("vector_search_deep_p99", percentile(deep, 99), "ms", count, details)


def _answer_figure(engine: str, answer: Answer, count: int, details: dict[str, Any] | None = None) -> Figure:
    """Held against the bar where it is ours and there is one."""
    p99 = percentile(answer.times_ms, 99)
    text, holds = "", None
    if engine == "photosift" and count in _BARS:
        limit, recall = _BARS[count]
        text, holds = f"p99 <= {limit:g} ms at recall >= {recall}", p99 <= limit and answer.recall >= recall
    told: dict[str, Any] = {
        "engine": engine,
        "queries": answer.kind,
        "p50": percentile(answer.times_ms, 50),
        "cpu_ms": answer.cpu_ms,
        "recall_50": answer.recall,
        "effort": answer.effort,
        **(details or {}),
        **spread(answer.times_ms),
    }
    return _figure("vector_search_p99", p99, "ms", count, told, text, holds)


def _memory(index: IndexProcess, count: int) -> Iterator[Figure]:
    memory = _memory_of(index)
    yield _figure("vector_memory", memory["rss_mb"], "MB", count, memory | {"note": "before exact scoring"})


def _exact(index: IndexProcess, question: Question, count: int) -> Figure:
    """Scoring every embedding, as filters and sorting by date do."""
    index.score(question.embeddings[0])
    times = times_of(index.score, question.embeddings[:30])
    return _figure("vector_exact_p50", percentile(times, 50), "ms", count, spread(times) | _memory_of(index))


def _while_adding(index: IndexProcess, question: Question, count: int) -> Figure:
    """Searches while the graph takes in new photos: a batch of 32 before every tenth search."""
    more = EmbeddingMaker().photos(_QUERIES // 10 * 32, first=2_000_000)
    times: list[float] = []
    for number, query in enumerate(question.embeddings):
        if number % 10 == 0:
            first = number // 10 * 32
            index.add(np.arange(first, first + 32) + count + 1, more[first : first + 32])
        times += times_of(lambda row: index.search(row, K), query[None])
    return _figure("vector_search_while_adding_p99", percentile(times, 99), "ms", count, spread(times))


def _while_saving(built: Path, question: Question, count: int) -> Figure:
    """The longest wait of a search while both files are written."""
    with tempfile.TemporaryDirectory(prefix="photosift-saving-") as folder:
        shutil.copytree(built, folder, dirs_exist_ok=True)
        index = IndexProcess(Path(folder), IDENTITY, DIM)
        more = EmbeddingMaker().photos(count // 20, first=2_000_000)
        index.add(np.arange(len(more)) + count + 1, more)
        _wait_until_ready(index)
        saving = index.start_saving()
        times: list[float] = []
        while not saving.done():
            query = question.embeddings[len(times) % _QUERIES]
            times += times_of(lambda row: index.search(row, K), query[None])
        saving.result()
        index.close()
    told = spread(times) if times else {}
    return _figure("vector_search_while_saving_max", max(times, default=0.0), "ms", count, told)


def _others(folder: Path, rows: Rows, questions: list[Question]) -> Iterator[Figure]:
    _, recall = _BARS.get(rows.count, (0.0, _ASKED))
    for name in ENGINES:
        if not is_installed(name):
            yield skipped("vector_search_p99", "", f"{name} is not installed: pip install photosift[bench]")
            continue
        outcome: Outcome = compare(name, rows, questions, recall, K, folder)
        for answer in outcome.answers:
            yield _answer_figure(name, answer, rows.count, as_details(outcome))


def _figure(
    name: str,
    value: float,
    unit: str,
    count: int,
    details: dict[str, Any],
    bar: str = "",
    holds: bool | None = None,
) -> Figure:
    common = {"embeddings": count, "clusters": TOPICS, "intrinsic_dimension": LATENT, "load": _load_average()}
    return Figure(name, value, unit, bar, holds, common | details)


def _load_average() -> float:
    """How many others wanted the processors in the last minute: figures of a busy machine compare only."""
    return psutil.getloadavg()[0]


def _memory_of(index: IndexProcess) -> dict[str, float]:
    """Megabytes; `mapped_mb` of them are the matrix file, which the system may drop at any time."""
    memory = _process(index).memory_info()
    mapped = getattr(memory, "shared", 0)  # Linux alone tells
    return {
        "rss_mb": memory.rss / 1e6,
        "mapped_mb": mapped / 1e6,
        "peak_mb": _peak(index) or memory.rss / 1e6,
    }


def _seconds_of(index: IndexProcess) -> float:
    """Processor time, which others do not disturb as much."""
    return sum(_process(index).cpu_times()[:2])


def _peak(index: IndexProcess) -> float | None:
    """The most it ever had; Linux alone tells."""
    try:
        lines = Path(f"/proc/{index.pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    kilobytes = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return kilobytes[0] / 1e3 if kilobytes else None


def _process(index: IndexProcess) -> psutil.Process:
    if index.pid is None:
        raise AssertionError("the process is not running")
    return psutil.Process(index.pid)


def _wait_until_ready(index: IndexProcess) -> None:
    deadline = time.perf_counter() + _TIMEOUT
    while not index.status().graph_ready:
        if time.perf_counter() > deadline:
            raise TimeoutError("the graph was never ready")
        time.sleep(0.05)
