"""The watched folders and what was set for each."""

import sqlite3
from pathlib import Path

from library_builder import IDENTITY, Shelf, embedded, found

from app.domain.folder_rules import NO_RULES, FolderRules
from app.domain.indexing import FolderChanges
from app.domain.photo import Folder, PhotoState
from app.library.library import Library

RULES = FolderRules(include=("2024/",), exclude=("*.png", "Straße/caf\udce9"), videos=True)


def test_a_folder_begins_without_rules_and_keeps_those_it_is_given(library: Library) -> None:
    folder = library.folders.add("/pictures")
    assert folder.rules == NO_RULES

    library.folders.set_rules(folder.folder_id, RULES)

    assert library.folders.get(folder.folder_id) == Folder(folder.folder_id, "/pictures", RULES)
    assert library.folders.all() == (Folder(folder.folder_id, "/pictures", RULES),)


def test_a_removed_folder_comes_back_with_its_rules(library: Library) -> None:
    folder = library.folders.add("/pictures")
    library.folders.set_rules(folder.folder_id, RULES)
    library.folders.remove(folder.folder_id)

    assert library.folders.add("/pictures").rules == RULES


def test_switches_of_a_newer_version_are_passed_over(library: Library, database: Path) -> None:
    folder = library.folders.add("/pictures")
    connection = sqlite3.connect(database)
    connection.execute("""UPDATE folders SET rules = '{"exclude": ["a"], "teleport": true}'""")
    connection.commit()
    connection.close()

    assert library.folders.get(folder.folder_id) == Folder(
        folder.folder_id, "/pictures", FolderRules(exclude=("a",))
    )


def test_photos_that_are_left_out_are_kept_for_good_and_vanished_ones_are_not(shelf: Shelf) -> None:
    shelf.index({"private/a.jpg": "A", "b.jpg": "B"})
    hidden, gone = shelf.id_of("private/a.jpg"), shelf.id_of("b.jpg")
    shelf.apply(missing=(hidden, gone))

    shelf.photos.note_left_out(shelf.folder.folder_id, [hidden])
    shelf.photos.purge(older_than_days=-1)

    assert [known.photo_id for known in shelf.photos.known_files(shelf.folder.folder_id)] == [hidden]
    shelf.apply(returned=((hidden, found("private/a.jpg")),))
    assert shelf.photo(hidden).state is PhotoState.READY
    assert shelf.library.embeddings.count(IDENTITY) == 1
    shelf.apply(missing=(hidden,))  # deleted this time
    shelf.photos.purge(older_than_days=-1)
    assert shelf.photos.known_files(shelf.folder.folder_id) == []


def test_the_days_begin_when_a_photo_is_no_longer_left_out(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    photo_id = shelf.id_of("a.jpg")
    shelf.apply(missing=(photo_id,))
    shelf.photos.note_left_out(shelf.folder.folder_id, [photo_id])
    shelf.photos.note_left_out(shelf.folder.folder_id, [])

    shelf.photos.purge(older_than_days=1)
    assert shelf.photos.known_files(shelf.folder.folder_id) != []
    shelf.photos.purge(older_than_days=-1)
    assert shelf.photos.known_files(shelf.folder.folder_id) == []


def test_a_copy_does_not_take_the_place_of_a_photo_that_is_left_out(shelf: Shelf) -> None:
    shelf.index({"private/a.jpg": "A"})
    hidden = shelf.id_of("private/a.jpg")
    shelf.photos.set_favourite([hidden], True)
    shelf.apply(missing=(hidden,))
    shelf.photos.note_left_out(shelf.folder.folder_id, [hidden])

    shelf.index({"copy/a.jpg": "A"})

    assert shelf.photo(hidden).state is PhotoState.MISSING
    assert shelf.photo(hidden).favourite
    assert not shelf.photo(shelf.id_of("copy/a.jpg")).favourite


def test_the_file_itself_takes_up_its_photo_when_another_folder_watches_it(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    hidden = shelf.id_of("a.jpg")
    shelf.apply(missing=(hidden,))
    shelf.photos.note_left_out(shelf.folder.folder_id, [hidden])
    other = shelf.library.folders.add("/pictures/Urlaub/private")

    shelf.photos.apply_changes(FolderChanges(other.folder_id, added=(found("a.jpg"),)))
    [pending] = shelf.photos.next_pending(10)
    shelf.photos.store_indexed([embedded(pending, "A")], IDENTITY)

    assert shelf.photo(hidden).state is PhotoState.READY
    assert shelf.photo(hidden).path == "/pictures/Urlaub/private/a.jpg"
