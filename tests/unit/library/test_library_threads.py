"""Many threads at once, and a process that is killed."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from library_builder import IDENTITY, Shelf, embedded, found
from sqlalchemy import Connection

from app.domain.query import SearchFilters
from app.errors import LibraryError
from app.library.database import Database
from app.library.library import Library
from app.library.writer import LibraryWriter

_PATIENCE = 30.0


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.001)


def test_readers_never_wait_for_an_open_write(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    with shelf.library._writer.transaction() as connection:
        connection.exec_driver_sql("UPDATE photos SET state = 'missing'")
        with ThreadPoolExecutor(1) as other:
            assert other.submit(shelf.paths).result(timeout=_PATIENCE) == ["a.jpg"]
    assert shelf.paths() == []


def test_a_reader_sees_one_moment_throughout(shelf: Shelf) -> None:
    with shelf.library._database.read() as connection:
        count = "SELECT count(*) FROM photos"
        assert connection.exec_driver_sql(count).scalar_one() == 0
        shelf.add("a.jpg")
        assert connection.exec_driver_sql(count).scalar_one() == 0


def test_a_reader_cannot_write(shelf: Shelf) -> None:
    with pytest.raises(LibraryError, match="cannot be written"), shelf.library._database.read() as connection:
        connection.exec_driver_sql("DELETE FROM photos")


def test_a_transaction_that_fails_leaves_nothing(shelf: Shelf) -> None:
    before = shelf.library.version

    def write(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO albums (name, created_at) VALUES ('x', 0)")
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError), shelf.library._writer.transaction() as connection:
        write(connection)
    with shelf.library._database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM albums").scalar_one() == 0
    assert shelf.library.version == before


def test_decisions_go_before_everything_else_that_waits(shelf: Shelf) -> None:
    writer = LibraryWriter(shelf.library._database)
    order: list[str] = []

    def write(name: str, decision: bool) -> None:
        with writer.transaction(decision=decision):
            order.append(name)

    with ThreadPoolExecutor(4) as threads:
        with writer.transaction():
            waiting = [threads.submit(write, f"indexing {number}", False) for number in range(3)]
            waiting.append(threads.submit(write, "heart", True))
            _until(lambda: writer._turns._decisions_waiting == 1)
        for future in waiting:
            future.result(timeout=_PATIENCE)
    assert order[0] == "heart"


def test_a_heart_gets_through_while_thousands_of_files_are_added(shelf: Shelf) -> None:
    shelf.index({"a.jpg": "A"})
    photo_id = shelf.id_of("a.jpg")
    files = tuple(found(f"{number}.jpg") for number in range(5000))
    with ThreadPoolExecutor(1) as indexing:
        bulk = indexing.submit(shelf.apply, added=files)
        _until(lambda: shelf.photos.count_pending() > 0)
        shelf.photos.set_favourite([photo_id], True)
        left = 5000 - shelf.photos.count_pending()
        bulk.result(timeout=_PATIENCE)
    assert left > 0, "the heart waited for all of them"
    assert shelf.photo(photo_id).favourite


def test_many_threads_write_and_read_and_nothing_is_lost(shelf: Shelf) -> None:
    stop = threading.Event()

    def read() -> int:
        rounds = 0
        while not stop.is_set():
            photo_ids, _ = shelf.photos.ids_with_labels(IDENTITY)
            assert len(shelf.photos.get(photo_ids[:20])) == min(20, len(photo_ids))
            shelf.photos.search_words("img", SearchFilters(), 10)
            rounds += 1
        return rounds

    def write(number: int) -> None:
        paths = [f"{number}/IMG_{index}.jpg" for index in range(20)]
        ids = set(shelf.add(*paths))
        mine = [photo for photo in shelf.photos.next_pending(10_000) if photo.photo_id in ids]
        shelf.photos.store_indexed([embedded(photo, photo.path) for photo in mine], IDENTITY)
        shelf.photos.set_favourite(sorted(ids)[:3], True)

    with ThreadPoolExecutor(8) as threads:
        readers = [threads.submit(read) for _ in range(2)]
        try:
            for writing in [threads.submit(write, number) for number in range(12)]:
                writing.result(timeout=_PATIENCE)
        finally:
            stop.set()
        assert all(reader.result(timeout=_PATIENCE) > 0 for reader in readers)
    counts = shelf.photos.counts(IDENTITY)
    assert (counts.photos, counts.favourites, counts.embedded, counts.pending) == (240, 36, 240, 0)


def test_the_log_is_folded_back_while_indexing(shelf: Shelf) -> None:
    for number in range(10):
        shelf.apply(added=tuple(found(f"{number}/{'long name' * 20} {index}.jpg") for index in range(300)))
    log = shelf.database.with_name("library.db-wal")
    assert shelf.database.stat().st_size > log.stat().st_size / 4 > 0


def test_another_process_that_holds_the_file_is_named(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.library.database.BUSY_TIMEOUT_MS", 50)
    other, ours = Database(shelf.database), Database(shelf.database)
    with other.writer.begin() as connection:
        connection.exec_driver_sql("DELETE FROM albums")
        with (
            pytest.raises(LibraryError, match="Another program"),
            LibraryWriter(ours).transaction() as second,
        ):
            second.exec_driver_sql("DELETE FROM albums")
    other.close()
    ours.close()


_KILLED = """
import os, signal, sys
from pathlib import Path
from app.domain.indexing import FolderChanges, FoundFile
from app.library.library import Library

library = Library.open(Path(sys.argv[1]))
folder = library.folders.add("/pictures")
library.photos.apply_changes(FolderChanges(folder.folder_id, added=(FoundFile("kept.jpg", 1, 1),)))
library.photos.set_favourite(library.photos.ids().tolist(), True)
with library._writer.transaction() as connection:
    connection.exec_driver_sql("UPDATE photos SET name = 'half done'")
    connection.exec_driver_sql("DELETE FROM favourites")
    print("writing", flush=True)
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
"""


def test_a_process_killed_while_writing_loses_only_that_transaction(database: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(database)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=60,
        check=False,
    )
    assert killed.stdout.strip() == b"writing"
    assert killed.returncode != 0
    library = Library.open(database)
    folder = library.folders.all()[0]
    shelf = Shelf(library, folder, database)
    assert [photo.favourite for photo in library.photos.get(library.photos.ids())] == [True]
    assert len(library.photos.search_words("kept")) == 1
    shelf.check()
    library.close()


@pytest.mark.parametrize(("kind", "synced"), [("decision", 2), ("computed", 2), ("neither", 1)])
def test_what_cannot_be_found_out_again_is_on_the_disk_when_it_is_committed(
    library: Library, kind: str, synced: int
) -> None:
    for _ in range(2):  # whatever the transaction before was
        for other in ("neither", "decision", kind):
            options = {} if other == "neither" else {other: True}
            with library._writer.transaction(**options) as connection:
                level = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    assert level == synced
