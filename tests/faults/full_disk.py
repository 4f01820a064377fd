"""Lets the library's disk fill up at every stage: it is said clearly, nothing is lost, and it goes on after.

The disk is a small file system that the test mounts, which takes root on Linux.
"""

import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from app.library.migrate import HEAD
from tests.benchmarks.figures import Figure, skipped
from tests.faults.indexing_process import read_contents
from tests.faults.mounts import fill, may_mount, small_disk
from tests.faults.world import World, differences, faults, liked_contents, none_of, wrong_photos

_DISK = 24_000_000
_PHOTOS = 150
_ROOMS, _QUICK_ROOMS = (0, 8_000, 40_000, 100_000, 200_000, 300_000, 400_000, 600_000), (60_000,)
_LONGEST_SECONDS = 90.0
_BEFORE = "0009"  # the revision before the newest

_Case = Callable[[World], list[str]]


def run(quick: bool) -> Iterator[Figure]:
    """Each case on a disk of its own."""
    if not may_mount():
        yield skipped("full disk: lost or wrong", "0", "mounting a small disk takes root on Linux", "faults")
        return
    cases = list(_cases(_QUICK_ROOMS if quick else _ROOMS))
    found: list[str] = []
    for name, case in cases:
        with _world() as world:
            found += [f"{name}: {fault}" for fault in case(world)]
    names = {"cases": [name for name, _ in cases]}
    yield Figure("full disk: cases tried", len(cases), "cases", "", None if not cases else True, names)
    yield none_of("full disk: lost or wrong", found, "faults", {"cases": len(cases)})


def _cases(rooms: tuple[int, ...]) -> Iterator[tuple[str, _Case]]:
    for room in rooms:
        yield f"indexing with {room} bytes left", lambda world, room=room: _indexing(world, room)
    yield "room again while it waits", _goes_on
    yield "saving the index", _saving
    yield "a decision", _deciding
    yield "the copy before a migration", _migrating


@contextmanager
def _world() -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="photosift-full-") as home:
        place = Path(home) / "disk"
        with small_disk(place, _DISK):
            world = World(Path(home) / "home", library=place / "library")
            world.paths.root.mkdir()
            world.add_photos(_PHOTOS)
            yield world


def _indexing(world: World, room: int) -> list[str]:
    """The command must end by itself and say why; with room again, the next one finishes the work."""
    ballast = fill(world.paths.root, room)
    found = _refusal(world.index())
    ballast.unlink()
    before = read_contents(world.paths.database)
    if before.folders:
        found += faults(world.doctor())
    return found + _completed(world) + read_contents(world.paths.database).lost_since(before)


def _goes_on(world: World) -> list[str]:
    """A program that waits for room needs nobody to tell it when there is some."""
    found = _completed(world)
    world.add_photos(_PHOTOS)
    ballast = fill(world.paths.root, 60_000)
    process = world.start()
    deadline = time.monotonic() + _LONGEST_SECONDS
    while "free space" not in process.output().lower() and "free some space" not in process.output().lower():
        if process.ended or time.monotonic() > deadline:
            return [f"it did not say that the disk is full: {process.output()[-300:]}"]
        time.sleep(0.02)
    ballast.unlink()
    code = process.wait(_LONGEST_SECONDS)
    found += [f"ended with {code}: {process.output()[-300:]}"] if code else []
    return found + differences(world.doctor()) + wrong_photos(world)


def _saving(world: World) -> list[str]:
    """The vector files are caches: without room for them everything else goes on."""
    found = _completed(world)
    for cache in world.paths.vectors.iterdir():
        cache.unlink()
    with small_disk(world.paths.vectors, 16_384):
        indexed = world.index()
        if indexed.returncode:
            found.append(f"indexing failed: {indexed.stderr[-300:]}")
        found += faults(world.doctor())
    ballast = fill(world.paths.root, 0)
    answer = world.command("search", "red", "--limit", "3")
    if answer.returncode:
        found.append(f"searching failed: {answer.stderr[-300:]}")
    found += faults(world.doctor())
    ballast.unlink()
    world.add_photos(3)
    return found + _completed(world)


def _deciding(world: World) -> list[str]:
    """What was decided before stays, and what is refused now is refused aloud."""
    found = _completed(world)
    liked = set(world.like(5))
    ballast = fill(world.paths.root, 0)
    try:
        liked |= set(world.like(50))
    except Exception as error:  # noqa: BLE001 - any other kind is the fault looked for
        if "disk is full" not in str(error):
            found.append(f"not explained: {error!r}")
    ballast.unlink()
    found += [f"favourite {key}" for key in liked - liked_contents(world.paths)]
    return found + faults(world.doctor())


def _migrating(world: World) -> list[str]:
    """Without room for the copy nothing is migrated; with room the library opens as ever."""
    found = _completed(world)
    _make_older(world.paths.database)
    liked = liked_contents(world.paths)
    ballast = fill(world.paths.root, 0)
    found += _refusal(world.index())
    with closing(sqlite3.connect(world.paths.database)) as connection:
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if revision != _BEFORE:
        found.append(f"it was migrated to {revision} without a copy")
    if list(world.paths.root.glob("*.part")):
        found.append("half a copy was left behind")
    ballast.unlink()
    found += _completed(world)
    if not list(world.paths.root.glob(f"library-before-migration-{_BEFORE}.db")):
        found.append("there is no copy of the library before it was migrated")
    return found + [f"favourite {key}" for key in liked - liked_contents(world.paths)]


def _make_older(database: Path) -> None:
    """As the version before left it; a newer revision has to be undone here."""
    if HEAD != "0010":
        raise RuntimeError(f"say here how a library was before revision {HEAD}")
    with closing(sqlite3.connect(database)) as connection, connection:
        for column in ("place", "naflex_patches", "answering_since"):
            connection.execute(f"ALTER TABLE models DROP COLUMN {column}")
        connection.execute("UPDATE alembic_version SET version_num = ?", (_BEFORE,))


def _refusal(stopped: "subprocess.CompletedProcess[str]") -> list[str]:
    said = stopped.stderr.lower()
    if stopped.returncode == 1 and ("free space" in said or "free some space" in said):
        return []
    return [f"ended with {stopped.returncode} and said: {stopped.stderr[-400:]}"]


def _completed(world: World) -> list[str]:
    """With room, one more run finishes everything."""
    done = world.index()
    found = [f"ended with {done.returncode}: {done.stderr[-300:]}"] if done.returncode else []
    return found + differences(world.doctor()) + wrong_photos(world)
