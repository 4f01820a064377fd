"""Indexes damaged, hostile and odd files: each ends as a photo or as a problem with a reason, in its limits.

All pictures of PHOTOSIFT_TEST_PHOTOS and thousands of mutated ones go through the real decoding processes
and the real indexing worker, with a stand-in encoder. A codec may crash in its process; the program may not.
Then they are left alone: a second start decodes none of them again.
"""

import collections
import contextlib
import os
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import psutil

from app.domain.folder_rules import FolderRules
from app.domain.media import DecodedPhoto, DecodeRequest
from app.domain.photo import PhotoState
from app.media.decode_pool import DecodePool
from app.media.formats import is_photo_name
from tests.benchmarks.figures import Figure
from tests.fake_encoder import FakeEncoder
from tests.faults.fuzzing import broken_files
from tests.indexing_rig import Rig

_SEED = 20261
_FUZZED, _QUICK_FUZZED = 4_000, 90
_QUICK_REAL = 60
_TIME_LIMIT, _MEMORY_LIMIT = 20.0, 1_500_000_000
_TIME_TO_KILL = 2.0  # a limit is noticed and enforced by another process
_LOOK_SECONDS = 0.05
_PATIENCE_SECONDS = 3 * 3600.0


class _WatchedPool(DecodePool):
    """The product's pool, with its outcomes, its longest task and its largest process on record."""

    def __init__(self) -> None:
        super().__init__(2, time_limit=_TIME_LIMIT, memory_limit=_MEMORY_LIMIT)
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.slowest, self.slowest_path = 0.0, ""
        self.largest = 0
        self._running: dict[Future[DecodedPhoto], tuple[str, float | None]] = {}
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def submit(self, request: DecodeRequest) -> "Future[DecodedPhoto]":
        future = super().submit(request)
        with self._lock:
            self._running[future] = (request.path, None)
        future.add_done_callback(self._note)
        return future

    def close(self) -> None:
        self._done.set()
        self._watcher.join()
        super().close()

    def _note(self, future: "Future[DecodedPhoto]") -> None:
        with self._lock:
            self._running.pop(future, None)
            error = None if future.cancelled() else future.exception()
            self.outcomes[type(error).__name__ if error else "decoded"] += 1

    def _watch(self) -> None:
        while not self._done.wait(_LOOK_SECONDS):
            now = time.monotonic()
            with self._lock:
                for future, (path, since) in list(self._running.items()):
                    if since is None and future.running():
                        self._running[future] = (path, now)
                    elif since is not None and now - since > self.slowest:
                        self.slowest, self.slowest_path = now - since, path
            for pid in self.pids():
                with contextlib.suppress(psutil.Error):
                    self.largest = max(self.largest, psutil.Process(pid).memory_info().rss)


def run(quick: bool) -> Iterator[Figure]:
    """Files without an outcome, the limits, and what a second start does."""
    with tempfile.TemporaryDirectory(prefix="photosift-bad-files-") as scratch:
        place = Path(scratch)
        real, fuzzed = _fill(place / "photos", quick)
        pool = _WatchedPool()
        rig = Rig(place, pool)
        folder, _ = rig.add_folder()
        rig.library.folders.set_rules(folder.folder_id, FolderRules(videos=True))
        rig.use(FakeEncoder())
        started = time.monotonic()
        rig.start()
        try:
            idle = rig.worker.wait_until_idle(_PATIENCE_SECONDS)
            seconds = time.monotonic() - started
            yield _outcome_figure(rig, pool, real, fuzzed, idle, seconds)
            yield from _limit_figures(pool)
            yield _second_start_figure(rig, pool)
        finally:
            rig.close()


def _fill(folder: Path, quick: bool) -> tuple[int, int]:
    """How many real and how many fuzzed files there are now."""
    folder.mkdir()
    root = os.environ.get("PHOTOSIFT_TEST_PHOTOS")
    found = sorted(path for path in Path(root).rglob("*") if path.is_file()) if root else []
    real = [path for path in found if is_photo_name(path.name)]
    if quick:
        real = random.Random(_SEED).sample(real, min(len(real), _QUICK_REAL))
    for number, path in enumerate(real):
        shutil.copyfile(path, folder / f"{number:04} {path.name}")
    fuzzed = 0
    for name, data in broken_files(_QUICK_FUZZED if quick else _FUZZED, _SEED):
        (folder / name).write_bytes(data)
        fuzzed += 1
    return len(real), fuzzed


def _outcome_figure(
    rig: Rig, pool: _WatchedPool, real: int, fuzzed: int, idle: bool, seconds: float
) -> Figure:
    """Whoever is neither a photo with an embedding nor a problem with a reason was lost."""
    ready = [photo for photo in rig.photos() if photo.state is PhotoState.READY]
    problems = rig.library.photos.problems()
    reasons = collections.Counter(problem.reason for problem in problems)
    assert rig.target is not None
    unembedded = len(ready) - rig.library.photos.counts(rig.target.identity).embedded
    silent = reasons.pop("", 0)
    lost = real + fuzzed - len(ready) - len(problems) + unembedded + silent
    details = {
        "real": real,
        "fuzzed": fuzzed,
        "seed": _SEED,
        "indexed": len(ready),
        "problems": len(problems),
        "without_reason": silent,
        "without_embedding": unembedded,
        "decoding": dict(pool.outcomes),
        "reasons": dict(reasons.most_common(12)),
        "seconds": seconds,
    }
    holds = idle and lost == 0
    return Figure("bad_files: files without an outcome", lost, "files", "0", holds, details)


def _limit_figures(pool: _WatchedPool) -> Iterator[Figure]:
    limit = _TIME_LIMIT + _TIME_TO_KILL
    name, crashed = Path(pool.slowest_path).name, pool.outcomes["MediaCrashedError"]
    yield Figure(
        "bad_files: longest time with one file", pool.slowest, "s", f"<= {limit:g}", pool.slowest <= limit,
        {"file": name, "stopped": pool.outcomes["MediaTimeoutError"], "crashed": crashed},
    )  # fmt: skip
    gigabytes = pool.largest / 1e9
    bar = _MEMORY_LIMIT / 1e9
    yield Figure("bad_files: largest decoding process", gigabytes, "GB", f"<= {bar:g}", gigabytes <= bar)


def _second_start_figure(rig: Rig, pool: _WatchedPool) -> Figure:
    before = pool.outcomes.total()
    rig.restart()
    idle = rig.worker.wait_until_idle(_PATIENCE_SECONDS)
    again = pool.outcomes.total() - before
    return Figure(
        "bad_files: files decoded again at the next start", again, "files", "0", idle and again == 0
    )
