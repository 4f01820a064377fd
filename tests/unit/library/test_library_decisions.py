"""What users decide about photos, what files say, and which of the two holds."""

from dataclasses import replace
from pathlib import Path

import pytest
from library_builder import PLAIN, Shelf, found, indexed

from app.domain.decisions import Conflict, Decisions, FileSays, Flag, Kind, Said, resolve
from app.domain.media import PhotoMetadata, TakenFrom
from app.library.database import Database
from app.library.library import Library
from app.library.migrate import migrate


def held(shelf: Shelf, photo_id: int) -> Decisions:
    return shelf.photo(photo_id).decisions


def read_again(shelf: Shelf, photo_id: int, metadata: PhotoMetadata, mtime_ns: int, content: str) -> None:
    """The file was written anew, and read."""
    path = shelf.relative(shelf.photo(photo_id))
    shelf.apply(changed=((photo_id, found(path, mtime_ns)),))
    shelf.photos.store_indexed([indexed(shelf.pending(photo_id), content, metadata)], None)


def test_stars_flag_and_label_come_with_the_photo(shelf: Shelf, library: Library) -> None:
    photo_id = shelf.index_one("a.jpg")
    library.decisions.decide(Kind.RATING, [photo_id], 4)
    library.decisions.decide(Kind.FLAG, [photo_id], Flag.PICK)
    library.decisions.decide(Kind.LABEL, [photo_id], "Blue")
    assert held(shelf, photo_id) == Decisions(4, Flag.PICK, "Blue")


def test_photos_that_are_gone_are_passed_over(shelf: Shelf, library: Library) -> None:
    photo_id = shelf.index_one("a.jpg")
    undo = library.decisions.decide(Kind.RATING, [photo_id, 999], 2)
    assert [one.photo_id for one in undo.before] == [photo_id]


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [(Kind.RATING, 3, 5), (Kind.FLAG, "pick", "reject"), (Kind.LABEL, "Red", "Green")],
)
def test_undo_brings_every_photo_back_to_what_it_was(
    shelf: Shelf, library: Library, kind: Kind, first: int | str, second: int | str
) -> None:
    decided, untouched = shelf.index_one("a.jpg"), shelf.index_one("b.jpg")
    library.decisions.decide(kind, [decided], first)
    undo = library.decisions.decide(kind, [decided, untouched], second)
    library.decisions.undo(undo)
    assert getattr(held(shelf, decided), kind.value) == first
    assert held(shelf, untouched) == Decisions()


def test_what_the_file_says_holds_until_the_user_decides(shelf: Shelf, library: Library) -> None:
    photo_id = shelf.index_one("a.jpg", replace(PLAIN, rating=3, label="Red"))
    assert held(shelf, photo_id) == Decisions(3, None, "Red")
    library.decisions.decide(Kind.RATING, [photo_id], 0)
    assert held(shelf, photo_id) == Decisions(0, None, "Red")


def test_undoing_the_first_rating_brings_the_files_own_back(shelf: Shelf, library: Library) -> None:
    photo_id = shelf.index_one("a.jpg", replace(PLAIN, rating=3))
    library.decisions.undo(library.decisions.decide(Kind.RATING, [photo_id], 5))
    read_again(shelf, photo_id, replace(PLAIN, rating=2), 1_700_000_000_000_000_000, "a.jpg")
    assert held(shelf, photo_id) == Decisions(2)


def test_a_file_rejected_elsewhere_is_flagged_and_has_no_stars(shelf: Shelf, library: Library) -> None:
    photo_id = shelf.index_one("a.jpg", replace(PLAIN, rating=-1))
    assert held(shelf, photo_id) == Decisions(0, Flag.REJECT)
    library.decisions.decide(Kind.FLAG, [photo_id], "")
    assert held(shelf, photo_id) == Decisions(0, None)


def test_a_file_changed_after_our_decision_wins_and_the_conflict_is_told(
    shelf: Shelf, library: Library
) -> None:
    photo_id = shelf.index_one("a.jpg")
    library.decisions.decide(Kind.RATING, [photo_id], 5)
    far_ahead = 4_000_000_000_000_000_000  # a file's clock is believed up to now
    read_again(shelf, photo_id, replace(PLAIN, rating=3), far_ahead, "other")
    assert held(shelf, photo_id) == Decisions(3, rating_conflict=Conflict(file=3, own=5))


def test_a_file_rated_before_our_decision_but_read_after_it_loses_and_the_conflict_is_told(
    shelf: Shelf, library: Library
) -> None:
    photo_id = shelf.index_one("a.jpg")
    library.decisions.decide(Kind.RATING, [photo_id], 5)
    read_again(shelf, photo_id, replace(PLAIN, rating=3), 1_600_000_000_000_000_001, "other")
    assert held(shelf, photo_id) == Decisions(5, rating_conflict=Conflict(file=3, own=5))


def test_a_conflict_is_settled_by_deciding_again_or_by_taking_the_files(
    shelf: Shelf, library: Library
) -> None:
    mine, theirs = shelf.index_one("a.jpg"), shelf.index_one("b.jpg")
    library.decisions.decide(Kind.RATING, [mine, theirs], 5)
    for photo_id in (mine, theirs):
        read_again(shelf, photo_id, replace(PLAIN, rating=3), 4_000_000_000_000_000_000, f"new {photo_id}")
    library.decisions.decide(Kind.RATING, [mine], 5)
    library.decisions.forget_own(Kind.RATING, [theirs])
    assert held(shelf, mine) == Decisions(5)
    assert held(shelf, theirs) == Decisions(3)


def test_a_change_that_leaves_the_files_rating_alone_does_not_make_it_newer(
    shelf: Shelf, library: Library
) -> None:
    photo_id = shelf.index_one("a.jpg", replace(PLAIN, rating=3))
    library.decisions.decide(Kind.RATING, [photo_id], 5)
    read_again(shelf, photo_id, replace(PLAIN, rating=3, title="Harbour"), 4_000_000_000_000_000_000, "other")
    assert held(shelf, photo_id) == Decisions(5)


def test_rating_label_sidecar_and_source_of_the_date_are_kept(shelf: Shelf) -> None:
    metadata = replace(
        PLAIN, rating=2, label="Winner", sidecar_mtime_ns=1_600_000_000_123_456_789, taken_from=None
    )
    photo_id = shelf.index_one("a.jpg", metadata)
    kept = shelf.photo(photo_id).metadata
    assert kept is not None
    assert (kept.rating, kept.label, kept.sidecar_mtime_ns) == (2, "Winner", 1_600_000_000_123_456_789)
    [known] = shelf.photos.known_files(shelf.folder.folder_id)
    assert known.sidecar_mtime_ns == 1_600_000_000_123_456_789


@pytest.mark.parametrize("source", TakenFrom)
def test_every_source_of_a_date_comes_back(shelf: Shelf, source: TakenFrom) -> None:
    photo_id = shelf.index_one("a.jpg", replace(PLAIN, taken_from=source))
    kept = shelf.photo(photo_id).metadata
    assert kept is not None
    assert kept.taken_from is source


def test_a_file_that_takes_a_missing_photos_place_brings_its_newer_decisions(
    shelf: Shelf, library: Library
) -> None:
    old = shelf.index_one("old.jpg")
    library.decisions.decide(Kind.RATING, [old], 2)
    library.decisions.decide(Kind.LABEL, [old], "Red")
    shelf.apply(missing=(old,))
    [new] = shelf.add("new.jpg")
    library.decisions.decide(Kind.RATING, [new], 4)
    shelf.photos.store_indexed([indexed(shelf.pending(new), "old.jpg")], None)
    assert held(shelf, shelf.id_of("new.jpg")) == Decisions(4, None, "Red")


def test_photos_with_a_label_are_never_forgotten(shelf: Shelf, library: Library) -> None:
    labelled, plain = shelf.index_one("a.jpg"), shelf.index_one("b.jpg")
    library.decisions.decide(Kind.LABEL, [labelled], "Red")
    shelf.apply(missing=(labelled, plain))
    shelf.photos.purge(older_than_days=-1)
    assert [photo.photo_id for photo in shelf.photos.get([labelled, plain])] == [labelled]


@pytest.mark.parametrize(
    ("own", "file", "expected"),
    [
        (None, None, (0, None)),
        (Said(4, 10.0), None, (4, None)),
        (None, FileSays(3, 5.0, 6.0), (3, None)),
        (Said(3, 10.0), FileSays(3, 20.0, 21.0), (3, None)),
        (Said(4, 10.0), FileSays(3, 5.0, 6.0), (4, None)),
        (Said(4, 10.0), FileSays(3, 20.0, 21.0), (3, Conflict(3, 4))),
        (Said(4, 10.0), FileSays(3, 5.0, 21.0), (4, Conflict(3, 4))),
        (Said(0, 10.0), FileSays(3, 20.0, 21.0), (3, Conflict(3, 0))),
    ],
)
def test_the_newer_of_both_holds_and_a_surprise_is_a_conflict(
    own: Said[int] | None, file: FileSays[int] | None, expected: tuple[int, Conflict[int] | None]
) -> None:
    assert resolve(own, file, 0) == expected


def test_a_library_of_the_first_version_keeps_its_decisions(database: Path) -> None:
    database.parent.mkdir()
    database.touch()
    connections = Database(database)
    migrate(connections, head="0001")
    with connections.writer.begin() as connection:
        for statement in (
            "INSERT INTO folders (id, path, added_at) VALUES (1, x'2f70', 1.0)",
            (
                "INSERT INTO photos (id, folder_id, state, unread, relative_path, directory, name,"
                " folder_words, size, mtime_ns, priority, sort_time, added_at)"
                " VALUES (7, 1, 'ready', 0, x'61', x'', 'a', 'p', 1, 1, 0, 1.0, 1.0)"
            ),
            "INSERT INTO ratings VALUES (7, 4, 2.0)",
            "INSERT INTO flags VALUES (7, 'pick', 2.0)",
            "INSERT INTO albums VALUES (3, 'Best', 2.0)",
            "INSERT INTO album_photos VALUES (3, 7, 1.0, 2.0)",
        ):
            connection.exec_driver_sql(statement)
    connections.close()
    library = Library.open(database)
    assert library.decisions.get([7]) == {7: Decisions(4, Flag.PICK)}
    assert [album.photo_count for album in library.albums.all()] == [1]
    library.close()
