"""From the end of a copy into a watched folder until a search finds the photo, with a base-size checkpoint.

The whole program without its window, its queue empty; 12-megapixel JPEGs are copied in one at a time. Found
means: among the answers to a description, which only photos with an embedding are.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from app.bootstrap import Services, open_services
from app.domain.progress import IndexProgress
from app.domain.query import QueryTerm, SearchQuery
from app.domain.status import ModelState
from app.paths import LibraryPaths
from app.settings import Settings, SettingsStore
from tests.benchmarks.camera_jpegs import make_jpegs, mean_megabytes, source
from tests.benchmarks.figures import Figure, spread
from tests.checkpoints import cached_checkpoint

_BAR_SECONDS = 2.0
_LIMIT_SECONDS = 120.0
_QUERY = SearchQuery((QueryTerm(text="a dog on the beach"),), limit=None)


def run(quick: bool) -> Iterator[Figure]:
    """3 photos when quick, else 10; one more before them warms everything up."""
    count = 3 if quick else 10
    checkpoint = os.environ.get("PHOTOSIFT_BENCH_CHECKPOINT") or str(cached_checkpoint())
    with tempfile.TemporaryDirectory(prefix="photosift-arrival-") as folder:
        home = Path(folder)
        photos = make_jpegs(home / "camera", count + 1)
        watched = home / "watched"
        watched.mkdir()
        settings = SettingsStore(home / "settings.json")
        settings.save(Settings(checkpoint=checkpoint))
        with closing(open_services(LibraryPaths(home / "library"), settings)) as services:
            _start(services, watched)
            _, *seconds = [_arrive(services, photo, watched) for photo in photos]
            device = services.models.status().device
        details = {
            "seconds": spread(seconds),
            "photos": count,
            "mean_megabytes": mean_megabytes(photos),
            "pictures": source(),
            "checkpoint": Path(checkpoint).name,
            "device": device,
        }
    worst = max(seconds)
    bar = "<= 2 s from the copy's end until it is searchable, each"
    yield Figure("arrival", worst, "s", bar, worst <= _BAR_SECONDS, details)


def _start(services: Services, watched: Path) -> None:
    services.library.add_folder(str(watched))
    services.models.load()
    services.indexing.start(_ignore)
    _wait(lambda: services.models.status().state in (ModelState.READY, ModelState.FAILED), "the model")
    services.search.search(_QUERY)


def _arrive(services: Services, photo: Path, watched: Path) -> float:
    """Seconds from the copy's end until it is found; returns when the program is idle again."""
    before = len(services.search.search(_QUERY).photo_ids)
    shutil.copyfile(photo, watched / photo.name)
    started = time.monotonic()
    _wait(lambda: len(services.search.search(_QUERY).photo_ids) > before, photo.name)
    seconds = time.monotonic() - started
    services.indexing.wait_until_idle(_LIMIT_SECONDS)
    return seconds


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {_LIMIT_SECONDS:.0f} s for {what}")
        time.sleep(0.05)


def _ignore(progress: IndexProgress) -> None:
    """Nobody listens here."""
