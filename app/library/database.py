"""Connections to the database file: one that writes, a pool that reads and cannot write."""

import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

from app.errors import AppError, LibraryError
from app.library.conditions import register_functions

BUSY_TIMEOUT_MS = 10_000
_LOG = logging.getLogger(__name__)
_READERS = 8
_HARDLY_ANY_ROOM = 100_000  # bytes
_SHARED_BYTES = 32_768  # the least that SQLite takes

_REASONS = {
    sqlite3.SQLITE_FULL: "The disk is full. Free some space and try again.",
    sqlite3.SQLITE_READONLY: "It cannot be written. Check the permissions of the file and its folder.",
    sqlite3.SQLITE_PERM: "Access was refused. Check the permissions of the file and its folder.",
    sqlite3.SQLITE_AUTH: "Access was refused. Check the permissions of the file and its folder.",
    sqlite3.SQLITE_CANTOPEN: "It cannot be opened. Check that its folder exists and can be written.",
    sqlite3.SQLITE_NOTADB: "The file is not a library. Choose another place for the library.",
    sqlite3.SQLITE_CORRUPT: "The file is damaged. Close Photosift and run: photosift doctor --restore",
    sqlite3.SQLITE_IOERR: "The disk reported an error. Check that the drive is connected and healthy.",
    sqlite3.SQLITE_BUSY: "Another program is using it. Close that program and try again.",
    sqlite3.SQLITE_LOCKED: "Another program is using it. Close that program and try again.",
    sqlite3.SQLITE_PROTOCOL: "Another program is using it. Close that program and try again.",
}


def readable_error(database: Path, error: DBAPIError) -> AppError | None:
    """What a person can do about a failure of the world; None for a mistake of ours, such as wrong SQL."""
    return explained(database, error.orig)


def explained(database: Path, error: BaseException | None) -> LibraryError | None:
    """The same for an error of SQLite itself."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    primary = code & 0xFF
    if primary == sqlite3.SQLITE_IOERR and _is_full(database.parent):
        primary = sqlite3.SQLITE_FULL  # there was no room even for the small file that it shares with others
    reason = _REASONS.get(primary)
    return LibraryError(f"The library {database} cannot be used. {reason}") if reason else None


def uri_to_read(path: Path) -> str:
    """How to open a library that may be open elsewhere, or that lies where nothing can be written.

    SQLite needs a file beside the database to share the log with others, even for reading. Where it cannot be
    made, nobody else can write either: then the file alone is looked at, which must hold everything.
    """
    folder = path.parent
    no_room = not _is_shared(path) and _is_full(folder)
    alone = (no_room or not os.access(folder, os.W_OK)) and not has_log(path)
    return f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"


def _is_shared(path: Path) -> bool:
    """Whether the file beside the database is there, whole."""
    shared = path.with_name(f"{path.name}-shm")
    return shared.exists() and shared.stat().st_size >= _SHARED_BYTES


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _HARDLY_ANY_ROOM
    except OSError:  # the folder is gone
        return False


def has_log(path: Path) -> bool:
    """Whether what was written lately is still in the log beside the file."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


class Database:
    """The engines of one library file. Thread-safe.

    Connections open a file that is there and never make one: when the library's drive is pulled, an empty
    library must not appear in its place. With `read_only` nothing is written, not even beside the file.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self.writer = self._engine("BEGIN IMMEDIATE", pool_size=1)
        self._readers = self._engine("BEGIN", pool_size=_READERS)
        event.listen(self.writer, "connect", self._refuse_writing if read_only else _prepare_writer)
        event.listen(self._readers, "connect", _prepare_reader)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one moment of the library and waits for no write. Raises LibraryError."""
        with self.readable_errors(), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def readable_errors(self) -> Iterator[None]:
        """Turn failures of the world into LibraryError."""
        try:
            yield
        except DBAPIError as error:
            readable = readable_error(self.path, error)
            if readable is None:
                raise
            raise readable from error

    def fold_log(self) -> None:
        """Copy the write-ahead log back into the file while others go on reading and writing."""
        pooled = self._readers.raw_connection()
        try:
            pooled.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:  # all that was written is safe in the log; the next time may do
            _LOG.warning("the log of %s was not folded back: %s", self.path, error)
        finally:
            pooled.close()

    def compact(self) -> None:
        """Write the file anew without the room of what was deleted; it needs as much again meanwhile.

        Nobody else may be writing. Raises LibraryError.
        """
        pooled = self.writer.raw_connection()
        try:
            pooled.cursor().execute("VACUUM")
        except sqlite3.Error as error:
            raise explained(self.path, error) or error from error
        finally:
            pooled.close()

    def sync_commits(self, wanted: bool) -> None:
        """Whether the next transactions wait until the disk has them; the writer's turn must be taken."""
        pooled = self.writer.raw_connection()
        try:
            if pooled.info.get("synced") != wanted:
                pooled.cursor().execute(f"PRAGMA synchronous = {'FULL' if wanted else 'NORMAL'}")
                pooled.info["synced"] = wanted
        finally:
            pooled.close()

    def close(self) -> None:
        """Close all connections; the last one, the writer's, folds the log back into the file."""
        self._readers.dispose()
        self.writer.dispose()

    def _refuse_writing(self, connection: sqlite3.Connection, record: Any) -> None:
        raise LibraryError(f"The library {self.path} was opened for reading only: nothing can be changed.")

    def _connect(self) -> sqlite3.Connection:
        uri = uri_to_read(self.path) if self.read_only else f"{self.path.absolute().as_uri()}?mode=rw"
        return sqlite3.connect(
            uri, uri=True, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False
        )

    def _engine(self, begin: str, pool_size: int) -> Engine:
        # The driver must not open transactions by itself: then BEGIN IMMEDIATE could never be said.
        engine = create_engine(
            "sqlite+pysqlite://",
            creator=self._connect,
            poolclass=QueuePool,
            pool_size=pool_size,
            max_overflow=-1,
        )
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine


def _prepare_writer(connection: sqlite3.Connection, record: Any) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise LibraryError("The library must be on a drive of this computer: network drives cannot hold it.")
    for pragma in ("synchronous = NORMAL", "foreign_keys = ON", "cache_size = -32768", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    # The writer folds the log back between transactions; within one it would keep others waiting.
    connection.execute("PRAGMA wal_autocheckpoint = 16384")
    connection.execute("PRAGMA journal_size_limit = 67108864")


def _prepare_reader(connection: sqlite3.Connection, record: Any) -> None:
    register_functions(connection)
    for pragma in ("query_only = ON", "cache_size = -16384", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
