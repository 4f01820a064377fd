"""hnswlib made safe: no search raises, no damaged file is loaded, nothing half written is kept."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import hnswlib
import numpy as np
import pytest

from app.domain.model import Embeddings
from app.errors import VectorIndexError
from app.vector_index import graph_file
from app.vector_index.graph_file import record_path
from app.vector_index.hnsw import HnswIndex, ef_for
from tests.unit.vector_index.conftest import DIM, IDENTITY, TIMEOUT

Maker = Callable[..., Embeddings]


def filled(embeddings: Maker, count: int = 200) -> HnswIndex:
    graph = HnswIndex(DIM)
    graph.add(np.arange(count) + 1, embeddings(count))
    return graph


@pytest.mark.parametrize("k", [0, 1, 3, 5, 100])
def test_empty_and_small_graphs_answer_with_what_there_is(embeddings: Maker, k: int) -> None:
    query = embeddings(1, seed=1)[0]
    nothing = HnswIndex(DIM).search(query, k)
    assert nothing is not None
    assert nothing.labels.size == 0
    found = filled(embeddings, 3).search(query, k)
    assert found is not None
    assert len(found.labels) == min(k, 3)


def test_scores_are_similarities_best_first(embeddings: Maker) -> None:
    rows = embeddings(200)
    found = filled(embeddings).search(rows[41], 5)
    assert found is not None
    assert found.labels[0] == 42
    assert np.allclose(found.scores, rows[found.labels - 1] @ rows[41], atol=1e-5)


def test_removed_labels_are_not_found_and_do_not_make_searches_fail(embeddings: Maker) -> None:
    graph = filled(embeddings)
    graph.remove(range(1, 191))
    graph.remove([1, 500])
    found = graph.search(embeddings(1, seed=1)[0], 50)
    assert len(graph) == 10
    assert found is None or sorted(found.labels.tolist()) == list(range(191, 201))


def test_more_may_be_wanted_than_a_search_usually_looks_at(embeddings: Maker) -> None:
    found = filled(embeddings, 400).search(embeddings(1)[0], ef_for(400) + 1)
    assert found is not None
    assert len(set(found.labels.tolist())) == ef_for(400) + 1


def test_a_label_added_again_gets_the_new_embedding(embeddings: Maker) -> None:
    graph = filled(embeddings)
    new = embeddings(1, seed=7)
    graph.add(np.array([5]), new)
    assert graph.holds(5, new[0])
    graph.remove([5])
    assert not graph.holds(5, new[0])
    graph.add(np.array([5]), new)
    found = graph.search(new[0], 1)
    assert found is not None
    assert found.labels[0] == 5
    assert len(graph) == 200


def test_it_grows_beyond_what_was_allocated(embeddings: Maker) -> None:
    graph = filled(embeddings, 5000)
    rows = embeddings(5000)
    assert len(graph) == 5000
    hits = [graph.search(rows[i], 1) for i in range(0, 5000, 500)]
    assert [hit.labels[0] for hit in hits if hit] == list(range(1, 5001, 500))


def test_bad_embeddings_are_refused(embeddings: Maker) -> None:
    graph = filled(embeddings)
    with pytest.raises(VectorIndexError):
        graph.add(np.array([300]), np.full((1, DIM), np.nan, np.float32))
    with pytest.raises(VectorIndexError):
        graph.search(embeddings(1)[0] * 2, 3)
    assert 300 not in graph


def test_ef_grows_with_the_library() -> None:
    sizes = [0, 10_000, 100_000, 300_000, 1_000_000, 10_000_000]
    values = [ef_for(size) for size in sizes]
    assert values == sorted(values)
    assert values[2] >= 400
    assert values[3] >= 1000


def test_searching_while_adding_and_growing_always_answers(embeddings: Maker) -> None:
    graph = filled(embeddings)
    rows = embeddings(4200, seed=3)
    adder = threading.Thread(target=lambda: graph.add(np.arange(4200) + 1000, rows))
    adder.start()
    answers = 0
    while adder.is_alive():
        found = graph.search(rows[answers % 4200], 10)
        assert found is not None
        assert len(found.labels) == 10
        answers += 1
        if answers > 300:  # enough seen: let it finish
            adder.join(TIMEOUT)
    assert len(graph) == 4400
    assert answers > 0


@pytest.fixture
def saved(embeddings: Maker, tmp_path: Path) -> Path:
    graph = filled(embeddings)
    graph.remove([7, 8])
    path = tmp_path / "m.hnsw"
    graph.save(path, IDENTITY)
    return path


def test_what_was_saved_comes_back(saved: Path, embeddings: Maker) -> None:
    graph = HnswIndex.load(saved, IDENTITY, DIM)
    assert graph.labels() == set(range(1, 201)) - {7, 8}
    assert graph.status.high_water == 200
    graph.remove([9])
    graph.add(np.array([7, 201]), embeddings(2, seed=4))
    found = graph.search(embeddings(2, seed=4)[0], 1)
    assert found is not None
    assert found.labels[0] == 7


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0x40
    path.write_bytes(content)


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "bytes in the middle": (lambda path: flip(path, 9000), "damaged: its checksum"),
    "cut off": (lambda path: os.truncate(path, path.stat().st_size - 9), "damaged"),
    "extended": (lambda path: path.write_bytes(path.read_bytes() + b"x"), "damaged"),
    "empty": (lambda path: os.truncate(path, 0), "damaged"),
    "no record": (lambda path: record_path(path).unlink(), "damaged: its record is missing"),
    "unreadable record": (lambda path: record_path(path).write_text("{"), "damaged: its record cannot"),
    "changed record": (
        lambda path: record_path(path).write_text(
            record_path(path).read_text().replace('"high_water":200', '"high_water":201')
        ),
        "damaged: the checksum of its record",
    ),
    "other format": (
        lambda path: record_path(path).write_text(record_path(path).read_text().replace("hnsw-2", "hnsw-1")),
        "foreign",
    ),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_file_that_is_not_right_is_refused_with_the_reason(saved: Path, kind: str) -> None:
    damage, reason = DAMAGE[kind]
    damage(saved)
    with pytest.raises(VectorIndexError, match=reason):
        HnswIndex.load(saved, IDENTITY, DIM)


def test_the_file_of_another_model_or_dimension_is_refused(saved: Path) -> None:
    with pytest.raises(VectorIndexError, match="foreign: made by the model"):
        HnswIndex.load(saved, "clip-other", DIM)
    with pytest.raises(VectorIndexError, match="foreign: 16 dimensions"):
        HnswIndex.load(saved, IDENTITY, DIM + 1)


def test_no_file_is_not_a_damaged_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        HnswIndex.load(tmp_path / "none.hnsw", IDENTITY, DIM)


class Killed(BaseException):
    """Stands for the process being killed."""


def test_killed_between_record_and_graph_the_old_graph_is_still_good(
    saved: Path, embeddings: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = HnswIndex.load(saved, IDENTITY, DIM)
    graph.add(np.arange(300, 400), embeddings(100, seed=2))
    real_replace = os.replace

    def replace(source: Path, target: Path) -> None:
        if Path(target) == saved:
            raise Killed
        real_replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", replace)
        with pytest.raises(Killed):
            graph.save(saved, IDENTITY)
    assert len(HnswIndex.load(saved, IDENTITY, DIM)) == 198
    graph.save(saved, IDENTITY)
    assert len(HnswIndex.load(saved, IDENTITY, DIM)) == 298


def test_a_full_disk_that_hnswlib_does_not_notice_is_noticed(
    saved: Path, embeddings: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = HnswIndex.load(saved, IDENTITY, DIM)
    graph.add(np.array([300]), embeddings(1, seed=2))
    before = saved.read_bytes()

    class Short:
        """Writes less than it should, without a word."""

        def __init__(self, index: hnswlib.Index) -> None:
            self._index = index

        def __getattr__(self, name: str) -> object:
            return getattr(self._index, name)

        def save_index(self, path: str) -> None:
            self._index.save_index(path)
            os.truncate(path, 5000)

    monkeypatch.setattr(graph, "_index", Short(graph._index))
    with pytest.raises(VectorIndexError, match="Make room on the disk"):
        graph.save(saved, IDENTITY)
    assert saved.read_bytes() == before
    assert len(HnswIndex.load(saved, IDENTITY, DIM)) == 198


def test_the_record_keeps_at_most_the_graphs_it_may_have_to_believe(saved: Path, embeddings: Maker) -> None:
    graph = HnswIndex.load(saved, IDENTITY, DIM)
    for round_number in range(4):
        graph.add(np.array([300 + round_number]), embeddings(1, seed=round_number))
        graph.save(saved, IDENTITY)
    assert len(graph_file._read_records(record_path(saved))) <= 3
