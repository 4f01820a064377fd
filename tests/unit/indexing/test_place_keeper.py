"""Photos are given the names of their places, behind everything else."""

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest

from app.domain.indexing import FolderChanges, FoundFile, IndexedPhoto
from app.domain.media import PhotoMetadata
from app.domain.places import Place, Point
from app.errors import ProcessDiedError
from app.indexing.place_keeper import PlaceKeeper
from app.library.library import Library
from app.service_process import RemoteBugError


class Gazetteer:
    """Answers when it is told to; knows places by their latitude."""

    running = True

    def __init__(self) -> None:
        self.asked: list[tuple[Sequence[Point], Future[list[Place | None]]]] = []

    def around(self, points: Sequence[Point]) -> "Future[list[Place | None]]":
        answer: Future[list[Place | None]] = Future()
        self.asked.append((points, answer))
        return answer

    def answer(self) -> None:
        points, answer = self.asked[-1]
        answer.set_result([Place(f"{point[0]}", f"Town {point[0]:g}", ("Town",)) for point in points])

    def release_unused(self, seconds: float) -> None:
        pass


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    opened = Library.open(tmp_path / "library.db")
    yield opened
    opened.close()


@pytest.fixture
def gazetteer() -> Gazetteer:
    return Gazetteer()


def add(library: Library, count: int) -> list[int]:
    """Photos with coordinates, read."""
    folder = library.folders.add("/pictures")
    files = tuple(FoundFile(f"{number}.jpg", 1, 1, str(number)) for number in range(count))
    library.photos.apply_changes(FolderChanges(folder.folder_id, added=files))
    pending = library.photos.next_pending(count)
    read = [
        IndexedPhoto(
            photo.photo_id,
            1,
            1,
            photo.path,
            photo.path,
            PhotoMetadata(4, 3, "JPEG", latitude=float(at), longitude=0.0),
        )
        for at, photo in enumerate(pending)
    ]
    library.photos.store_indexed(read, None)
    return [photo.photo_id for photo in pending]


def test_it_never_waits_for_an_answer(library: Library, gazetteer: Gazetteer) -> None:
    ids = add(library, 3)
    keeper = PlaceKeeper(library, gazetteer, version=1)
    assert not keeper.step()
    assert keeper.waiting
    assert not keeper.step()
    assert len(gazetteer.asked) == 1
    gazetteer.answer()
    assert keeper.step()
    assert [photo.place for photo in library.photos.get(ids)] == ["Town 0", "Town 1", "Town 2"]


def test_it_looks_again_only_when_the_library_changed(library: Library, gazetteer: Gazetteer) -> None:
    keeper = PlaceKeeper(library, gazetteer, version=1)
    assert not keeper.step()
    assert not keeper.waiting
    [photo_id] = add(library, 1)
    keeper.step()
    gazetteer.answer()
    keeper.step()
    assert library.photos.get([photo_id])[0].place == "Town 0"
    keeper.step()
    assert not keeper.waiting


def test_a_newer_version_asks_again(library: Library, gazetteer: Gazetteer) -> None:
    add(library, 1)
    for version in (1, 2):
        keeper = PlaceKeeper(library, gazetteer, version)
        keeper.step()
        gazetteer.answer()
        keeper.step()
    assert len(gazetteer.asked) == 2


def test_when_the_gazetteer_dies_nothing_is_lost(library: Library, gazetteer: Gazetteer) -> None:
    [photo_id] = add(library, 1)
    keeper = PlaceKeeper(library, gazetteer, version=1)
    keeper.step()
    gazetteer.asked[-1][1].set_exception(ProcessDiedError("It ended."))
    assert not keeper.step()
    assert not keeper.waiting
    assert [photo.photo_id for photo in library.places.unplaced(1, 10)] == [photo_id]


def test_a_gazetteer_that_cannot_start_is_asked_later(
    library: Library, gazetteer: Gazetteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(points: Sequence[Point]) -> None:
        raise ProcessDiedError("There is no memory.")

    add(library, 1)
    keeper = PlaceKeeper(library, gazetteer, version=1)
    with monkeypatch.context() as patched:
        patched.setattr(gazetteer, "around", refuse)
        assert not keeper.step()
    assert not keeper.step()
    assert not keeper.waiting


@pytest.mark.expects_log_warnings
def test_a_bug_in_the_gazetteer_does_not_keep_photos_from_being_taken_in(
    library: Library, gazetteer: Gazetteer
) -> None:
    add(library, 1)
    keeper = PlaceKeeper(library, gazetteer, version=1)
    keeper.step()
    gazetteer.asked[-1][1].set_exception(RemoteBugError("not a point"))
    for _ in range(3):
        assert not keeper.step()
    assert len(gazetteer.asked) == 1


def test_the_worker_looks_for_an_answer_and_then_for_memory_to_give_back(
    library: Library, gazetteer: Gazetteer
) -> None:
    keeper = PlaceKeeper(library, gazetteer, version=1)
    add(library, 1)
    keeper.step()
    assert keeper.next_due() < 1
    gazetteer.answer()
    keeper.step()
    assert 1 < keeper.next_due() <= 60
    gazetteer.running = False
    assert keeper.next_due() == math.inf
