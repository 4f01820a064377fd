"""Photos that are known again by their content, and copies that are told apart."""

import time
from dataclasses import replace

import pytest
from library_builder import IDENTITY, Shelf, found, indexed

from app.domain.indexing import FolderChanges, FoundFile
from app.domain.photo import PhotoState


def favourite(shelf: Shelf, path: str) -> int:
    photo_id = shelf.id_of(path)
    shelf.photos.set_favourite([photo_id], True)
    return photo_id


def vanish(shelf: Shelf, *paths: str) -> None:
    shelf.apply(missing=tuple(shelf.id_of(path) for path in paths))


def add_file(shelf: Shelf, path: str, file_id: str, *, size: int = 100) -> None:
    shelf.apply(added=(FoundFile(path, size, 1_600_000_000_000_000_000, file_id),))


def read_all(shelf: Shelf, contents: dict[str, tuple[str, str]], identity: str | None = None) -> int:
    """Store what was read at paths, (content, pixels) each, in one batch: how many were known again."""
    pending = {shelf.relative(photo): photo for photo in shelf.photos.next_pending(1000)}
    read = [indexed(pending[path], content, pixels=pixels) for path, (content, pixels) in contents.items()]
    return shelf.photos.store_indexed(read, identity).reattached


def test_of_identical_copies_the_file_id_tells_more_than_the_name(shelf: Shelf) -> None:
    shelf.index({"x/a.jpg": "A", "x/b.jpg": "A"})
    b = favourite(shelf, "x/b.jpg")
    file_id = found("x/b.jpg").file_id
    vanish(shelf, "x/a.jpg", "x/b.jpg")
    assert file_id is not None
    add_file(shelf, "y/a.jpg", file_id)
    assert read_all(shelf, {"y/a.jpg": ("A", "pixels of A")}) == 1
    assert shelf.id_of("y/a.jpg") == b
    assert shelf.photo(b).favourite


def test_of_identical_copies_of_other_names_the_nearest_folder_tells(shelf: Shelf) -> None:
    shelf.index({"2019/rome/a.jpg": "A", "2020/paris/b.jpg": "A"})
    rome, paris = shelf.id_of("2019/rome/a.jpg"), shelf.id_of("2020/paris/b.jpg")
    vanish(shelf, "2019/rome/a.jpg", "2020/paris/b.jpg")
    shelf.index({"2020/paris/best/x.jpg": "A", "2019/y.jpg": "A"})
    assert (shelf.id_of("2020/paris/best/x.jpg"), shelf.id_of("2019/y.jpg")) == (paris, rome)


def test_in_a_batch_no_copy_takes_what_fits_another_better(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A", "b.jpg": "A"})
    a, b = shelf.id_of("a.jpg"), shelf.id_of("b.jpg")
    vanish(shelf, "a.jpg", "b.jpg")
    shelf.index({"new/c.jpg": "A", "new/b.jpg": "A", "new/a.jpg": "A"})
    assert (shelf.id_of("new/a.jpg"), shelf.id_of("new/b.jpg")) == (a, b)
    assert shelf.id_of("new/c.jpg") not in (a, b)


def test_a_photo_that_was_moved_and_given_other_metadata_is_the_same_photo(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    a = favourite(shelf, "a.jpg")
    label = shelf.photos.label_of(a, IDENTITY)
    vanish(shelf, "a.jpg")
    shelf.add("trip/a.jpg")
    assert shelf.photos.reusable_embeddings(IDENTITY, [("A with a title", "pixels of A")])
    assert read_all(shelf, {"trip/a.jpg": ("A with a title", "pixels of A")}, IDENTITY) == 1
    assert shelf.id_of("trip/a.jpg") == a
    assert shelf.photo(a).favourite
    assert shelf.photo(a).content_key == "A with a title"
    assert shelf.photos.label_of(a, IDENTITY) not in (None, label)


def test_of_the_same_picture_the_name_tells_more_than_the_metadata(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A", "b.jpg": "A"})
    a, b = shelf.id_of("a.jpg"), shelf.id_of("b.jpg")
    vanish(shelf, "a.jpg", "b.jpg")
    shelf.add("x/a.jpg", "x/c.jpg")
    assert read_all(shelf, {"x/c.jpg": ("A", "pixels of A"), "x/a.jpg": ("A edited", "pixels of A")}) == 2
    assert (shelf.id_of("x/a.jpg"), shelf.id_of("x/c.jpg")) == (a, b)


def test_the_same_picture_under_another_name_with_other_metadata_is_another_photo(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    vanish(shelf, "a.jpg")
    shelf.add("x/c.jpg")
    assert read_all(shelf, {"x/c.jpg": ("A edited", "pixels of A")}) == 0


def test_a_file_id_that_was_given_out_again_to_another_picture_says_nothing(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    a = favourite(shelf, "a.jpg")
    file_id = found("a.jpg").file_id
    vanish(shelf, "a.jpg")
    assert file_id is not None
    add_file(shelf, "b.jpg", file_id, size=7)
    assert read_all(shelf, {"b.jpg": ("B", "pixels of B")}) == 0
    assert shelf.photo(a).state is PhotoState.MISSING
    assert not shelf.photo(shelf.id_of("b.jpg")).favourite


def test_a_photo_moved_over_another_brings_what_was_decided_about_it(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A", "b.jpg": "B"})
    a, b = shelf.id_of("a.jpg"), favourite(shelf, "b.jpg")
    now = replace(found("a.jpg", size=55), file_id=found("b.jpg").file_id)
    shelf.apply(changed=((a, now),), missing=(b,))
    read_all(shelf, {"a.jpg": ("B", "pixels of B")})
    assert shelf.id_of("a.jpg") == a
    assert shelf.photo(a).favourite
    assert shelf.photos.get([b]) == []


def test_a_copy_made_before_the_original_was_deleted_was_a_move(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    a = favourite(shelf, "a.jpg")
    shelf.index({"drive/a.jpg": "A"})
    copy = shelf.id_of("drive/a.jpg")
    vanish(shelf, "a.jpg")
    assert shelf.photos.bequeath(time.time() - 10) == 0  # it may only be in the course of being saved
    assert shelf.photos.bequeath(time.time() + 1) == 1
    assert shelf.id_of("drive/a.jpg") == a
    assert (shelf.photo(a).state, shelf.photo(a).favourite) == (PhotoState.READY, True)
    assert shelf.photos.get([copy]) == []
    assert shelf.photos.search_words("drive") == [a]
    assert shelf.photos.bequeath(time.time() + 1) == 0


def test_a_move_to_another_watched_folder_by_copying_keeps_the_photo(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    a = favourite(shelf, "a.jpg")
    other = shelf.library.folders.add("/media/usb")
    shelf.photos.apply_changes(FolderChanges(other.folder_id, added=(found("a.jpg"),)))
    [pending] = shelf.photos.next_pending(10)
    shelf.photos.store_indexed([indexed(pending, "A")], None)
    vanish(shelf, "a.jpg")
    shelf.photos.bequeath(time.time() + 1)
    assert shelf.photo(a).path == "/media/usb/a.jpg"


def test_an_older_copy_is_a_photo_of_its_own(shelf: Shelf) -> None:
    shelf.index({"first.jpg": "A"})
    shelf.index({"later.jpg": "A"})
    first, later = shelf.id_of("first.jpg"), favourite(shelf, "later.jpg")
    vanish(shelf, "later.jpg")
    assert shelf.photos.bequeath(time.time() + 1) == 0
    assert shelf.photo(later).state is PhotoState.MISSING
    assert not shelf.photo(first).favourite


def test_a_copy_of_another_name_is_a_photo_of_its_own(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.index({"a.jpg": "A"})
    a = favourite(shelf, "a.jpg")
    shelf.index({"a copy.jpg": "A"})
    later = time.time() + 60
    with monkeypatch.context() as patch:
        patch.setattr("app.library.changes.time.time", lambda: later)
        vanish(shelf, "a.jpg")
    assert shelf.photos.bequeath(later + 20) == 0
    assert shelf.photo(a).state is PhotoState.MISSING


def test_a_copy_that_got_other_metadata_before_the_original_was_deleted_was_a_move(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    a = favourite(shelf, "a.jpg")
    shelf.add("drive/a.jpg")
    read_all(shelf, {"drive/a.jpg": ("A with a title", "pixels of A")})
    vanish(shelf, "a.jpg")
    assert shelf.photos.bequeath(time.time() + 1) == 1
    assert shelf.id_of("drive/a.jpg") == a
    assert shelf.photo(a).content_key == "A with a title"


def test_while_running_a_photo_that_may_be_on_its_way_is_not_given_to_another_name_at_once(
    shelf: Shelf,
) -> None:
    shelf.index({"a.jpg": "A"})
    a = favourite(shelf, "a.jpg")
    vanish(shelf, "a.jpg")
    shelf.apply(added=(found("other.jpg"),), urgent=True)
    assert read_all(shelf, {"other.jpg": ("A", "pixels of A")}) == 0
    assert shelf.photo(a).state is PhotoState.MISSING
    assert shelf.photos.bequeath(time.time() + 1) == 1  # nobody else came for it
    assert shelf.id_of("other.jpg") == a


def test_while_running_a_photo_of_the_same_name_is_known_again_at_once(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    a = shelf.id_of("a.jpg")
    vanish(shelf, "a.jpg")
    shelf.apply(added=(found("x/a.jpg"),), urgent=True)
    assert read_all(shelf, {"x/a.jpg": ("A", "pixels of A")}) == 1
    assert shelf.id_of("x/a.jpg") == a


def test_a_photo_that_is_only_left_out_gives_its_row_to_no_copy(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    a = favourite(shelf, "a.jpg")
    shelf.index({"x/a.jpg": "A"})
    vanish(shelf, "a.jpg")
    shelf.photos.note_left_out(shelf.folder.folder_id, [a])
    assert shelf.photos.bequeath(time.time() + 1) == 0
    assert shelf.index({"y/a.jpg": "A"}).reattached == 0
    assert shelf.photo(a).state is PhotoState.MISSING


def test_each_of_two_vanished_originals_gets_its_own_copy(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A", "b.jpg": "A"})
    a, b = favourite(shelf, "a.jpg"), shelf.id_of("b.jpg")
    shelf.index({"new/b.jpg": "A", "new/a.jpg": "A"})
    vanish(shelf, "a.jpg", "b.jpg")
    assert shelf.photos.bequeath(time.time() + 1) == 2
    assert (shelf.id_of("new/a.jpg"), shelf.id_of("new/b.jpg")) == (a, b)
