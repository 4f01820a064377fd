"""Touched paths on file systems that find one file under several spellings of its name."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.folder_rules import NO_RULES, FolderRules
from app.domain.photo import Folder
from app.indexing.events import EventTranslator
from app.indexing.moves import spelling
from app.indexing.scanner import FolderScanner, ScanOutcome
from app.indexing.touched import PathChange
from app.library.library import Library


class BlindScanner(FolderScanner):
    """Finds files whatever the case of their names, as on macOS and Windows."""

    def find(self, folder_id: int, root: str, relative: str, rules: FolderRules = NO_RULES) -> ScanOutcome:
        names = [name for name in os.listdir(root) if spelling(name) == spelling(relative)]
        outcome = super().find(folder_id, root, names[0] if names else relative, rules)
        return replace(outcome, files=tuple(replace(file, relative_path=relative) for file in outcome.files))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    opened = Library.open(tmp_path / "library.db")
    yield opened
    opened.close()


@pytest.mark.parametrize("touched", [("IMG.JPG", "img.jpg"), ("img.jpg", "IMG.JPG")])
def test_a_rename_that_changes_only_the_case_is_one_move(
    tmp_path: Path, library: Library, touched: tuple[str, str]
) -> None:
    root = tmp_path / "photos"
    root.mkdir()
    (root / "IMG.JPG").write_bytes(b"x")
    folder: Folder = library.folders.add(str(root))
    translator = EventTranslator(library, BlindScanner())
    for changes in translator.changes([PathChange(1, "IMG.JPG", False)], {1: folder}):
        library.photos.apply_changes(changes)

    (root / "IMG.JPG").rename(root / "img.jpg")
    [changes] = translator.changes([PathChange(1, name, False) for name in touched], {1: folder})

    assert [(photo_id, file.relative_path) for photo_id, file in changes.moved] == [(1, "img.jpg")]
    assert changes.count == 1
