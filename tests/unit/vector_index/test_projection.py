"""Projections: fewer dimensions where embeddings fill only part of theirs, and graphs of them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.domain.model import Embeddings
from app.errors import VectorIndexError
from app.vector_index.examination import examine_graph, graph_path
from app.vector_index.hnsw import HnswIndex
from app.vector_index.projection import KEPT, LOST_TOO_MUCH, Projection
from app.vector_index.vector_store import VectorStore
from tests.unit.vector_index.conftest import IDENTITY, TIMEOUT, exact_best

Maker = Callable[..., Embeddings]
OpenStore = Callable[..., VectorStore]

DIM = 256
COUNT = 2000


def flat(count: int, seed: int = 0, *, plane: int = 0, rank: int = 30) -> Embeddings:
    """Rows of unit length that lie near a plane of `rank` dimensions."""
    directions = np.random.default_rng([1, plane]).standard_normal((rank, DIM))
    random = np.random.default_rng([2, seed])
    rows = random.standard_normal((count, rank)) @ directions + random.standard_normal((count, DIM)) * 0.3
    unit: Embeddings = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def fitted(sample: Embeddings) -> Projection:
    projection = Projection.fitted(sample)
    assert projection is not None
    return projection


def test_what_lies_near_a_plane_needs_few_directions_and_keeps_its_inner_products() -> None:
    projection = fitted(flat(COUNT))
    assert projection.dim == 64
    rows, queries = flat(500, seed=1), flat(20, seed=2)
    assert projection.lost(rows) < 2 * (1 - KEPT)
    assert np.abs(projection.of(queries) @ projection.of(rows).T - queries @ rows.T).max() < 0.02


def test_more_directions_are_kept_where_embeddings_fill_more_of_their_space() -> None:
    assert fitted(flat(COUNT, rank=30)).dim < fitted(flat(COUNT, rank=120)).dim


def test_embeddings_in_all_directions_are_left_whole(embeddings: Maker) -> None:
    assert Projection.fitted(embeddings(COUNT, dim=DIM)) is None


def test_too_few_embeddings_or_dimensions_tell_no_directions(embeddings: Maker) -> None:
    assert Projection.fitted(flat(DIM - 1)) is None
    assert Projection.fitted(flat(0)) is None
    assert Projection.fitted(np.repeat(embeddings(1), COUNT, axis=0)) is None


def test_embeddings_of_another_kind_lose_too_much() -> None:
    assert fitted(flat(COUNT)).lost(flat(500, plane=1)) > LOST_TOO_MUCH


def test_a_projection_comes_back_from_its_text() -> None:
    projection = fitted(flat(COUNT))
    again = Projection.from_text(projection.as_text(), DIM)
    assert np.array_equal(again.of(flat(10)), projection.of(flat(10)))


@pytest.mark.parametrize("text", ["%", "AAA", "AAAA"])
def test_a_text_that_is_no_projection_is_damage(text: str) -> None:
    with pytest.raises(VectorIndexError, match="damaged"):
        Projection.from_text(text, DIM)


def test_a_graph_of_projections_is_smaller_and_comes_back_with_them(tmp_path: Path) -> None:
    rows = flat(COUNT)
    sizes = []
    for name, projection in {"whole": None, "projected": fitted(rows)}.items():
        graph = HnswIndex(DIM, projection)
        graph.add(np.arange(COUNT) + 1, rows, in_bulk=True)
        graph.save(tmp_path / name, IDENTITY)
        sizes.append((tmp_path / name).stat().st_size)
        again = HnswIndex.load(tmp_path / name, IDENTITY, DIM)
        assert again.holds(42, rows[41])
        assert not again.holds(42, rows[40])
        found = again.search(rows[41], 3)
        assert found is not None
        assert found.labels[0] == 42
    assert sizes[1] < sizes[0] / 2


def filled(open_store: OpenStore, rows: Embeddings) -> VectorStore:
    store = open_store(dim=DIM)
    store.add(np.arange(len(rows)) + 1, rows)
    assert store.wait_until_ready(TIMEOUT)
    return store


def projection_of(store: VectorStore) -> Projection:
    graph = store._keeper._graph
    assert graph is not None
    assert graph.projection is not None
    return graph.projection


def test_answers_are_scored_by_whole_embeddings_whatever_the_graph_holds(open_store: OpenStore) -> None:
    rows = flat(6000)
    store = filled(open_store, rows)
    assert projection_of(store).dim == 64
    labels = np.arange(6000) + 1
    hits = 0
    for query in flat(20, seed=3):
        found = store.search(query, 20)
        order = np.argsort(found.labels)
        assert np.array_equal(found.scores[order], store.score(query, found.labels).scores)
        hits += len(np.intersect1d(found.labels, exact_best(labels, rows, query, 20)))
    assert hits / (20 * 20) >= 0.99


def test_the_examination_compares_projections_with_projections(open_store: OpenStore, tmp_path: Path) -> None:
    rows = flat(COUNT)
    store = filled(open_store, rows)
    store.save()
    labels, halves = np.arange(COUNT) + 1, rows.astype(np.float16)
    assert examine_graph(tmp_path, IDENTITY, DIM, [(labels, halves)]) == []
    halves[7] = -halves[7]
    assert [finding.count for finding in examine_graph(tmp_path, IDENTITY, DIM, [(labels, halves)])] == [1]
    assert graph_path(tmp_path, IDENTITY).exists()


def test_other_directions_are_found_when_the_library_outgrew_the_first(open_store: OpenStore) -> None:
    store = filled(open_store, flat(COUNT))
    first = projection_of(store)
    other = flat(2 * COUNT, seed=5, plane=1)
    store.add(np.arange(len(other)) + COUNT + 1, other)
    assert store.wait_until_ready(TIMEOUT)
    assert first.lost(other) > LOST_TOO_MUCH
    assert projection_of(store).lost(other) <= LOST_TOO_MUCH
    assert store.search(other[10], 1).labels[0] == COUNT + 11
