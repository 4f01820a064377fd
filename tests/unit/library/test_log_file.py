"""Telling a damaged log from one that simply ends."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.library.log_file import LogState, log_path, read_log

_FRAME = 24 + 4096
_HEADER = 32


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    """Ten committed rows that are in the log only."""
    path = tmp_path / "notes.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE notes (text)")
    for _ in range(10):
        connection.execute("INSERT INTO notes VALUES (?)", ("x" * 3000,))
    yield path
    connection.close()


def _flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 0xFF
    path.write_bytes(data)


def test_a_sound_log_is_read_to_its_end(database: Path) -> None:
    state = read_log(database)
    assert (state.pages, state.lost_pages, state.lost_commits) == (
        (log_path(database).stat().st_size - _HEADER) // _FRAME,
        0,
        0,
    )


def test_a_database_without_a_log_lost_nothing(tmp_path: Path) -> None:
    assert read_log(tmp_path / "none.db") == LogState()


def test_commits_behind_a_damaged_page_are_counted(database: Path) -> None:
    whole = read_log(database)
    _flip(log_path(database), _HEADER + 5 * _FRAME + 100)
    damaged = read_log(database)
    assert damaged.pages == 5
    assert damaged.lost_pages == whole.pages - 6
    assert 0 < damaged.lost_commits < 10


def test_a_last_page_that_was_not_written_to_the_end_is_no_damage(database: Path) -> None:
    _flip(log_path(database), log_path(database).stat().st_size - 10)
    assert read_log(database).lost_commits == 0


def test_a_log_whose_header_is_damaged_lost_everything(database: Path) -> None:
    _flip(log_path(database), 0)
    assert read_log(database).lost_commits == 1
