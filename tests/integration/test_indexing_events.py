"""What happens in watched folders while the program runs, on real folders with the system's own events."""

import os
import shutil
from pathlib import Path

import pytest

from app.domain.photo import FolderState, PhotoState
from app.indexing import watcher
from tests.fake_encoder import FakeEncoder
from tests.indexing_rig import Rig, make_photo, wait_for


@pytest.fixture
def folder(rig: Rig, encoder: FakeEncoder) -> Path:
    """A watched folder with two photos, and the worker idle."""
    _, path = rig.add_folder()
    make_photo(path / "a.jpg", 1)
    make_photo(path / "trip/b.jpg", 2)
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos("photos/a.jpg", "photos/trip/b.jpg")
    rig.settle()
    return path


def test_a_copied_file_is_searchable_well_within_two_seconds(rig: Rig, folder: Path) -> None:
    source = make_photo(rig.place / "elsewhere.jpg", 3)

    shutil.copyfile(source, folder / "new.jpg")

    seconds = rig.wait_for_photos("photos/a.jpg", "photos/new.jpg", "photos/trip/b.jpg", seconds=2.0)
    print(f"searchable after {seconds:.2f} s")
    assert rig.indexed() == 3


def test_a_file_that_is_copied_slowly_ends_right(rig: Rig, folder: Path) -> None:
    data = make_photo(rig.place / "elsewhere.jpg", 3, side=400).read_bytes()
    with (folder / "slow.jpg").open("wb", buffering=0) as file:
        file.write(data[: len(data) // 2])
        wait_for(lambda: any("slow.jpg" in path for path in rig.opened), "the half was read")
        wait_for(lambda: rig.library.photos.counts().problems == 1, "the half is known as a problem")
        file.write(data[len(data) // 2 :])

    rig.wait_for_photos("photos/a.jpg", "photos/slow.jpg", "photos/trip/b.jpg")
    assert rig.library.photos.problems() == ()


def test_a_deleted_file_disappears(rig: Rig, folder: Path) -> None:
    version = rig.last.library_version

    (folder / "a.jpg").unlink()

    rig.wait_for_photos("photos/trip/b.jpg")
    wait_for(lambda: rig.last.library_version > version, "listeners know", seconds=1.0)


def test_a_deleted_directory_takes_its_photos_with_it(rig: Rig, folder: Path) -> None:
    shutil.rmtree(folder / "trip")

    rig.wait_for_photos("photos/a.jpg")


@pytest.mark.parametrize(
    ("source", "target"),
    [("a.jpg", "z.jpg"), ("a.jpg", "trip/a.jpg"), ("trip", "journey"), ("trip/b.jpg", "b.jpg")],
)
def test_what_is_renamed_keeps_its_row_and_is_not_read_again(
    rig: Rig, folder: Path, source: str, target: str
) -> None:
    before = {photo.photo_id for photo in rig.photos()}
    rig.library.photos.set_favourite(sorted(before), True)
    opened = len(rig.opened)
    names = sorted(name.replace(f"photos/{source}", f"photos/{target}") for name in rig.names())

    (folder / source).rename(folder / target)

    rig.wait_for_photos(*names)
    assert {photo.photo_id for photo in rig.photos()} == before
    assert all(photo.favourite for photo in rig.photos())
    assert len(rig.opened) == opened


def test_renamed_twice_at_once_keeps_its_row(rig: Rig, folder: Path) -> None:
    photo_id = rig.photo("photos/trip/b.jpg").photo_id

    (folder / "trip").rename(folder / "journey")
    (folder / "journey" / "b.jpg").rename(folder / "c.jpg")

    rig.wait_for_photos("photos/a.jpg", "photos/c.jpg")
    assert rig.photo("photos/c.jpg").photo_id == photo_id


@pytest.mark.parametrize("what", ["a.jpg", "trip"])
def test_moved_between_watched_folders_keeps_row_and_favourite(
    rig: Rig, folder: Path, encoder: FakeEncoder, what: str
) -> None:
    _, other = rig.add_folder("other")
    rig.settle()
    wait_for(lambda: rig.states.get(2)[0] is FolderState.WATCHING, "the second folder is watched")
    before = {photo.photo_id for photo in rig.photos()}
    rig.library.photos.set_favourite(sorted(before), True)
    names = sorted(name.replace(f"photos/{what}", f"other/{what}") for name in rig.names())
    embedded = encoder.images_encoded

    (folder / what).rename(other / what)

    rig.wait_for_photos(*names)
    wait_for(lambda: {photo.photo_id for photo in rig.photos()} == before, "the rows followed")
    assert all(photo.favourite for photo in rig.photos())
    assert encoder.images_encoded == embedded


def test_saving_through_a_temporary_name_reads_again_and_keeps_the_favourite(rig: Rig, folder: Path) -> None:
    photo = rig.photo("photos/a.jpg")
    rig.library.photos.set_favourite([photo.photo_id], True)

    make_photo(folder / "a.tmp.jpg", 77).rename(folder / "a.jpg")

    wait_for(
        lambda: rig.photo("photos/a.jpg").content_key != photo.content_key and rig.all_done(), "it is read"
    )
    assert rig.photo("photos/a.jpg").photo_id == photo.photo_id
    assert rig.photo("photos/a.jpg").favourite
    assert rig.names() == ["photos/a.jpg", "photos/trip/b.jpg"]


def test_a_hidden_temporary_name_that_becomes_the_real_one_is_found(rig: Rig, folder: Path) -> None:
    make_photo(folder / ".new.jpg.XyZ", 5)
    assert "photos/.new.jpg.XyZ" not in rig.names()

    (folder / ".new.jpg.XyZ").rename(folder / "new.jpg")

    rig.wait_for_photos("photos/a.jpg", "photos/new.jpg", "photos/trip/b.jpg", seconds=2.0)


def test_a_directory_moved_out_and_in_again_is_not_embedded_again(
    rig: Rig, folder: Path, encoder: FakeEncoder
) -> None:
    photo_id = rig.photo("photos/trip/b.jpg").photo_id
    embedded = encoder.images_encoded

    (folder / "trip").rename(rig.place / "away")
    rig.wait_for_photos("photos/a.jpg")
    (rig.place / "away").rename(folder / "trip")

    rig.wait_for_photos("photos/a.jpg", "photos/trip/b.jpg")
    assert rig.photo("photos/trip/b.jpg").photo_id == photo_id
    assert encoder.images_encoded == embedded
    make_photo(folder / "trip/c.jpg", 9)  # it is watched as before
    rig.wait_for_photos("photos/a.jpg", "photos/trip/b.jpg", "photos/trip/c.jpg")


def test_a_tree_moved_in_from_outside_is_found_and_watched(rig: Rig, folder: Path) -> None:
    make_photo(rig.place / "outside/deep/c.jpg", 8)
    (rig.place / "outside").rename(folder / "inside")
    rig.wait_for_photos("photos/a.jpg", "photos/inside/deep/c.jpg", "photos/trip/b.jpg")

    make_photo(folder / "inside/deep/d.jpg", 9)
    rig.wait_for_photos(
        "photos/a.jpg", "photos/inside/deep/c.jpg", "photos/inside/deep/d.jpg", "photos/trip/b.jpg"
    )


def test_a_burst_of_a_thousand_files_is_found(rig: Rig, folder: Path) -> None:
    rig.worker.pause(True)  # only finding them is tested
    data = make_photo(rig.place / "elsewhere.jpg", 3).read_bytes()
    for number in range(1000):
        (folder / f"{number}.jpg").write_bytes(data)

    wait_for(lambda: rig.library.photos.counts().photos == 1002, "all are known", seconds=60)


def test_a_crowd_of_events_becomes_one_look_through_the_folder(
    rig: Rig, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "_CROWD", 20)
    for number in range(60):
        make_photo(folder / f"{number}.jpg", number)

    wait_for(lambda: len(rig.names()) == 62 and rig.all_done(), "all are in")


def test_what_happens_while_a_scan_runs_is_not_lost(rig: Rig, folder: Path) -> None:
    for number in range(30):
        rig.worker.rescan(None)
        make_photo(folder / f"{number}.jpg", number)
        if number % 3 == 0:
            (folder / f"{number}.jpg").unlink()

    left = [f"photos/{number}.jpg" for number in range(30) if number % 3]
    rig.wait_for_photos(*left, "photos/a.jpg", "photos/trip/b.jpg")


def test_names_that_are_no_text_are_taken_in(rig: Rig, folder: Path) -> None:
    source = make_photo(rig.place / "elsewhere.jpg", 3)
    target = os.fsencode(folder) + b"/caf\xe9.jpg"

    shutil.copyfile(source, target)

    rig.wait_for_photos("photos/a.jpg", os.fsdecode(b"photos/caf\xe9.jpg"), "photos/trip/b.jpg")


def test_a_missing_photo_comes_back_as_it_was(rig: Rig, folder: Path) -> None:
    photo = rig.photo("photos/a.jpg")
    (folder / "a.jpg").rename(rig.place / "kept.jpg")
    rig.wait_for_photos("photos/trip/b.jpg")
    assert rig.library.photos.get([photo.photo_id])[0].state is PhotoState.MISSING

    (rig.place / "kept.jpg").rename(folder / "a.jpg")

    rig.wait_for_photos("photos/a.jpg", "photos/trip/b.jpg")
    assert rig.photo("photos/a.jpg").photo_id == photo.photo_id
