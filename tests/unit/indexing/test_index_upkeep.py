"""The vector index becomes equal to the library again, whatever happens meanwhile."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from app.errors import DamagedEmbeddingError
from app.indexing.embedding_target import EmbeddingTarget, EmbeddingTargets
from app.indexing.index_keeper import IndexKeeper
from app.indexing.vector_sync import synchronise
from app.library.library import Library
from app.vector_index.vector_store import VectorStore
from tests.library_seed import seed_library, seed_model

MODEL = seed_model(dim=16)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Ten photos, whose embeddings have the labels 1 to 10."""
    seed_library(tmp_path / "library.db", 10, model=MODEL)
    opened = Library.open(tmp_path / "library.db")
    yield opened
    opened.close()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[VectorStore]:
    store = VectorStore(tmp_path / "vectors", MODEL.identity, MODEL.dim)
    yield store
    store.close()


def keeper_of(library: Library, index: VectorStore) -> IndexKeeper:
    keeper = IndexKeeper(library)
    encoder = SimpleNamespace(spec=MODEL)
    keeper.use(EmbeddingTargets(EmbeddingTarget(encoder, index, 8)))  # type: ignore[arg-type]
    return keeper


def test_what_is_forgotten_meanwhile_is_passed_over(
    library: Library, index: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is taken out while a model loads must not keep the model from loading."""
    known = library.embeddings.labels(MODEL.identity)
    soon_gone = np.append(known, known[-1] + 1)
    monkeypatch.setattr(library.embeddings, "labels", lambda identity: soon_gone)
    synchronise(library, index, MODEL.identity)
    assert index.labels().tolist() == known.tolist()


def test_an_index_with_as_many_but_others_is_corrected(
    library: Library, index: VectorStore, tmp_path: Path
) -> None:
    """Its process died, and began from a file of before one photo was forgotten and another one came."""
    synchronise(library, index, MODEL.identity)
    saved = library.embeddings.labels(MODEL.identity)[:9]
    before = VectorStore(tmp_path / "older", MODEL.identity, MODEL.dim)
    before.add(saved, index.get(saved))
    with closing(sqlite3.connect(tmp_path / "library.db")) as connection, connection:
        connection.execute("DELETE FROM embeddings WHERE id = 5")
    keeper = keeper_of(library, before)
    assert keeper.compare()
    assert before.labels().tolist() == library.embeddings.labels(MODEL.identity).tolist()
    keeper.close()
    before.close()


@pytest.mark.expects_log_warnings
@pytest.mark.parametrize("damaged", [b"\0", b"\xff\x7f" * 16])
def test_damaged_embeddings_are_made_again(
    library: Library, index: VectorStore, tmp_path: Path, damaged: bytes
) -> None:
    with closing(sqlite3.connect(tmp_path / "library.db")) as connection, connection:
        connection.execute("UPDATE embeddings SET vector = ? WHERE id = 5", (damaged,))
    assert library.photos.next_unembedded(MODEL.identity, 10) == []

    differed = synchronise(library, index, MODEL.identity)

    assert differed == 10
    assert index.labels().tolist() == [1, 2, 3, 4, 6, 7, 8, 9, 10]
    [again] = library.photos.next_unembedded(MODEL.identity, 10)
    assert again.photo_id == 5
    assert synchronise(library, index, MODEL.identity) == 0


def test_a_damaged_embedding_in_a_library_that_is_only_read_names_the_way_out(
    library: Library, index: VectorStore, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "library.db")) as connection, connection:
        connection.execute("UPDATE embeddings SET vector = x'00' WHERE id = 5")
    reader = Library.open_to_read(tmp_path / "library.db")
    with pytest.raises(DamagedEmbeddingError, match="doctor --mend"):
        synchronise(reader, index, MODEL.identity)
    reader.close()


@pytest.mark.expects_log_warnings
def test_saving_that_fails_for_any_reason_is_tried_again(
    library: Library, index: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    synchronise(library, index, MODEL.identity)
    keeper = keeper_of(library, index)
    with monkeypatch.context() as patched:
        patched.setattr(index, "save", lambda: 1 / 0)
        keeper.save_behind()
        keeper._finish_saving()
    keeper._saves_again_at = 0.0
    keeper.close()
    assert index._matrix_path.exists()
