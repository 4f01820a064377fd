"""A library in a folder of its own, checked when the test is over."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from library_builder import MODEL, Shelf

from app.library.library import Library


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "library.db"


@pytest.fixture(scope="session")
def empty_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated library to start from: migrating takes longer than most tests."""
    empty = tmp_path_factory.mktemp("empty") / "library.db"
    Library.open(empty).close()
    return empty


@pytest.fixture
def library(database: Path, empty_library: Path) -> Iterator[Library]:
    database.parent.mkdir()
    shutil.copy(empty_library, database)
    opened = Library.open(database)
    yield opened
    opened.close()


@pytest.fixture
def shelf(library: Library, database: Path) -> Iterator[Shelf]:
    library.embeddings.ensure_model(MODEL)
    shelf = Shelf(library, library.folders.add("/pictures/Urlaub"), database)
    yield shelf
    shelf.check()
