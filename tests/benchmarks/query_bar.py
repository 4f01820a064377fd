"""What the search bar asks of a large library: values of filters to complete, and places of photos in words.

1,000,000 photos for completion and 100,000 for the places (100,000 and 5,000 when quick). Places are measured
from the first question to the last row written, with the start of the gazetteer's process, and judged by the
time of the cores that it took: it runs behind everything else.
"""

import json
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil

from app.domain.conditions import Field
from app.gazetteer import VERSION, GazetteerProcess
from app.indexing.place_keeper import PlaceKeeper
from app.library.library import Library
from app.services.query_completion import CompletionService
from tests.benchmarks.figures import Figure
from tests.library_seed import seed_library

_FIELDS = (
    Field.FOLDER,
    Field.CAMERA,
    Field.LENS,
    Field.KEYWORD,
    Field.DATE,
    Field.TYPE,
    Field.PLACE,
    Field.ALBUM,
)
_CENTRES = ((38.72, -9.14), (35.01, 135.77), (48.14, 11.58), (40.71, -74.0), (-33.87, 151.21), (47.38, 8.54))
_DEGREES = 0.4  # how far photos scatter around a centre
_KEYWORDS = 400
_PLACES_BAR_SECONDS = 60.0


def run(quick: bool) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="photosift-query-bar-") as folder:
        yield from _places(Path(folder) / "places.db", 5_000 if quick else 100_000)
        yield from _completion(Path(folder) / "completion.db", 100_000 if quick else 1_000_000)


def _places(database: Path, count: int) -> Iterator[Figure]:
    _seed(database, count, located=count)
    library, gazetteer = Library.open(database), GazetteerProcess()
    keeper = PlaceKeeper(library, gazetteer, VERSION)
    started, used, peak, there = time.perf_counter(), time.process_time(), 0, 0.0
    keeper.step()
    while keeper.waiting:
        keeper.step()
        if gazetteer.pid is not None:
            process = psutil.Process(gazetteer.pid)
            peak, there = max(peak, process.memory_info().rss), sum(process.cpu_times()[:2])
        time.sleep(0.005)
    seconds, used = time.perf_counter() - started, time.process_time() - used + there
    gazetteer.close()
    library.close()
    details = {"photos": count, "points": "scattered around six towns, none twice", "wall_seconds": seconds}
    bar = "100,000 photos in well under a minute"
    yield Figure("places in words, time of the cores", used, "s", bar, used < _PLACES_BAR_SECONDS, details)
    yield Figure("peak memory of the gazetteer's process", peak / 1e6, "MB", "", True, {"photos": count})


def _completion(database: Path, count: int) -> Iterator[Figure]:
    _seed(database, count, located=0)
    library = Library.open(database)
    for field in _FIELDS:
        service = CompletionService(library)
        first = _milliseconds(service, f"{field}:")
        again = _milliseconds(service, f"{field}:")
        typed = max(_milliseconds(service, f"{field}:{letter}") for letter in "a2n京")
        details = {"photos": count, "again_ms": again, "with_a_letter_ms": typed}
        yield Figure(f"values of {field}, the first time", first, "ms", "", True, details)
    library.close()


def _milliseconds(service: CompletionService, text: str) -> float:
    started = time.perf_counter()
    service.complete(text, len(text))
    return (time.perf_counter() - started) * 1000


def _seed(database: Path, count: int, *, located: int) -> None:
    """Photos with lenses and keywords, and some with coordinates."""
    seed_library(database, count)
    random = np.random.default_rng(0)
    centres = np.array(_CENTRES)[random.integers(0, len(_CENTRES), located)]
    points = centres + random.normal(0, _DEGREES, (located, 2))
    with closing(sqlite3.connect(database)) as connection, connection:
        lists = [json.dumps([f"keyword {number}", "family"]) for number in range(_KEYWORDS)]
        connection.execute("CREATE TEMP TABLE lists (id INTEGER PRIMARY KEY, words TEXT)")
        connection.executemany("INSERT INTO lists VALUES (?, ?)", enumerate(lists))
        connection.execute(
            "UPDATE photos SET lens = 'RF ' || (id % 40) || ' mm',"
            f" keywords = (SELECT words FROM lists WHERE lists.id = photos.id % {_KEYWORDS})"
        )
        rows = [(*point, number + 1) for number, point in enumerate(points.tolist())]
        connection.executemany("UPDATE photos SET latitude = ?, longitude = ? WHERE id = ?", rows)
