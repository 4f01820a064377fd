"""An indexing worker whose disk fills up, and an index that belongs to another state of the library."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from app.bootstrap import Services
from app.cli.indexing import give_up_if_stuck
from app.domain.indexing import FolderChanges
from app.errors import LibraryError, VectorIndexError
from app.indexing.scanner import found_file
from app.indexing.vector_sync import synchronise
from app.library.library import Library
from app.vector_index.vector_store import VectorStore
from tests.fake_encoder import FakeEncoder
from tests.indexing_rig import Rig, make_photo, wait_for
from tests.library_seed import seed_library, seed_model


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.close()


@pytest.mark.expects_log_warnings
def test_a_full_disk_is_counted_as_trouble_until_work_goes_on(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.indexing.worker._RETRY_SECONDS", 0.05)
    writes = monkeypatch.context()
    _, folder = rig.add_folder()
    make_photo(folder / "a.jpg")
    with writes as full:
        full.setattr(rig.thumbnails, "write", refuse)
        rig.start()
        wait_for(lambda: rig.worker.trouble[0] >= 3, "the worker rested three times")
        assert "free space" in rig.worker.trouble[1]
    rig.wait_for_photos("photos/a.jpg")
    rig.settle()
    assert rig.worker.trouble[0] == 0


@pytest.mark.expects_log_warnings
def test_an_index_that_could_not_be_saved_is_saved_later(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("app.indexing.index_keeper._SAVE_SECONDS", 0.05)
    refusals = [VectorIndexError("The disk is full.")] * 2
    _, folder = rig.add_folder()
    make_photo(folder / "a.jpg")
    rig.use(FakeEncoder())
    assert rig.target is not None
    save = rig.target.index.save

    def save_or_refuse() -> None:
        if refusals:
            raise refusals.pop()
        save()

    monkeypatch.setattr(rig.target.index, "save", save_or_refuse)
    rig.start()
    rig.wait_for_photos("photos/a.jpg")

    def is_saved() -> bool:
        rig.worker.wake()
        return bool(list((rig.place / "vectors").glob("*.f16")))

    wait_for(is_saved, "the matrix was written")
    assert "tried again" in caplog.text


def test_labels_that_were_given_out_twice_get_the_vectors_of_the_library(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = seed_model(dim=16)
    database = tmp_path / "library.db"
    seed_library(database, 600, model=model)
    library = Library.open(database)
    index = VectorStore(tmp_path, model.identity, model.dim)
    synchronise(library, index, model.identity)
    others = np.arange(301, 601)  # as if the library had gone back to 300 photos and taken in others
    index.add(others, library.embeddings.vectors(model.identity, others - 300))
    with caplog.at_level(logging.WARNING):
        assert synchronise(library, index, model.identity) > 0
    labels = library.embeddings.labels(model.identity)
    expected = library.embeddings.vectors(model.identity, labels)
    assert np.abs(index.get(labels) - expected).max() < 2e-3
    assert "another state" in caplog.text
    assert synchronise(library, index, model.identity) == 0
    index.close()
    library.close()


def test_an_index_that_was_corrected_when_it_was_opened_is_saved(tmp_path: Path) -> None:
    first = Rig(tmp_path)
    _, folder = first.add_folder()
    make_photo(folder / "a.jpg")
    first.use(FakeEncoder())
    first.start()
    first.wait_for_photos("photos/a.jpg")
    first.settle()
    first.close()
    shutil.rmtree(tmp_path / "vectors")
    (tmp_path / "vectors").mkdir()
    again = Rig(tmp_path)
    again.use(FakeEncoder())
    again.start()
    again.settle()
    again.close()
    assert list((tmp_path / "vectors").glob("*.f16"))


@pytest.mark.parametrize(("times", "ends"), [(2, False), (3, True)])
def test_a_command_that_does_not_get_on_ends_with_the_reason(times: int, ends: bool) -> None:
    stuck = SimpleNamespace(indexing=SimpleNamespace(trouble=(times, "The disk is full.")))
    with pytest.raises(LibraryError, match="What was done is kept") if ends else nullcontext():
        give_up_if_stuck(cast(Services, stuck))


def test_a_waiting_photo_that_was_renamed_while_closed_is_read_before_the_worker_rests(rig: Rig) -> None:
    folder, place = rig.add_folder()
    paths = [make_photo(place / f"{number}.jpg", number) for number in range(12)]
    files = tuple(found_file(str(place), path.name) for path in paths)
    rig.library.photos.apply_changes(FolderChanges(folder.folder_id, added=tuple(filter(None, files))))
    for path in paths:
        path.rename(place / f"renamed {path.name}")
    rig.start()
    rig.settle()
    assert rig.all_done()
    assert rig.names() == sorted(f"photos/renamed {path.name}" for path in paths)
