"""Rows of float16: conversion, growth, and scores that never depend on where a row is."""

from collections.abc import Callable

import numpy as np
import pytest

from app.domain.model import Embeddings
from app.vector_index.half_rows import BLOCK_ROWS, HalfRows, to_float32

Maker = Callable[..., Embeddings]


def test_every_finite_float16_converts_as_numpy_does_it() -> None:
    every = np.arange(1 << 16, dtype=np.uint32).astype(np.uint16).view(np.float16)
    finite = every[np.isfinite(every)].reshape(-1, 2)
    converted = np.empty(finite.shape, np.float32)
    to_float32(finite, converted)
    assert np.array_equal(converted, finite.astype(np.float32))


@pytest.mark.parametrize("resident_bytes", [0, 1 << 30])
def test_rows_across_file_memory_and_blocks_score_as_numpy_says(
    embeddings: Maker, resident_bytes: int
) -> None:
    rows = embeddings(2 * BLOCK_ROWS + 77, dim=4)
    stored = rows[: BLOCK_ROWS + 5].astype(np.float16)
    store = HalfRows(4, stored, resident_bytes)
    store.append(rows[len(stored) : len(stored) + 3])
    store.append(rows[len(stored) + 3 :])
    expected = np.vecdot(rows.astype(np.float16).astype(np.float32), rows[9])
    assert np.array_equal(store.dot(rows[9]), expected)
    some = np.arange(len(rows) - 1, -1, -1)[: BLOCK_ROWS + 130]  # any order, more than a block of them
    assert np.array_equal(store.dot_at(rows[9], some), expected[some])
    assert len(store.dot_at(rows[9], some[:0])) == 0


@pytest.mark.parametrize("resident_bytes", [0, 1 << 30])
def test_a_row_scores_the_same_to_the_last_bit_alone_and_in_the_whole(
    embeddings: Maker, resident_bytes: int
) -> None:
    rows = embeddings(3000, dim=768)
    store = HalfRows(768, None, resident_bytes)
    store.append(rows)
    query = embeddings(1, seed=1, dim=768)[0]
    whole = store.dot(query)
    for number in (0, 1, 127, 128, 2999):
        assert np.vecdot(store.take(np.array([number])), query)[0] == whole[number]
        assert store.dot_at(query, np.array([number]))[0] == whole[number]


def test_the_float32_copy_follows_rows_that_are_appended(embeddings: Maker) -> None:
    rows = embeddings(30)
    store = HalfRows(16)
    for row in rows:
        store.append(row.reshape(1, -1))
        assert len(store.dot(rows[0])) == len(store)
    assert np.allclose(store.dot(rows[0]), rows @ rows[0], atol=1e-3)
