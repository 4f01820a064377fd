"""`photosift duplicates` on a library that holds some."""

import json
from pathlib import Path

import pytest

from app.cli.arguments import parse
from app.cli.duplicates import duplicates
from app.library.library import Library
from app.paths import LibraryPaths
from tests.library_seed import seed_library


def photosift(library: Path, *arguments: str) -> int:
    return duplicates(parse(["--library", str(library), "duplicates", *arguments]))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Three photos of which two are the same file."""
    paths = LibraryPaths(tmp_path / "library")
    paths.root.mkdir()
    seed_library(paths.database, 3)
    opened = Library.open(paths.database)
    with opened._writer.transaction() as connection:
        connection.exec_driver_sql("UPDATE photos SET content_key = 'content-0' WHERE id = 2")
    opened.close()
    return paths.root


def test_groups_are_listed_with_what_would_stay(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert photosift(library) == 0
    printed = capsys.readouterr()
    title, kept, spare = printed.out.splitlines()
    assert title == "the same file, 2 photos, 4.0 MB to spare"
    assert kept.startswith("  *")
    assert spare.startswith("   ")
    assert "2 photos could not be compared" in printed.err  # their files do not exist


def test_each_group_is_an_object(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert photosift(library, "--json") == 0
    (line,) = capsys.readouterr().out.splitlines()
    group = json.loads(line)
    assert group["level"] == "exact"
    assert [photo["keep"] for photo in group["photos"]] == [True, False]


def test_without_bursts_nothing_is_found(library: Path) -> None:
    assert photosift(library, "--bursts") == 3
