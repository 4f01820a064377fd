"""Graph and matrix together: exact answers, whatever is missing, damaged or being built."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.domain.model import Embeddings
from app.vector_index.hnsw import HnswIndex
from app.vector_index.vector_store import VectorStore
from tests.unit.vector_index.conftest import DIM, IDENTITY, TIMEOUT, exact_best

Maker = Callable[..., Embeddings]
OpenStore = Callable[..., VectorStore]

COUNT = 600


def labels_of(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.int64) + 1


def filled(open_store: OpenStore, embeddings: Maker, **options: object) -> VectorStore:
    store = open_store(**options)
    for start in range(0, COUNT, 100):
        store.add(labels_of(COUNT)[start : start + 100], embeddings(COUNT)[start : start + 100])
    assert store.wait_until_ready(TIMEOUT)
    return store


def recall(store: VectorStore, labels: np.ndarray, rows: Embeddings, k: int = 10) -> float:
    """Share of the exact best that searches find; their scores must be exact."""
    found = 0
    queries = np.random.default_rng(99).standard_normal((30, DIM)).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    for query in queries:
        answer = store.search(query, k)
        assert len(answer.labels) == min(k, len(labels))
        assert np.array_equal(np.sort(answer.labels), store.score(query, answer.labels).labels)
        order = np.argsort(answer.labels)
        assert np.array_equal(answer.scores[order], store.score(query, answer.labels).scores)
        found += len(np.intersect1d(answer.labels, exact_best(labels, rows, query, k)))
    return found / (len(queries) * min(k, len(labels)))


def test_a_new_index_is_empty_and_without_a_problem(open_store: OpenStore, embeddings: Maker) -> None:
    store = open_store()
    status = store.status()
    assert (status.count, status.high_water, status.problem) == (0, 0, None)
    assert store.search(embeddings(1)[0], 5).labels.size == 0
    assert store.labels().size == 0


def test_searching_finds_what_plain_numpy_finds(open_store: OpenStore, embeddings: Maker) -> None:
    store = filled(open_store, embeddings)
    assert store.status().graph_ready
    assert recall(store, labels_of(COUNT), embeddings(COUNT)) >= 0.99


@pytest.mark.expects_log_warnings
@pytest.mark.parametrize("error", [MemoryError("no room"), ValueError("a bug of ours")])
def test_without_a_graph_that_can_be_built_searches_are_exact(
    open_store: OpenStore, embeddings: Maker, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(HnswIndex, "add", fail)
    store = filled(open_store, embeddings)
    status = store.status()
    assert not status.graph_ready
    assert str(error) in str(status.problem)
    assert recall(store, labels_of(COUNT), embeddings(COUNT)) == 1.0


def test_small_sets_are_answered_exactly(open_store: OpenStore, embeddings: Maker) -> None:
    store = filled(open_store, embeddings, exact_below=1000)
    assert store.status().graph_ready
    assert recall(store, labels_of(COUNT), embeddings(COUNT)) == 1.0


@pytest.mark.parametrize("k", [-1, 0, 1, COUNT - 1, COUNT, COUNT + 1])
def test_no_k_raises(open_store: OpenStore, embeddings: Maker, k: int) -> None:
    found = filled(open_store, embeddings).search(embeddings(1)[0], k)
    assert len(found.labels) == max(0, min(k, COUNT))


def test_removed_labels_are_gone_at_once_and_others_take_their_place(
    open_store: OpenStore, embeddings: Maker
) -> None:
    store = filled(open_store, embeddings)
    query = embeddings(COUNT)[0]
    best = store.search(query, 10).labels
    store.remove(best)
    store.remove([9999])
    after = store.search(query, 10).labels
    assert len(after) == 10
    assert not np.isin(best, after).any()
    assert store.status().count == COUNT - 10
    left = np.setdiff1d(labels_of(COUNT), best)
    assert recall(store, left, embeddings(COUNT)[left - 1]) >= 0.99


def test_when_most_was_removed_the_graph_is_built_again(open_store: OpenStore, embeddings: Maker) -> None:
    store = open_store()
    rows = embeddings(2000)
    store.add(labels_of(2000), rows)
    assert store.wait_until_ready(TIMEOUT)
    store.remove(labels_of(1900))
    store.add([5000], embeddings(1, seed=5))
    assert store.wait_until_ready(TIMEOUT)
    graph = store._keeper._graph
    assert graph is not None
    assert graph.status.deleted == 0
    assert store.search(embeddings(1, seed=5)[0], 1).labels[0] == 5000


def test_a_label_added_again_counts_once_and_has_the_new_embedding(
    open_store: OpenStore, embeddings: Maker
) -> None:
    store = filled(open_store, embeddings)
    new = embeddings(1, seed=8)
    for _ in range(3):
        store.add([17], new)
    assert store.wait_until_ready(TIMEOUT)
    assert store.status().count == COUNT
    assert store.search(new[0], 1).labels[0] == 17


def test_equal_scores_are_ordered_by_label(open_store: OpenStore, embeddings: Maker) -> None:
    store = filled(open_store, embeddings)
    twin = embeddings(1, seed=12)
    store.add([2003, 2001, 2002], np.repeat(twin, 3, axis=0))
    assert store.wait_until_ready(TIMEOUT)
    assert store.search(twin[0], 3).labels.tolist() == [2001, 2002, 2003]


def test_saved_and_opened_again_it_is_the_same(open_store: OpenStore, embeddings: Maker) -> None:
    store = filled(open_store, embeddings)
    store.remove([4])
    store.save()
    store.close()
    again = open_store()
    assert again.wait_until_ready(TIMEOUT)
    status = again.status()
    assert (status.count, status.high_water, status.problem) == (COUNT - 1, COUNT, None)
    query = embeddings(1, seed=4)[0]
    assert np.array_equal(again.search(query, 20).labels, store.search(query, 20).labels)
    assert np.array_equal(again.score(query).scores, store.score(query).scores)


def test_the_stored_graph_is_used_and_not_built_again(
    open_store: OpenStore, embeddings: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(open_store, embeddings)
    store.save()
    store.close()

    def refuse(*_: object) -> None:
        raise AssertionError("the graph was built again")

    monkeypatch.setattr(HnswIndex, "add", refuse)
    again = open_store()
    assert again.wait_until_ready(TIMEOUT)
    assert recall(again, labels_of(COUNT), embeddings(COUNT)) >= 0.99


def spoil_matrix(folder: Path) -> None:
    path = folder / f"{IDENTITY}.f16"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def spoil_graph(folder: Path) -> None:
    path = folder / f"{IDENTITY}.hnsw"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.expects_log_warnings
def test_a_damaged_graph_is_built_again_while_searches_are_exact(
    open_store: OpenStore, embeddings: Maker, tmp_path: Path
) -> None:
    store = filled(open_store, embeddings)
    store.save()
    store.close()
    spoil_graph(tmp_path)
    again = open_store()
    assert recall(again, labels_of(COUNT), embeddings(COUNT)) >= 0.99
    assert again.wait_until_ready(TIMEOUT)
    assert "graph: damaged" in str(again.status().problem)
    assert recall(again, labels_of(COUNT), embeddings(COUNT)) >= 0.99
    again.save()
    again.close()
    healed = open_store()
    assert healed.wait_until_ready(TIMEOUT)
    assert healed.status().problem is None


@pytest.mark.expects_log_warnings
def test_a_damaged_matrix_is_reported_and_filled_again_by_its_owner(
    open_store: OpenStore, embeddings: Maker, tmp_path: Path
) -> None:
    store = filled(open_store, embeddings)
    store.save()
    store.close()
    spoil_matrix(tmp_path)
    again = open_store()
    status = again.status()
    assert (status.count, status.high_water) == (0, 0)
    assert "matrix: damaged" in str(status.problem)
    again.add(labels_of(COUNT), embeddings(COUNT))
    assert again.wait_until_ready(TIMEOUT)
    assert recall(again, labels_of(COUNT), embeddings(COUNT)) >= 0.99
    again.save()
    again.close()
    assert open_store().status().problem is None


def test_a_missing_matrix_beside_a_graph_is_reported(
    open_store: OpenStore, embeddings: Maker, tmp_path: Path
) -> None:
    store = filled(open_store, embeddings)
    store.save()
    store.close()
    (tmp_path / f"{IDENTITY}.f16").unlink()
    again = open_store()
    assert again.status().problem == "matrix: missing"
    assert again.search(embeddings(1)[0], 5).labels.size == 0


@pytest.mark.expects_log_warnings
def test_files_of_another_dimension_are_foreign(open_store: OpenStore, embeddings: Maker) -> None:
    store = filled(open_store, embeddings)
    store.save()
    store.close()
    other = open_store(dim=DIM * 2)
    assert "foreign" in str(other.status().problem)
    assert other.status().count == 0


def test_models_keep_their_embeddings_apart(open_store: OpenStore, embeddings: Maker) -> None:
    store = filled(open_store, embeddings)
    store.save()
    other = open_store(identity="clip-other")
    assert other.status().count == 0
    assert other.status().problem is None


def test_a_matrix_newer_than_its_graph_is_made_up_for(
    open_store: OpenStore, embeddings: Maker, tmp_path: Path
) -> None:
    """As after being killed between the two writes, or while the graph was not worth writing."""
    store = filled(open_store, embeddings)
    store.save()
    graph = (tmp_path / f"{IDENTITY}.hnsw").read_bytes()
    record = (tmp_path / f"{IDENTITY}.hnsw.json").read_bytes()
    more = embeddings(100, seed=6)
    store.add(np.arange(100) + 1000, more)
    store.remove([1, 2, 3])
    assert store.wait_until_ready(TIMEOUT)
    store.save()
    store.close()
    (tmp_path / f"{IDENTITY}.hnsw").write_bytes(graph)
    (tmp_path / f"{IDENTITY}.hnsw.json").write_bytes(record)
    again = open_store()
    assert again.wait_until_ready(TIMEOUT)
    assert again.status().problem is None
    labels = np.concatenate([labels_of(COUNT)[3:], np.arange(100) + 1000])
    assert recall(again, labels, np.concatenate([embeddings(COUNT)[3:], more])) >= 0.99


def test_a_graph_newer_than_its_matrix_offers_nothing_that_is_not_there(
    open_store: OpenStore, embeddings: Maker, tmp_path: Path
) -> None:
    store = filled(open_store, embeddings)
    store.save()
    matrix = (tmp_path / f"{IDENTITY}.f16").read_bytes()
    more = embeddings(100, seed=6)
    store.add(np.arange(100) + 1000, more)
    store.remove([1, 2, 3])
    assert store.wait_until_ready(TIMEOUT)
    store.save()
    store.close()
    (tmp_path / f"{IDENTITY}.f16").write_bytes(matrix)
    again = open_store()
    assert again.status().high_water == COUNT
    assert recall(again, labels_of(COUNT), embeddings(COUNT)) >= 0.99
    again.add(np.arange(100) + 1000, more)
    assert again.wait_until_ready(TIMEOUT)
    labels = np.concatenate([labels_of(COUNT), np.arange(100) + 1000])
    assert recall(again, labels, np.concatenate([embeddings(COUNT), more])) >= 0.99


def test_leftovers_of_a_crash_are_removed(open_store: OpenStore, tmp_path: Path) -> None:
    leftovers = [tmp_path / f"{IDENTITY}.f16.tmp", tmp_path / f"{IDENTITY}.hnsw.0.old"]
    for leftover in leftovers:
        leftover.write_bytes(b"half")
    open_store()
    assert not any(leftover.exists() for leftover in leftovers)


def test_clear_forgets_everything_files_included(
    open_store: OpenStore, embeddings: Maker, tmp_path: Path
) -> None:
    store = filled(open_store, embeddings)
    store.save()
    store.clear()
    assert list(tmp_path.iterdir()) == []
    assert store.status().count == 0
    assert store.search(embeddings(1)[0], 3).labels.size == 0
    store.add(labels_of(COUNT), embeddings(COUNT))
    assert store.wait_until_ready(TIMEOUT)
    assert recall(store, labels_of(COUNT), embeddings(COUNT)) >= 0.99


def test_the_graph_is_not_written_while_somebody_searches_but_at_the_end(
    open_store: OpenStore, embeddings: Maker, tmp_path: Path
) -> None:
    store = filled(open_store, embeddings, quiet_seconds=3600.0)
    store.search(embeddings(1)[0], 3)
    store.save()
    assert (tmp_path / f"{IDENTITY}.f16").exists()
    assert not (tmp_path / f"{IDENTITY}.hnsw").exists()
    store.close()
    assert (tmp_path / f"{IDENTITY}.hnsw").exists()


def test_searches_answer_fully_while_others_add_and_remove(open_store: OpenStore, embeddings: Maker) -> None:
    store = filled(open_store, embeddings)
    more = embeddings(900, seed=21)
    failures: list[BaseException] = []

    def change() -> None:
        try:
            for start in range(0, 900, 30):
                store.add(np.arange(start, start + 30) + 2000, more[start : start + 30])
                store.remove([start // 30 + 1])
                if start % 300 == 0:
                    store.save()
        except BaseException as error:
            failures.append(error)
            raise

    changer = threading.Thread(target=change)
    changer.start()
    rounds = 0
    while changer.is_alive() or rounds < 50:
        answer = store.search(more[rounds % 900], 10)
        assert len(set(answer.labels.tolist())) == 10
        assert np.all(np.diff(answer.scores) <= 0)
        rounds += 1
    changer.join(TIMEOUT)
    assert not failures
    assert store.wait_until_ready(TIMEOUT)
    labels = np.concatenate([labels_of(COUNT)[30:], np.arange(900) + 2000])
    assert np.array_equal(store.labels(), labels)
    assert recall(store, labels, np.concatenate([embeddings(COUNT)[30:], more])) >= 0.99


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_does_not_stop_the_index(
    open_store: OpenStore, embeddings: Maker, tmp_path: Path
) -> None:
    tmp_path.chmod(0o500)
    store = filled(open_store, embeddings)
    assert store.status().count == COUNT
    tmp_path.chmod(0o700)
