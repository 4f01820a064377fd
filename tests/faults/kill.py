"""Kills indexing 20 times at random moments: nothing committed is lost, and the library opens.

Half of the kills hit the main process alone, as the system does when memory runs out; half hit every process
at once, as a power cut does. One kill in five comes while the program still starts.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from app.bootstrap import Services, open_services
from app.domain.query import QueryTerm, SearchQuery
from app.domain.status import ModelState
from app.paths import LibraryPaths
from app.settings import Settings, SettingsStore
from tests.benchmarks.figures import Figure
from tests.checkpoints import make_checkpoint
from tests.faults.indexing_process import Contents, IndexingProcess, faults_in, read_contents
from tests.homes import ROOT, environment_in, settings_file_in

_KILLS, _QUICK_KILLS = 20, 2
_FIRST_PHOTOS, _MORE_PHOTOS = 120, 40
_SEED = 20
_STEP_SECONDS = 0.01
_CASE_LIMIT_SECONDS = 180.0


@dataclass
class _World:
    """A home with settings, a folder that grows, and the library under test."""

    home: Path
    rng: random.Random
    kills: int = 0
    photos: int = 0
    lost: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    helpers_left: int = 0
    liked: int = 0

    def __post_init__(self) -> None:
        self.folder = self.home / "photos"
        self.folder.mkdir()
        self.paths = LibraryPaths(self.home / "library")
        self.environment = environment_in(self.home)
        checkpoint = make_checkpoint(self.home / "checkpoint", size="tiny")
        self.settings = SettingsStore(settings_file_in(self.home))
        self.settings.save(Settings(checkpoint=str(checkpoint), device="cpu"))

    def add_photos(self, count: int) -> None:
        for number in range(self.photos, self.photos + count):
            path = self.folder / f"{number % 7}" / f"photo {number}.jpg"
            path.parent.mkdir(exist_ok=True)
            _draw(number).save(path, quality=85)
        self.photos += count

    def start(self) -> IndexingProcess:
        return IndexingProcess(self.paths.root, self.folder, self.environment, self.home / "index.log")

    def contents(self) -> Contents:
        return read_contents(self.paths.database)


def run(quick: bool) -> Iterator[Figure]:
    """Kill, inspect, like a few photos, go on; in the end let it finish."""
    wanted = _QUICK_KILLS if quick else _KILLS
    with tempfile.TemporaryDirectory(prefix="photosift-kill-") as home:
        world = _World(Path(home), random.Random(_SEED))
        world.add_photos(_FIRST_PHOTOS)
        attempts = 0
        while world.kills < wanted and attempts < 2 * wanted:
            attempts += 1
            _kill_once(world, attempts)
            world.add_photos(_MORE_PHOTOS)
        details = {"kills": world.kills, "attempts": attempts, "photos": world.photos, "seed": _SEED}
        yield Figure(
            "kill: kills during indexing",
            world.kills,
            "kills",
            f">= {wanted}",
            world.kills >= wanted,
            details,
        )
        yield _none("kill: committed and lost", world.lost, "lost rows, decisions or embeddings", details)
        yield _none(
            "kill: broken afterwards", world.broken, "faults in library, thumbnails or index", details
        )
        left = world.helpers_left
        yield Figure("kill: helper processes left behind", left, "processes", "0", left == 0, details)
        yield _none(
            "kill: wrong after the last run", _finish(world), "faults after an undisturbed run", details
        )


def _none(figure: str, found: list[str], unit: str, details: dict[str, int]) -> Figure:
    return Figure(figure, len(found), unit, "0", not found, {**details, "examples": found[:5]})


def _kill_once(world: _World, attempt: int) -> None:
    process = world.start()
    while_starting = attempt % 5 == 0
    _wait_for_moment(world, process, while_starting=while_starting)
    before = world.contents()
    if process.ended:
        world.broken += _unexpected_end(process)
        return
    world.helpers_left += process.kill(helpers_too=attempt % 2 == 0)
    world.kills += 1
    world.lost += world.contents().lost_since(before)
    world.broken += faults_in(world.paths.database, world.paths.thumbnails)
    with _opened(world) as services:
        world.broken += _index_faults(world, services)
        _like_some(world, services)


def _wait_for_moment(world: _World, process: IndexingProcess, *, while_starting: bool) -> None:
    """Until a random part of the waiting photos is stored, and a random instant more."""
    target = world.rng.randint(world.contents().embedded, world.photos - 1)
    started = time.monotonic()
    if not while_starting:
        while world.contents().embedded < target and not process.ended:
            if time.monotonic() - started > _CASE_LIMIT_SECONDS:
                raise TimeoutError(f"indexing does not get on:\n{process.output()}")
            time.sleep(_STEP_SECONDS)
    time.sleep(world.rng.uniform(0, 3.0 if while_starting else 0.1))


def _unexpected_end(process: IndexingProcess) -> list[str]:
    """It may have finished before we killed it, but not failed."""
    code = process.wait(0)
    return [f"ended with {code}: {process.output()[-500:]}"] if code else []


@contextmanager
def _opened(world: _World) -> Iterator[Services]:
    """The library as the next start finds it, its model ready."""
    services = open_services(world.paths, world.settings)
    try:
        services.models.load()
        deadline = time.monotonic() + _CASE_LIMIT_SECONDS
        while services.models.status().state is not ModelState.READY:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the model does not load: {services.models.status()}")
            time.sleep(_STEP_SECONDS)
        yield services
    finally:
        services.close()


def _index_faults(world: _World, services: Services) -> list[str]:
    """The vector index must hold exactly the embeddings table."""
    embedded = world.contents().embedded
    if not embedded:
        return []
    found = services.search.search(SearchQuery((QueryTerm(text="anything at all"),), limit=None))
    scored = int(np.isfinite(found.scores).sum())  # a photo that the index lacks could match by its name only
    if not found.semantic or scored != embedded:
        return [f"the index knows {scored} of {embedded} photos: {found.message}"]
    return []


def _like_some(world: _World, services: Services) -> None:
    """Decisions of the user, to be found again after every later kill."""
    photos = sorted(int(photo) for photo in services.search.search(SearchQuery(limit=None)).photo_ids)
    liked = world.rng.sample(photos, min(3, len(photos)))
    services.library.set_favourite(liked, True)
    world.liked += len(set(liked))


def _finish(world: _World) -> list[str]:
    """Index to the end, undisturbed; then everything is there, once, and found by its own picture."""
    before = world.contents()
    process = world.start()
    code = process.wait(_CASE_LIMIT_SECONDS)
    after = world.contents()
    found = after.lost_since(before) + faults_in(world.paths.database, world.paths.thumbnails)
    if code:
        found.append(f"exit code {code}: {process.output()[-500:]}")
    states = list(after.photos.values())
    if states.count("ready") != world.photos or after.embedded != world.photos:
        found.append(f"{states.count('ready')} ready, {after.embedded} embedded of {world.photos}")
    for number in world.rng.sample(range(world.photos), 5):
        found += _not_found_by_itself(world, number)
    return found


def _not_found_by_itself(world: _World, number: int) -> list[str]:
    (path,) = world.folder.glob(f"*/photo {number}.jpg")
    command = [
        sys.executable,
        "-m",
        "app",
        "--library",
        str(world.paths.root),
        "search",
        "--image",
        str(path),
    ]
    answer = subprocess.run(
        [*command, "--limit", "1", "--json"],
        cwd=ROOT, env=world.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if answer.returncode:
        return [f"searching failed: {answer.stderr[-300:]}"]
    return (
        []
        if os.fspath(path) in json.dumps(json.loads(answer.stdout))
        else [f"{path.name} is not its best match"]
    )


def _draw(number: int) -> Image.Image:
    """A picture unlike every other: coarse coloured blocks and fine noise."""
    generator = np.random.default_rng(number)
    blocks = generator.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    coarse = np.asarray(Image.fromarray(blocks).resize((640, 480), Image.Resampling.BICUBIC), dtype=np.int16)
    noisy = coarse + generator.integers(-12, 13, coarse.shape, dtype=np.int16)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
