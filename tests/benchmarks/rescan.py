"""Start-up reconciliation of 100,000 unchanged files, and that none of them is opened.

Timed from the start of the indexing worker until it is idle: walking, watching, comparing with the library.
"""

import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from app.domain.progress import IndexProgress
from app.indexing.folder_states import FolderStates
from app.indexing.worker import IndexingWorker
from app.library.library import Library
from app.media.decode_pool import DecodePool
from app.media.thumbnails import ThumbnailStore
from tests.benchmarks.figures import Figure, spread
from tests.library_seed import seed_library

_BAR_SECONDS = 5.0
_LIMIT_SECONDS = 300.0


def run(quick: bool) -> Iterator[Figure]:
    """Once when quick, else five times, over the same files."""
    count = 100_000
    with tempfile.TemporaryDirectory(prefix="photosift-rescan-") as folder:
        home = Path(folder)
        database = home / "library" / "library.db"
        seed_library(database, count, root=str(home))
        _make_files(database)
        _start_and_idle(database)  # once unmeasured: the files' entries are in the system's cache
        watched = _OpenedFiles(str(home / "photos-0"))
        seconds = [_start_and_idle(database) for _ in range(1 if quick else 5)]
        opened = watched.stop()
        with closing(Library.open(database)) as library:
            counts = library.photos.counts()
    typical = statistics.median(seconds)
    details = {"files": count, "seconds": spread(seconds), "files_opened": opened, "pending": counts.pending}
    holds = typical <= _BAR_SECONDS and opened == 0 and counts.pending == 0 and counts.photos == count
    yield Figure("rescan", typical, "s", "<= 5 s for 100,000 unchanged files, none opened", holds, details)


class _OpenedFiles:
    """Counts the photos that this process opens, by Python's own audit events; directories do not count."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._count: int | None = 0
        sys.addaudithook(self._hook)  # hooks cannot be removed

    def stop(self) -> int:
        count, self._count = self._count, None
        return count or 0

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._count is not None and event == "open" and str(arguments[0]).startswith(self._root):
            self._count += 1


def _make_files(database: Path) -> None:
    """Files that take no room and look like those that the library knows, ids included."""
    with closing(sqlite3.connect(database)) as connection, connection:
        (root,) = connection.execute("SELECT path FROM folders").fetchone()
        rows = connection.execute("SELECT id, relative_path, size, mtime_ns FROM photos").fetchall()
        for photo_id, relative, size, mtime_ns in rows:
            path = Path(os.fsdecode(root), os.fsdecode(relative))
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.truncate(size)
            os.utime(path, ns=(mtime_ns, mtime_ns))
            status = path.stat()
            file_id = f"{status.st_dev}:{status.st_ino}"
            connection.execute("UPDATE photos SET file_id = ? WHERE id = ?", (file_id, photo_id))


def _start_and_idle(database: Path) -> float:
    with closing(Library.open(database)) as library, closing(DecodePool(1)) as decoder:
        thumbnails = ThumbnailStore(database.parent / "thumbnails")
        worker = IndexingWorker(library, decoder, thumbnails, FolderStates(), workers=1)
        started = time.perf_counter()
        worker.start(_ignore)
        idle = worker.wait_until_idle(_LIMIT_SECONDS)
        seconds = time.perf_counter() - started
        worker.stop()
        if not idle:
            raise TimeoutError(f"not idle after {_LIMIT_SECONDS:.0f} s")
        return seconds


def _ignore(progress: IndexProgress) -> None:
    """Nobody listens here."""
