"""What the library answers."""

import time

import numpy as np
import pytest
from library_builder import IDENTITY, Shelf, embedded, found

from app.domain.indexing import FolderChanges
from app.domain.query import SearchFilters


@pytest.fixture
def trip(shelf: Shelf) -> Shelf:
    """Seven photos in folders, with one more folder beside."""
    paths = ("top.jpg", "rom/1.jpg", "rom/2.jpg", "rom/vatikan/3.jpg", "rom 2/4.jpg", "wien/5.jpg")
    shelf.index({path: f"content of {path}" for path in paths})
    other = shelf.library.folders.add("/elsewhere")
    shelf.photos.apply_changes(FolderChanges(other.folder_id, added=(found("rom/9.jpg"),)))
    [pending] = shelf.photos.next_pending(1)
    shelf.photos.store_indexed([embedded(pending, "content of 9")], IDENTITY)
    return shelf


def _paths(shelf: Shelf, filters: SearchFilters) -> list[str]:
    return sorted(photo.path.rpartition("/")[2] for photo in shelf.photos.get(shelf.photos.ids(filters)))


def test_without_filters_everything_is_shown(trip: Shelf) -> None:
    assert len(trip.photos.ids()) == 7


def test_a_folder_and_a_subfolder_narrow_the_answer(trip: Shelf) -> None:
    folder_id = trip.folder.folder_id
    assert len(_paths(trip, SearchFilters(folder_id=folder_id))) == 6
    assert _paths(trip, SearchFilters(folder_id=folder_id, subfolder="rom")) == ["1.jpg", "2.jpg", "3.jpg"]
    assert _paths(trip, SearchFilters(folder_id=folder_id, subfolder="rom/vatikan")) == ["3.jpg"]
    assert _paths(trip, SearchFilters(folder_id=folder_id, subfolder="ro")) == []


def test_favourites_and_arrivals_narrow_the_answer(trip: Shelf) -> None:
    liked = [trip.id_of("rom/1.jpg"), trip.id_of("wien/5.jpg")]
    trip.photos.set_favourite(liked, True)
    assert _paths(trip, SearchFilters(favourites_only=True)) == ["1.jpg", "5.jpg"]
    assert _paths(trip, SearchFilters(favourites_only=True, subfolder="wien")) == ["5.jpg"]
    assert len(_paths(trip, SearchFilters(added_since=time.time() - 3600))) == 7
    assert _paths(trip, SearchFilters(added_since=time.time() + 3600)) == []


@pytest.mark.parametrize(
    "filters",
    [
        SearchFilters(),
        SearchFilters(folder_id=1),
        SearchFilters(folder_id=1, subfolder="rom"),
        SearchFilters(subfolder="rom"),
        SearchFilters(favourites_only=True),
        SearchFilters(favourites_only=True, folder_id=1),
        SearchFilters(added_since=1.0),
        SearchFilters(added_since=1.0, folder_id=1, subfolder="rom", favourites_only=True),
    ],
)
def test_every_way_to_ask_lets_the_same_photos_through(trip: Shelf, filters: SearchFilters) -> None:
    trip.photos.set_favourite([trip.id_of("rom/1.jpg"), trip.id_of("wien/5.jpg")], True)
    expected = sorted(trip.photos.ids(filters).tolist())
    assert expected
    photo_ids, labels = trip.photos.ids_with_labels(IDENTITY, filters)
    assert sorted(photo_ids.tolist()) == expected
    everything = trip.library.embeddings.labels(IDENTITY)
    pairs = trip.photos.photos_of_labels(IDENTITY, everything, filters)
    assert pairs == list(zip(photo_ids.tolist(), labels.tolist(), strict=True))
    assert sorted(trip.photos.search_words("jpg", filters)) == expected
    assert [trip.photos.label_of(photo_id, IDENTITY) for photo_id in photo_ids.tolist()] == labels.tolist()


def test_photos_of_labels_keep_the_order_of_the_labels(trip: Shelf) -> None:
    labels = np.array([5, 1, 3, 99])
    assert [label for _, label in trip.photos.photos_of_labels(IDENTITY, labels)] == [5, 1, 3]


def test_photos_without_an_embedding_have_no_label(trip: Shelf) -> None:
    [pending] = trip.add("new.jpg")
    assert trip.photos.label_of(pending, IDENTITY) is None
    assert trip.photos.label_of(pending, "unknown") is None
    assert pending not in trip.photos.ids_with_labels(IDENTITY)[0].tolist()
    assert trip.photos.ids_with_labels("unknown")[0].tolist() == []


def test_an_empty_library_answers_with_nothing(shelf: Shelf) -> None:
    assert shelf.photos.ids().shape == (0,)
    assert shelf.photos.ids().dtype == np.int64
    assert shelf.photos.ids_with_labels(IDENTITY)[1].shape == (0,)
    assert shelf.photos.photos_of_labels(IDENTITY, np.empty(0, np.int64)) == []
    assert shelf.photos.subfolders(shelf.folder.folder_id) == ()
    assert shelf.photos.get([]) == []


def test_photos_come_in_the_order_asked_for_without_those_that_are_gone(trip: Shelf) -> None:
    a, b = trip.id_of("rom/2.jpg"), trip.id_of("top.jpg")
    assert [photo.photo_id for photo in trip.photos.get([b, 4711, a])] == [b, a]


def test_ten_thousand_photos_are_ordered_by_time_then_by_arrival(shelf: Shelf) -> None:
    hour = 3_600_000_000_000
    files = tuple(found(f"{n}.jpg", mtime_ns=400_000 * hour + n % 100 * hour) for n in range(10_000))
    shelf.apply(added=files)
    by_id = {file.photo_id: file.mtime_ns for file in shelf.photos.known_files(shelf.folder.folder_id)}
    expected = sorted(by_id, key=lambda photo_id: (by_id[photo_id], photo_id), reverse=True)
    assert shelf.photos.ids().tolist() == expected


def test_subfolders_are_listed_level_by_level_with_what_is_below(trip: Shelf) -> None:
    folder_id = trip.folder.folder_id
    top = trip.photos.subfolders(folder_id)
    assert [(child.name, child.photo_count, child.has_children) for child in top] == [
        ("rom", 3, True),
        ("rom 2", 1, False),
        ("wien", 1, False),
    ]
    [vatikan] = trip.photos.subfolders(folder_id, "rom")
    assert (vatikan.relative_path, vatikan.name, vatikan.photo_count) == ("rom/vatikan", "vatikan", 1)
    assert trip.photos.subfolders(folder_id, "wien") == ()


def test_subfolders_with_undecodable_names_can_be_opened(shelf: Shelf) -> None:
    shelf.add("caf\udce9/inner/a.jpg", "caf\udce8/b.jpg")
    children = shelf.photos.subfolders(shelf.folder.folder_id)
    assert [child.name for child in children] == ["caf\ufffd", "caf\ufffd"]
    assert [child.relative_path for child in children] == ["caf\udce8", "caf\udce9"]
    [inner] = shelf.photos.subfolders(shelf.folder.folder_id, "caf\udce9")
    filters = SearchFilters(folder_id=shelf.folder.folder_id, subfolder=inner.relative_path)
    assert len(shelf.photos.ids(filters)) == 1


def test_subfolders_without_shown_photos_are_left_out(trip: Shelf) -> None:
    trip.photos.mark_missing([trip.id_of("wien/5.jpg")])
    assert "wien" not in [child.name for child in trip.photos.subfolders(trip.folder.folder_id)]


def test_counts_add_up(trip: Shelf) -> None:
    trip.add("new.jpg")
    trip.photos.set_favourite([trip.id_of("top.jpg"), trip.id_of("new.jpg")], True)
    trip.photos.set_favourite([trip.id_of("new.jpg")], False)
    counts = trip.photos.counts(IDENTITY)
    assert (counts.photos, counts.favourites, counts.recent, counts.pending) == (8, 1, 8, 1)
    assert (counts.embedded, counts.problems) == (7, 0)
    assert trip.photos.counts().embedded == 0


def test_liking_a_photo_twice_or_one_that_is_gone_is_fine(trip: Shelf) -> None:
    photo_id = trip.id_of("top.jpg")
    trip.photos.set_favourite([photo_id, photo_id, 4711], True)
    trip.photos.set_favourite([photo_id], True)
    assert trip.photos.ids(SearchFilters(favourites_only=True)).tolist() == [photo_id]


def test_the_version_grows_with_every_write_and_with_nothing_else(trip: Shelf) -> None:
    before = trip.library.version
    trip.photos.ids()
    trip.photos.counts(IDENTITY)
    assert trip.photos.next_unembedded(IDENTITY, 10) == []
    assert trip.library.version == before
    trip.photos.set_favourite([trip.id_of("top.jpg")], True)
    assert trip.library.version > before
