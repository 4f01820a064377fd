"""Start to a usable window with 10,000 and 100,000 photos, beyond a bare PySide6 window of the same run.

Usable: the window is painted with folders, counts and the first photos with their thumbnails, and takes
input. The start is the moment the process is asked for, so the interpreter and all imports count. The folder
is there with all its files, unchanged, and a checkpoint is chosen: scanning and loading go on behind.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.figures import Figure, spread
from tests.benchmarks.seeded_home import prepare_home
from tests.checkpoints import make_checkpoint
from tests.homes import ROOT, environment_in

_BAR_SECONDS = 1.5
_THUMBNAILS = 300  # more than the first window shows


@dataclass(frozen=True, slots=True)
class _Start:
    """One start, up to the moment the window was usable."""

    seconds: float
    processor_seconds: float  # of the window's process


def run(quick: bool) -> Iterator[Figure]:
    """Bare and real windows in turns, so that a change of the machine's mood meets both."""
    repeats = 2 if quick else 7
    for count in (10_000,) if quick else (10_000, 100_000):
        with tempfile.TemporaryDirectory(prefix="photosift-startup-") as folder:
            home = Path(folder)
            checkpoint = make_checkpoint(home / "checkpoint", size="tiny")
            library = prepare_home(home, count, checkpoint, thumbnails=_THUMBNAILS)
            environment = {"QT_QPA_PLATFORM": "offscreen", **environment_in(home)}
            app = ("app", "--library", str(library.root))
            _start(app, environment)  # once unmeasured: files in the system's cache, the index written
            pairs = [(_start(("bare",), environment), _start(app, environment)) for _ in range(repeats)]
        bare, real = zip(*pairs, strict=True)
        yield _figure(count, bare, real, environment["QT_QPA_PLATFORM"])


def _figure(count: int, bare: Sequence[_Start], real: Sequence[_Start], platform: str) -> Figure:
    seconds = [[start.seconds for start in starts] for starts in (bare, real)]
    processor = [statistics.median(start.processor_seconds for start in starts) for starts in (bare, real)]
    beyond = statistics.median(seconds[1]) - statistics.median(seconds[0])
    details = {
        "photos": count,
        "bare_window_s": spread(seconds[0]),
        "photosift_s": spread(seconds[1]),
        "bare_window_processor_s": processor[0],
        "photosift_processor_s": processor[1],
        "platform": platform,
    }
    name = f"startup: usable window with {count:,} photos, beyond a bare one"
    return Figure(name, beyond, "s", f"<= {_BAR_SECONDS} s", beyond <= _BAR_SECONDS, details)


def _start(arguments: Sequence[str], environment: dict[str, str]) -> _Start:
    """Ask for a process and wait until its window is usable, and closed again."""
    command = [sys.executable, "-m", "tests.benchmarks.startup_probe", *arguments]
    started = time.monotonic()
    completed = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    usable = [line.split() for line in completed.stdout.splitlines() if line.startswith("usable ")]
    if completed.returncode or not usable:
        raise RuntimeError(f"no window came up:\n{completed.stdout}\n{completed.stderr}")
    _, moment, processor = usable[0]
    return _Start(float(moment) - started, float(processor))
