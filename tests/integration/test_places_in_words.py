"""From coordinates to words: photos are found by the names of the places they were taken at."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.indexing import FolderChanges, FoundFile, IndexedPhoto
from app.domain.media import PhotoMetadata
from app.gazetteer import VERSION, GazetteerProcess
from app.indexing.place_keeper import PlaceKeeper
from app.library.library import Library
from tests.library_seed import seed_library

KYOTO, BELEM, AT_SEA = (35.0116, 135.7681), (38.6916, -9.2160), (0.0, -30.0)
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Three photos with coordinates among others without, looked up by the real gazetteer."""
    database = tmp_path_factory.mktemp("places") / "library.db"
    seed_library(database, 30)
    opened = Library.open(database)
    _add(opened, {"kyoto.jpg": KYOTO, "belem.jpg": BELEM, "sea.jpg": AT_SEA})
    gazetteer = GazetteerProcess()
    keeper = PlaceKeeper(opened, gazetteer, VERSION)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while opened.places.unplaced(VERSION, 1):
        assert time.monotonic() < deadline, "the gazetteer did not answer"
        keeper.step()
    gazetteer.close()
    yield opened
    opened.close()


def _add(library: Library, points: dict[str, tuple[float, float]]) -> None:
    folder = library.folders.add("/travels")
    files = tuple(FoundFile(path, 1, 1, path) for path in points)
    library.photos.apply_changes(FolderChanges(folder.folder_id, added=files))
    read = []
    for photo in library.photos.next_pending(10):
        latitude, longitude = points[Path(photo.path).name]
        metadata = PhotoMetadata(4, 3, "JPEG", latitude=latitude, longitude=longitude)
        read.append(IndexedPhoto(photo.photo_id, 1, 1, photo.path, photo.path, metadata))
    library.photos.store_indexed(read, None)


def found(library: Library, words: str) -> set[str]:
    return {Path(photo.path).name for photo in library.photos.get(library.photos.search_words(words))}


@pytest.mark.parametrize("words", ["京都", "Kyoto", "キョウト", "日本 kyoto", "japan kyo"])
def test_kyoto_finds(library: Library, words: str) -> None:
    assert "kyoto.jpg" in found(library, words)
    assert "belem.jpg" not in found(library, words)


@pytest.mark.parametrize("words", ["Lisbon", "リスボン", "lissabon", "Portugal", "葡萄牙", "ポルトガル"])
def test_a_quarter_is_found_by_its_city_and_country_in_any_script(library: Library, words: str) -> None:
    assert found(library, words) == {"belem.jpg"}


def test_out_at_sea_is_no_place_and_not_asked_again(library: Library) -> None:
    [photo] = library.photos.get(library.photos.search_words("sea.jpg"))
    assert photo.place == ""
    assert library.places.unplaced(VERSION, 1) == []
