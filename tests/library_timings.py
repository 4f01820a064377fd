"""How long the library takes for what is asked of it often: `python -m tests.library_timings [COUNT]`."""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.domain.indexing import FolderChanges, FoundFile
from app.domain.query import SearchFilters
from app.library.library import Library
from tests.library_seed import seed_library, seed_model

_DIM = 64
_REPEATS = 3
_WORDS = ("4711", "img", "i", "rom", "img rom", "京都", "zuri", "2013-05", "mg_00", "nowhere")


@dataclass(frozen=True, slots=True)
class Timing:
    """One question, with the best of several answers' times and the size of the answer."""

    name: str
    milliseconds: float
    size: int


def timings(library: Library) -> Iterator[Timing]:
    """Ask everything once more than needed, and keep the best: the machine may be doing other things."""
    for name, ask in _questions(library).items():
        best, size = float("inf"), 0
        for _ in range(_REPEATS):
            started = time.perf_counter()
            answer = ask()
            best = min(best, time.perf_counter() - started)
            size = len(answer) if hasattr(answer, "__len__") else 1
        yield Timing(name, best * 1000, size)


def heart_latency(library: Library, files: int = 5000) -> float:
    """The longest a favourite took, in milliseconds, while files were added in bulk."""
    folder = library.folders.add("/added meanwhile")
    added = tuple(FoundFile(f"{number // 300}/IMG_{number}.jpg", number, number) for number in range(files))
    changes = FolderChanges(folder.folder_id, added=added)
    bulk = threading.Thread(target=library.photos.apply_changes, args=(changes,))
    photo_id = int(library.photos.ids()[0])
    longest, liked = 0.0, True
    bulk.start()
    while bulk.is_alive():
        started = time.perf_counter()
        library.photos.set_favourite([photo_id], liked)
        longest, liked = max(longest, time.perf_counter() - started), not liked
        bulk.join(0.01)
    return longest * 1000


def _questions(library: Library) -> dict[str, Callable[[], object]]:
    photos, identity = library.photos, seed_model(_DIM).identity
    folder_id = library.folders.all()[0].folder_id
    subfolder = photos.subfolders(folder_id)[0].relative_path
    inside = SearchFilters(folder_id=folder_id, subfolder=subfolder)
    favourites = SearchFilters(favourites_only=True)
    labels = library.embeddings.labels(identity)[::200][:500]
    page = photos.ids()[:100]
    questions: dict[str, Callable[[], object]] = {
        "grid": photos.ids,
        "grid of a folder": lambda: photos.ids(SearchFilters(folder_id=folder_id)),
        "grid of a subfolder": lambda: photos.ids(inside),
        "grid of favourites": lambda: photos.ids(favourites),
        "grid of recent": lambda: photos.ids(SearchFilters(added_since=time.time() - 86_400)),
        "page of the grid": lambda: photos.get(page),
        "known files": lambda: photos.known_files(folder_id),
        "next pending": lambda: photos.next_pending(32),
        "next unembedded": lambda: photos.next_unembedded(identity, 32),
        "counts": lambda: photos.counts(identity),
        "folder counts": library.folders.counts,
        "subfolders": lambda: photos.subfolders(folder_id),
        "labels of everything": lambda: photos.ids_with_labels(identity)[0],
        "labels of favourites": lambda: photos.ids_with_labels(identity, favourites)[0],
        "photos of labels": lambda: photos.photos_of_labels(identity, labels),
        "photos of labels in a subfolder": lambda: photos.photos_of_labels(identity, labels, inside),
        "label of a photo": lambda: photos.label_of(int(page[0]), identity),
        "all labels": lambda: np.asarray(library.embeddings.labels(identity)),
    }
    for words in _WORDS:
        questions[f"words: {words}"] = lambda words=words: photos.search_words(words, limit=500)
    return questions


def main() -> None:
    """Seed a library in a temporary folder and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=100_000)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "library.db"
        started = time.perf_counter()
        seed_library(database, count, model=seed_model(_DIM))
        print(f"{'seeding':34}{(time.perf_counter() - started) * 1000:10.1f} ms")
        library = Library.open(database)
        for timing in timings(library):
            print(f"{timing.name:34}{timing.milliseconds:10.1f} ms{timing.size:10}")
        print(f"{'longest heart while adding':34}{heart_latency(library):10.1f} ms")
        library.close()


if __name__ == "__main__":
    main()
