"""A library that is only read."""

import os
import shutil
from pathlib import Path

import pytest

from app.errors import LibraryError, LibraryOutdatedError
from app.library.library import Library


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_it_answers_beside_one_that_writes(library: Library, database: Path) -> None:
    reading = Library.open_to_read(database)
    folder = library.folders.add("/pictures")
    assert reading.folders.all() == (folder,)
    reading.close()


def test_it_refuses_to_write(database: Path, library: Library) -> None:
    reading = Library.open_to_read(database)
    with pytest.raises(LibraryError, match="nothing can be changed"):
        reading.folders.add("/pictures")
    reading.close()


def test_an_older_library_is_not_migrated_by_reading_it(database: Path, library: Library) -> None:
    with library._writer.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    library.close()
    with pytest.raises(LibraryOutdatedError, match="must be updated first"):
        Library.open_to_read(database)
    assert not list(database.parent.glob("*before-migration*"))


def test_an_empty_file_is_named_so(tmp_path: Path) -> None:
    (tmp_path / "library.db").touch()
    with pytest.raises(LibraryOutdatedError, match="holds nothing yet"):
        Library.open_to_read(tmp_path / "library.db")


def test_a_folder_that_cannot_be_written_can_be_searched(
    database: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.folders.add("/pictures")
    library.close()
    before = _files(database.parent)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    reading = Library.open_to_read(database)
    assert [folder.path for folder in reading.folders.all()] == ["/pictures"]
    reading.close()
    assert _files(database.parent) == before


def test_a_library_whose_drive_was_pulled_is_not_made_anew(database: Path, library: Library) -> None:
    away = database.parent.with_name("away")
    database.parent.rename(away)
    database.parent.mkdir()
    library._database._readers.dispose()  # new connections look at the place, not at the file they knew
    with pytest.raises(LibraryError, match="cannot be opened"):
        library.folders.all()
    assert not database.exists()
    database.parent.rmdir()
    away.rename(database.parent)
    assert library.folders.all() == ()


def test_a_database_that_vanished_from_a_library_is_not_replaced_by_an_empty_one(
    database: Path, library: Library
) -> None:
    library.close()
    database.unlink()
    (database.parent / "vectors").mkdir()
    (database.parent / "vectors" / "model.f16").touch()
    with pytest.raises(LibraryError, match="missing or empty"):
        Library.open(database)
    shutil.rmtree(database.parent / "vectors")
    Library.open(database).close()
