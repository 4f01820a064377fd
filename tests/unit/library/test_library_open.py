"""Opening libraries, and files that are none."""

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import event

from app.errors import LibraryError, LibraryTooNewError
from app.library.library import Library


def test_a_new_library_is_made_with_its_folders(database: Path) -> None:
    Library.open(database).close()
    assert sqlite3.connect(database).execute("SELECT count(*) FROM photos").fetchone() == (0,)


def test_what_was_written_is_there_after_reopening(database: Path) -> None:
    library = Library.open(database)
    folder = library.folders.add("/pictures")
    library.close()
    library = Library.open(database)
    assert library.folders.all() == (folder,)
    library.close()


def test_closing_leaves_one_file(database: Path) -> None:
    library = Library.open(database)
    library.folders.add("/pictures")
    library.close()
    assert os.listdir(database.parent) == [database.name]


def test_a_library_of_a_newer_version_is_refused_untouched(database: Path) -> None:
    Library.open(database).close()
    connection = sqlite3.connect(database)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    before = database.read_bytes()
    with pytest.raises(LibraryTooNewError, match="newer Photosift"):
        Library.open(database)
    assert database.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(database: Path) -> None:
    database.parent.mkdir()
    database.write_bytes(b"holiday notes " * 1000)
    with pytest.raises(LibraryError, match="not a library"):
        Library.open(database)
    assert database.read_bytes() == b"holiday notes " * 1000


def test_a_database_of_another_program_is_refused(database: Path) -> None:
    database.parent.mkdir()
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    with pytest.raises(LibraryError, match="another program"):
        Library.open(database)


def test_a_damaged_library_is_named_damaged(database: Path) -> None:
    library = Library.open(database)
    library.close()
    content = bytearray(database.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    database.write_bytes(content)
    with pytest.raises(LibraryError, match="damaged"):
        Library.open(database)


def test_a_place_that_cannot_hold_a_folder_is_explained(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    with pytest.raises(LibraryError, match="Choose another place"):
        Library.open(tmp_path / "data" / "library.db")


def test_a_folder_in_the_place_of_the_file_is_explained(database: Path) -> None:
    database.mkdir(parents=True)
    with pytest.raises(LibraryError, match="cannot be opened"):
        Library.open(database)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_library_that_cannot_be_written_is_explained(database: Path) -> None:
    Library.open(database).close()
    database.chmod(0o444)
    database.parent.chmod(0o555)
    try:
        with pytest.raises(LibraryError, match="permissions"):
            Library.open(database)
    finally:
        database.parent.chmod(0o755)


def test_a_full_disk_is_explained_and_loses_nothing(library: Library) -> None:
    def no_more_pages(connection: sqlite3.Connection, record: object, proxy: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    library.folders.add("/before")
    event.listen(library._database.writer, "checkout", no_more_pages)
    with pytest.raises(LibraryError, match="disk is full"):
        library.folders.add("/a long path/" * 10_000)
    event.remove(library._database.writer, "checkout", no_more_pages)
    assert library.folders.all()[0].path == "/before"


def test_changes_that_were_lost_with_a_damaged_log_are_told(
    library: Library, database: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(20):
        library.folders.add(f"/pictures/{number}")
    copy = tmp_path / "copy" / "library.db"
    copy.parent.mkdir()
    copy.write_bytes(database.read_bytes())
    log = bytearray(database.with_name("library.db-wal").read_bytes())
    log[32 + 24 + 4120 + 50] ^= 0xFF  # in the second page
    copy.with_name("library.db-wal").write_bytes(log)
    opened = Library.open(copy)
    assert "write-ahead log" in caplog.text
    assert len(opened.folders.all()) < 20
    opened.close()
