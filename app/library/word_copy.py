"""Checking the full-text tables without writing to them.

SQLite checks such a table against its content by an INSERT, which a library that is open elsewhere, or only
to be read, does not allow. So the tables and the texts they index are copied into memory and checked there.
"""

import sqlite3
from contextlib import closing

_TABLES = ("photo_words", "photo_fragments")


def words_in_step(connection: sqlite3.Connection) -> bool:
    """Whether the full-text tables say what `photos` says."""
    with closing(_in_memory()) as copy, closing(_in_memory()) as fresh:
        connection.execute("BEGIN")  # one moment for all tables
        try:
            _copy(connection, copy)
        finally:
            connection.execute("ROLLBACK")
        copy.backup(fresh)  # FTS5 reads its own tables when a connection meets them first
        return all(_agrees(fresh, table) for table in _TABLES)


def _in_memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    texts: dict[str, None] = {}
    for table in _TABLES:
        target.execute(_definition(source, table))
        texts.update(dict.fromkeys(_columns(source, table)))
    target.execute(f"CREATE TABLE photos (id INTEGER PRIMARY KEY, {', '.join(texts)})")
    target.execute("BEGIN")
    _copy_rows(source, target, "photos", ["id", *texts])
    for table in _TABLES:
        for shadow in _shadows(source, table):
            target.execute(f"DELETE FROM {shadow}")
            _copy_rows(source, target, shadow, _columns(source, shadow))
    target.execute("COMMIT")


def _copy_rows(
    source: sqlite3.Connection, target: sqlite3.Connection, table: str, columns: list[str]
) -> None:
    names = ", ".join(columns)
    places = ", ".join("?" * len(columns))
    rows = source.execute(f"SELECT {names} FROM {table}")
    target.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)


def _definition(connection: sqlite3.Connection, table: str) -> str:
    (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    return str(sql)


def _shadows(connection: sqlite3.Connection, table: str) -> list[str]:
    """The tables in which FTS5 keeps an index."""
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB ?",
        (f"{table}_*",),
    )
    return [name for (name,) in found]


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def _agrees(connection: sqlite3.Connection, table: str) -> bool:
    try:
        connection.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError:
        return False
    return True
