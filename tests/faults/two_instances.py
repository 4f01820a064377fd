"""Two programs on one library: the second is told, a kill frees it, and searching goes on beside.

Also what is said on a drive that cannot lock, and a drive that is pulled while the library on it is written.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.figures import Figure, skipped
from tests.faults.indexing_process import IndexingProcess, read_contents
from tests.faults.mounts import may_mount, mounted_elsewhere, pull
from tests.faults.world import World, differences, faults, liked_contents, none_of, wrong_photos
from tests.homes import ROOT

_PHOTOS, _QUICK_PHOTOS = 400, 60
_SECONDS_A_PHOTO = 0.02
_SLOWLY = 0.5  # so that it is still at work when the others have answered
_SECONDS = 120.0
_PULLS, _QUICK_PULLS = 10, 1
_AWAY_SECONDS = 1.5

_RUNNING = "already running"
_NO_LOCK = """
import errno, fcntl, os, sys
def flock(*_):
    raise OSError(errno.{name}, os.strerror(errno.{name}))
fcntl.flock = flock
from tests.faults.stand_in import main
sys.exit(main(sys.argv[1:]))
"""


def run(quick: bool) -> Iterator[Figure]:
    """Command lines beside command lines, beside a window, and on drives that fail."""
    photos = _QUICK_PHOTOS if quick else _PHOTOS
    for name, case in _CASES.items():
        with _world(photos) as world:
            yield none_of(f"two instances: {name}", case(world), "faults", {"photos": photos})
    pulls = _QUICK_PULLS if quick else _PULLS
    with _world(photos) as world:
        found = _renamed_away(world, pulls)
        yield none_of("drive pulled: renamed away and back while writing", found, "faults", {"pulls": pulls})
    if may_mount():
        with _world(photos, on_drive=True) as world:
            found = _unmounted(world, pulls)
            yield none_of("drive pulled: unmounted while writing", found, "faults", {"pulls": pulls})
    else:
        yield skipped("drive pulled: unmounted while writing", "0", "mounting takes root on Linux", "faults")


@contextmanager
def _world(photos: int, *, on_drive: bool = False) -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="photosift-two-") as home:
        library = Path(home) / "mount point" / "library" if on_drive else None
        world = World(Path(home) / "home", _SECONDS_A_PHOTO, library=library)
        world.add_photos(photos)
        yield world


# -- two at once


def _second_is_told(world: World) -> list[str]:
    first = world.start(seconds_a_photo=_SLOWLY)
    _until(first, lambda: _embedded(world) > 0)
    found = []
    for command in (("index", str(world.folder)), ("doctor", "--mend"), ("doctor", "--restore")):
        answer = world.command(*command)
        if answer.returncode != 1 or _RUNNING not in answer.stderr:
            found.append(f"{command} ended with {answer.returncode}: {answer.stderr[-300:]}")
    found += _second_window(world)
    if first.ended:
        found.append(f"the first ended: {first.output()[-300:]}")
    else:
        first.kill(helpers_too=False)
    return found + _sound(world)


def _second_window(world: World) -> list[str]:
    """It stays open and says so; what it says is checked by the tests of the window."""
    log = world.home / "window.log"
    with log.open("wb") as output:
        window = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.stand_in", "--library", str(world.paths.root)],
            cwd=ROOT, env=world.environment | {"QT_QPA_PLATFORM": "offscreen"}, stdout=output, stderr=output,
        )  # fmt: skip
    time.sleep(4.0)
    ended = window.poll()
    window.kill()
    window.wait()
    said = log.read_text(encoding="utf-8", errors="replace")
    return (
        [f"the window ended with {ended}: {said[-300:]}"] if ended is not None or "Traceback" in said else []
    )


def _kill_frees(world: World) -> list[str]:
    """Whichever way the first ends, the next one may begin at once."""
    found = []
    for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        first = world.start()
        _until(first, lambda: _embedded(world) > 0)
        first.send(how)
        answer = world.command("doctor", "--mend")
        if _RUNNING in answer.stderr or "Traceback" in answer.stderr:
            found.append(f"after {how.name}: {answer.stderr[-300:]}")
    return found + _sound(world)


def _beside(world: World) -> list[str]:
    """Searches, status and examinations beside one that writes; none of them changes a file."""
    first = world.start()
    _until(first, lambda: _embedded(world) > 0)
    found = []
    while not first.ended and len(found) < 5:
        for command in (("search", "photo 7", "--json"), ("status", "--json"), ("doctor", "--json")):
            answer = world.command(*command)
            if answer.returncode or "Traceback" in answer.stderr:
                found.append(f"{command} ended with {answer.returncode}: {answer.stderr[-300:]}")
    found += [
        f"the first ended with {code}: {first.output()[-300:]}" for code in [first.wait(_SECONDS)] if code
    ]
    found += _sound(world)
    answer = world.command("search", "photo 7", "--json", "--limit", "1000")
    if not any("photo 7.jpg" in json.loads(line)["path"] for line in answer.stdout.splitlines()):
        found.append("what was indexed is not found")
    return found


def _no_locks(world: World) -> list[str]:
    """Network drives answer in several ways; each is explained, and none is taken for a lock."""
    found = []
    for name in ("ENOSYS", "ENOLCK", "EOPNOTSUPP"):
        answer = subprocess.run(
            [sys.executable, "-c", _NO_LOCK.format(name=name), "--library", str(world.paths.root), "index"],
            cwd=ROOT, env=world.environment, capture_output=True, text=True, check=False, timeout=_SECONDS,
        )  # fmt: skip
        if answer.returncode != 1 or "on a drive of this computer" not in answer.stderr:
            found.append(f"{name}: ended with {answer.returncode}: {answer.stderr[-300:]}")
    return found


_CASES: dict[str, Callable[[World], list[str]]] = {
    "the second is told": _second_is_told,
    "a kill frees the library": _kill_frees,
    "searching beside one that writes": _beside,
    "a drive that cannot lock": _no_locks,
}


# -- pulled


def _renamed_away(world: World, pulls: int) -> list[str]:
    """As some systems do with a drive: its folder is gone for a while, open files live on."""
    away = world.home / "away"

    def vanish() -> None:
        world.paths.root.rename(away)

    def return_() -> None:
        if world.paths.root.exists():
            raise AssertionError(f"something was made in its place: {list(world.paths.root.rglob('*'))[:5]}")
        away.rename(world.paths.root)

    return _pulled(world, pulls, vanish, return_)


def _unmounted(world: World, pulls: int) -> list[str]:
    drive, place = world.home / "drive", world.paths.root.parent
    drive.mkdir()
    with mounted_elsewhere(drive, place):

        def vanish() -> None:
            pull(place)

        def return_() -> None:
            left = list(place.rglob("*"))
            if left:
                raise AssertionError(f"something was made in its place: {left[:5]}")
            subprocess.run(["mount", "--bind", str(drive), str(place)], check=True, capture_output=True)

        return _pulled(world, pulls, vanish, return_)


def _pulled(world: World, pulls: int, vanish: Callable[[], None], return_: Callable[[], None]) -> list[str]:
    """Pull the drive while photos are taken in, plug it in again; nothing is lost, and work goes on."""
    found: list[str] = []
    liked: set[str] = set()
    for number in range(pulls):
        world.add_photos(20)
        before = read_contents(world.paths.database)
        process = world.start()
        _until(process, lambda before=before: _embedded(world) > before.embedded)
        vanish()
        time.sleep(_AWAY_SECONDS)
        try:
            return_()
        except AssertionError as error:
            process.kill(helpers_too=True)
            return [*found, f"pull {number}: {error}"]
        _wait_or_kill(process)
        if "Traceback" in process.output():
            found.append(f"pull {number}: crashed: {process.output()[-500:]}")
        found += [f"pull {number}: {lost}" for lost in read_contents(world.paths.database).lost_since(before)]
        found += faults(world.doctor())
        liked |= set(world.like(3))
    world.environment.pop("PHOTOSIFT_STAND_IN_SECONDS")
    found += _sound(world)
    return found + [f"favourite {key}" for key in liked - liked_contents(world.paths)]


def _wait_or_kill(process: IndexingProcess) -> None:
    """It goes on when the drive is back, or has said why it ended; a long backlog need not be waited for."""
    deadline = time.monotonic() + 8.0
    while not process.ended and time.monotonic() < deadline:
        time.sleep(0.05)
    if not process.ended:
        process.kill(helpers_too=False)


# -- helpers


def _embedded(world: World) -> int:
    return read_contents(world.paths.database).embedded


def _until(process: IndexingProcess, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        if process.ended or time.monotonic() > deadline:
            raise RuntimeError(f"indexing does not get on: {process.output()[-500:]}")
        time.sleep(0.02)


def _sound(world: World) -> list[str]:
    """After one more, undisturbed run."""
    done = world.index()
    found = [f"ended with {done.returncode}: {done.stderr[-300:]}"] if done.returncode else []
    return found + differences(world.doctor()) + wrong_photos(world)
