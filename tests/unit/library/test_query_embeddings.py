"""The embeddings of words that were searched for, on disk."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from app.errors import LibraryError
from app.library.library import Library
from app.library.query_embeddings import QueryEmbeddingRepository

DIM = 8


def direction(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).standard_normal(DIM).astype(np.float32)
    return vector / np.linalg.norm(vector)


def damage(database: Path, vector: bytes) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE query_embeddings SET vector = ?", (vector,))
    connection.close()


@pytest.mark.parametrize("text", ["a dog", "海辺の犬", "", "\ud800 nul \0", "long " * 9000])
def test_an_embedding_comes_back_exactly_as_it_was(library: Library, text: str) -> None:
    library.query_embeddings.keep("model", text, direction(1))
    found = library.query_embeddings.find("model", text, DIM)
    assert found is not None
    assert np.array_equal(found, direction(1))
    assert library.query_embeddings.find("another model", text, DIM) is None
    assert library.query_embeddings.find("model", text + "!", DIM) is None


def test_what_was_searched_for_cannot_be_read_in_the_file(library: Library, database: Path) -> None:
    library.query_embeddings.keep("model", "grandmother in hospital", direction(1))
    library.close()
    assert b"hospital" not in database.read_bytes()


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\0" * 4 * DIM,
        b"\xff" * 4 * DIM,
        direction(1).tobytes()[:-1],
        (2 * direction(1)).tobytes(),
    ],
)
def test_a_damaged_row_is_passed_over_and_replaced(library: Library, database: Path, damaged: bytes) -> None:
    known = library.query_embeddings
    known.keep("model", "a dog", direction(1))
    damage(database, damaged)
    assert known.find("model", "a dog", DIM) is None
    known.keep("model", "a dog", direction(2))
    found = known.find("model", "a dog", DIM)
    assert found is not None
    assert np.array_equal(found, direction(2))
    assert known.count("model") == 1


def test_the_least_recently_used_go_first(library: Library) -> None:
    known = QueryEmbeddingRepository(library._database, library._writer, kept=3)
    for text in ("a", "b", "c"):
        known.keep("model", text, direction(1))
    known.touch("model", "a")
    known.keep("model", "d", direction(1))
    left = [text for text in "abcd" if known.find("model", text, DIM) is not None]
    assert left == ["a", "c", "d"]


def test_those_of_one_model_go_without_the_others_and_all_go_when_history_is_cleared(
    library: Library,
) -> None:
    known = library.query_embeddings
    for identity in ("old", "new"):
        known.keep(identity, "a dog", direction(1))
    known.forget("old")
    assert (known.count("old"), known.count("new")) == (0, 1)
    known.clear()
    assert known.count("new") == 0


def test_a_library_that_is_only_read_keeps_nothing_and_still_knows(library: Library, database: Path) -> None:
    library.query_embeddings.keep("model", "a dog", direction(1))
    reading = Library.open_to_read(database)
    reading.query_embeddings.keep("model", "a cat", direction(2))
    reading.query_embeddings.touch("model", "a dog")
    assert reading.query_embeddings.find("model", "a dog", DIM) is not None
    assert reading.query_embeddings.count("model") == 1
    with pytest.raises(LibraryError):
        reading.query_embeddings.clear()
    reading.close()


def test_keeping_an_embedding_changes_no_answer(library: Library) -> None:
    before = library.version
    library.query_embeddings.keep("model", "a dog", direction(1))
    assert library.version == before
