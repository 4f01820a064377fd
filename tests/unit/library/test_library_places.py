"""Photos found by the names of the places they were taken at."""

from dataclasses import replace

import pytest
from library_builder import PLAIN, Shelf, found, indexed

from app.domain.conditions import Condition, Field
from app.domain.places import Place
from app.domain.query import SearchFilters

LISBON = Place(
    "1", "Belém, Lisbon, Portugal", ("Belém", "Lisbon", "Lisboa", "リスボン", "Portugal", "葡萄牙")
)
NEW_YORK = Place("2", "New York City, United States", ("New York City", "紐約", "Vereinigte Staaten"))
HERE, THERE = (38.69, -9.21), (40.7, -74.0)


def take(shelf: Shelf, path: str, point: tuple[float, float], place: Place | None, version: int = 1) -> int:
    """A photo with coordinates, and with the place that a gazetteer names."""
    photo_id = shelf.index_one(path, replace(PLAIN, latitude=point[0], longitude=point[1]))
    store(shelf, photo_id, place, version)
    return photo_id


def store(shelf: Shelf, photo_id: int, place: Place | None, version: int = 1) -> None:
    waiting = [photo for photo in shelf.library.places.unplaced(version, 100) if photo.photo_id == photo_id]
    shelf.library.places.store([(photo, place) for photo in waiting], version)


def waiting(shelf: Shelf, version: int = 1) -> list[int]:
    return [photo.photo_id for photo in shelf.library.places.unplaced(version, 100)]


@pytest.mark.parametrize(
    "text",
    ["lisbon", "Lisb", "LISBOA", "リスボン", "リス", "葡萄", "belem", "Belém", "portugal img", "isbo"],
)
def test_a_photo_is_found_by_any_name_of_its_place(shelf: Shelf, text: str) -> None:
    lisbon = take(shelf, "IMG_1.jpg", HERE, LISBON)
    take(shelf, "IMG_2.jpg", THERE, NEW_YORK)
    assert shelf.photos.search_words(text) == [lisbon]


def test_words_of_a_place_and_of_the_photo_go_together(shelf: Shelf) -> None:
    take(shelf, "IMG_1.jpg", HERE, LISBON)
    tram = take(shelf, "tram.jpg", HERE, LISBON)
    assert shelf.photos.search_words("tram lisbon") == [tram]
    assert shelf.photos.search_words("tram york") == []
    assert shelf.photos.search_words("new york") != [tram]


def test_a_place_is_a_filter_too(shelf: Shelf) -> None:
    lisbon = take(shelf, "IMG_1.jpg", HERE, LISBON)
    other = take(shelf, "IMG_2.jpg", THERE, NEW_YORK)
    nowhere = shelf.index_one("IMG_3.jpg")
    condition = Condition(Field.PLACE, "new york")
    assert shelf.photos.ids(SearchFilters(conditions=(condition,))).tolist() == [other]
    without = SearchFilters(conditions=(replace(condition, negated=True),))
    assert set(shelf.photos.ids(without).tolist()) == {lisbon, nowhere}


def test_the_details_know_the_place(shelf: Shelf) -> None:
    lisbon = take(shelf, "IMG_1.jpg", HERE, LISBON)
    assert shelf.photo(lisbon).place == "Belém, Lisbon, Portugal"
    assert shelf.photo(shelf.index_one("IMG_2.jpg")).place == ""


def test_only_photos_with_coordinates_wait_for_a_place_and_once(shelf: Shelf) -> None:
    shelf.index_one("without.jpg")
    at_sea = take(shelf, "at sea.jpg", (0.0, -30.0), None)
    assert waiting(shelf) == []
    assert waiting(shelf, version=2) == [at_sea]


def test_a_better_gazetteer_corrects_the_names(shelf: Shelf) -> None:
    photo_id = take(shelf, "IMG_1.jpg", HERE, replace(LISBON, label="Lisbn", names=("Lisbn",)))
    store(shelf, photo_id, LISBON, version=2)
    assert shelf.photo(photo_id).place == LISBON.label
    assert shelf.photos.search_words("lisbn") == []
    assert shelf.photos.search_words("lisbon") == [photo_id]


def read_again(shelf: Shelf, photo_id: int, latitude: float) -> None:
    path = shelf.relative(shelf.photo(photo_id))
    shelf.apply(changed=((photo_id, found(path, mtime_ns=1_700_000_000_000_000_000)),))
    metadata = replace(PLAIN, latitude=latitude, longitude=HERE[1], title="again")
    shelf.photos.store_indexed([indexed(shelf.pending(photo_id), "other bytes", metadata)], None)


def test_a_photo_that_is_read_again_keeps_its_place(shelf: Shelf) -> None:
    photo_id = take(shelf, "IMG_1.jpg", HERE, LISBON)
    read_again(shelf, photo_id, HERE[0])
    assert shelf.photo(photo_id).place == LISBON.label
    assert waiting(shelf) == []


def test_a_photo_that_was_moved_on_the_map_is_looked_up_again(shelf: Shelf) -> None:
    photo_id = take(shelf, "IMG_1.jpg", HERE, LISBON)
    read_again(shelf, photo_id, 48.1)
    assert shelf.photo(photo_id).place == ""
    assert waiting(shelf) == [photo_id]


def test_an_answer_about_coordinates_that_changed_meanwhile_is_dropped(shelf: Shelf) -> None:
    photo_id = shelf.index_one("IMG_1.jpg", replace(PLAIN, latitude=HERE[0], longitude=HERE[1]))
    asked = shelf.library.places.unplaced(1, 10)
    read_again(shelf, photo_id, 48.1)
    shelf.library.places.store([(asked[0], LISBON)], 1)
    assert shelf.photo(photo_id).place == ""
    assert waiting(shelf) == [photo_id]
