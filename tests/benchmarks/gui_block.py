"""How long the window's thread is ever unable to answer, by a 5 ms heartbeat over whole sessions.

The program's own main runs untouched in a process of its own, without a screen. Load: from the window's first
moment, over opening the library, scanning its folder and loading the model, until all is quiet. Then a folder
of new photos is indexed at full speed while somebody types, searches and scrolls and the result refreshes
itself. With 100,000 photos the load alone. Beside every figure stands what a process that does nothing saw in
the same seconds, and what is left without waiting for a processor: the machine's share of a gap.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from tests.benchmarks.figures import Figure, percentile
from tests.benchmarks.seeded_home import prepare_home
from tests.checkpoints import cached_checkpoint
from tests.homes import ROOT, environment_in

_P99_MS = 16.0
_LONGEST_MS = {"load": 250.0, "index, search and scroll": 100.0}
_NEW = 300
_LIMIT_SECONDS = 900


def run(quick: bool) -> Iterator[Figure]:
    """When quick: a tiny model and few new photos, 10,000 rows; else the base model, and 100,000 rows too."""
    size = "tiny" if quick else "base"
    checkpoint = cached_checkpoint("siglip2-fixres", size)
    for count, new in ((10_000, 60),) if quick else ((10_000, _NEW), (100_000, 0)):
        with tempfile.TemporaryDirectory(prefix="photosift-heartbeat-") as folder:
            home = Path(folder)
            library = prepare_home(home, count, checkpoint)
            arguments = ["--library", str(library.root)]
            if new:
                _make_photos(home / "new", new)
                arguments += ["--folder", str(home / "new"), "--photos", str(count + new)]
            with _Idle() as idle:
                phases = _session(arguments, home)
        for phase in phases:
            yield from _figures(phase, {"photos": count, "new_photos": new, "model": size, **idle.details()})


def _session(arguments: list[str], home: Path) -> list[dict[str, Any]]:
    """Run the probe; its phases."""
    command = [sys.executable, "-m", "tests.benchmarks.gui_probe", *arguments]
    environment = {"QT_QPA_PLATFORM": "offscreen", **environment_in(home)}
    completed = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=_LIMIT_SECONDS,
    )
    phases = [json.loads(line) for line in completed.stdout.splitlines() if line.startswith("{")]
    if completed.returncode or not phases:
        raise RuntimeError(f"the session failed:\n{completed.stdout}")
    return phases


def _figures(phase: Mapping[str, Any], details: Mapping[str, Any]) -> Iterator[Figure]:
    name = f"gui_block: {phase['phase']} with {details['photos']:,} photos"
    own = {key: phase[key] for key in ("p99_served", "longest_served", "over_50_served")}
    details = {"beats": phase["count"], "p50_ms": phase["p50"], "over_50": phase["over_50"], **own, **details}
    limit = _LONGEST_MS[phase["phase"]]
    p99, longest = phase["p99"], phase["longest"]
    yield Figure(f"{name}, p99", p99, "ms", f"<= {_P99_MS:g} ms", p99 <= _P99_MS, details)
    yield Figure(f"{name}, longest", longest, "ms", f"<= {limit:g} ms", longest <= limit, details)


def _make_photos(folder: Path, count: int) -> None:
    """Small and different ones: the more a second, the more the window has to keep up with."""
    folder.mkdir()
    for number in range(count):
        picture = Image.effect_noise((64, 48), 60 + number % 60).resize((1280, 960))
        picture.convert("RGB").save(folder / f"new-{number:04d}.jpg", quality=85)


class _Idle:
    """A context: how late a thread of a process with nothing to do wakes up from 5 ms of sleep."""

    def __init__(self) -> None:
        self._gaps: list[float] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "_Idle":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def details(self) -> dict[str, Any]:
        return {
            "idle_process_p99_ms": percentile(self._gaps, 99),
            "idle_process_longest_ms": max(self._gaps),
            "idle_process_over_50_ms": sum(gap > 50 for gap in self._gaps),
            "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        }

    def _beat(self) -> None:
        last = time.perf_counter()
        while not self._ended.is_set():
            time.sleep(0.005)
            now = time.perf_counter()
            self._gaps.append((now - last) * 1000)
            last = now
