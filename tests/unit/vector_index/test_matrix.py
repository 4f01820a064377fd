"""The matrix against plain numpy, and its file against everything that can happen to a file."""

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.model import Embeddings
from app.errors import VectorIndexError
from app.vector_index.matrix import EmbeddingMatrix
from tests.unit.vector_index.conftest import DIM, IDENTITY, exact_best

Maker = Callable[..., Embeddings]

LABELS = st.lists(st.integers(1, 40), min_size=1, max_size=8)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), LABELS),
        st.tuples(st.just("remove"), LABELS),
        st.tuples(st.just("save"), st.just([])),
        st.tuples(st.just("reopen"), st.just([])),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, seed=st.integers(0, 1000))
def test_whatever_is_done_it_holds_what_a_dictionary_would(
    tmp_path: Path, steps: list[tuple[str, list[int]]], seed: int
) -> None:
    path = tmp_path / "property.f16"
    path.unlink(missing_ok=True)
    random = np.random.default_rng(seed)
    matrix, expected, saved = EmbeddingMatrix(DIM), {}, {}
    for action, labels in steps:
        if action == "add":
            rows = random.standard_normal((len(labels), DIM)).astype(np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            matrix.add(labels, rows)
            expected.update(zip(labels, rows, strict=True))
        elif action == "remove":
            matrix.remove(labels)
            for label in labels:
                expected.pop(label, None)
        elif action == "save":
            matrix.save(path, IDENTITY)
            saved = dict(expected)
        elif path.exists():
            matrix, expected = EmbeddingMatrix.open(path, IDENTITY, DIM), dict(saved)
        holds(matrix, expected)


def holds(matrix: EmbeddingMatrix, expected: dict[int, Embeddings]) -> None:
    labels = np.array(sorted(expected), np.int64)
    assert np.array_equal(matrix.labels, labels)
    assert len(matrix) == len(labels)
    query = np.eye(DIM, dtype=np.float32)[0]
    if not expected:
        assert matrix.score(query).labels.size == 0
        return
    rows = np.stack([expected[label] for label in labels.tolist()])
    halves = rows.astype(np.float16).astype(np.float32)
    assert np.array_equal(matrix.get(labels), halves)
    assert np.array_equal(matrix.score(query).scores, np.vecdot(halves, query))
    assert np.array_equal(matrix.top(query, 3).labels, exact_best(labels, rows, query, 3))


def filled(embeddings: Maker, count: int = 50) -> EmbeddingMatrix:
    matrix = EmbeddingMatrix(DIM)
    matrix.add(np.arange(count) + 1, embeddings(count))
    return matrix


def test_an_empty_matrix_answers_with_nothing(embeddings: Maker) -> None:
    matrix = EmbeddingMatrix(DIM)
    query = embeddings(1)[0]
    assert matrix.top(query, 5).labels.size == 0
    assert matrix.score(query, np.array([3])).labels.size == 0
    assert matrix.sample_scores(query).size == 0
    assert matrix.high_water == 0


@pytest.mark.parametrize("k", [-1, 0, 1, 49, 50, 51, 10_000])
def test_top_returns_as_many_as_there_are(embeddings: Maker, k: int) -> None:
    found = filled(embeddings).top(embeddings(1, seed=5)[0], k)
    assert len(found.labels) == max(0, min(k, 50))
    assert np.all(np.diff(found.scores) <= 0)


def test_equal_scores_are_ordered_by_label_also_where_k_cuts(embeddings: Maker) -> None:
    matrix = EmbeddingMatrix(DIM)
    same = np.repeat(embeddings(1), 9, axis=0)
    matrix.add([7, 3, 9, 1, 8, 2, 6, 5, 4], same)
    assert matrix.top(same[0], 4).labels.tolist() == [1, 2, 3, 4]


def test_scores_of_some_are_bitwise_those_of_all(embeddings: Maker) -> None:
    matrix = filled(embeddings, 3000)
    query = embeddings(1, seed=2)[0]
    everything = matrix.score(query).scores
    for wanted in (np.array([5, 77, 2999]), np.arange(1, 3000, 2)):
        assert np.array_equal(matrix.score(query, wanted).scores, everything[wanted - 1])


def test_scoring_some_passes_over_unknown_and_repeated_labels(embeddings: Maker) -> None:
    scored = filled(embeddings).score(embeddings(1)[0], np.array([9, 4, 4, 900, 2]))
    assert scored.labels.tolist() == [2, 4, 9]


def test_get_keeps_the_order_asked_for_and_names_what_is_missing(embeddings: Maker) -> None:
    matrix = filled(embeddings)
    assert np.allclose(matrix.get(np.array([9, 2, 9])), embeddings(50)[[8, 1, 8]], atol=1e-3)
    with pytest.raises(VectorIndexError, match="77"):
        matrix.get(np.array([1, 77]))


def test_the_sample_is_fixed_and_part_of_the_library(embeddings: Maker) -> None:
    matrix = filled(embeddings, 500)
    query = embeddings(1, seed=3)[0]
    sample = matrix.sample_scores(query, 100)
    assert np.array_equal(sample, matrix.sample_scores(query, 100))
    assert np.isin(sample, matrix.score(query).scores).all()
    assert len(matrix.sample_scores(query, 5000)) == 500


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: rows * np.nan,
        lambda rows: rows * 1.1,
        lambda rows: rows * 0.0,
        lambda rows: rows + np.inf,
        lambda rows: rows[:, :-1],
        lambda rows: rows[:-1],
        lambda rows: rows[0],
    ],
    ids=["nan", "too long", "zero", "infinite", "other dimension", "too few", "not a matrix"],
)
def test_bad_embeddings_are_refused_and_change_nothing(
    embeddings: Maker, spoil: Callable[[Embeddings], Embeddings]
) -> None:
    matrix = filled(embeddings)
    with pytest.raises(VectorIndexError):
        matrix.add([60, 61], spoil(embeddings(2)))
    assert len(matrix) == 50
    with pytest.raises(VectorIndexError):
        matrix.score(np.full(DIM, np.nan, np.float32))


def test_labels_must_be_positive(embeddings: Maker) -> None:
    with pytest.raises(VectorIndexError):
        EmbeddingMatrix(DIM).add([0], embeddings(1))


def test_the_high_water_mark_outlives_removal_and_the_file(embeddings: Maker, tmp_path: Path) -> None:
    matrix = filled(embeddings)
    matrix.remove([50, 49])
    path = tmp_path / "m.f16"
    matrix.save(path, IDENTITY)
    assert EmbeddingMatrix.open(path, IDENTITY, DIM).high_water == 50


@pytest.fixture
def saved(embeddings: Maker, tmp_path: Path) -> Path:
    path = tmp_path / "m.f16"
    filled(embeddings, 300).save(path, IDENTITY)
    return path


def overwrite(path: Path, at: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


def reseal(path: Path, at: int, content: bytes) -> None:
    """Change the header and make its checksum right again."""
    overwrite(path, at, content)
    size = struct.calcsize("<8sII256sQqII")
    header = path.read_bytes()[:size]
    overwrite(path, size, struct.pack("<I", zlib.crc32(header)))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a byte among the rows": (lambda path: overwrite(path, 9000, b"\xff"), "damaged"),
    "the last byte": (lambda path: overwrite(path, path.stat().st_size - 1, b"\x55"), "damaged"),
    "a label": (lambda path: overwrite(path, 4096 + 80, b"\x63"), "damaged"),
    "the header": (lambda path: overwrite(path, 290, b"\x09"), "damaged"),
    "cut off": (lambda path: os.truncate(path, path.stat().st_size - 1), "damaged: it was cut off"),
    "cut to a few bytes": (lambda path: os.truncate(path, 11), "damaged"),
    "empty": (lambda path: os.truncate(path, 0), "damaged"),
    "extended": (lambda path: overwrite(path, path.stat().st_size, b"x"), "damaged: it has bytes behind"),
    "another file": (lambda path: overwrite(path, 0, b"GIF89a.."), "foreign"),
    "another version": (lambda path: reseal(path, 8, struct.pack("<I", 2)), "foreign: format 2"),
    "another dimension": (lambda path: reseal(path, 12, struct.pack("<I", 17)), "foreign: 17 dim"),
    "another model": (lambda path: reseal(path, 16, b"clip"), "foreign: made by the model clip"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_file_that_is_not_right_is_refused_with_the_reason(saved: Path, kind: str) -> None:
    damage, reason = DAMAGE[kind]
    damage(saved)
    with pytest.raises(VectorIndexError, match=reason):
        EmbeddingMatrix.open(saved, IDENTITY, DIM)


def test_every_flipped_bit_of_header_labels_and_rows_is_noticed(saved: Path) -> None:
    content = saved.read_bytes()
    used = [*range(308), *range(4096, 4096 + 2400), *range(8192, len(content))]
    for at in np.random.default_rng(1).choice(used, 150, replace=False).tolist():
        overwrite(saved, at, bytes([content[at] ^ 0x10]))
        with pytest.raises(VectorIndexError):
            EmbeddingMatrix.open(saved, IDENTITY, DIM)
        overwrite(saved, at, content[at : at + 1])
    assert len(EmbeddingMatrix.open(saved, IDENTITY, DIM)) == 300


def test_a_save_that_fails_keeps_the_old_file_and_everything_in_memory(
    saved: Path, embeddings: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = EmbeddingMatrix.open(saved, IDENTITY, DIM)
    matrix.add([301], embeddings(1, seed=9))
    before = saved.read_bytes()

    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refuse)
        with pytest.raises(VectorIndexError, match="No space left"):
            matrix.save(saved, IDENTITY)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]
    assert len(matrix) == 301
    matrix.save(saved, IDENTITY)
    assert len(EmbeddingMatrix.open(saved, IDENTITY, DIM)) == 301


def test_a_mapped_file_that_cannot_be_replaced_is_moved_aside(
    saved: Path, embeddings: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where a mapped file can be renamed but neither deleted nor replaced."""
    matrix = EmbeddingMatrix.open(saved, IDENTITY, DIM)
    matrix.add([301], embeddings(1, seed=9))
    real_replace = os.replace

    def replace(source: Path, target: Path) -> None:
        if Path(target).exists():
            raise PermissionError(13, "Access is denied")
        real_replace(source, target)

    monkeypatch.setattr(os, "replace", replace)
    matrix.save(saved, IDENTITY)
    assert len(EmbeddingMatrix.open(saved, IDENTITY, DIM)) == 301


def test_saving_without_a_change_writes_nothing(saved: Path) -> None:
    matrix = EmbeddingMatrix.open(saved, IDENTITY, DIM)
    before = saved.stat()
    matrix.save(saved, IDENTITY)
    assert saved.stat().st_mtime_ns == before.st_mtime_ns
    assert saved.stat().st_ino == before.st_ino


@pytest.mark.parametrize("place", [2000, 4096 + 700])
def test_a_changed_byte_between_the_parts_of_a_file_is_noticed(
    tmp_path: Path, embeddings: Callable[..., Embeddings], place: int
) -> None:
    matrix = EmbeddingMatrix(DIM)
    matrix.add(np.arange(1, 31), embeddings(30))
    path = tmp_path / "matrix.f16"
    matrix.save(path, IDENTITY)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(VectorIndexError, match="damaged"):
        EmbeddingMatrix.open(path, IDENTITY, DIM)


@pytest.mark.parametrize("labels", [[3, 9, 20], [20, 3, 9], [3, 3, 9, 20], [20, 9, 9, 3, 77], [], [500]])
def test_scores_come_once_for_each_label_ascending_however_they_are_asked_for(
    embeddings: Maker, labels: list[int]
) -> None:
    matrix = EmbeddingMatrix(DIM)
    matrix.add(np.arange(1, 41), embeddings(40))
    query = embeddings(1, seed=1)[0]
    everything = matrix.score(query)
    found = matrix.score(query, np.array(labels, np.int64))
    there = sorted({label for label in labels if label <= 40})
    assert found.labels.tolist() == there
    assert np.array_equal(found.scores, everything.scores[np.array(there, np.int64) - 1])
