"""Takes drives away and mounts them elsewhere: 0 photos embedded again, 0 decisions lost.

Every case once while the program runs and once while it is closed, with directories that are renamed and, as
root, with mounted file systems: the drive goes and comes back, comes back at another place, leaves an empty
mount point, and has another drive in its place.
"""

import os
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.domain.photo import FolderState
from app.indexing import folder_watch
from app.paths import LibraryPaths
from app.services.doctor import Doctor
from app.services.folders import FolderService
from tests.benchmarks.figures import Figure, skipped
from tests.fake_encoder import FakeEncoder
from tests.faults.drives import Drive, MountedFileSystem, RenamedDirectory, file_systems
from tests.indexing_rig import Rig, make_photo, wait_for

_PHOTOS, _QUICK_PHOTOS = 2000, 150
_OTHER_PHOTOS = 25
_PATIENCE_SECONDS = 120.0
_SEED = 4


@dataclass
class _World:
    """One folder on a drive, its library, and what may never change."""

    place: Path
    drive: Drive
    other: Drive
    encoder: FakeEncoder = field(default_factory=FakeEncoder)
    cases: int = 0
    places: int = 0
    decisions_lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rig = Rig(self.place)
        self.folders = FolderService(
            self.rig.library,
            self.rig.states,
            LibraryPaths(self.place / "library"),
            on_folders_changed=self.rig.worker.folders_changed,
            on_rescan=self.rig.worker.rescan,
        )

    def begin(self, count: int) -> None:
        """Index the drive and like a tenth of its photos."""
        self.root = self.place / "mounted"
        self.drive.plug(self.root)
        self.folder_id = self.rig.library.folders.add(str(self.root)).folder_id
        self.rig.use(self.encoder, batch_size=64)
        self.rig.start()
        wait_for(lambda: len(self.shown()) == count and self.rig.all_done(), "all is in", _PATIENCE_SECONDS)
        self.rig.settle()
        self.known = self.shown()
        liked = random.Random(_SEED).sample(sorted(self.known.values()), count // 10)
        self.rig.library.photos.set_favourite(liked, True)
        self.liked = set(liked)
        self.embedded, self.read = self.encoder.images_encoded, self.read_count()

    def shown(self) -> dict[str, int]:
        """Name of a photo of the drive -> its id, as answers to searches have them."""
        return {_name(photo.path): photo.photo_id for photo in self.rig.photos() if _is_own(photo.path)}

    def read_count(self) -> int:
        """How often photos of the drive were opened."""
        return sum(map(_is_own, list(self.rig.opened)))

    def state(self) -> FolderState:
        return self.rig.states.get(self.folder_id)[0]

    def new_place(self) -> Path:
        self.places += 1
        return self.place / f"elsewhere {self.places}"

    def open_again(self) -> None:
        self.rig.restart()
        worker, states = self.rig.worker, self.rig.states
        self.folders = FolderService(
            self.rig.library,
            states,
            LibraryPaths(self.place / "library"),
            on_folders_changed=worker.folders_changed,
            on_rescan=worker.rescan,
        )

    def check(self, case: str) -> None:
        """The drive is in: everything is as it was."""
        self.cases += 1
        wait_for(
            lambda: self.state() is FolderState.WATCHING, f"{case}: the drive is back", _PATIENCE_SECONDS
        )
        self.rig.settle()
        now = self.shown()
        if now != self.known:
            self.wrong.append(f"{case}: {len(now.items() ^ self.known.items())} photos differ")
        liked = {photo.photo_id for photo in self.rig.photos() if photo.favourite}
        self.decisions_lost += [f"{case}: photo {photo_id}" for photo_id in sorted(self.liked - liked)]
        paths = [photo.path for photo in self.rig.photos() if _is_own(photo.path)]
        self.wrong += [f"{case}: not at {path}" for path in paths if not os.path.exists(path)][:3]


def run(quick: bool) -> Iterator[Figure]:
    """All cases with directories, then with mounted file systems."""
    folder_watch._ROOT_CHECK_SECONDS = 0.2
    count = _QUICK_PHOTOS if quick else _PHOTOS
    with tempfile.TemporaryDirectory(prefix="photosift-remount-") as name:
        place = Path(name)
        yield from _run_with("directories", place, RenamedDirectory, count)
        stores = {one: place / "hidden" / one for one in ("drive", "other")}
        try:
            with file_systems(stores):
                yield from _run_with("mounts", place, MountedFileSystem, count, stores)
        except OSError as error:
            yield skipped("remount: cases with mounts", ">= 8", str(error), "cases")


def _run_with(
    kind: str,
    place: Path,
    make_drive: Callable[[Path], Drive],
    count: int,
    stores: dict[str, Path] | None = None,
) -> Iterator[Figure]:
    home = place / kind
    home.mkdir()
    stores = stores or {"drive": home / "drive", "other": home / "other"}
    _fill(stores["drive"], "IMG", count, first=0)
    # As on another camera's card where the drives have names; where not, the names must tell them apart.
    named = stores["drive"].parent.name == "hidden"
    _fill(stores["other"], "IMG" if named else "OTHER", _OTHER_PHOTOS, first=count)
    world = _World(home, make_drive(stores["drive"]), make_drive(stores["other"]))
    try:
        world.begin(count)
        for closed in (False, True):
            for case in _cases(world):
                case(world, closed)
    finally:
        world.rig.close()
        for drive in (world.drive, world.other):
            _pull_if_plugged(drive)
    world.wrong += _faults_in(LibraryPaths(home / "library"), home)
    yield from _figures(kind, world, count)


def _figures(kind: str, world: _World, count: int) -> Iterator[Figure]:
    details = {"photos": count, "favourites": len(world.liked), "cases": world.cases, "seed": _SEED}
    wanted = 2 * len(_cases(world))
    yield Figure(
        f"remount: cases with {kind}", world.cases, "cases", f">= {wanted}", world.cases >= wanted, details
    )
    others = 0 if world.drive.has_name else _OTHER_PHOTOS  # taken in, once, where nothing tells them apart
    again = world.encoder.images_encoded - world.embedded - others
    yield Figure(f"remount: embedded again with {kind}", again, "photos", "0", again == 0, details)
    read = world.read_count() - world.read
    yield Figure(f"remount: read again with {kind}", read, "photos", "0", read == 0, details)
    yield _none(f"remount: decisions lost with {kind}", world.decisions_lost, "favourites", details)
    yield _none(f"remount: wrong afterwards with {kind}", world.wrong, "faults", details)


def _none(figure: str, found: list[str], unit: str, details: dict[str, int]) -> Figure:
    return Figure(figure, len(found), unit, "0", not found, {**details, "examples": found[:5]})


# -- the cases: each begins and ends with the drive in


def _cases(world: _World) -> list[Callable[[_World, bool], None]]:
    elsewhere = _is_followed if world.drive.has_name else _is_elsewhere
    return [_comes_back, elsewhere, _leaves_an_empty_place, _has_another_in_its_place]


def _comes_back(world: _World, closed: bool) -> None:
    _pull(world, closed, leave_empty=False)
    world.drive.plug(world.root)
    world.check("comes back")


def _leaves_an_empty_place(world: _World, closed: bool) -> None:
    _pull(world, closed, leave_empty=True)
    world.drive.plug(world.root)
    world.check("leaves an empty place")


def _is_elsewhere(world: _World, closed: bool) -> None:
    """The user adds the new place, as if it were new, or points to it."""
    _pull(world, closed, leave_empty=not closed)
    place = world.new_place()
    if closed:
        world.rig.worker.stop()
    world.drive.plug(place)
    if world.folders.offline_twin(str(place)) is None:
        world.wrong.append("is elsewhere: not recognised")
    world.folders.locate(world.folder_id, str(place))
    if closed:
        world.open_again()
    world.root = place
    world.check("is elsewhere")


def _is_followed(world: _World, closed: bool) -> None:
    """Nobody says anything: the drive is known by its name."""
    place = world.new_place()
    if closed:
        world.rig.worker.stop()
        world.drive.pull(leave_empty=True)
        world.drive.plug(place)
        world.open_again()
    else:
        _pull(world, closed, leave_empty=True)
        world.drive.plug(place)
    folders = world.rig.library.folders.all
    wait_for(lambda: [one.path for one in folders()] == [str(place)], "it is followed", _PATIENCE_SECONDS)
    world.root = place
    world.check("is followed")


def _has_another_in_its_place(world: _World, closed: bool) -> None:
    _pull(world, closed, leave_empty=True)
    world.other.plug(world.root)
    if closed:
        world.open_again()
    expected = FolderState.OFFLINE if world.other.has_name else FolderState.ASKING
    wait_for(lambda: world.state() is expected, f"the other drive is noticed: {expected}", _PATIENCE_SECONDS)
    world.rig.settle()
    if world.shown() != world.known:
        world.wrong.append("has another in its place: photos are gone")
    world.other.pull(leave_empty=True)
    world.drive.plug(world.root)
    world.check("has another in its place")


def _pull(world: _World, closed: bool, *, leave_empty: bool) -> None:
    """Pull the drive out and wait until that is noticed; its photos stay in every answer."""
    if closed:
        world.rig.worker.stop()
    world.drive.pull(leave_empty=leave_empty)
    if closed:
        world.open_again()
    wait_for(lambda: world.state() is FolderState.OFFLINE, "it is offline", _PATIENCE_SECONDS)
    if world.shown() != world.known:
        world.wrong.append("pulled: photos are gone")


def _faults_in(paths: LibraryPaths, home: Path) -> list[str]:
    """What `photosift doctor` says of the closed library, once its parts are where the program has them."""
    (home / "library" / "thumbnails").rename(paths.thumbnails)
    (home / "vectors").rename(paths.vectors)
    report = Doctor(paths, alone=True).examine()
    if not (report.photos and report.embeddings and report.thumbnails):
        return [f"the examination missed the library: {report}"]
    return [f"{finding.part}: {finding.text}" for finding in report.faults]


# -- photos


def _fill(folder: Path, name: str, count: int, *, first: int) -> None:
    for number in range(count):
        make_photo(folder / f"{number % 10}" / f"{name}_{number:04d}.jpg", first + number, side=24)


def _name(path: str) -> str:
    return os.path.basename(path)


def _is_own(path: str) -> bool:
    return _name(path).startswith("IMG")


def _pull_if_plugged(drive: Drive) -> None:
    if getattr(drive, "_at", None) is not None:
        drive.pull(leave_empty=True)
