"""Damages bytes of every file of a library: each damage is noticed, mended or explained, and nothing is lost.

Decisions have to survive whatever happens: where their own pages are hit they come from the weekly copy.
"""

import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.domain.health import Part
from app.errors import LibraryError
from app.library.log_file import log_path
from app.services.doctor import Doctor
from app.vector_index.examination import graph_path, matrix_path
from app.vector_index.graph_file import discard_graph, record_path
from app.vector_index.hnsw import HnswIndex
from tests.benchmarks.figures import Figure
from tests.fake_encoder import FakeEncoder
from tests.faults import stand_in
from tests.faults.indexing_process import read_contents
from tests.faults.world import World, differences, faults, liked_contents, none_of, opened, wrong_photos
from tests.homes import ROOT

_PHOTOS = 150
_LIKED = 12
_SEED = 7
_PAGE = 4096
_TRIES, _QUICK_TRIES = 10, 2


@dataclass
class _Case:
    """One damage to a copy of a sound library."""

    world: World
    sound: Path
    rng: random.Random
    liked: set[str]
    number: int = 0

    @property
    def identity(self) -> str:
        return FakeEncoder(dim=stand_in.DIM).spec.identity

    def reset(self) -> None:
        shutil.rmtree(self.world.paths.root)
        shutil.copytree(self.sound, self.world.paths.root)

    def damage(self, path: Path, count: int = 1, *, start: int = 0) -> None:
        """Other bytes at random places."""
        data = bytearray(path.read_bytes())
        for _ in range(count):
            place = self.rng.randrange(start, len(data))
            data[place] ^= self.rng.randrange(1, 256)
        path.write_bytes(data)


def run(quick: bool) -> Iterator[Figure]:
    """Each kind of damage several times, on a fresh copy each."""
    tries = _QUICK_TRIES if quick else _TRIES
    with tempfile.TemporaryDirectory(prefix="photosift-rot-") as home:
        case = _prepare(Path(home))
        for name, damage in _DAMAGES.items():
            found = []
            for number in range(tries):
                case.reset()
                case.number = number
                found += [f"try {number}: {fault}" for fault in damage(case)]
            unit = "tries that were not noticed, mended or explained"
            yield none_of(f"bit rot: {name}", found, unit, {"cases": tries, "seed": _SEED})


def _prepare(home: Path) -> _Case:
    world = World(home / "home")
    world.add_photos(_PHOTOS)
    done = world.index()
    if done.returncode:
        raise RuntimeError(f"indexing failed: {done.stderr}")
    liked = set(world.like(_LIKED))
    world.paths.decisions.mkdir()
    exported = world.command("export", "decisions", str(world.paths.decisions / "2026-01-01.json"))
    if exported.returncode:
        raise RuntimeError(f"exporting failed: {exported.stderr}")
    case = _Case(world, home / "sound", random.Random(_SEED), liked)
    _write_graph(case)
    shutil.copytree(world.paths.root, case.sound)
    return case


def _write_graph(case: _Case) -> None:
    """Small libraries have none, so one is made for the occasion."""
    folder = case.world.paths.vectors
    with opened(case.world.paths) as library:
        labels = library.embeddings.labels(case.identity)
        graph = HnswIndex(stand_in.DIM)
        graph.add(labels, library.embeddings.vectors(case.identity, labels))
    graph.save(graph_path(folder, case.identity), case.identity)


# -- caches


def _matrix(case: _Case) -> list[str]:
    case.damage(matrix_path(case.world.paths.vectors, case.identity))
    return _noticed(case, Part.MATRIX, mended=case.number % 2 == 0)


def _graph(case: _Case) -> list[str]:
    case.damage(graph_path(case.world.paths.vectors, case.identity))
    return _noticed(case, Part.GRAPH, mended=True)


def _graph_record(case: _Case) -> list[str]:
    case.damage(record_path(graph_path(case.world.paths.vectors, case.identity)))
    return _noticed(case, Part.GRAPH, mended=True)


def _thumbnails(case: _Case) -> list[str]:
    files = sorted(case.world.paths.thumbnails.rglob("*.webp"))
    for path in case.rng.sample(files, 5):
        case.damage(path)
    return _noticed(case, Part.THUMBNAILS, mended=True)


def _noticed(case: _Case, part: Part, *, mended: bool) -> list[str]:
    """The doctor names it; then mending, or only the next run, puts it right without embedding anything."""
    report = case.world.doctor()
    found = [] if any(finding.part is part for finding in report.faults) else ["not noticed"]
    before = read_contents(case.world.paths.database)
    if mended:
        after = Doctor(case.world.paths, alone=True).mend(report)
        found += faults(after)
    found += _completed(case)
    return found + [f"embedded again: {key}" for key in _new_embeddings(case, before.embeddings)]


def _new_embeddings(case: _Case, before: frozenset[tuple[int, str]]) -> set[tuple[int, str]]:
    return set(read_contents(case.world.paths.database).embeddings ^ before)


def _completed(case: _Case) -> list[str]:
    """An undisturbed run: everything is as it should be, and liked."""
    done = case.world.index()
    found = [f"indexing ended with {done.returncode}: {done.stderr[-300:]}"] if done.returncode else []
    found += differences(case.world.doctor()) + wrong_photos(case.world)
    return found + [f"favourite {key}" for key in case.liked - liked_contents(case.world.paths)]


# -- the database


def _pages(case: _Case) -> list[str]:
    """Whole pages, as a failing disk loses them."""
    database = case.world.paths.database
    data = bytearray(database.read_bytes())
    for page in case.rng.sample(range(1, len(data) // _PAGE), 2):  # the first is another case
        data[page * _PAGE : (page + 1) * _PAGE] = case.rng.randbytes(_PAGE)
    database.write_bytes(data)
    if _is_unharmed(case):
        return _completed(case)  # the pages were free ones
    return _restored(case)


def _is_unharmed(case: _Case) -> bool:
    try:
        report = case.world.doctor()
    except LibraryError:
        return False
    if any(finding.part is Part.DATABASE and not finding.mending for finding in report.faults):
        return False
    return Doctor(case.world.paths, alone=True).mend(report).sound


def _cut_off(case: _Case) -> list[str]:
    """The end of the file is gone: refused, then restored."""
    database = case.world.paths.database
    data = database.read_bytes()
    database.write_bytes(data[: case.rng.randrange(_PAGE, len(data) - _PAGE)])
    return _refused(case) + _restored(case)


def _gone(case: _Case) -> list[str]:
    """No database, an empty one, one without its first page: never a new library without a word."""
    database = case.world.paths.database
    if case.number % 3 == 0:
        database.unlink()
    elif case.number % 3 == 1:
        database.write_bytes(b"")
    else:
        database.write_bytes(case.rng.randbytes(_PAGE) + database.read_bytes()[_PAGE:])
    return _refused(case) + _restored(case)


def _refused(case: _Case) -> list[str]:
    answer = case.world.index()
    if answer.returncode == 1 and "Traceback" not in answer.stderr and len(answer.stderr) > 40:
        return []
    return [f"not refused: {answer.returncode} {answer.stderr[-300:]}"]


def _restored(case: _Case) -> list[str]:
    """What can be read is taken over, decisions come back, the rest is read again; the damaged file stays."""
    there = case.world.paths.database.exists()
    answer = case.world.command("doctor", "--restore", "--mend")
    found = [f"not restored: {answer.stderr[-400:]}"] if answer.returncode else []
    kept = list(case.world.paths.root.glob("library-damaged-*.db"))
    if there and not kept:
        found.append("the damaged file was not kept")
    found += [f"folder lost: {case.world.folder}"] if not _is_watched(case) else []
    return found + _completed(case)


def _is_watched(case: _Case) -> bool:
    with opened(case.world.paths) as library:
        paths = {folder.path for folder in library.folders.all()}
    return (
        str(case.world.folder) in paths or any(path.startswith("/lost folder") for path in paths) or not paths
    )


def _log(case: _Case) -> list[str]:
    """The middle of a log that was not folded back."""
    _decide_without_closing(case)
    log = log_path(case.world.paths.database)
    frames = (log.stat().st_size - 32) // (24 + _PAGE)
    data = bytearray(log.read_bytes())
    place = 32 + case.rng.randrange(0, max(1, frames - 3)) * (24 + _PAGE) + case.rng.randrange(24, 24 + _PAGE)
    data[place] ^= case.rng.randrange(1, 256)
    log.write_bytes(data)
    report = case.world.doctor()
    found = [] if any(finding.part is Part.LOG for finding in report.faults) else ["not noticed"]
    said = case.world.index().stderr
    if "write-ahead log" not in said:
        found.append(f"not said by the next start: {said[-300:]}")
    return found + _completed(case)


def _decide_without_closing(case: _Case) -> None:
    script = (
        "import os, sys; from pathlib import Path; from app.library.library import Library;"
        " library = Library.open(Path(sys.argv[1]));"
        " [library.photos.set_favourite([photo], True) for photo in library.photos.ids().tolist()[:40]];"
        " os._exit(0)"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(case.world.paths.database)],
        cwd=ROOT, env=case.world.environment, check=True, capture_output=True,
    )  # fmt: skip


def _older_copy(case: _Case) -> list[str]:
    """The user puts back an older copy of the database: labels are given out again, and nothing mixes up."""
    database = case.world.paths.database
    discard_graph(graph_path(case.world.paths.vectors, case.identity))  # a small library does not keep it up
    older = database.read_bytes()
    case.world.add_photos(20)
    try:
        found = _completed(case)
        database.write_bytes(older)
        return found + _completed(case)
    finally:
        _forget_photos(case.world, 20)


def _forget_photos(world: World, count: int) -> None:
    for path in [path for path, seed in world.seeds.items() if seed >= world.photos - count]:
        path.unlink()
        del world.seeds[path]
    world.photos -= count


_DAMAGES: dict[str, Callable[[_Case], list[str]]] = {
    "matrix": _matrix,
    "graph": _graph,
    "record of the graph": _graph_record,
    "thumbnails": _thumbnails,
    "pages of the database": _pages,
    "database cut off": _cut_off,
    "database gone or its first page": _gone,
    "write-ahead log": _log,
    "an older copy of the database": _older_copy,
}
