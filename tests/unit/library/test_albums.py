"""Albums and saved searches."""

from library_builder import Shelf

from app.domain.decisions import Album, SavedSearch
from app.domain.query import SearchFilters
from app.library.library import Library


def in_album(shelf: Shelf, album_id: int) -> list[int]:
    return shelf.photos.ids(SearchFilters(album_id=album_id)).tolist()


def test_an_album_keeps_the_order_in_which_photos_came(shelf: Shelf, library: Library) -> None:
    a, b, c = (shelf.index_one(name) for name in ("a.jpg", "b.jpg", "c.jpg"))
    album = library.albums.create("Best")
    library.albums.add(album, [c, a])
    library.albums.add(album, [b, c])
    assert in_album(shelf, album) == [c, a, b]
    assert library.albums.all() == (Album(album, "Best", 3),)


def test_an_album_searched_by_date_is_newest_first(shelf: Shelf, library: Library) -> None:
    a, b = shelf.index_one("a.jpg"), shelf.index_one("b.jpg")
    album = library.albums.create("Best")
    library.albums.add(album, [a, b])
    assert shelf.photos.ids(SearchFilters(album_id=album), by_date=True).tolist() == [b, a]


def test_photos_move_within_an_album(shelf: Shelf, library: Library) -> None:
    a, b, c, d = (shelf.index_one(f"{name}.jpg") for name in "abcd")
    album = library.albums.create("Best")
    library.albums.add(album, [a, b, c, d])
    library.albums.move(album, [d, c], before=b)
    assert in_album(shelf, album) == [a, d, c, b]
    library.albums.move(album, [a], before=None)
    assert in_album(shelf, album) == [d, c, b, a]


def test_what_is_not_shown_is_not_in_the_album_but_keeps_its_place(shelf: Shelf, library: Library) -> None:
    a, b = shelf.index_one("a.jpg"), shelf.index_one("b.jpg")
    album = library.albums.create("Best")
    library.albums.add(album, [a, b])
    shelf.photos.mark_missing([a])
    assert in_album(shelf, album) == [b]
    assert library.albums.all()[0].photo_count == 1
    shelf.photos.purge(older_than_days=-1)
    assert len(shelf.photos.get([a])) == 1


def test_removing_is_taken_back_with_the_old_places(shelf: Shelf, library: Library) -> None:
    a, b, c = (shelf.index_one(f"{name}.jpg") for name in "abc")
    album = library.albums.create("Best")
    library.albums.add(album, [a, b, c])
    undo = library.albums.remove(album, [b, 999])
    assert in_album(shelf, album) == [a, c]
    library.albums.undo(undo)
    assert in_album(shelf, album) == [a, b, c]


def test_adding_is_taken_back_without_those_that_were_in_it(shelf: Shelf, library: Library) -> None:
    a, b = shelf.index_one("a.jpg"), shelf.index_one("b.jpg")
    album = library.albums.create("Best")
    library.albums.add(album, [a])
    library.albums.undo(library.albums.add(album, [a, b]))
    assert in_album(shelf, album) == [a]


def test_a_deleted_album_leaves_its_photos(shelf: Shelf, library: Library) -> None:
    a = shelf.index_one("a.jpg")
    album = library.albums.create("Best")
    library.albums.add(album, [a])
    library.albums.delete(album)
    assert library.albums.all() == ()
    assert shelf.paths() == ["a.jpg"]
    assert library.albums.add(album, [a]).added == ()


def test_albums_are_listed_by_name_and_may_be_renamed(library: Library) -> None:
    first, second = library.albums.create("zoo"), library.albums.create("Alps")
    library.albums.rename(first, "aquarium")
    assert [album.name for album in library.albums.all()] == ["Alps", "aquarium"]
    assert second != first


def test_a_search_saved_under_a_known_name_takes_its_place(library: Library) -> None:
    first = library.searches.save("Cars", "{}")
    assert library.searches.save("Cars", '{"terms": []}') == first
    other = library.searches.save("Boats", "{}")
    library.searches.rename(first, "Red cars")
    assert library.searches.all() == (
        SavedSearch(other, "Boats", "{}"),
        SavedSearch(first, "Red cars", '{"terms": []}'),
    )
    library.searches.delete(other)
    assert [search.name for search in library.searches.all()] == ["Red cars"]
