"""Breaks downloads of a model in every way: they go on where they broke, and half a model is never opened.

huggingface_hub and our download run as in the product, against a server on this machine (HF_ENDPOINT) that
speaks the hub's file endpoints and counts the bytes it sends.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.benchmarks.figures import Figure, skipped
from tests.checkpoints import make_checkpoint
from tests.fake_hub import HUB_ID, FakeHub, Faults, serving
from tests.homes import ROOT, environment_in

_LIMIT_SECONDS = 300.0
_STEP_SECONDS = 0.05
_CANCEL_SECONDS = 2.0
_SMALL_DISK, _FILLER = "1m", 700_000  # the checkpoint fits, and beside this it does not

# What the app does with a downloaded model: find it, check it, load it, embed a text with it.
_OPEN = f"""
import sys
from app.embedding.encoder_process import open_encoder
from app.errors import CheckpointError
if __name__ == "__main__":
    try:
        encoder = open_encoder({HUB_ID!r}, "cpu")
    except CheckpointError as error:
        print("refused:", error)
    else:
        print("opened", encoder.encode_texts(["a dog"]).shape)
        encoder.close()
"""
_CANCEL = f"""
import sys, time
from app.domain.progress import CancelToken
from app.embedding.download import download_checkpoint, unfinished_bytes
from app.errors import CancelledError
if __name__ == "__main__":
    cancel, started = CancelToken(), []
    def listen(transfer):
        if not started and unfinished_bytes({HUB_ID!r}) > int(sys.argv[1]):
            started.append(time.monotonic())
            cancel.cancel()
    try:
        download_checkpoint({HUB_ID!r}, listen, cancel)
    except CancelledError:
        print(time.monotonic() - started[0])
"""


@dataclass
class _World:
    """A hub and a home with an empty cache."""

    hub: FakeHub
    home: Path
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.environment = {
            **environment_in(self.home),
            "HF_ENDPOINT": self.hub.endpoint,
            "HF_HUB_CACHE": str(self.home / "hub"),
        }

    @property
    def half(self) -> int:
        return len(self.hub.weights) // 2

    def start(self) -> "subprocess.Popen[str]":
        return self._popen("-m", "app", "model", "download", HUB_ID)

    def download(self) -> tuple[int, str]:
        """The exit code of the command, and what it said."""
        process = self.start()
        output, _ = process.communicate(timeout=_LIMIT_SECONDS)
        return process.returncode, output

    def run_script(self, script: str, *arguments: str) -> str:
        path = self.home / "script.py"
        path.write_text(script, encoding="utf-8")
        process = self._popen(str(path), *arguments)
        output, _ = process.communicate(timeout=_LIMIT_SECONDS)
        return output.strip()

    def kept(self) -> int:
        cache = Path(self.environment["HF_HUB_CACHE"])
        return sum(path.stat().st_size for path in cache.glob("models--*/blobs/*.incomplete"))

    def expect(self, holds: bool, complaint: str) -> None:
        if not holds:
            self.wrong.append(complaint)

    def expect_whole(self) -> None:
        answer = self.run_script(_OPEN)
        self.expect(answer == "opened (1, 32)", f"the downloaded model does not open: {answer[-300:]}")

    def expect_none(self) -> None:
        answer = self.run_script(_OPEN)
        self.expect(answer.startswith("refused:"), f"half a model was opened: {answer[-300:]}")

    def _popen(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**self.environment, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def run(quick: bool) -> Iterator[Figure]:
    """One figure a fault; a value is the number of things that were not as they must be."""
    with tempfile.TemporaryDirectory(prefix="photosift-download-") as scratch:
        files = make_checkpoint(Path(scratch) / "checkpoint", size="tiny")
        for name, case in _CASES.items():
            if quick and name not in _QUICK:
                continue
            with serving(files) as hub, tempfile.TemporaryDirectory(dir=scratch) as home:
                world = _World(hub, Path(home))
                details = case(world)
                yield _figure(name, world, details)
        if not quick:
            yield _full_disk(files, Path(scratch))


def _figure(name: str, world: _World, details: dict[str, object]) -> Figure:
    wrong = world.wrong
    details = {**details, "file_bytes": len(world.hub.weights), "examples": wrong[:5]}
    return Figure(f"download: {name}", len(wrong), "faults", "0", not wrong, details)


def _cut(world: _World) -> dict[str, object]:
    world.hub.faults = Faults(cut_after=world.half)
    code, output = world.download()
    world.expect(code == 0, f"ended with {code}: {output[-300:]}")
    return _resumed(world)


def _cancel(world: _World) -> dict[str, object]:
    world.hub.faults = Faults(hold_after=world.half)
    seconds = float(world.run_script(_CANCEL, str(world.half // 2)))
    world.expect(seconds < _CANCEL_SECONDS, f"cancelling took {seconds:.1f} s")
    world.expect_none()
    return {"cancel_seconds": seconds, **_go_on(world)}


def _restart(world: _World) -> dict[str, object]:
    """The app is killed in the middle: its helper ends too, and the next start goes on."""
    world.hub.faults = Faults(hold_after=world.half)
    process = world.start()
    _wait(lambda: world.hub.held.is_set() and world.kept() > world.half // 2, process)
    helpers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    _, left = psutil.wait_procs(helpers, timeout=10)
    world.expect(not left, f"{len(left)} processes were left behind")
    world.expect_none()
    return _go_on(world)


def _go_on(world: _World) -> dict[str, object]:
    kept = world.kept()
    world.hub.released.set()
    world.hub.faults = Faults()
    code, output = world.download()
    world.expect(code == 0, f"going on ended with {code}: {output[-300:]}")
    last = world.hub.gets_of("model.safetensors")[-1]
    world.expect(last.start > 0, "the download began again from the front")
    world.expect_whole()
    world.expect(last.sent == len(world.hub.weights) - last.start, "more was sent than was missing")
    return {"kept_bytes": kept, "resumed_at": last.start, "sent_afterwards": last.sent}


def _resumed(world: _World) -> dict[str, object]:
    first, *_, last = world.hub.gets_of("model.safetensors")
    sent = world.hub.bytes_sent("model.safetensors")
    world.expect(last.start > 0, "the download began again from the front")
    world.expect(sent <= len(world.hub.weights) + first.sent - last.start, "bytes were sent twice")
    world.expect_whole()
    return {"resumed_at": last.start, "bytes_sent": sent}


def _refused(faults: Faults, text: str) -> Callable[[_World], dict[str, object]]:
    """A download that must fail with `text`, leave nothing that opens, and succeed once the fault is over."""

    def case(world: _World) -> dict[str, object]:
        world.hub.faults = faults
        code, output = world.download()
        world.expect(code == 1, f"ended with {code}: {output[-300:]}")
        world.expect(text in output and "Traceback" not in output, f"said: {output[-300:]}")
        world.expect_none()
        world.hub.faults = Faults()
        code, output = world.download()
        world.expect(code == 0, f"afterwards it ended with {code}: {output[-300:]}")
        world.expect_whole()
        return {"said": output.strip()[-120:]}

    return case


_CASES: dict[str, Callable[[_World], dict[str, object]]] = {
    "cut connection": _cut,
    "cancel": _cancel,
    "app killed in between": _restart,
    "401": _refused(Faults(status=401), "private"),
    "404": _refused(Faults(status=404, headers={"X-Error-Code": "RepoNotFound"}), "Check the name"),
    "file missing": _refused(Faults(missing="model.safetensors"), "not all of its files"),
    "file too long": _refused(Faults(extra_bytes=1000), "had announced"),
    "file too short": _refused(Faults(missing_bytes=1000), "had announced"),
    "file damaged": _refused(Faults(flip_a_byte=True), "arrived damaged"),
}
_QUICK = ("cut connection", "app killed in between")


def _full_disk(files: Path, scratch: Path) -> Figure:
    """A cache on a disk that is too small (told before), and on one that fills up (told when it does)."""
    name = "download: full disk"
    place = scratch / "small-disk"
    place.mkdir()
    with _small_disk(place) as mounted, serving(files) as hub:
        if not mounted:
            return skipped(name, "0", "mounting a small disk needs root", "faults")
        world = _World(hub, scratch)
        world.environment["HF_HUB_CACHE"] = str(place / "hub")
        _too_small(world, place)
        _fills_up(world, place)
        return _figure("full disk", world, {"disk": _SMALL_DISK, "resumed_at": _last_start(hub)})


def _too_small(world: _World, place: Path) -> None:
    """Told before a byte of the weights is fetched."""
    filler = place / "filler"
    filler.write_bytes(bytes(_FILLER))
    code, output = world.download()
    world.expect(code == 1 and "GB are free" in output, f"too small: {code}, {output[-300:]}")
    world.expect(not world.hub.gets_of("model.safetensors"), "weights were fetched that cannot fit")
    filler.unlink()


def _fills_up(world: _World, place: Path) -> None:
    """Somebody else fills the disk meanwhile; with room again the download goes on."""
    hub, filler = world.hub, place / "filler"
    hub.faults = Faults(hold_after=world.half)
    process = world.start()
    _wait(hub.held.is_set, process)
    _fill(filler)
    hub.released.set()
    output, _ = process.communicate(timeout=_LIMIT_SECONDS)
    world.expect(
        process.returncode == 1 and "is full" in output, f"full: {process.returncode}, {output[-300:]}"
    )
    filler.unlink()
    world.expect_none()
    hub.faults = Faults()
    code, output = world.download()
    world.expect(code == 0, f"with room again it ended with {code}: {output[-300:]}")
    world.expect(_last_start(hub) > 0, "the download began again from the front")
    world.expect_whole()


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                continue
        except OSError:  # full now
            return


def _last_start(hub: FakeHub) -> int:
    gets = hub.gets_of("model.safetensors")
    return gets[-1].start if gets else 0


@contextmanager
def _small_disk(place: Path) -> Iterator[bool]:
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SMALL_DISK}", "tmpfs", str(place)]
    mounted = hasattr(os, "geteuid") and os.geteuid() == 0
    mounted = mounted and subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)


def _wait(condition: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    started = time.monotonic()
    while not condition():
        if process.poll() is not None or time.monotonic() - started > _LIMIT_SECONDS:
            raise RuntimeError(f"the download did not get that far (exit code {process.returncode})")
        time.sleep(_STEP_SECONDS)
