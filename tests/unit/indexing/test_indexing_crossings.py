"""Files that belong to photos which the last look did not see."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.indexing import FolderChanges, FoundFile
from app.indexing.crossings import without_crossings
from app.library.library import Library

HERE, THERE = FoundFile("a.jpg", 10, 1, "dev:1"), FoundFile("b.jpg", 20, 2, "dev:2")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Two folders with a file each: photo 1 in folder 1, photo 2 in folder 2."""
    opened = Library.open(tmp_path / "library.db")
    for number, file in enumerate((HERE, THERE), 1):
        folder = opened.folders.add(f"/photos {number}")
        opened.photos.apply_changes(FolderChanges(folder.folder_id, added=(file,)))
    yield opened
    opened.close()


def put_over(path: str, file: FoundFile) -> FoundFile:
    return FoundFile(path, file.size, file.mtime_ns, file.file_id)


def test_a_file_of_another_folder_that_was_not_in_view_is_looked_for_in_both(library: Library) -> None:
    changes = FolderChanges(1, changed=((1, put_over("a.jpg", THERE)),))
    found, doubtful = without_crossings(library, [changes], ())
    assert ([one.count for one in found], doubtful) == ([0], {1, 2})


def test_what_was_in_view_is_believed(library: Library) -> None:
    changes = FolderChanges(1, changed=((1, put_over("a.jpg", THERE)),))
    assert without_crossings(library, [changes], {1, 2}) == ([changes], set())


def test_a_photo_that_is_known_to_be_gone_has_nothing_to_say(library: Library) -> None:
    changes = [FolderChanges(1, changed=((1, put_over("a.jpg", THERE)),)), FolderChanges(2, missing=(2,))]
    assert without_crossings(library, changes, ()) == (changes, set())


def test_an_edited_file_is_nobody_elses(library: Library) -> None:
    edited = FolderChanges(1, changed=((1, FoundFile("a.jpg", 11, 5, "dev:1")),), added=(THERE,))
    assert without_crossings(library, [edited], ()) == ([edited], set())
