"""Making a new database out of what can still be read of a damaged one.

SQLite stops at the first damaged page. Here each table is read from both ends towards the damage, then row by
row across it, so that a damaged page costs its own rows. Where a table lost rows, those of the newest sound
copy that was made before a migration take their place.
"""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.errors import LibraryError
from app.library.database import Database
from app.library.log_file import log_path
from app.library.migrate import backups, migrate

_OF_THE_PROGRAM = ("alembic_version", "sqlite_sequence")
_LARGEST_GAP = 5_000_000  # ids looked for one by one; a table that lost more has lost its root


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What a new database was made of."""

    kept: Path  # where the damaged file is now
    rows: int  # read from the damaged file
    from_copy: int  # taken from an older copy
    damaged_tables: tuple[str, ...]  # not all of their rows could be read


def salvage(database: Path, *, anything_else: bool = False) -> Salvaged:
    """Put a sound database in the place of a damaged or missing one; the damaged file is kept beside it.

    Nobody else may have the library open. Raises LibraryError when nothing at all could be read, unless there
    is `anything_else` to fill the new one from.
    """
    fresh = database.with_name(f"{database.stem}-restored{database.suffix}.part")
    _discard(fresh)
    try:
        _make_empty(fresh)
        with closing(sqlite3.connect(fresh, isolation_level=None)) as target:
            target.execute("PRAGMA foreign_keys = OFF")
            rows, damaged = _take_over(target, database)
            copied = _fill_up(target, damaged, backups(database))
            if not (rows or copied or anything_else):
                raise LibraryError(
                    f"Nothing could be read of the library {database}, and there is no older copy beside it."
                    " Put back a copy from your own backup; nothing was changed."
                )
            _keep_photos_of_lost_folders(target)
            _drop_loose_ends(target)
            for table in ("photo_words", "photo_fragments"):
                target.execute(f"INSERT INTO {table} ({table}) VALUES ('rebuild')")
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        kept = _exchange(database, fresh)
    except (OSError, sqlite3.Error) as error:
        raise LibraryError(f"The library could not be restored: {error}. Nothing was changed.") from error
    finally:
        _discard(fresh)
    return Salvaged(kept, rows, copied, tuple(damaged))


def _make_empty(path: Path) -> None:
    path.touch()
    connections = Database(path)
    try:
        migrate(connections)
    finally:
        connections.close()


def _take_over(target: sqlite3.Connection, database: Path) -> tuple[int, list[str]]:
    """Copy every row that can be read: how many, and the tables that lost some."""
    count, damaged = 0, []
    for table in _tables(target):
        reader = _TableReader(database, table)
        count += _insert(target, table, reader)
        if not reader.whole:
            damaged.append(table)
    return count, damaged


def _fill_up(target: sqlite3.Connection, tables: Sequence[str], copies: Sequence[Path]) -> int:
    """Rows of older copies, newest first, where the damaged file has none."""
    return sum(_insert(target, table, _TableReader(copy, table)) for copy in copies[:1] for table in tables)


def _tables(connection: sqlite3.Connection) -> list[str]:
    """Our own tables; those of the full-text index are made again."""
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'photo\\_words%' ESCAPE '\\'"
        " AND name NOT LIKE 'photo\\_fragments%' ESCAPE '\\'"
    )
    return [name for (name,) in found if name not in _OF_THE_PROGRAM]


class _TableReader:
    """The rows of one table in a file that may be damaged; `whole` tells whether all could be read."""

    def __init__(self, database: Path, table: str) -> None:
        self._database = database
        self._table = table
        self.columns: list[str] = []
        self.whole = True

    def rows(self, wanted: Sequence[str]) -> Iterator[tuple[object, ...]]:
        """Rows with the columns of `wanted` that this file has, its rowid before them."""
        try:
            with closing(
                sqlite3.connect(f"{self._database.absolute().as_uri()}?mode=ro", uri=True)
            ) as source:
                source.text_factory = lambda text: text.decode("utf-8", "replace")
                there = {row[1] for row in source.execute(f"PRAGMA table_info({self._table})")}
                self.columns = [name for name in wanted if name in there]
                if self.columns:
                    yield from self._all(source)
                else:
                    self.whole = False
        except sqlite3.DatabaseError:
            self.whole = False

    def _all(self, source: sqlite3.Connection) -> Iterator[tuple[object, ...]]:
        first_unread = 0
        for row in self._until_damage(source, f"rowid >= {first_unread} ORDER BY rowid"):
            first_unread = int(str(row[0])) + 1
            yield row
        if self.whole:
            return
        last_unread = self._last_id(source)
        for row in self._until_damage(source, f"rowid >= {first_unread} ORDER BY rowid DESC"):
            last_unread = int(str(row[0])) - 1
            yield row
        for rowid in range(first_unread, min(last_unread, first_unread + _LARGEST_GAP) + 1):
            yield from self._until_damage(source, f"rowid = {rowid}")

    def _until_damage(self, source: sqlite3.Connection, which: str) -> Iterator[tuple[object, ...]]:
        names = ", ".join(self.columns)
        try:
            yield from source.execute(f"SELECT rowid, {names} FROM {self._table} NOT INDEXED WHERE {which}")
        except sqlite3.DatabaseError:
            self.whole = False

    def _last_id(self, source: sqlite3.Connection) -> int:
        try:
            found = source.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = ?", (self._table,)
            ).fetchone()
            if found is None:
                found = source.execute("SELECT max(seq) FROM sqlite_sequence").fetchone()
        except sqlite3.DatabaseError:
            return _LARGEST_GAP
        return int(found[0] or 0)


def _insert(target: sqlite3.Connection, table: str, reader: _TableReader) -> int:
    """How many rows were new. Rows that break a rule of the table are damaged, or there already."""
    wanted = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
    count = 0
    target.execute("BEGIN")
    for _, *values in reader.rows(wanted):
        names, places = ", ".join(reader.columns), ", ".join("?" * len(values))
        statement = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})"
        count += target.execute(statement, values).rowcount
    target.execute("COMMIT")
    return count


def _keep_photos_of_lost_folders(connection: sqlite3.Connection) -> None:
    """A folder whose path was lost shows as offline; its photos keep what was decided about them."""
    connection.execute(
        "INSERT INTO folders (id, path, added_at)"
        " SELECT DISTINCT folder_id, CAST('/lost folder ' || folder_id AS BLOB), ? FROM photos"
        " WHERE folder_id NOT IN (SELECT id FROM folders)",
        (time.time(),),
    )


def _drop_loose_ends(connection: sqlite3.Connection) -> None:
    """What refers to a row that was lost cannot be kept."""
    while loose := connection.execute("PRAGMA foreign_key_check").fetchall():
        for table, rowid, _, _ in loose:
            connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (rowid,))
    connection.execute(
        "UPDATE photos SET embedded_by = NULL WHERE embedded_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM"
        " embeddings e WHERE e.model_id = photos.embedded_by AND e.content_key = photos.content_key)"
    )
    connection.execute(
        "UPDATE photos SET place_id = NULL, place_by = NULL"  # it is looked up again
        " WHERE place_id IS NOT NULL AND place_id NOT IN (SELECT id FROM places)"
    )


def _exchange(database: Path, fresh: Path) -> Path:
    """Keep the damaged file with its log under another name; the new one takes its place.

    The place is never empty: a program that is killed meanwhile must not leave a library without a database.
    """
    stamp = f"{datetime.now():%Y-%m-%d-%H%M%S}"  # noqa: DTZ005 - people read it
    kept = database.with_name(f"{database.stem}-damaged-{stamp}{database.suffix}")
    if database.exists():
        shutil.copy2(database, kept)
    for ending in ("-wal", "-shm"):
        old = database.with_name(database.name + ending)
        if old.exists():
            os.replace(old, kept.with_name(kept.name + ending))
    os.replace(fresh, database)
    return kept


def _discard(path: Path) -> None:
    for file in (path, log_path(path), path.with_name(f"{path.name}-shm")):
        file.unlink(missing_ok=True)
