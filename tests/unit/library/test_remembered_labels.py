"""Photos with their labels, remembered: never after the library changed, whichever way they were found."""

import numpy as np
import pytest
from library_builder import IDENTITY, Shelf

from app.domain.conditions import Condition, Field
from app.domain.query import SearchFilters

FILTERS = [
    SearchFilters(),
    SearchFilters(folder_id=1),
    SearchFilters(folder_id=1, subfolder="rom"),
    SearchFilters(favourites_only=True),
    SearchFilters(added_since=1.0),
    SearchFilters(folder_id=99),
]


@pytest.fixture
def trip(shelf: Shelf) -> Shelf:
    """Photos of which two are alike and one is not embedded yet."""
    shelf.index({"a.jpg": "one", "rom/b.jpg": "two", "rom/c.jpg": "one", "wien/d.jpg": "four"})
    shelf.add("rom/new.jpg")
    shelf.photos.set_favourite([shelf.id_of("a.jpg"), shelf.id_of("rom/b.jpg")], True)
    return shelf


def pairs(shelf: Shelf, filters: SearchFilters) -> list[tuple[int, int]]:
    photo_ids, labels = shelf.photos.ids_with_labels(IDENTITY, filters)
    return list(zip(photo_ids.tolist(), labels.tolist(), strict=True))


def change(shelf: Shelf) -> None:
    """Something that makes what was remembered worthless, and changes nothing else."""
    shelf.photos.set_favourite([shelf.id_of("wien/d.jpg")], True)
    shelf.photos.set_favourite([shelf.id_of("wien/d.jpg")], False)


@pytest.mark.parametrize("filters", FILTERS)
def test_all_ways_to_the_labels_lead_to_the_same_photos(trip: Shelf, filters: SearchFilters) -> None:
    first = pairs(trip, filters)
    again = pairs(trip, filters)
    change(trip)
    for other in (SearchFilters(favourites_only=True), SearchFilters()):
        pairs(trip, other)
    by_the_labels_of_all = pairs(trip, filters)
    change(trip)
    assert first == again == by_the_labels_of_all == pairs(trip, filters)
    assert sorted(photo_id for photo_id, _ in first) == sorted(
        photo_id for photo_id in trip.photos.ids(filters).tolist() if photo_id != trip.id_of("rom/new.jpg")
    )


@pytest.mark.parametrize("filters", FILTERS)
def test_the_count_is_the_same_remembered_or_not_and_includes_what_waits(
    trip: Shelf, filters: SearchFilters
) -> None:
    counted = trip.photos.count_shown(filters)
    assert counted == len(trip.photos.ids(filters))
    for _ in range(2):
        pairs(trip, filters)
        assert trip.photos.count_shown(filters) == counted
        pairs(trip, SearchFilters())


def test_every_change_is_seen_at_once(trip: Shelf) -> None:
    filters = SearchFilters(favourites_only=True)
    assert len(pairs(trip, filters)) == 2
    trip.photos.set_favourite([trip.id_of("wien/d.jpg")], True)
    assert len(pairs(trip, filters)) == 3
    assert trip.photos.count_shown(filters) == 3
    trip.index({"rom/new.jpg": "five"})
    assert trip.id_of("rom/new.jpg") in dict(pairs(trip, SearchFilters()))
    trip.library.folders.remove(trip.folder.folder_id)
    assert pairs(trip, filters) == []
    assert trip.photos.count_shown(filters) == 0


def test_more_filters_than_are_remembered_are_answered_rightly(trip: Shelf) -> None:
    ids = [trip.id_of(path) for path in ("a.jpg", "rom/b.jpg", "rom/c.jpg", "wien/d.jpg")]
    for _ in range(2):
        for number in range(8):
            found = pairs(trip, SearchFilters(added_since=float(number)))
            assert sorted(photo_id for photo_id, _ in found) == sorted(ids)


def test_models_do_not_share_labels(trip: Shelf) -> None:
    assert pairs(trip, SearchFilters())
    assert trip.photos.ids_with_labels("unknown")[0].size == 0
    assert trip.photos.ids_with_labels("unknown", FILTERS[1])[0].size == 0


def test_what_is_remembered_cannot_be_changed_by_who_gets_it(trip: Shelf) -> None:
    photo_ids, labels = trip.photos.ids_with_labels(IDENTITY)
    with pytest.raises(ValueError, match="read-only"):
        photo_ids[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        np.negative(labels, out=labels)


def test_small_answers_push_no_large_one_out(trip: Shelf) -> None:
    whole, _ = trip.photos.ids_with_labels(IDENTITY)
    for words in ("wien", *map(str, range(20))):
        pairs(trip, SearchFilters(conditions=(Condition(Field.TEXT, words),)))
    assert trip.photos.ids_with_labels(IDENTITY)[0] is whole
