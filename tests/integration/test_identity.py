"""Every photo stays itself: renamed, swapped, linked, copied, edited on the way, by real files and events."""

import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.photo import PhotoState
from app.indexing import heirs, watcher
from app.library import reattach
from tests.fake_encoder import FakeEncoder
from tests.indexing_rig import Rig, make_photo, wait_for

Deed = Callable[[Path], None]


class Album:
    """A watched folder with photos a to d, c and d being copies of each other; all but d are favourites."""

    def __init__(self, rig: Rig, encoder: FakeEncoder) -> None:
        self.rig = rig
        self.encoder = encoder
        _, self.path = rig.add_folder()
        for number, name in enumerate(("a", "b", "c")):
            make_photo(self.path / f"{name}.jpg", number + 1)
        shutil.copyfile(self.path / "c.jpg", self.path / "d.jpg")
        rig.use(encoder)
        rig.start()
        rig.wait_for_photos(*(f"photos/{name}.jpg" for name in "abcd"))
        rig.settle()
        self.ids = {name: rig.photo(f"photos/{name}.jpg").photo_id for name in "abcd"}
        rig.library.photos.set_favourite([self.ids[name] for name in "abc"], True)
        self.embedded = encoder.images_encoded

    def expect(self, **names: str) -> None:
        """Each photo is at its path with all that was decided, and none was embedded again."""
        wanted = {self.ids[key]: f"photos/{name}" for key, name in names.items()}
        there = {f"{self.rig.place}/{name}" for name in wanted.values()}

        def right() -> bool:
            photos = self.rig.photos()
            by_id = {photo.photo_id: photo.path for photo in photos}
            paths_right = all(by_id.get(key) == f"{self.rig.place}/{name}" for key, name in wanted.items())
            return paths_right and {photo.path for photo in photos} == there and self.rig.all_done()

        wait_for(right, f"{names} hold; now {self.rig.names()}")
        liked = {photo.photo_id for photo in self.rig.photos() if photo.favourite}
        assert liked == {self.ids[key] for key in names if key != "d"}
        assert self.encoder.images_encoded == self.embedded


@pytest.fixture
def album(rig: Rig, encoder: FakeEncoder) -> Album:
    return Album(rig, encoder)


def swap(path: Path) -> None:
    (path / "a.jpg").rename(path / "x.bak")
    (path / "b.jpg").rename(path / "a.jpg")
    (path / "x.bak").rename(path / "b.jpg")


def rotate_with_copies(path: Path) -> None:
    (path / "c.jpg").rename(path / ".hidden")
    (path / "d.jpg").rename(path / "c.jpg")
    (path / "a.jpg").rename(path / "d.jpg")
    (path / ".hidden").rename(path / "a.jpg")


def shift(path: Path) -> None:
    (path / "b.jpg").rename(path / "b2.jpg")
    (path / "a.jpg").rename(path / "b.jpg")


def other_case(path: Path) -> None:
    (path / "a.jpg").rename(path / "A.JPG")


def other_normalisation(path: Path) -> None:
    (path / "a.jpg").rename(path / unicodedata.normalize("NFC", "grün.jpg"))
    (path / unicodedata.normalize("NFC", "grün.jpg")).rename(path / unicodedata.normalize("NFD", "grün.jpg"))


def move_and_edit_in_place(path: Path) -> None:
    (path / "trip").mkdir()
    (path / "a.jpg").rename(path / "trip/other.jpg")
    comment(path / "trip/other.jpg")


def move_and_rewrite(path: Path) -> None:
    (path / "trip").mkdir()
    data = (path / "a.jpg").read_bytes()
    (path / "trip/a.jpg").write_bytes(data)
    comment(path / "trip/a.jpg")
    (path / "a.jpg").unlink()


def move_copies_to_another_drive(path: Path) -> None:
    """A new file id and time for each; the copies are read in any order."""
    (path / "far").mkdir()
    for name in ("d.jpg", "c.jpg"):
        data = (path / name).read_bytes()
        (path / name).unlink()
        (path / "far" / name).write_bytes(data)


def comment(path: Path) -> None:
    """An edit of the metadata alone."""
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xfe\x00\x08edited" + data[2:])


NFD = unicodedata.normalize("NFD", "grün.jpg")
DEEDS: dict[str, tuple[Deed, dict[str, str]]] = {
    "a swap": (swap, {"a": "b.jpg", "b": "a.jpg", "c": "c.jpg", "d": "d.jpg"}),
    "a ring with copies": (rotate_with_copies, {"a": "d.jpg", "b": "b.jpg", "c": "a.jpg", "d": "c.jpg"}),
    "a chain": (shift, {"a": "b.jpg", "b": "b2.jpg", "c": "c.jpg", "d": "d.jpg"}),
    "another case": (other_case, {"a": "A.JPG", "b": "b.jpg", "c": "c.jpg", "d": "d.jpg"}),
    "another normalisation": (other_normalisation, {"a": NFD, "b": "b.jpg", "c": "c.jpg", "d": "d.jpg"}),
    "edited in place": (
        move_and_edit_in_place,
        {"a": "trip/other.jpg", "b": "b.jpg", "c": "c.jpg", "d": "d.jpg"},
    ),
    "written anew": (move_and_rewrite, {"a": "trip/a.jpg", "b": "b.jpg", "c": "c.jpg", "d": "d.jpg"}),
    "copies to another drive": (
        move_copies_to_another_drive,
        {"a": "a.jpg", "b": "b.jpg", "c": "far/c.jpg", "d": "far/d.jpg"},
    ),
}


@pytest.mark.parametrize("closed", [False, True], ids=["running", "closed"])
@pytest.mark.parametrize(("deed", "expected"), DEEDS.values(), ids=DEEDS)
def test_every_photo_follows_its_file(
    album: Album, monkeypatch: pytest.MonkeyPatch, deed: Deed, expected: dict[str, str], closed: bool
) -> None:
    monkeypatch.setattr(heirs, "WAIT_SECONDS", 0.2)
    if closed:
        album.rig.worker.stop()
    deed(album.path)
    if closed:
        album.rig.restart()
    album.expect(**expected)


def test_a_swap_between_two_folders_keeps_both_photos(album: Album) -> None:
    _, other = album.rig.add_folder("other")
    make_photo(other / "e.jpg", 77)
    wait_for(lambda: len(album.rig.names()) == 5 and album.rig.all_done(), "the other folder is in")
    album.rig.settle()
    e = album.rig.photo("other/e.jpg").photo_id

    (album.path / "a.jpg").rename(album.path / ".moving")
    (other / "e.jpg").rename(album.path / "a.jpg")
    (album.path / ".moving").rename(other / "e.jpg")

    swapped = {str(album.path / "a.jpg"): e, str(other / "e.jpg"): album.ids["a"]}
    wait_for(
        lambda: swapped.items() <= {photo.path: photo.photo_id for photo in album.rig.photos()}.items(),
        "they changed places",
    )
    assert album.rig.photo("other/e.jpg").favourite
    assert not album.rig.photo("photos/a.jpg").favourite


def test_links_to_one_file_are_photos_of_their_own_and_follow_their_names(album: Album) -> None:
    os.link(album.path / "a.jpg", album.path / "link.jpg")
    names = [f"photos/{name}.jpg" for name in "abcd"]
    album.rig.wait_for_photos(*names, "photos/link.jpg")
    album.rig.settle()
    link = album.rig.photo("photos/link.jpg").photo_id
    assert link != album.ids["a"]

    (album.path / "a.jpg").rename(album.path / "new a.jpg")
    (album.path / "link.jpg").rename(album.path / "new link.jpg")

    album.rig.wait_for_photos("photos/new a.jpg", "photos/new link.jpg", *names[1:])
    assert album.rig.photo("photos/new a.jpg").photo_id == album.ids["a"]
    assert album.rig.photo("photos/new link.jpg").photo_id == link
    assert album.encoder.images_encoded == album.embedded


def test_a_copy_whose_original_is_deleted_later_takes_its_place(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heirs, "WAIT_SECONDS", 0.2)
    (album.path / "drive").mkdir()
    shutil.copyfile(album.path / "a.jpg", album.path / "drive/a.jpg")
    wait_for(lambda: len(album.rig.names()) == 5 and album.rig.all_done(), "the copy is a photo of its own")
    album.rig.settle()

    (album.path / "a.jpg").unlink()

    album.expect(a="drive/a.jpg", b="b.jpg", c="c.jpg", d="d.jpg")


def test_a_photo_put_over_another_leaves_one_row_with_both_their_decisions(album: Album) -> None:
    (album.path / "a.jpg").rename(album.path / "d.jpg")

    album.rig.wait_for_photos("photos/b.jpg", "photos/c.jpg", "photos/d.jpg")
    wait_for(lambda: album.rig.photo("photos/d.jpg").favourite, "what was decided about a came along")
    assert album.rig.photo("photos/d.jpg").photo_id == album.ids["d"]
    assert album.encoder.images_encoded == album.embedded


def test_a_file_is_not_read_while_it_is_being_written(album: Album) -> None:
    data = make_photo(album.rig.place / "elsewhere.jpg", 9, side=300).read_bytes()
    target = album.path / "slow.jpg"
    with target.open("wb", buffering=0) as file:
        for start in range(0, len(data), len(data) // 8):
            file.write(data[start : start + len(data) // 8])
            os.fsync(file.fileno())
            album.rig.worker.rescan(None)
            wait_for(lambda: not album.rig.worker.wait_until_idle(0), "the scan is noticed")
        assert str(target) not in album.rig.opened
    wait_for(lambda: len(album.rig.names()) == 5 and album.rig.all_done(), "it is in")
    assert album.rig.library.photos.problems() == ()
    assert album.rig.opened.count(str(target)) == 1


def test_a_tree_unpacked_at_once_ends_right_though_events_come_in_crowds(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "_CROWD", 30)
    monkeypatch.setattr(watcher, "_CROWD_SECONDS", 0.3)
    for number in range(150):
        target = make_photo(album.path / f"unpacked/{number // 20}/{number}.jpg.part", 100 + number)
        target.rename(target.with_suffix(""))

    wait_for(lambda: len(album.rig.names()) == 154 and album.rig.all_done(), "all are in", 60)
    assert album.rig.library.photos.problems() == ()
    assert {photo.state for photo in album.rig.photos()} == {PhotoState.READY}


def test_of_copies_made_long_ago_the_deleted_one_stays_deleted(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heirs, "WAIT_SECONDS", 0.1)
    monkeypatch.setattr(reattach, "VANISHING_SECONDS", 0.0)
    (album.path / "c.jpg").unlink()
    album.rig.wait_for_photos("photos/a.jpg", "photos/b.jpg", "photos/d.jpg")
    album.rig.settle()
    assert not album.rig.photo("photos/d.jpg").favourite
    assert album.rig.photo("photos/d.jpg").photo_id == album.ids["d"]
