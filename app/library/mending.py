"""Putting right what an examination found in the database. Nothing that a user decided is removed."""

import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from app.errors import LibraryError
from app.library.database import BUSY_TIMEOUT_MS
from app.library.examination import (
    MISSING_SINCE_NEVER,
    READ_WITHOUT_CONTENT,
    UNKNOWN_EMBEDDING,
    WRONG_LENGTH,
    bad_vectors,
)

_AGAIN = "state = 'pending', unread = 1, error = NULL, priority = 0, missing_since = NULL"


def mend_database(database: Path) -> None:
    """Make indexes again, and have photos read or embedded again where the library does not know enough.

    Nobody else may have the library open. Raises LibraryError when the file cannot be written or read.
    """
    with _writing(database) as connection:
        connection.execute("REINDEX")
        for label in bad_vectors(connection):
            connection.execute("DELETE FROM embeddings WHERE id = ?", (label,))
        connection.execute(f"DELETE FROM embeddings WHERE {WRONG_LENGTH}")
        connection.execute(f"UPDATE photos SET embedded_by = NULL WHERE {UNKNOWN_EMBEDDING}")
        connection.execute(f"UPDATE photos SET {_AGAIN} WHERE {READ_WITHOUT_CONTENT}")
        connection.execute(f"UPDATE photos SET missing_since = ? WHERE {MISSING_SINCE_NEVER}", (time.time(),))
        for table in ("photo_words", "photo_fragments"):
            connection.execute(f"INSERT INTO {table} ({table}) VALUES ('rebuild')")


def read_again(database: Path, content_keys: Collection[str]) -> None:
    """Have the photos of these contents read again; their embeddings stay."""
    with _writing(database) as connection:
        connection.executemany(
            "UPDATE photos SET state = 'pending', unread = 1, priority = 0"
            " WHERE state = 'ready' AND content_key = ?",
            [(key,) for key in content_keys],
        )


@contextmanager
def _writing(database: Path) -> Iterator[sqlite3.Connection]:
    """One transaction, all or nothing."""
    uri = f"{database.absolute().as_uri()}?mode=rw"
    try:
        with closing(
            sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)
        ) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise LibraryError(
            f"The library {database} could not be mended: {error}. Nothing was changed."
        ) from error
