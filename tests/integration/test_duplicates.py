"""Duplicates from real files through decoding, fingerprints and comparison, to the trash and back out."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from PIL import Image, ImageFilter
from sqlalchemy import delete

from app.domain.decisions import Flag, Kind
from app.domain.duplicates import DuplicateGroup, DuplicateProgress, DuplicateStep, Level, Removal
from app.domain.progress import CancelToken
from app.errors import CancelledError
from app.library.schema import FingerprintRow
from app.media.decode_pool import DecodePool
from app.media.fingerprint import FINGERPRINT_VERSION, WINDOWS
from app.paths import LibraryPaths
from app.services.decisions import DecisionService
from app.services.duplicates import DuplicateService
from app.services.library import LibraryService
from tests.fake_encoder import FakeEncoder
from tests.indexing_rig import Rig
from tests.unit.media.test_fingerprint import picture
from tests.unit.media.test_local_difference import screen

_NOON = datetime(2024, 5, 1, 12, 0)  # noqa: DTZ001 - cameras know no zone


class World:
    """A folder of photos, indexed, with the services that look for duplicates in it."""

    def __init__(self, place: Path) -> None:
        self.rig = Rig(place)
        _, self.folder = self.rig.add_folder()
        paths = LibraryPaths(place / "library")
        decoder = cast(DecodePool, self.rig.decoder)
        self.photos = LibraryService(
            self.rig.library,
            self.rig.states,
            decoder,
            paths,
            on_folders_changed=lambda: None,
            on_work=lambda: None,
            current_identity=lambda: None,
        )
        self.decisions = DecisionService(self.rig.library, on_said=lambda _: None)
        self.service = DuplicateService(
            self.rig.library,
            self.photos,
            self.decisions,
            decoder,
            self.rig.thumbnails,
            current_target=lambda: self.rig.target,
        )

    def save(self, name: str, shown: Image.Image, taken: datetime | None = None, quality: int = 90) -> None:
        exif = Image.Exif()
        if taken is not None:
            exif[0x010F], exif[0x0110] = "Canon", "EOS R5"
            exif.get_ifd(0x8769)[0x9003] = taken.strftime("%Y:%m:%d %H:%M:%S")
        shown.save(self.folder / name, "JPEG", quality=quality, exif=exif.tobytes() if taken else b"")

    def index(self) -> None:
        self.rig.start()
        self.rig.settle()

    def id_of(self, name: str) -> int:
        return self.rig.photo(f"photos/{name}").photo_id

    def found(self, level: Level) -> list[list[str]]:
        return [self.names(group) for group in self.service.find().of(level)]

    def names(self, group: DuplicateGroup) -> list[str]:
        return [os.path.basename(photo.path) for photo in self.photos.photos(group.photo_ids)]

    def removal(self, level: Level, kept: str, *removed: str) -> Removal:
        return Removal(level, (self.id_of(kept),), tuple(map(self.id_of, removed)))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.rig.close()


@pytest.fixture
def trash(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The system's trash, as a list of names."""
    thrown: list[str] = []

    def throw(path: str) -> None:
        Path(path).unlink()
        thrown.append(os.path.basename(path))

    monkeypatch.setattr("app.services.library.send2trash", throw)
    return thrown


def _copies(world: World) -> None:
    """One picture in five files, two of them equal, and another picture."""
    original = picture(1, (480, 360))
    world.save("original.jpg", original, _NOON)
    world.save("small.jpg", original.resize((240, 180)))
    world.save("poor.jpg", original, quality=35)
    world.save("cropped.jpg", original.crop((24, 18, 456, 342)), _NOON)
    (world.folder / "original copy.jpg").write_bytes((world.folder / "original.jpg").read_bytes())
    world.save("other.jpg", picture(2, (480, 360)), _NOON)


def test_copies_are_found_and_the_original_is_proposed_to_stay(world: World) -> None:
    _copies(world)
    world.index()
    known = world.rig.library.fingerprints.all(FINGERPRINT_VERSION, len(WINDOWS))
    assert len(known.content_keys) == 5  # made while the photos were read
    report = world.service.find()
    (exact,) = report.of(Level.EXACT)
    assert world.names(exact) == ["original.jpg", "original copy.jpg"]
    (near,) = report.of(Level.NEAR)
    assert world.names(near)[0] == "original.jpg"
    assert sorted(world.names(near)[1:]) == ["cropped.jpg", "poor.jpg", "small.jpg"]
    assert near.spare == {world.id_of(name) for name in ("cropped.jpg", "poor.jpg", "small.jpg")}
    assert near.spare_bytes == sum((world.folder / name).stat().st_size for name in world.names(near)[1:])
    assert report.of(Level.BURST) == ()


def test_embeddings_propose_pairs_and_the_pictures_decide(world: World) -> None:
    _copies(world)
    world.rig.use(FakeEncoder())
    world.index()
    assert len(world.found(Level.NEAR)) == 1
    assert world.rig.target is not None
    world.rig.target.index.remove([1, 2])  # it lags behind the library
    world.service.dismiss(world.service.find().of(Level.EXACT)[0])
    assert len(world.found(Level.NEAR)) == 1


def test_photos_of_an_older_library_are_looked_at_once(world: World) -> None:
    _copies(world)
    world.index()
    with world.rig.library._writer.transaction() as connection:
        connection.execute(delete(FingerprintRow))
    steps: list[DuplicateProgress] = []
    assert len(world.service.find(steps.append).of(Level.NEAR)) == 1
    looked = [step for step in steps if step.step is DuplicateStep.LOOKING]
    assert looked[-1].done == looked[-1].total == 5  # contents
    steps.clear()
    world.photos.set_favourite([world.id_of("other.jpg")], True)
    world.service.find(steps.append)
    assert DuplicateStep.COMPARING in {step.step for step in steps}
    assert DuplicateStep.LOOKING not in {step.step for step in steps}


def test_while_nothing_changes_the_answer_is_known(world: World) -> None:
    _copies(world)
    world.index()
    report = world.service.find()
    assert world.service.find() is report
    world.service.dismiss(report.groups[0])
    assert len(world.service.find().groups) == 1


def test_empty_sheets_are_nothing_like_each_other(world: World) -> None:
    world.save("white.jpg", Image.new("RGB", (400, 300), "white"))
    world.save("small.jpg", Image.new("RGB", (200, 150), "white"))
    world.index()
    assert world.service.find().groups == ()


def test_shots_of_a_moment_are_a_burst_and_no_copies(world: World) -> None:
    scene = picture(3, (560, 420))
    for shot, shift in enumerate((0, 6, 12)):
        frame = scene.crop((24 + shift, 18, 504 + shift, 378))
        blurred = frame.filter(ImageFilter.GaussianBlur(2)) if shot != 1 else frame
        world.save(f"shot-{shot}.jpg", blurred, _NOON + timedelta(seconds=shot))
    world.save("later.jpg", scene.crop((24, 18, 504, 378)), _NOON + timedelta(minutes=5))
    world.save("elsewhere.jpg", picture(4, (480, 360)), _NOON + timedelta(seconds=1))
    world.index()
    report = world.service.find()
    assert report.of(Level.NEAR) == ()
    (burst,) = report.of(Level.BURST)
    assert world.names(burst) == ["shot-1.jpg", "shot-0.jpg", "shot-2.jpg"]  # the sharpest first


def test_what_the_user_decided_about_is_never_proposed(world: World) -> None:
    _copies(world)
    world.index()
    world.photos.set_favourite([world.id_of("small.jpg")], True)
    world.decisions.create_album("Best of", [world.id_of("original copy.jpg")])
    report = world.service.find()
    (near,) = report.of(Level.NEAR)
    assert world.id_of("small.jpg") in near.photo_ids
    assert world.id_of("small.jpg") not in near.spare
    (exact,) = report.of(Level.EXACT)
    assert exact.spare == {world.id_of("original.jpg")}


def test_dismissed_groups_do_not_come_again_until_that_is_taken_back(world: World) -> None:
    _copies(world)
    world.index()
    groups = world.service.find().groups
    for group in groups:
        world.service.dismiss(group)
    assert world.service.find().groups == ()
    for group in groups:
        world.service.take_back(group)
    assert len(world.service.find().groups) == 2


def test_a_search_can_be_called_off(world: World) -> None:
    _copies(world)
    world.index()
    cancel = CancelToken()
    with pytest.raises(CancelledError):
        world.service.find(lambda _: cancel.cancel(), cancel)


def test_vanished_photos_leave_their_groups(world: World) -> None:
    _copies(world)
    world.index()
    report = world.service.find()
    world.rig.library.photos.mark_missing([world.id_of("small.jpg"), world.id_of("original copy.jpg")])
    after = world.service.still_there(report)
    assert after.of(Level.EXACT) == ()
    (near,) = after.of(Level.NEAR)
    assert sorted(world.names(near)) == ["cropped.jpg", "original.jpg", "poor.jpg"]
    world.rig.library.photos.mark_missing([world.id_of("original.jpg")])
    assert world.service.still_there(report).of(Level.NEAR) == ()  # the others were compared with it alone


def test_chosen_copies_go_to_the_trash(world: World, trash: list[str]) -> None:
    _copies(world)
    world.index()
    removals = [
        world.removal(Level.EXACT, "original.jpg", "original copy.jpg"),
        world.removal(Level.NEAR, "original.jpg", "small.jpg", "poor.jpg"),
    ]
    outcome = world.service.remove(removals)
    assert sorted(trash) == ["original copy.jpg", "poor.jpg", "small.jpg"]
    assert len(outcome.moved) == 3
    assert outcome.failures == ()
    assert (world.folder / "original.jpg").exists()


def test_a_copy_that_is_no_copy_any_more_stays(world: World, trash: list[str]) -> None:
    _copies(world)
    world.index()
    removal = world.removal(Level.EXACT, "original.jpg", "original copy.jpg")
    path = world.folder / "original copy.jpg"
    changed = bytearray(path.read_bytes())
    changed[-100] ^= 1  # of the same size, as behind the samples of a large file's key
    path.write_bytes(changed)
    outcome = world.service.remove([removal])
    assert trash == []
    assert "changed" in outcome.failures[0][1]


def test_one_file_under_two_names_is_not_removed(world: World, trash: list[str]) -> None:
    world.save("one.jpg", picture(5))
    os.link(world.folder / "one.jpg", world.folder / "two.jpg")
    world.index()
    outcome = world.service.remove([world.removal(Level.EXACT, "one.jpg", "two.jpg")])
    assert trash == []
    assert "another name" in outcome.failures[0][1]


def test_nothing_goes_when_what_should_stay_is_gone(world: World, trash: list[str]) -> None:
    _copies(world)
    world.index()
    removal = world.removal(Level.NEAR, "original.jpg", "small.jpg")
    (world.folder / "original.jpg").unlink()
    outcome = world.service.remove([removal])
    assert trash == []
    assert len(outcome.failures) == 1


def test_decisions_are_handed_on_only_when_wanted(world: World, trash: list[str]) -> None:
    _copies(world)
    world.index()
    small, original = world.id_of("small.jpg"), world.id_of("original.jpg")
    world.photos.set_favourite([small], True)
    world.decisions.rate([small], 4)
    album = world.decisions.create_album("Best of", [small])
    removal = world.removal(Level.NEAR, "original.jpg", "small.jpg")
    assert world.service.decided_about([small, original]) == 1
    assert world.service.remove([removal]).left == 1
    assert trash == []
    assert world.service.remove([removal], hand_on=True).left == 0
    assert trash == ["small.jpg"]
    (kept,) = world.photos.photos([original])
    assert kept.favourite
    assert kept.decisions.rating == 4
    assert world.rig.library.fingerprints.albums_of([original]) == {original: [album]}


def test_fingerprints_of_contents_nobody_has_are_forgotten(world: World) -> None:
    _copies(world)
    world.index()
    world.rig.library.photos.mark_missing([world.id_of("other.jpg")])
    before = world.rig.library.fingerprints.all(FINGERPRINT_VERSION, len(WINDOWS))
    world.rig.library.photos.purge(older_than_days=-1)
    after = world.rig.library.fingerprints.all(FINGERPRINT_VERSION, len(WINDOWS))
    assert len(before.content_keys) - len(after.content_keys) == 1


def test_a_rejected_copy_may_go(world: World) -> None:
    world.save("one.jpg", picture(6))
    world.save("two.jpg", picture(6).resize((240, 160)))
    world.index()
    two = world.id_of("two.jpg")
    world.decisions.flag([two], Flag.REJECT)
    (near,) = world.service.find().of(Level.NEAR)
    assert near.spare == {two}
    world.decisions.flag([two], Flag.PICK)
    (near,) = world.service.find().of(Level.NEAR)
    assert near.spare == frozenset()


def test_a_labelled_copy_is_not_proposed(world: World) -> None:
    world.save("one.jpg", picture(6))
    world.save("two.jpg", picture(6).resize((240, 160)))
    world.index()
    two = world.id_of("two.jpg")
    world.rig.library.decisions.decide(Kind.LABEL, [two], "Red")
    (near,) = world.service.find().of(Level.NEAR)
    assert near.spare == frozenset()


def test_screenshots_that_differ_in_two_digits_are_no_copies(world: World) -> None:
    for name, amount in (("one.jpg", "47.20"), ("other.jpg", "83.20")):
        world.save(name, screen(amount))
    world.save("again.jpg", screen("47.20"), quality=60)
    world.index()
    assert world.found(Level.NEAR) == [["one.jpg", "again.jpg"]]
