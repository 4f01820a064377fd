"""Pairs on their whole way: files on disk, the real worker, the library, the trash.

What is called a raw file here holds a JPEG: programs look at what is inside, pairing at the name.
"""

import os
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest

from app.domain.companions import CompanionKind
from app.domain.folder_rules import FolderRules
from app.domain.query import QueryTerm, SearchFilters
from app.indexing import folder_watch
from app.media.decode_pool import DecodePool
from app.paths import LibraryPaths
from app.services.library import LibraryService
from app.services.scoring import exact, nearest, scored_term
from tests.fake_encoder import FakeEncoder
from tests.indexing_rig import Rig, make_photo, wait_for


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_watch, "_ROOT_CHECK_SECONDS", 0.2)


@pytest.fixture
def service(rig: Rig, tmp_path: Path) -> LibraryService:
    return LibraryService(
        rig.library,
        rig.states,
        cast(DecodePool, rig.decoder),
        LibraryPaths(tmp_path / "library"),
        on_folders_changed=rig.worker.folders_changed,
        on_work=rig.worker.wake,
        current_identity=lambda: None,
    )


def make_pair(folder: Path, number: int) -> None:
    make_photo(folder / f"IMG_{number:04d}.DNG", 1000 + number)
    make_photo(folder / f"IMG_{number:04d}.JPG", number)


def make_film(path: Path, seed: int) -> None:
    """Half a second of one picture."""
    frame = av.VideoFrame.from_ndarray(
        np.random.default_rng(seed).integers(60, 255, (48, 64, 3), np.uint8), format="rgb24"
    )
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(5):
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def test_a_pair_costs_the_model_one_picture(rig: Rig, encoder: FakeEncoder) -> None:
    _, folder = rig.add_folder()
    for number in range(3):
        make_pair(folder, number)
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos("photos/IMG_0000.JPG", "photos/IMG_0001.JPG", "photos/IMG_0002.JPG")
    rig.settle()
    assert encoder.images_encoded == rig.indexed() == 3
    assert len(rig.opened) == 6  # raw files are read too: they may be broken


def test_a_pair_forms_parts_and_forms_again_under_the_eyes_of_the_watcher(
    rig: Rig, encoder: FakeEncoder
) -> None:
    _, folder = rig.add_folder()
    raw, jpeg = make_photo(folder / "IMG_0001.DNG", 1), folder / "IMG_0001.JPG"
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos("photos/IMG_0001.DNG")
    make_photo(jpeg, 2)
    rig.wait_for_photos("photos/IMG_0001.JPG")
    assert [one.path for one in rig.photo("photos/IMG_0001.JPG").companions] == [str(raw)]
    rig.library.photos.set_favourite([rig.photo("photos/IMG_0001.JPG").photo_id], True)

    content = jpeg.read_bytes()
    jpeg.unlink()
    rig.wait_for_photos("photos/IMG_0001.DNG")
    assert rig.photo("photos/IMG_0001.DNG").favourite
    jpeg.write_bytes(content)
    rig.wait_for_photos("photos/IMG_0001.JPG")
    assert rig.photo("photos/IMG_0001.JPG").favourite
    assert encoder.images_encoded == 2


def test_a_raw_file_that_was_never_embedded_is_when_its_jpeg_goes(rig: Rig, encoder: FakeEncoder) -> None:
    _, folder = rig.add_folder()
    make_pair(folder, 1)
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos("photos/IMG_0001.JPG")
    (folder / "IMG_0001.JPG").unlink()
    rig.wait_for_photos("photos/IMG_0001.DNG")
    assert encoder.images_encoded == 2


def test_a_folder_of_pairs_is_moved_without_work(rig: Rig, encoder: FakeEncoder) -> None:
    _, folder = rig.add_folder()
    for number in range(4):
        make_pair(folder / "old", number)
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos(*(f"photos/old/IMG_{number:04d}.JPG" for number in range(4)))
    rig.settle()
    (folder / "old").rename(folder / "new")
    rig.wait_for_photos(*(f"photos/new/IMG_{number:04d}.JPG" for number in range(4)))
    rig.settle()
    assert all(len(photo.companions) == 1 for photo in rig.photos())
    assert encoder.images_encoded == 4


def test_raw_files_are_shown_apart_when_that_is_wished(rig: Rig, encoder: FakeEncoder) -> None:
    _, folder = rig.add_folder()
    make_pair(folder, 1)
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos("photos/IMG_0001.JPG")
    version = rig.last.library_version
    rig.worker.show_raw_apart(True)
    rig.wait_for_photos("photos/IMG_0001.DNG", "photos/IMG_0001.JPG")
    wait_for(lambda: rig.last.library_version > version, "the window is told")
    rig.worker.show_raw_apart(False)
    rig.wait_for_photos("photos/IMG_0001.JPG")


def test_the_film_of_a_live_photo_is_never_shown_by_itself(rig: Rig, encoder: FakeEncoder) -> None:
    folder_of, folder = rig.add_folder()
    rig.library.folders.set_rules(folder_of.folder_id, FolderRules(videos=True))
    make_photo(folder / "IMG_0001.JPG", 1)
    for number, name in enumerate(("IMG_0001.MOV", "IMG_0002.MOV"), 2):
        make_film(folder / name, number)
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos("photos/IMG_0001.JPG", "photos/IMG_0002.MOV")
    rig.settle()
    assert [one.kind for one in rig.photo("photos/IMG_0001.JPG").companions] == [CompanionKind.FILM]
    assert encoder.images_encoded == 2
    assert rig.library.photos.counts().problems == 0


def test_what_a_crash_left_wrong_is_right_after_the_next_start(rig: Rig) -> None:
    _, folder = rig.add_folder()
    make_pair(folder, 1)
    rig.start()
    rig.wait_for_photos("photos/IMG_0001.JPG")
    rig.worker.stop()
    with rig.library._writer.transaction() as connection:
        connection.exec_driver_sql("UPDATE photos SET companion_of = NULL")
    assert len(rig.names()) == 2
    rig.restart()
    rig.wait_for_photos("photos/IMG_0001.JPG")


def test_raw_files_in_the_index_take_no_places_in_an_answer(rig: Rig, encoder: FakeEncoder) -> None:
    _, folder = rig.add_folder()
    rig.use(encoder)
    for number in range(12):
        make_photo(folder / f"IMG_{number:04d}.DNG", 1000 + number)
    rig.start()
    rig.wait_for_photos(*(f"photos/IMG_{number:04d}.DNG" for number in range(12)))
    for number in range(12):
        make_photo(folder / f"IMG_{number:04d}.JPG", number)
    rig.wait_for_photos(*(f"photos/IMG_{number:04d}.JPG" for number in range(12)))
    assert rig.target is not None
    query = rig.library.embeddings.vectors(
        rig.target.identity, rig.library.embeddings.labels(rig.target.identity)[:1]
    )
    term = scored_term(QueryTerm(photo_id=1), query[0], rig.target)
    for wanted in (1, 5, 12):
        ranking = nearest(rig.library, rig.target, term, wanted)
        if ranking is None:
            ranking = exact(rig.library, rig.target, [term], SearchFilters()).first(wanted)
        found = rig.library.photos.get(ranking.photo_ids)
        assert len(found) == wanted
        assert all(photo.path.endswith(".JPG") for photo in found)


def _trash_to(folder: Path, monkeypatch: pytest.MonkeyPatch, refused: str = "") -> None:
    def move(path: str) -> None:
        if refused and path.endswith(refused):
            raise OSError(13, "Permission denied")
        Path(path).rename(folder / os.path.basename(path))

    folder.mkdir()
    monkeypatch.setattr("app.services.library.send2trash", move)


def test_the_trash_takes_both_files(
    rig: Rig, service: LibraryService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = rig.add_folder()
    make_pair(folder, 1)
    rig.start()
    rig.wait_for_photos("photos/IMG_0001.JPG")
    rig.settle()
    _trash_to(tmp_path / "bin", monkeypatch)
    [photo] = rig.photos()
    assert [one.path for one in service.companions([photo.photo_id])] == [str(folder / "IMG_0001.DNG")]
    assert service.move_to_trash([photo.photo_id]).moved == (photo.photo_id,)
    assert sorted(os.listdir(tmp_path / "bin")) == ["IMG_0001.DNG", "IMG_0001.JPG"]
    rig.wait_for_photos()


@pytest.mark.parametrize(
    ("refused", "left"), [("JPG", "photos/IMG_0001.JPG"), ("DNG", "photos/IMG_0001.DNG")]
)
def test_what_the_trash_refuses_stays_and_is_named(
    rig: Rig,
    service: LibraryService,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: str,
    left: str,
) -> None:
    _, folder = rig.add_folder()
    make_pair(folder, 1)
    rig.start()
    rig.wait_for_photos("photos/IMG_0001.JPG")
    rig.settle()
    _trash_to(tmp_path / "bin", monkeypatch, refused)
    [photo] = rig.photos()
    outcome = service.move_to_trash([photo.photo_id])
    assert outcome.failures == ((str(rig.place / left), "Permission denied"),)
    rig.wait_for_photos(left)
    assert (folder / "IMG_0001.DNG").exists()
