"""What scans and watchers report, written down."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from library_builder import IDENTITY, Shelf, found, indexed

from app.domain.indexing import FolderChanges
from app.domain.photo import PhotoState
from app.library.library import Library


def test_added_files_wait_to_be_read(shelf: Shelf) -> None:
    shelf.add("a.jpg", "2020/b.jpg")
    assert [photo.path for photo in shelf.photos.next_pending(10)] == [
        "/pictures/Urlaub/a.jpg",
        "/pictures/Urlaub/2020/b.jpg",
    ]
    assert {photo.state for photo in shelf.photos.get(shelf.photos.ids())} == {PhotoState.PENDING}


def test_thousands_of_files_are_added_in_short_transactions(shelf: Shelf) -> None:
    before = shelf.library.version
    shelf.apply(added=tuple(found(f"{number}.jpg") for number in range(3000)))
    assert len(shelf.photos.known_files(shelf.folder.folder_id)) == 3000
    assert shelf.library.version - before > 5


@pytest.mark.parametrize("raw", [b"caf\xe9.jpg", b"\xff\xfe/\x80.png", "Ünïcode 海.jpg".encode()])
def test_names_keep_every_byte(shelf: Shelf, raw: bytes) -> None:
    path = os.fsdecode(raw)
    [photo_id] = shelf.add(path)
    assert os.fsencode(shelf.photo(photo_id).path) == b"/pictures/Urlaub/" + raw
    assert shelf.photos.find(shelf.folder.folder_id, path) is not None
    assert [file.relative_path for file in shelf.photos.known_files(shelf.folder.folder_id)] == [path]


def test_the_same_file_reported_twice_is_one_row(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    before = shelf.photos.known_files(shelf.folder.folder_id)
    shelf.add("a.jpg")
    assert shelf.photos.known_files(shelf.folder.folder_id) == before


def test_a_file_that_appears_where_another_went_missing_is_read_again(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    photo_id = shelf.id_of("a.jpg")
    shelf.apply(missing=(photo_id,))
    shelf.add("a.jpg")
    assert shelf.photo(photo_id).state is PhotoState.PENDING


def test_a_changed_file_is_read_again_and_shown_as_it_was_until_then(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    photo_id = shelf.id_of("a.jpg")
    shelf.apply(changed=((photo_id, found("a.jpg", size=200)),))
    photo = shelf.photo(photo_id)
    assert (photo.state, photo.size, photo.content_key) == (PhotoState.PENDING, 200, "A")
    assert shelf.photos.label_of(photo_id, IDENTITY) is not None


def test_a_moved_file_keeps_its_row_and_all_that_is_known(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    photo_id = shelf.id_of("a.jpg")
    shelf.photos.set_favourite([photo_id], True)
    label = shelf.photos.label_of(photo_id, IDENTITY)
    shelf.apply(moved=((photo_id, found("new/b.jpg")),))
    photo = shelf.photo(photo_id)
    assert (shelf.relative(photo), photo.state, photo.favourite) == ("new/b.jpg", PhotoState.READY, True)
    assert shelf.photos.label_of(photo_id, IDENTITY) == label
    assert shelf.photos.find(shelf.folder.folder_id, "a.jpg") is None


def test_a_file_moved_to_another_folder_keeps_its_row(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    photo_id = shelf.id_of("a.jpg")
    other = shelf.library.folders.add("/elsewhere")
    shelf.photos.apply_changes(FolderChanges(other.folder_id, moved=((photo_id, found("b.jpg")),)))
    assert shelf.photo(photo_id).path == "/elsewhere/b.jpg"


def test_a_file_that_was_edited_and_moved_is_read_again(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    photo_id = shelf.id_of("a.jpg")
    shelf.apply(moved=((photo_id, found("b.jpg", size=7)),))
    assert shelf.photo(photo_id).state is PhotoState.PENDING


def test_a_moved_file_takes_the_place_of_the_one_it_replaced(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A", "b.jpg": "B"})
    a, b = shelf.id_of("a.jpg"), shelf.id_of("b.jpg")
    shelf.apply(moved=((a, found("b.jpg")),))
    assert shelf.id_of("b.jpg") == a
    assert shelf.photo(b).state is PhotoState.MISSING


def test_the_content_of_a_replaced_file_is_recognised_where_it_turns_up(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A", "b.jpg": "B"})
    a, b = shelf.id_of("a.jpg"), shelf.id_of("b.jpg")
    shelf.photos.set_favourite([b], True)
    shelf.apply(moved=((a, found("b.jpg")),))
    shelf.index({"c.jpg": "B"})
    assert shelf.id_of("c.jpg") == b
    assert shelf.photo(b).favourite


def test_two_files_that_swapped_names_both_keep_their_rows(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A", "b.jpg": "B"})
    a, b = shelf.id_of("a.jpg"), shelf.id_of("b.jpg")
    shelf.apply(moved=((a, found("b.jpg")), (b, found("a.jpg"))))
    assert (shelf.id_of("a.jpg"), shelf.id_of("b.jpg")) == (b, a)
    assert {photo.state for photo in shelf.photos.get([a, b])} == {PhotoState.READY}


def test_a_pending_file_in_a_chain_of_moves_stays_pending(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A", "b.jpg": "B"})
    a, b = shelf.id_of("a.jpg"), shelf.id_of("b.jpg")
    shelf.apply(changed=((b, found("b.jpg", size=5)),))
    shelf.apply(moved=((a, found("b.jpg")), (b, found("c.jpg", size=5))))
    assert shelf.photo(a).state is PhotoState.READY
    assert shelf.photo(b).state is PhotoState.PENDING


def test_a_missing_file_leaves_every_answer_but_keeps_its_row(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A", "b.jpg": "B"})
    a = shelf.id_of("a.jpg")
    shelf.photos.set_favourite([a], True)
    shelf.apply(missing=(a,))
    assert shelf.paths() == ["b.jpg"]
    assert shelf.photos.search_words("a.jpg") == []
    assert shelf.photos.ids_with_labels(IDENTITY)[0].tolist() == [shelf.id_of("b.jpg")]
    assert shelf.photo(a).favourite


def test_a_returned_file_is_ready_without_reading(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    a = shelf.id_of("a.jpg")
    shelf.apply(missing=(a,))
    shelf.apply(returned=((a, found("a.jpg")),))
    assert shelf.photo(a).state is PhotoState.READY


def test_a_returned_file_that_was_never_read_is_pending(shelf: Shelf) -> None:
    [a] = shelf.add("a.jpg")
    shelf.apply(missing=(a,))
    shelf.apply(returned=((a, found("a.jpg")),))
    assert shelf.photo(a).state is PhotoState.PENDING


def test_a_file_that_went_missing_after_a_change_is_read_when_it_returns(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    a = shelf.id_of("a.jpg")
    changed = found("a.jpg", size=9)
    shelf.apply(changed=((a, changed),))
    shelf.apply(missing=(a,))
    shelf.apply(returned=((a, changed),))
    assert shelf.photo(a).state is PhotoState.PENDING


def test_a_move_of_a_forgotten_photo_adds_the_file(shelf: Shelf) -> None:
    shelf.apply(moved=((4711, found("a.jpg")),))
    assert shelf.photo(shelf.id_of("a.jpg")).state is PhotoState.PENDING


def test_changes_of_an_unknown_folder_are_passed_over(shelf: Shelf) -> None:
    shelf.photos.apply_changes(FolderChanges(99, added=(found("a.jpg"),)))
    assert shelf.photos.count_pending() == 0


def test_known_files_of_a_subfolder_are_those_below_it(shelf: Shelf) -> None:
    shelf.add("2020/a.jpg", "2020/deep/b.jpg", "2020.jpg", "2020 b/c.jpg", "d.jpg")
    known = shelf.photos.find_below(shelf.folder.folder_id, "2020")
    assert [file.relative_path for file in known] == ["2020/a.jpg", "2020/deep/b.jpg"]
    assert len(shelf.photos.find_below(shelf.folder.folder_id, "")) == 5


def test_known_files_include_missing_ones(shelf: Shelf) -> None:
    [a] = shelf.add("a.jpg")
    shelf.photos.mark_missing([a])
    [known] = shelf.photos.known_files(shelf.folder.folder_id)
    assert (known.photo_id, known.state) == (a, PhotoState.MISSING)


def test_a_removed_folder_disappears_and_comes_back_with_its_photos(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    shelf.library.folders.remove(shelf.folder.folder_id)
    assert shelf.library.folders.all() == ()
    assert shelf.library.folders.get(shelf.folder.folder_id) is None
    assert shelf.photos.ids().tolist() == []
    assert shelf.photos.search_words("a") == []
    assert shelf.photos.counts(IDENTITY).photos == 0
    assert shelf.library.folders.add(shelf.folder.path) == shelf.folder
    assert shelf.paths() == ["a.jpg"]


def test_folder_counts_tell_states_apart(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    shelf.add("b.jpg")
    empty = shelf.library.folders.add("/empty")
    counts = shelf.library.folders.counts()
    folder = counts[shelf.folder.folder_id]
    assert (folder.photos, folder.pending, folder.problems) == (2, 1, 0)
    assert counts[empty.folder_id].photos == 0


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_no_sequence_of_moves_puts_two_rows_on_one_path_or_loses_one(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory, empty_library: Path
) -> None:
    library = Library.open(shutil.copy(empty_library, tmp_path_factory.mktemp("moves") / "library.db"))
    folder = library.folders.add("/p")
    names = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    library.photos.apply_changes(FolderChanges(folder.folder_id, added=tuple(map(found, names[:3]))))
    ids = [file.photo_id for file in library.photos.known_files(folder.folder_id)]
    for _ in range(data.draw(st.integers(1, 4))):
        targets = data.draw(st.permutations(names))
        moving = data.draw(st.lists(st.sampled_from(ids), unique=True, min_size=1))
        moved = tuple((photo_id, found(name)) for photo_id, name in zip(moving, targets, strict=False))
        library.photos.apply_changes(FolderChanges(folder.folder_id, moved=moved))
        files = {file.photo_id: file for file in library.photos.known_files(folder.folder_id)}
        assert set(files) == set(ids)
        for photo_id, file in moved:
            assert files[photo_id].relative_path == file.relative_path
            assert files[photo_id].state is PhotoState.PENDING
    library.close()


def test_urgent_arrivals_go_before_the_backlog_and_the_newest_first(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([1_000_000_000, 2_000_000_000])
    shelf.add("backlog 1.jpg", "backlog 2.jpg")
    for name in ("early.jpg", "late.jpg"):
        with monkeypatch.context() as patch:
            now = next(clock)
            patch.setattr("app.library.changes.time.time_ns", lambda now=now: now)
            shelf.apply(added=(found(name),), urgent=True)
    names = [shelf.relative(photo) for photo in shelf.photos.next_pending(10)]
    assert names == ["late.jpg", "early.jpg", "backlog 1.jpg", "backlog 2.jpg"]


def test_the_queue_skips_what_is_excluded_offline_or_removed(shelf: Shelf) -> None:
    a, b = shelf.add("a.jpg", "b.jpg")
    assert [photo.photo_id for photo in shelf.photos.next_pending(1, exclude={a})] == [b]
    assert shelf.photos.next_pending(10, offline={shelf.folder.folder_id}) == []
    shelf.library.folders.remove(shelf.folder.folder_id)
    assert shelf.photos.next_pending(10) == []
    assert shelf.photos.count_pending() == 0


def test_a_result_for_an_older_version_of_the_file_is_not_believed(shelf: Shelf) -> None:
    [a] = shelf.add("a.jpg")
    read = indexed(shelf.pending(a), "A")
    shelf.apply(changed=((a, found("a.jpg", size=500)),))
    shelf.photos.store_indexed([read], None)
    assert shelf.photo(a).state is PhotoState.PENDING
    assert shelf.photo(a).content_key is None


def test_reading_a_file_that_keeps_differing_from_its_row_comes_to_an_end(shelf: Shelf) -> None:
    [a] = shelf.add("a.jpg")  # the scan saw 100 bytes; the file has 300 by now, and nobody reports it
    for _ in range(2):
        shelf.photos.store_indexed([replace(indexed(shelf.pending(a), "A"), size=300)], None)
    assert shelf.photo(a).state is PhotoState.READY
