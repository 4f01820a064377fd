"""A library that cannot be written: searching works, everything else is refused politely, nothing crashes.

On a read-only mount where the test may mount one, and without permission to write. Permissions do not stop
root, which therefore gives up the privilege to pass over them first.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.benchmarks.figures import Figure, skipped
from tests.faults.mounts import may_mount, read_only
from tests.faults.world import World, none_of
from tests.homes import ROOT

_PHOTOS = 60
_WINDOW_SECONDS = 6.0
_REASONS = ("can only be read", "read-only", "permission", "reading only")

_NO_PRIVILEGE = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")

_Place = Callable[
    [World], AbstractContextManager[tuple[str, ...]]
]  # gives what commands are to be wrapped in


def run(quick: bool) -> Iterator[Figure]:
    """Every command of the command line and the window, in each kind of place."""
    found: list[str] = []
    places = list(_places())
    if not places:
        yield skipped("read-only: wrong", "0", "neither mounting nor changing the user is allowed here")
        return
    cases = 0
    for name, make in places:
        for with_log in (False, True):
            with _world(with_log=with_log) as world, make(world) as wrapper:
                before = _files(world.paths.root)
                outcome = _all_commands(world, wrapper, with_log=with_log)
                outcome += [] if quick else _window(world, wrapper)
                cases += 1
                if _files(world.paths.root) != before:
                    outcome.append("something was written")
                label = f"{name}{', not closed cleanly' if with_log else ''}"
                found += [f"{label}: {fault}" for fault in outcome]
    yield Figure("read-only: cases tried", cases, "cases", "", True, {"places": [name for name, _ in places]})
    yield none_of("read-only: crashed, wrong or silent", found, "faults", {"cases": cases})


def _places() -> Iterator[tuple[str, _Place]]:
    if may_mount():
        yield "read-only mount", _on_a_mount
    if hasattr(os, "geteuid") and (os.geteuid() != 0 or shutil.which("setpriv")):
        yield "no permission", _without_permission


@contextmanager
def _on_a_mount(world: World) -> Iterator[tuple[str, ...]]:
    with read_only(world.paths.root):
        yield ()


@contextmanager
def _without_permission(world: World) -> Iterator[tuple[str, ...]]:
    """Root is stopped by permissions once it gives up the privilege to pass over them."""
    changed = [world.paths.root, *world.paths.root.rglob("*")]
    for path in changed:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        yield _NO_PRIVILEGE if os.geteuid() == 0 else ()
    finally:
        for path in changed:
            path.chmod(0o755)


@contextmanager
def _world(*, with_log: bool) -> Iterator[World]:
    """A library of some photos; its log was not folded back when `with_log`."""
    with tempfile.TemporaryDirectory(prefix="photosift-read-only-") as home:
        world = World(Path(home) / "home")
        world.add_photos(_PHOTOS)
        done = world.index()
        if done.returncode:
            raise RuntimeError(f"indexing failed: {done.stderr}")
        if with_log:
            _leave_log(world)
        yield world


def _leave_log(world: World) -> None:
    """End without closing, as a power cut does."""
    script = (
        "import os, sys; from pathlib import Path; from app.library.library import Library;"
        " library = Library.open(Path(sys.argv[1]));"
        " library.photos.set_favourite(library.photos.ids()[:3].tolist(), True); os._exit(0)"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(world.paths.database)],
        cwd=ROOT, env=world.environment, check=True, capture_output=True,
    )  # fmt: skip


def _all_commands(world: World, wrapper: tuple[str, ...], *, with_log: bool) -> list[str]:
    found = []
    for command in (("search", "photo 7", "--json"), ("status", "--json"), ("doctor", "--json")):
        answer = world.command(*command, wrapped=wrapper)
        # A log that was left behind can only be read where a file can be made beside it.
        explained = with_log and answer.returncode == 1 and "cannot be" in answer.stderr
        if answer.returncode and not explained:
            found.append(f"{command[0]} ended with {answer.returncode}: {answer.stderr[-300:]}")
        found += _crash(command[0], answer)
    for command in (("index", str(world.folder)), ("doctor", "--mend")):
        answer = world.command(*command, wrapped=wrapper)
        if answer.returncode != 1 or not any(reason in answer.stderr.lower() for reason in _REASONS):
            found.append(f"{command[0]} ended with {answer.returncode} and said: {answer.stderr[-300:]}")
        found += _crash(command[0], answer)
    return found


def _crash(command: str, answer: "subprocess.CompletedProcess[str]") -> list[str]:
    return [f"{command} crashed: {answer.stderr[-500:]}"] if "Traceback" in answer.stderr else []


def _window(world: World, wrapper: tuple[str, ...]) -> list[str]:
    """The window says why it cannot open the library and stays; it neither ends nor complains of a bug."""
    log = world.home / "window.log"
    module = ("-m", "tests.faults.stand_in", "--library", str(world.paths.root), "--verbose")
    with log.open("wb") as output:
        window = subprocess.Popen(
            [*wrapper, sys.executable, *module],
            cwd=ROOT, env=world.environment | {"QT_QPA_PLATFORM": "offscreen"}, stdout=output, stderr=output,
        )  # fmt: skip
    deadline = time.monotonic() + _WINDOW_SECONDS
    while window.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    said = log.read_text(encoding="utf-8", errors="replace")
    ended = window.poll()
    window.kill()
    window.wait()
    if ended is not None or "Traceback" in said:
        return [f"the window ended with {ended}: {said[-500:]}"]
    return []


def _files(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }
