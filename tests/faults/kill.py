"""Kills indexing 200 times at random moments while files are renamed and deleted: nothing is lost.

Half of the kills hit the main process alone, as the system does when memory runs out; half hit every process
at once, as a power cut does. One kill in five comes while the program still starts. The model is a stand-in;
processes, library, thumbnails and vector index are real.
"""

import random
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.faults.indexing_process import Contents, IndexingProcess, faults_in, read_contents
from tests.faults.world import World, differences, draw, faults, liked_contents, none_of, wrong_photos

_KILLS, _QUICK_KILLS = 200, 6
_PHOTOS, _QUICK_PHOTOS = 2000, 150
_SEED = 20
_SECONDS_A_PHOTO = 0.01
_LONGEST_RUN_SECONDS = 3.0
_CHURN_SECONDS = 0.03
_LAST_RUN_SECONDS = 300.0


@dataclass
class _Score:
    """What was seen so far."""

    kills: int = 0
    attempts: int = 0
    helpers_left: int = 0
    liked: set[str] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


class _Churn:
    """Renames, moves, deletes and adds files in the watched folder, on a thread, until it is paused."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self._world = world
        self._rng = rng
        self._pause = threading.Event()
        self._thread: threading.Thread | None = None
        self.counts = {"renamed": 0, "deleted": 0, "added": 0}

    def start(self) -> None:
        self._pause.clear()
        self._thread = threading.Thread(target=self._run, name="churn", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._pause.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._pause.wait(self._rng.uniform(0, 2 * _CHURN_SECONDS)):
            deed = self._rng.choices((self._rename, self._delete, self._add), (6, 1, 1))[0]
            deed()

    def _rename(self) -> None:
        path = self._some_file()
        target = self._world.folder / f"{self._rng.randrange(9)}" / f"renamed {self._rng.getrandbits(60)}.jpg"
        path.rename(target)
        self._world.seeds[target] = self._world.seeds.pop(path)
        self.counts["renamed"] += 1

    def _delete(self) -> None:
        path = self._some_file()
        path.unlink()
        del self._world.seeds[path]
        self.counts["deleted"] += 1

    def _add(self) -> None:
        self._world.add_photos(1)
        self.counts["added"] += 1

    def _some_file(self) -> Path:
        return self._rng.choice(list(self._world.seeds))


def run(quick: bool) -> Iterator[Figure]:
    """Kill, examine, like a few photos, go on; in the end let it finish."""
    wanted = _QUICK_KILLS if quick else _KILLS
    with tempfile.TemporaryDirectory(prefix="photosift-kill-") as home:
        world = World(Path(home) / "home", _SECONDS_A_PHOTO)
        world.add_photos(_QUICK_PHOTOS if quick else _PHOTOS)
        rng = random.Random(_SEED)
        churn, score = _Churn(world, rng), _Score()
        while score.kills < wanted and score.attempts < 2 * wanted:
            score.attempts += 1
            _kill_once(world, churn, score, rng)
        details = {
            "kills": score.kills,
            "attempts": score.attempts,
            "photos": world.photos,
            "liked": len(score.liked),
            "seed": _SEED,
            **churn.counts,
        }
        holds = score.kills >= wanted
        yield Figure("kill: kills during indexing", score.kills, "kills", f">= {wanted}", holds, details)
        yield none_of("kill: committed and lost", score.lost, "rows, decisions or embeddings", details)
        yield none_of("kill: broken afterwards", score.broken, "faults that the doctor found", details)
        left = score.helpers_left
        yield Figure("kill: helper processes left behind", left, "processes", "0", left == 0, details)
        yield none_of("kill: wrong after the last run", _finish(world, score), "faults in the end", details)


def _kill_once(world: World, churn: _Churn, score: _Score, rng: random.Random) -> None:
    before = read_contents(world.paths.database)
    churn.start()
    process = world.start()
    while_starting = score.attempts % 5 == 0
    _let_run(process, rng.uniform(0, 1.0 if while_starting else _LONGEST_RUN_SECONDS))
    churn.stop()
    ended = process.ended
    if ended and process.wait(0) != 0:
        score.broken.append(f"ended with {process.wait(0)}: {process.output()[-500:]}")
    if not ended:
        score.helpers_left += process.kill(helpers_too=score.attempts % 2 == 0)
        score.kills += 1
    score.lost += _lost_since(before, world, score)
    if world.paths.database.exists() and world.paths.database.stat().st_size:
        score.broken += faults(world.doctor())
        score.broken += faults_in(world.paths.database, world.paths.thumbnails)  # a judge of its own
        score.liked.update(world.like(3))


def _let_run(process: IndexingProcess, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not process.ended and time.monotonic() < deadline:
        time.sleep(0.005)


def _lost_since(before: Contents, world: World, score: _Score) -> list[str]:
    """Paths come and go here; what may not go is folders, contents, their embeddings, and decisions."""
    after = read_contents(world.paths.database)
    lost = [f"folder {path!r}" for path in before.folders - after.folders]
    lost += [f"embedding {key}" for key in before.embeddings - after.embeddings]
    if score.liked:
        lost += [f"favourite {key}" for key in score.liked - liked_contents(world.paths)]
    return lost


def _finish(world: World, score: _Score) -> list[str]:
    """Index to the end, undisturbed; then everything is there, once, and is what it says."""
    draw(world.folder / "last.jpg", -1 % 2**32)
    world.seeds[world.folder / "last.jpg"] = -1 % 2**32
    process = world.start(seconds_a_photo=0.0)
    code = process.wait(_LAST_RUN_SECONDS)
    found = [f"exit code {code}: {process.output()[-500:]}"] if code else []
    found += differences(world.doctor())
    found += [f"favourite {key}" for key in score.liked - liked_contents(world.paths)]
    return found + wrong_photos(world)
