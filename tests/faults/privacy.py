"""Indexes, searches, opens window and demo, and idles without a network: nothing tries to leave the machine.

Every step runs in a network namespace of its own that has no routes. There the kernel counts each packet or
connection that found no way out (OutNoRoutes), whoever tried, native code included; and every Python process
records its own attempts with the name it looked for. A control shows that both would notice.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.figures import Figure, skipped
from tests.checkpoints import make_checkpoint
from tests.connection_record import attempts_in, environment_with_record
from tests.faults.world import draw
from tests.homes import ROOT, environment_in

_PHOTOS = 12
_IDLE_SECONDS, _QUICK_IDLE_SECONDS = 30, 3
_LIMIT_SECONDS = 240.0
_NO_ROUTE = 'ip link set lo up; "$@"; code=$?; cat /proc/net/snmp /proc/net/snmp6 > "$COUNTERS"; exit $code'
_CONTROL = """
import socket
for reach in (lambda: socket.create_connection(("192.0.2.1", 443), 1),
              lambda: socket.getaddrinfo("huggingface.co", 443)):
    try:
        reach()
    except OSError:
        pass
"""


@dataclass(frozen=True)
class _Step:
    """What one step tried."""

    code: int
    output: str
    routes_missed: int  # as the kernel counts them
    attempts: tuple[str, ...]  # as Python records them
    processes: int


def run(quick: bool) -> Iterator[Figure]:
    """One figure a step: how often anything tried to leave the machine."""
    reason = _why_not()
    if reason:
        yield skipped("privacy: attempts to leave the machine", "0", reason, "attempts")
        return
    idle = str(_QUICK_IDLE_SECONDS if quick else _IDLE_SECONDS)
    with tempfile.TemporaryDirectory(prefix="photosift-privacy-") as scratch:
        home = Path(scratch)
        photos = _make_photos(home / "photos")
        model = make_checkpoint(home / "checkpoint", size="tiny")
        app = (sys.executable, "-m", "app")
        window = (sys.executable, "-m", "tests.faults.quiet_window", idle)
        yield _control(home)
        yield _figure("index", _take(home, *app, "index", str(photos), "--model", str(model)))
        yield _figure("search by words", _take(home, *app, "search", "a red car"))
        yield _figure("search by picture", _take(home, *app, "search", "--image", str(photos / "0.jpg")))
        yield _figure("list models", _take(home, *app, "model", "list", "--speed"))
        yield _figure("window and idle", _take(home, *window, "a red car"), idle_seconds=idle)
        yield _figure("demo and idle", _take(home, *window, "a red house", "demo"), idle_seconds=idle)


def _why_not() -> str:
    if not sys.platform.startswith("linux"):
        return "network namespaces are Linux's"
    if os.geteuid() != 0:
        return "making a network namespace needs root"
    missing = [name for name in ("unshare", "ip") if shutil.which(name) is None]
    if missing:
        return f"there is no {' and no '.join(missing)} here"
    answer = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    return "network namespaces are not permitted here" if answer.returncode else ""


def _control(home: Path) -> Figure:
    """Something that does try to leave must be noticed twice, or nothing else here means anything."""
    step = _take(home, sys.executable, "-c", _CONTROL)
    noticed = int(step.routes_missed > 0) + int(len(step.attempts) >= 2)
    details = {"routes_missed": step.routes_missed, "attempts": list(step.attempts)}
    return Figure(
        "privacy: control, ways in which an attempt is noticed", noticed, "ways", "2", noticed == 2, details
    )


def _figure(name: str, step: _Step, **details: str) -> Figure:
    tried = step.routes_missed + len(step.attempts)
    holds = tried == 0 and step.code == 0 and step.processes > 0
    seen = {
        **details,
        "exit_code": step.code,
        "output": step.output[-300:] if step.code else "",
        "python_processes": step.processes,
        "routes_missed": step.routes_missed,
        "examples": list(step.attempts[:5]),
    }
    return Figure(f"privacy: {name}, attempts to leave the machine", tried, "attempts", "0", holds, seen)


def _take(home: Path, *command: str) -> _Step:
    """Run a command where there is no way out, and see what it tried."""
    record = Path(tempfile.mkdtemp(dir=home, prefix="record-"))
    counters = record / "counters"
    environment = environment_with_record({**environment_in(home), "PYTHONPATH": str(ROOT)}, record)
    # As a user has it: whatever keeps the app offline must be its own doing.
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "TRANSFORMERS_OFFLINE"):
        environment.pop(name, None)
    environment |= {"COUNTERS": str(counters), "QT_QPA_PLATFORM": "offscreen"}
    answer = subprocess.run(
        ["unshare", "-n", "sh", "-c", _NO_ROUTE, "sh", *command],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=_LIMIT_SECONDS,
    )  # fmt: skip
    attempts = attempts_in(record)
    return _Step(
        answer.returncode,
        answer.stdout + answer.stderr,
        _routes_missed(counters.read_text(encoding="utf-8")),
        tuple(f"{a.event} {a.target} by {a.command}" for a in attempts if a.leaves_the_machine),
        sum(attempt.event == "process" for attempt in attempts),
    )


def _routes_missed(counters: str) -> int:
    """The sum of OutNoRoutes over IPv4 (a line of names, then one of values) and IPv6 (one line each)."""
    names, values = re.findall(r"^Ip: (.*)$", counters, re.MULTILINE)
    old = dict(zip(names.split(), map(int, values.split()), strict=True))["OutNoRoutes"]
    new = re.search(r"^Ip6OutNoRoutes\s+(\d+)$", counters, re.MULTILINE)
    return old + (int(new[1]) if new else 0)


def _make_photos(folder: Path) -> Path:
    folder.mkdir()
    for number in range(_PHOTOS):
        draw(folder / f"{number}.jpg", number)
    return folder
