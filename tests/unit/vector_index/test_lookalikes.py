"""Pairs of photos whose embeddings are near each other."""

from pathlib import Path

import numpy as np

from app.vector_index import lookalikes as module
from app.vector_index.index_process import open_index
from app.vector_index.lookalikes import lookalikes
from app.vector_index.matrix import EmbeddingMatrix


def _matrix(count: int, dim: int = 16) -> tuple[EmbeddingMatrix, np.ndarray]:
    vectors = np.random.default_rng(1).standard_normal((count, dim), dtype=np.float32)
    vectors[1::2] = vectors[::2] + 0.1 * vectors[1::2]  # every second one is like the one before it
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    matrix = EmbeddingMatrix(dim)
    matrix.add(np.arange(10, 10 + count), vectors)
    return matrix, vectors


def _pairs(found) -> set[tuple[int, int]]:
    return set(zip(found.first.tolist(), found.second.tolist(), strict=True))


def test_blocks_together_find_every_near_pair_once(monkeypatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 7)
    matrix, vectors = _matrix(40)
    scores = vectors @ vectors.T
    expected = {(10 + a, 10 + b) for a in range(40) for b in range(a + 1, 40) if scores[a, b] >= 0.9}
    found = [_pairs(lookalikes(matrix, block, 0.9, 100)) for block in np.split(matrix.labels, 4)]
    assert set.union(*found) == expected
    assert sum(map(len, found)) == len(expected) >= 20


def test_only_the_best_of_each_are_kept() -> None:
    matrix, vectors = _matrix(40)
    scores = vectors @ vectors.T
    found = lookalikes(matrix, matrix.labels[:1], -1.0, 3)
    best = 10 + 1 + np.argsort(-scores[0, 1:])[:3]
    assert set(found.second.tolist()) == set(best.tolist())


def test_unknown_labels_and_empty_indexes_have_no_pairs() -> None:
    matrix, _ = _matrix(4)
    assert _pairs(lookalikes(matrix, np.array([99]), -1.0, 3)) == set()
    assert _pairs(lookalikes(EmbeddingMatrix(4), np.array([1]), -1.0, 3)) == set()


def test_the_index_answers_from_its_process(tmp_path: Path) -> None:
    index = open_index(tmp_path, "model", 16)
    try:
        matrix, vectors = _matrix(6)
        index.add(matrix.labels, vectors)
        assert (10, 11) in _pairs(index.lookalikes(matrix.labels, 0.9, 5))
    finally:
        index.close()
