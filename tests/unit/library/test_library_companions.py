"""Files that are one item in the library: a raw file with its JPEG, a film with its Live Photo."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from library_builder import IDENTITY, PLAIN, Shelf, embedded, found, indexed
from sqlalchemy import event, update

from app.domain.companions import CompanionKind
from app.domain.conditions import Condition, Field, FileType
from app.domain.health import Part, Weight
from app.domain.indexing import PhotoFailure
from app.domain.media import PhotoMetadata
from app.domain.photo import PhotoState
from app.domain.query import SearchFilters
from app.errors import LibraryError
from app.library.companions import _LEFT, _differences
from app.library.database import Database
from app.library.examination import examine
from app.library.library import Library
from app.library.migrate import migrate
from app.library.schema import PhotoRow

RAW, JPEG = "trip/IMG_0001.CR2", "trip/IMG_0001.JPG"
PAIR = {RAW: "raw content", JPEG: "jpeg content"}
NOON = datetime(2024, 5, 4, 12, 0, 0)  # noqa: DTZ001 - cameras know no offset


def taken(at: datetime) -> PhotoMetadata:
    return PhotoMetadata(40, 30, "JPEG", taken_at=at)


def read(shelf: Shelf, path: str, metadata: PhotoMetadata = PLAIN) -> None:
    """Store a pending file as read, with its path as content."""
    shelf.photos.store_indexed([indexed(shelf.pending(shelf.id_of(path)), path, metadata)], None)


def fail(shelf: Shelf, path: str) -> None:
    pending = shelf.pending(shelf.id_of(path))
    failure = PhotoFailure(pending.photo_id, pending.size, pending.mtime_ns, "broken")
    shelf.photos.store_failures([failure])


def move(shelf: Shelf, **places: str) -> None:
    """Files to new paths: `raw` and `jpeg`."""
    origins = {"raw": RAW, "jpeg": JPEG}
    shelf.apply(moved=tuple((shelf.id_of(origins[key]), found(path)) for key, path in places.items()))


def companions(shelf: Shelf, path: str) -> list[str]:
    return [
        one.path.removeprefix(f"{shelf.folder.path}/") for one in shelf.photo(shelf.id_of(path)).companions
    ]


def test_a_pair_is_one_item_wherever_photos_are_shown_or_counted(shelf: Shelf) -> None:
    shelf.index({**PAIR, "trip/other.jpg": "other content"})
    shelf.photos.set_favourite([shelf.id_of(JPEG)], True)
    assert sorted(shelf.paths()) == [JPEG, "trip/other.jpg"]
    assert shelf.photos.search_words("img_0001") == [shelf.id_of(JPEG)]
    assert [child.photo_count for child in shelf.photos.subfolders(shelf.folder.folder_id)] == [2]
    assert shelf.library.folders.counts()[shelf.folder.folder_id].photos == 2
    assert shelf.photos.count_shown() == 2
    counts = shelf.photos.counts(IDENTITY)
    assert (counts.photos, counts.recent, counts.favourites, counts.embedded) == (2, 2, 1, 2)
    ids, labels = shelf.photos.ids_with_labels(IDENTITY)
    assert set(ids.tolist()) == {shelf.id_of(JPEG), shelf.id_of("trip/other.jpg")}
    assert len(labels) == 2


def test_a_photo_tells_what_belongs_to_it(shelf: Shelf) -> None:
    shelf.index({**PAIR, "trip/IMG_0001.MOV": "film"})
    told = shelf.photo(shelf.id_of(JPEG)).companions
    assert [(one.photo_id, one.kind) for one in told] == [
        (shelf.id_of(RAW), CompanionKind.RAW),
        (shelf.id_of("trip/IMG_0001.MOV"), CompanionKind.FILM),
    ]
    assert companions(shelf, JPEG) == [RAW, "trip/IMG_0001.MOV"]


def test_a_companion_is_read_but_never_embedded(shelf: Shelf) -> None:
    shelf.add(RAW, JPEG)
    assert {shelf.relative(one): one.companion for one in shelf.photos.next_pending(10)} == {
        RAW: True,
        JPEG: False,
    }
    read(shelf, RAW)
    read(shelf, JPEG)
    waiting = shelf.photos.next_unembedded(IDENTITY, 10)
    assert [shelf.relative(one) for one in waiting] == [JPEG]
    assert shelf.photos.count_unembedded(IDENTITY) == 1


def test_a_raw_file_that_came_first_is_hidden_when_its_jpeg_comes(shelf: Shelf) -> None:
    shelf.index({RAW: "raw content"})
    assert shelf.paths() == [RAW]
    shelf.index({JPEG: "jpeg content"})
    assert shelf.paths() == [JPEG]
    both = shelf.library.embeddings.labels(IDENTITY)
    assert [photo for photo, _ in shelf.photos.photos_of_labels(IDENTITY, both)] == [shelf.id_of(JPEG)]


def test_the_raw_file_takes_the_place_of_a_deleted_jpeg_until_it_is_back(shelf: Shelf) -> None:
    raw, jpeg = shelf.add(RAW, JPEG)
    read(shelf, RAW)
    read(shelf, JPEG)
    shelf.photos.set_favourite([jpeg], True)
    shelf.photos.mark_missing([jpeg])
    assert shelf.paths() == [RAW]
    assert shelf.photo(raw).favourite
    assert [one.photo_id for one in shelf.photos.next_unembedded(IDENTITY, 10)] == [raw]
    shelf.apply(returned=((jpeg, found(JPEG)),))
    assert shelf.paths() == [JPEG]
    assert shelf.photo(jpeg).favourite
    assert not shelf.photo(raw).favourite


def test_what_was_taken_back_meanwhile_stays_so(shelf: Shelf) -> None:
    shelf.index(PAIR)
    raw, jpeg = shelf.id_of(RAW), shelf.id_of(JPEG)
    shelf.photos.set_favourite([jpeg], True)
    shelf.photos.mark_missing([jpeg])
    shelf.photos.set_favourite([raw], False)
    shelf.apply(returned=((jpeg, found(JPEG)),))
    assert not shelf.photo(jpeg).favourite


def test_decisions_about_a_raw_file_go_to_the_jpeg_that_comes(shelf: Shelf) -> None:
    shelf.index({RAW: "raw content"})
    shelf.photos.set_favourite([shelf.id_of(RAW)], True)
    shelf.add(JPEG)
    assert shelf.photo(shelf.id_of(JPEG)).favourite


def test_a_pair_that_moves_together_stays_one(shelf: Shelf) -> None:
    shelf.index(PAIR)
    shelf.photos.set_favourite([shelf.id_of(JPEG)], True)
    move(shelf, jpeg="home/IMG_0001.JPG", raw="home/IMG_0001.CR2")
    assert shelf.paths() == ["home/IMG_0001.JPG"]
    assert companions(shelf, "home/IMG_0001.JPG") == ["home/IMG_0001.CR2"]
    assert shelf.photo(shelf.id_of("home/IMG_0001.JPG")).favourite


def test_a_pair_that_is_parted_becomes_two_items(shelf: Shelf) -> None:
    shelf.index(PAIR)
    shelf.photos.set_favourite([shelf.id_of(JPEG)], True)
    move(shelf, jpeg="trip/sunset.JPG")
    assert sorted(shelf.paths()) == [RAW, "trip/sunset.JPG"]
    assert shelf.photo(shelf.id_of("trip/sunset.JPG")).favourite
    assert not shelf.photo(shelf.id_of(RAW)).favourite


def test_names_that_change_places_change_companions(shelf: Shelf) -> None:
    other_raw, other_jpeg = "trip/IMG_0002.CR2", "trip/IMG_0002.JPG"
    shelf.index({**PAIR, other_raw: "other raw", other_jpeg: "other jpeg"})
    first, second = shelf.id_of(JPEG), shelf.id_of(other_jpeg)
    shelf.apply(moved=((first, found(other_jpeg)), (second, found(JPEG))))
    assert [one.photo_id for one in shelf.photo(first).companions] == [shelf.id_of(other_raw)]
    assert [one.photo_id for one in shelf.photo(second).companions] == [shelf.id_of(RAW)]


def test_a_jpeg_known_again_by_content_takes_its_raw_file_back(shelf: Shelf) -> None:
    shelf.index(PAIR)
    jpeg = shelf.id_of(JPEG)
    shelf.photos.set_favourite([jpeg], True)
    shelf.photos.mark_missing([jpeg, shelf.id_of(RAW)])
    shelf.index({"drive/IMG_0001.JPG": "jpeg content", "drive/IMG_0001.CR2": "raw content"})
    assert shelf.paths() == ["drive/IMG_0001.JPG"]
    assert shelf.id_of("drive/IMG_0001.JPG") == jpeg
    assert shelf.photo(jpeg).favourite
    assert companions(shelf, "drive/IMG_0001.JPG") == ["drive/IMG_0001.CR2"]


def test_a_broken_raw_file_is_a_problem_though_its_jpeg_is_fine(shelf: Shelf) -> None:
    shelf.add(RAW, JPEG)
    fail(shelf, RAW)
    read(shelf, JPEG)
    assert [problem.photo_id for problem in shelf.photos.problems()] == [shelf.id_of(RAW)]
    assert shelf.photos.counts().problems == 1
    assert shelf.library.folders.counts()[shelf.folder.folder_id].problems == 1
    assert companions(shelf, JPEG) == [RAW]


def test_a_raw_file_stands_for_a_broken_jpeg_until_that_is_tried_again(shelf: Shelf) -> None:
    shelf.add(RAW, JPEG)
    read(shelf, RAW)
    fail(shelf, JPEG)
    assert shelf.paths() == [RAW]
    assert shelf.photos.retry([shelf.id_of(JPEG)]) == 1
    assert shelf.paths() == [JPEG]


def test_dates_part_what_only_shared_a_name(shelf: Shelf) -> None:
    shelf.add(RAW, JPEG)
    assert shelf.paths() == [JPEG]
    read(shelf, RAW, taken(NOON))
    read(shelf, JPEG, taken(NOON + timedelta(days=400)))
    assert sorted(shelf.paths()) == [RAW, JPEG]


def test_dates_join_what_people_named(shelf: Shelf) -> None:
    shelf.add("garden.jpg", "garden.nef")
    assert len(shelf.paths()) == 2
    for path in ("garden.jpg", "garden.nef"):
        read(shelf, path, taken(NOON))
    assert shelf.paths() == ["garden.jpg"]


def test_pixel_cameras_name_the_two_files_of_a_shot_in_their_own_way(shelf: Shelf) -> None:
    shelf.add("PXL_20240504_120000123.RAW-01.COVER.jpg", "PXL_20240504_120000123.RAW-02.ORIGINAL.dng")
    assert shelf.paths() == ["PXL_20240504_120000123.RAW-01.COVER.jpg"]


def test_files_of_one_name_in_different_directories_are_no_pair(shelf: Shelf) -> None:
    shelf.add("raw/IMG_0001.CR2", "jpeg/IMG_0001.JPG")
    assert len(shelf.paths()) == 2


def test_raw_files_are_shown_apart_and_together_again_at_once(shelf: Shelf) -> None:
    shelf.index({**PAIR, "trip/IMG_0001.MOV": "film"})
    library = shelf.library
    library.companions.show_raw_apart(True)
    assert library.companions.mend() == 1
    assert sorted(shelf.paths()) == [RAW, JPEG]
    assert companions(shelf, JPEG) == ["trip/IMG_0001.MOV"]
    library.companions.show_raw_apart(False)
    library.companions.mend()
    assert shelf.paths() == [JPEG]
    assert library.companions.mend() == 0


@pytest.mark.parametrize("left", [PhotoState.MISSING, PhotoState.PROBLEM])
def test_after_a_crash_nothing_stays_hidden_behind_a_photo_that_is_gone(
    shelf: Shelf, left: PhotoState
) -> None:
    shelf.index(PAIR)
    shelf.photos.set_favourite([shelf.id_of(JPEG)], True)
    _set(shelf.library, shelf.id_of(JPEG), state=left)
    assert shelf.library.companions.mend() > 0
    assert shelf.paths() == [RAW]
    assert shelf.photo(shelf.id_of(RAW)).favourite


def test_a_library_from_before_pairs_is_grouped_when_it_is_mended(shelf: Shelf) -> None:
    shelf.index(PAIR)
    _set(shelf.library, shelf.id_of(RAW), companion_of=None)
    assert len(shelf.paths()) == 2
    assert shelf.library.companions.mend() == 1
    assert shelf.paths() == [JPEG]


def test_a_file_that_is_found_missing_at_its_old_path_joins_its_pair(shelf: Shelf) -> None:
    shelf.index(PAIR)
    shelf.photos.mark_missing([shelf.id_of(RAW)])
    assert companions(shelf, JPEG) == []
    shelf.apply(added=(found(RAW),))
    assert shelf.paths() == [JPEG]
    assert companions(shelf, JPEG) == [RAW]


def test_recent_and_folder_filters_leave_companions_out(shelf: Shelf) -> None:
    shelf.index(PAIR)
    for filters in (
        SearchFilters(added_since=0.0),
        SearchFilters(folder_id=shelf.folder.folder_id),
        SearchFilters(folder_id=shelf.folder.folder_id, subfolder="trip"),
    ):
        assert shelf.photos.ids(filters).tolist() == [shelf.id_of(JPEG)]
        assert shelf.photos.ids_with_labels(IDENTITY, filters)[0].tolist() == [shelf.id_of(JPEG)]
    assert shelf.photos.label_of(shelf.id_of(RAW), IDENTITY) is None


def test_the_name_of_a_raw_file_finds_its_photo(shelf: Shelf) -> None:
    shelf.index(PAIR)
    assert shelf.photos.search_words("img_0001.cr2") == [shelf.id_of(JPEG)]
    assert shelf.photos.search_words("cr2") == [shelf.id_of(JPEG)]


def test_what_could_not_be_regrouped_is_with_the_next_change(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.index(PAIR)

    def refuse(connection: object, photo_ids: object) -> None:
        raise LibraryError("The disk is full.")

    with monkeypatch.context() as full:
        full.setattr(shelf.library.companions, "regroup_in", refuse)
        with pytest.raises(LibraryError):
            shelf.photos.mark_missing([shelf.id_of(JPEG)])
    assert shelf.paths() == []
    shelf.add("another.jpg")
    assert sorted(shelf.paths()) == ["another.jpg", RAW]


def test_an_embedding_that_comes_after_its_file_became_a_companion_is_kept(shelf: Shelf) -> None:
    [raw] = shelf.add(RAW)
    pending = shelf.pending(raw)
    shelf.add(JPEG)
    shelf.photos.store_indexed([embedded(pending, "raw content")], IDENTITY)
    assert shelf.library.embeddings.count(IDENTITY) == 1
    assert shelf.paths() == [JPEG]


def _set(library: Library, photo_id: int, **values: object) -> None:
    """As a kill between two transactions leaves it."""
    with library._writer.transaction() as connection:
        connection.execute(update(PhotoRow).where(PhotoRow.id == photo_id).values(**values))


def test_a_library_that_holds_photos_is_migrated_and_grouped(database: Path) -> None:
    database.parent.mkdir()
    database.touch()
    connections = Database(database)
    migrate(connections, head="0003")
    with connections.writer.begin() as connection:
        connection.exec_driver_sql("INSERT INTO folders (id, path, added_at) VALUES (1, x'2f70', 0)")
        for photo_id, name in enumerate(("IMG_0001.JPG", "IMG_0001.CR2", "Été.jpg"), 1):
            connection.exec_driver_sql(
                "INSERT INTO photos (id, folder_id, state, unread, relative_path, directory, name,"
                " folder_words, size, mtime_ns, priority, sort_time, added_at)"
                " VALUES (?, 1, 'ready', 0, ?, x'', ?, 'p', 1, 1, 0, ?, 0)",
                (photo_id, name.encode(), name, photo_id),
            )
    connections.close()
    library = Library.open(database)
    assert library.companions.mend() == 1
    assert library.photos.ids().tolist() == [3, 1]
    library.close()


def test_the_groups_of_touched_files_are_found_through_indexes(shelf: Shelf) -> None:
    shelf.index(PAIR)
    plans: list[str] = []

    def explain(connection, cursor, statement, parameters, context, executemany):  # type: ignore[no-untyped-def]
        if statement.startswith("SELECT"):
            rows = connection.connection.dbapi_connection.execute(
                f"EXPLAIN QUERY PLAN {statement}", parameters
            )
            plans.extend(row[3] for row in rows.fetchall())

    with shelf.library._database.read() as connection:
        event.listen(shelf.library._database._readers, "before_cursor_execute", explain)
        _differences(connection, [shelf.id_of(RAW)], raw_apart=False)
        connection.execute(_LEFT)
    photos = [plan for plan in plans if any(table in plan for table in ("file", "item", "touched", "other"))]
    assert photos
    assert all(plan.startswith("SEARCH") or "ix_photos_companions" in plan for plan in photos), plans


def test_a_photo_is_found_by_the_type_of_its_raw_file(shelf: Shelf) -> None:
    shelf.add(RAW, JPEG, "other.jpg")
    read(shelf, RAW, replace(PLAIN, format="RAW"))
    read(shelf, JPEG)
    read(shelf, "other.jpg")

    def of_type(kind: FileType, *, negated: bool = False) -> list[str]:
        filters = SearchFilters(conditions=(Condition(Field.TYPE, kind, negated),))
        return sorted(shelf.relative(photo) for photo in shelf.photos.get(shelf.photos.ids(filters)))

    assert of_type(FileType.RAW) == [JPEG]
    assert of_type(FileType.JPEG) == ["other.jpg", JPEG]
    assert of_type(FileType.RAW, negated=True) == ["other.jpg"]


def test_a_file_hidden_behind_nothing_is_noticed_by_an_examination(shelf: Shelf) -> None:
    shelf.index(PAIR)
    assert not [finding for finding in examine(shelf.database) if finding.part is Part.PHOTOS]
    _set(shelf.library, shelf.id_of(JPEG), state=PhotoState.PROBLEM)
    [finding] = [finding for finding in examine(shelf.database) if finding.part is Part.PHOTOS]
    assert (finding.weight, finding.count, finding.examples) == (Weight.NOTE, 1, (RAW,))
    shelf.library.companions.mend()
    assert not [finding for finding in examine(shelf.database) if finding.part is Part.PHOTOS]
