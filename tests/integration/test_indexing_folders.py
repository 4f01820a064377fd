"""Folders as people have them: rules that change, markers, questions before much is removed, other places."""

import os
import shutil
from pathlib import Path

import pytest

from app.domain.folder_rules import NO_RULES, FolderRules
from app.domain.photo import Folder, FolderState, PhotoState, VolumePlace
from app.indexing import folder_watch
from app.indexing.folder_looks import HIDDEN_MESSAGE, REPLACED_MESSAGE
from tests.fake_encoder import FakeEncoder
from tests.indexing_rig import Rig, make_photo, wait_for


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_watch, "_ROOT_CHECK_SECONDS", 0.2)


def fill(folder: Path, count: int, first: int = 0) -> list[str]:
    """Make `count` different photos: their names as the rig tells them."""
    for number in range(first, first + count):
        make_photo(folder / f"{number:03d}.jpg", number)
    return [f"{folder.name}/{number:03d}.jpg" for number in range(first, first + count)]


def begin(rig: Rig, encoder: FakeEncoder, *names: str) -> None:
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos(*names)
    rig.settle()


# -- rules


def test_rules_take_effect_at_once_and_cost_nothing_when_they_are_lifted(
    rig: Rig, encoder: FakeEncoder
) -> None:
    watched, folder = rig.add_folder()
    for name in ("a.jpg", "private/b.jpg", "private/deep/c.jpg"):
        make_photo(folder / name, len(name))
    everything = ["photos/a.jpg", "photos/private/b.jpg", "photos/private/deep/c.jpg"]
    begin(rig, encoder, *everything)
    liked = rig.photo("photos/private/b.jpg").photo_id
    rig.library.photos.set_favourite([liked], True)
    opened = len(rig.opened)

    rig.library.folders.set_rules(watched.folder_id, FolderRules(exclude=("private/",)))
    rig.worker.folders_changed()
    rig.wait_for_photos("photos/a.jpg")
    make_photo(folder / "private" / "new.jpg", 50)  # the watcher knows the rules as well
    make_photo(folder / "seen.jpg", 51)
    rig.wait_for_photos("photos/a.jpg", "photos/seen.jpg")

    rig.library.folders.set_rules(watched.folder_id, NO_RULES)
    rig.worker.folders_changed()
    rig.wait_for_photos(*everything, "photos/private/new.jpg", "photos/seen.jpg")
    assert len(rig.opened) - opened == 2
    assert encoder.images_encoded == 5
    assert (rig.photo("photos/private/b.jpg").photo_id, rig.photo("photos/private/b.jpg").favourite) == (
        liked,
        True,
    )


def test_a_marker_that_comes_and_goes_hides_and_shows_its_folder(rig: Rig, encoder: FakeEncoder) -> None:
    _, folder = rig.add_folder()
    make_photo(folder / "a.jpg", 1)
    make_photo(folder / "phone" / "deep" / "b.jpg", 2)
    begin(rig, encoder, "photos/a.jpg", "photos/phone/deep/b.jpg")
    opened = len(rig.opened)

    (folder / "phone" / ".nomedia").write_bytes(b"")
    rig.wait_for_photos("photos/a.jpg")
    make_photo(folder / "phone" / "c.jpg", 3)
    make_photo(folder / "d.jpg", 4)
    rig.wait_for_photos("photos/a.jpg", "photos/d.jpg")

    (folder / "phone" / ".nomedia").unlink()
    rig.wait_for_photos("photos/a.jpg", "photos/d.jpg", "photos/phone/c.jpg", "photos/phone/deep/b.jpg")
    assert len(rig.opened) - opened == encoder.images_encoded - 2 == 2


def test_a_folder_that_a_marker_hides_as_a_whole_says_so(rig: Rig, encoder: FakeEncoder) -> None:
    watched, folder = rig.add_folder()
    (folder / ".nomedia").write_bytes(b"")
    make_photo(folder / "a.jpg", 1)
    begin(rig, encoder)
    assert rig.states.get(watched.folder_id) == (FolderState.WATCHING, HIDDEN_MESSAGE)

    (folder / ".nomedia").unlink()
    rig.wait_for_photos("photos/a.jpg")
    wait_for(lambda: rig.states.get(watched.folder_id) == (FolderState.WATCHING, ""), "it says so no more")


# -- files in the cloud


def test_a_photo_that_went_to_the_cloud_stays_and_a_new_one_there_is_left_out(
    rig: Rig, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, folder = rig.add_folder()
    names = fill(folder, 2)
    begin(rig, encoder, *names)
    opened = len(rig.opened)
    new = make_photo(rig.place / "new.jpg", 9)
    afar = {new.stat().st_ino, (folder / "000.jpg").stat().st_ino}
    monkeypatch.setattr("app.indexing.scanner.is_placeholder", lambda status, _: status.st_ino in afar)
    new.rename(folder / "new.jpg")
    os.utime(folder / "000.jpg")  # the cloud service touched it: reading it again would download it

    rig.worker.rescan(None)
    wait_for(lambda: "cloud" in rig.states.get(watched.folder_id)[1], "the folder says so")
    rig.settle()

    assert rig.names() == names
    assert all(photo.state is PhotoState.READY for photo in rig.photos())
    assert "2 files" in rig.states.get(watched.folder_id)[1]
    assert len(rig.opened) == opened


# -- questions before much is removed


def without_waiting(rig: Rig, folder: Path, names: range) -> None:
    """Delete while the program is closed."""
    rig.worker.stop()
    for number in names:
        (folder / f"{number:03d}.jpg").unlink()
    rig.restart()


def asked(rig: Rig, watched: Folder) -> int:
    state, _ = rig.states.get(watched.folder_id)
    return rig.states.vanished(watched.folder_id) if state is FolderState.ASKING else 0


def test_a_scan_that_misses_more_than_a_fifth_asks_and_removes_when_told(
    rig: Rig, encoder: FakeEncoder
) -> None:
    watched, folder = rig.add_folder()
    names = fill(folder, 60)
    begin(rig, encoder, *names)

    without_waiting(rig, folder, range(25))
    make_photo(folder / "new.jpg", 99)
    wait_for(lambda: asked(rig, watched) == 25, "it asks")
    rig.wait_for_photos(*names, "photos/new.jpg")
    assert "25 of its photos" in rig.states.get(watched.folder_id)[1]

    rig.restart()  # nothing was decided: it asks again
    wait_for(lambda: asked(rig, watched) == 25, "it asks again")
    rig.states.allow_removal([watched.folder_id])
    rig.worker.rescan(watched.folder_id)
    rig.wait_for_photos(*names[25:], "photos/new.jpg")
    assert rig.states.get(watched.folder_id) == (FolderState.WATCHING, "")


def test_what_is_to_be_kept_is_kept_until_more_is_gone(rig: Rig, encoder: FakeEncoder) -> None:
    watched, folder = rig.add_folder()
    names = fill(folder, 60)
    begin(rig, encoder, *names)
    without_waiting(rig, folder, range(25))
    wait_for(lambda: asked(rig, watched) == 25, "it asks")

    rig.states.keep(watched.folder_id)
    rig.worker.rescan(watched.folder_id)
    wait_for(lambda: "as you decided" in rig.states.get(watched.folder_id)[1], "it is decided")
    rig.settle()
    assert rig.names() == names

    for number in range(25, 30):
        (folder / f"{number:03d}.jpg").unlink()
    rig.wait_for_photos(*names[:25], *names[30:])  # few at a time are believed at once


def test_few_deletions_are_believed_at_once_and_many_ask(
    rig: Rig, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_watch, "_MANY_GONE_SECONDS", 0.2)
    watched, folder = rig.add_folder()
    (folder / "notes.txt").write_text("an empty folder would be taken for a drive that is not mounted")
    names = [f"photos/{name}" for name in fill(folder / "trip", 60)]
    begin(rig, encoder, *names)
    (folder / "trip" / "059.jpg").unlink()
    rig.wait_for_photos(*names[:59])

    (folder / "trip").rename(rig.place / "elsewhere")

    wait_for(lambda: asked(rig, watched) == 59, "it asks")
    assert rig.names() == names[:59]
    (rig.place / "elsewhere").rename(folder / "travels")
    rig.worker.rescan(None)
    rig.wait_for_photos(*(name.replace("trip", "travels") for name in names[:59]))
    assert rig.states.get(watched.folder_id) == (FolderState.WATCHING, "")
    assert encoder.images_encoded == 60


def test_rules_and_moves_raise_no_question(rig: Rig, encoder: FakeEncoder) -> None:
    watched, folder = rig.add_folder()
    names = [f"photos/{name}" for name in fill(folder / "old", 60)]
    begin(rig, encoder, *names)

    rig.worker.stop()
    other, place = rig.add_folder("other")
    for path in sorted((folder / "old").iterdir())[
        :30
    ]:  # as a move to another drive: a copy, then a deletion
        shutil.copy2(path, place)
        path.unlink()
    rig.library.folders.set_rules(watched.folder_id, FolderRules(exclude=("05?.jpg",)))
    rig.restart()

    rig.wait_for_photos(*names[30:50], *(f"other/{number:03d}.jpg" for number in range(30)))
    assert rig.states.get(watched.folder_id) == rig.states.get(other.folder_id) == (FolderState.WATCHING, "")
    assert encoder.images_encoded == 60


# -- folders in one another


def test_a_folder_takes_over_those_it_contains_with_all_that_is_known(
    rig: Rig, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.indexing.folder_places._PHOTOS_A_STEP", 7)
    (rig.place / "all").mkdir()
    first, folder = rig.add_folder("all/trip")
    _, second = rig.add_folder("all/home")
    trip = [f"all/{name}" for name in fill(folder, 20)]
    odd = os.fsdecode(b"caf\xe9.jpg")
    make_photo(second / odd, 70)
    make_photo(folder / "private" / "secret.jpg", 71)
    rig.library.folders.set_rules(first.folder_id, FolderRules(exclude=("private/",)))
    begin(rig, encoder, *trip, f"all/home/{odd}")
    ids = {photo.path: photo.photo_id for photo in rig.photos()}
    liked = [ids[f"{rig.place}/{trip[3]}"], ids[f"{rig.place}/all/home/{odd}"]]
    rig.library.photos.set_favourite(liked, True)
    opened = len(rig.opened)

    outer, place = rig.add_folder("all")
    make_photo(place / "new.jpg", 72)

    rig.wait_for_photos(*trip, f"all/home/{odd}", "all/new.jpg")
    wait_for(lambda: len(rig.library.folders.all()) == 1, "there is one folder")
    rig.settle()
    assert [one.folder_id for one in rig.library.folders.all()] == [outer.folder_id]
    assert {photo.path: photo.photo_id for photo in rig.photos()}.items() >= ids.items()
    assert all(photo.favourite == (photo.photo_id in liked) for photo in rig.photos())
    assert len(rig.opened) - opened == 1
    assert encoder.images_encoded == 22
    assert len(rig.library.photos.search_words("all trip 007")) == 1


def test_a_takeover_that_was_broken_off_goes_on_at_the_next_start(
    rig: Rig, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (rig.place / "all").mkdir()
    inner, folder = rig.add_folder("all/trip")
    names = [f"all/{name}" for name in fill(folder, 20)]
    begin(rig, encoder, *names)
    rig.worker.stop()
    outer, _ = rig.add_folder("all")
    rig.library.folders.moves.absorb_some(inner, outer, "trip", 8)

    rig.restart()

    rig.wait_for_photos(*names)
    wait_for(lambda: len(rig.library.folders.all()) == 1, "there is one folder")
    rig.settle()
    assert len(rig.opened) == encoder.images_encoded == 20


def test_a_folder_that_was_removed_comes_back_inside_the_one_that_contains_it(
    rig: Rig, encoder: FakeEncoder
) -> None:
    (rig.place / "all").mkdir()
    inner, folder = rig.add_folder("all/trip")
    names = [f"all/{name}" for name in fill(folder, 3)]
    begin(rig, encoder, *names)
    rig.library.photos.set_favourite([rig.photo(names[0]).photo_id], True)
    rig.library.folders.remove(inner.folder_id)
    rig.worker.folders_changed()
    rig.wait_for_photos()

    rig.add_folder("all")

    rig.wait_for_photos(*names)
    assert rig.photo(names[0]).favourite
    assert len(rig.opened) == encoder.images_encoded == 3


def test_a_drive_inside_a_folder_keeps_to_itself(
    rig: Rig, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.indexing.folder_places.can_be_absorbed", lambda overlap: False)
    (rig.place / "all").mkdir()
    drive, folder = rig.add_folder("all/drive")
    names = [f"all/{name}" for name in fill(folder, 3)]
    rig.add_folder("all")
    make_photo(rig.place / "all" / "own.jpg", 50)
    begin(rig, encoder, *names, "all/own.jpg")
    make_photo(folder / "new.jpg", 51)

    rig.wait_for_photos(*names, "all/drive/new.jpg", "all/own.jpg")
    assert rig.library.folders.counts()[drive.folder_id].photos == 4
    assert len(rig.opened) == 5


def test_a_folder_behind_a_link_is_watched_and_loops_in_it_end(rig: Rig, encoder: FakeEncoder) -> None:
    real = rig.place / "real"
    make_photo(real / "trip" / "a.jpg", 1)
    (real / "trip" / "loop").symlink_to(real, target_is_directory=True)
    (real / "self.jpg").symlink_to(real / "self.jpg")
    (rig.place / "link").symlink_to(real, target_is_directory=True)
    rig.add_folder("link")
    begin(rig, encoder, "link/trip/a.jpg")

    make_photo(real / "trip" / "b.jpg", 2)
    rig.wait_for_photos("link/trip/a.jpg", "link/trip/b.jpg")
    (real / "trip").rename(real / os.fsdecode(b"\xfcber"))

    odd = f"link/{os.fsdecode(bytes([0xFC]) + b'ber')}"
    rig.wait_for_photos(f"{odd}/a.jpg", f"{odd}/b.jpg")
    assert encoder.images_encoded == 2


# -- drives that come back elsewhere


def test_a_drive_that_is_mounted_elsewhere_is_followed(
    rig: Rig, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = {"drive": rig.place / "photos"}
    place = VolumePlace("uuid:drive", "/")
    monkeypatch.setattr("app.indexing.folder_watch.volume_place", lambda path: place)
    monkeypatch.setattr("app.indexing.folder_places.places_now", lambda _: [str(mounted["drive"])])
    _, folder = rig.add_folder()
    names = fill(folder, 10)
    begin(rig, encoder, *names)
    liked = rig.photo(names[0]).photo_id
    rig.library.photos.set_favourite([liked], True)
    opened = len(rig.opened)

    folder.rename(rig.place / "pictures")
    mounted["drive"] = rig.place / "pictures"

    rig.wait_for_photos(*(name.replace("photos", "pictures") for name in names))
    make_photo(rig.place / "pictures" / "new.jpg", 99)  # it is watched there
    rig.wait_for_photos(*(name.replace("photos", "pictures") for name in names), "pictures/new.jpg")
    rig.settle()
    assert rig.photo("pictures/000.jpg").photo_id == liked
    assert rig.photo("pictures/000.jpg").favourite
    assert len(rig.opened) - opened == 1
    assert encoder.images_encoded == 11
    assert len(rig.library.photos.search_words("pictures")) == 11


def test_another_drive_in_the_place_of_one_is_not_taken_for_it(
    rig: Rig, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {"drive": "uuid:first"}
    monkeypatch.setattr(
        "app.indexing.folder_watch.volume_place", lambda path: VolumePlace(there["drive"], "/")
    )
    monkeypatch.setattr("app.indexing.folder_places.places_now", lambda _: [])
    watched, folder = rig.add_folder()
    names = fill(folder, 3)
    begin(rig, encoder, *names)
    opened = len(rig.opened)

    there["drive"] = "uuid:second"
    folder.rename(rig.place / "first")
    fill(folder, 3, first=50)
    make_photo(folder / "000.jpg", 60)  # cameras number their files alike
    wait_for(
        lambda: rig.states.get(watched.folder_id) == (FolderState.OFFLINE, REPLACED_MESSAGE), "it is noticed"
    )
    rig.settle()
    assert rig.names() == names

    there["drive"] = "uuid:first"
    folder.rename(rig.place / "second")
    (rig.place / "first").rename(folder)
    wait_for(lambda: rig.states.get(watched.folder_id)[0] is FolderState.WATCHING, "it is back")
    rig.settle()
    assert rig.names() == names
    assert len(rig.opened) == opened
