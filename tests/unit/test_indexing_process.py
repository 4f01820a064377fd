"""What the fault tests see in a library; a judge who overlooks losses would let everything pass."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.paths import LibraryPaths
from tests.faults.indexing_process import NOTHING, faults_in, read_contents
from tests.library_seed import seed_library, seed_model


@pytest.fixture
def library(tmp_path: Path) -> LibraryPaths:
    """Two hundred photos with embeddings and thumbnails, two of them favourites."""
    paths = LibraryPaths(tmp_path / "library")
    seed_library(paths.database, 200, model=seed_model(dim=8))
    paths.thumbnails.mkdir()
    for number in range(200):
        (paths.thumbnails / f"content-{number}.webp").touch()
    return paths


def change(library: LibraryPaths, statement: str) -> None:
    with closing(sqlite3.connect(library.database)) as connection, connection:
        connection.execute(statement)


def test_a_library_that_is_not_there_yet_holds_nothing(tmp_path: Path) -> None:
    assert read_contents(tmp_path / "library.db") is NOTHING


def test_an_unchanged_library_lost_nothing(library: LibraryPaths) -> None:
    contents = read_contents(library.database)

    assert (len(contents.photos), contents.embedded, len(contents.favourites)) == (200, 200, 2)
    assert read_contents(library.database).lost_since(contents) == []
    assert faults_in(library.database, library.thumbnails) == []


@pytest.mark.parametrize(
    ("statement", "lost"),
    [
        ("DELETE FROM embeddings WHERE content_key = 'content-7'", "embedding"),
        ("DELETE FROM favourites WHERE photo_id = (SELECT min(photo_id) FROM favourites)", "favourite"),
        ("DELETE FROM photos WHERE id = 2", "photo"),
        ("UPDATE photos SET state = 'pending' WHERE id = 3", "reading of"),
        ("UPDATE folders SET path = CAST('/elsewhere' AS BLOB)", "folder"),
    ],
)
def test_each_kind_of_loss_is_seen(library: LibraryPaths, statement: str, lost: str) -> None:
    before = read_contents(library.database)

    change(library, statement)

    (found,) = read_contents(library.database).lost_since(before)
    assert found.startswith(lost)


def test_a_missing_thumbnail_is_seen(library: LibraryPaths) -> None:
    (library.thumbnails / "content-5.webp").unlink()

    assert faults_in(library.database, library.thumbnails) == ["no thumbnail: content-5"]


def test_a_decision_about_a_photo_that_is_gone_is_seen(library: LibraryPaths) -> None:
    change(library, "INSERT INTO favourites (photo_id, decided_at) VALUES (99999, 0)")

    (found,) = faults_in(library.database, library.thumbnails)
    assert found.startswith("orphan")


def test_a_damaged_database_is_seen(library: LibraryPaths) -> None:
    with library.database.open("r+b") as file:
        file.seek(40 * 4096)
        file.write(b"\xa5" * 8192)

    found = faults_in(library.database, library.thumbnails)

    assert any(text.startswith("integrity") for text in found)
