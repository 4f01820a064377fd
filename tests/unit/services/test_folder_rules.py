"""Which folders may be watched."""

import os

import pytest

from app.domain.folder_rules import FolderRules
from app.domain.photo import Folder
from app.errors import FolderError
from app.services.folder_rules import check_new_folder, is_watched


@pytest.fixture
def tree(tmp_path):
    for name in ("photos/2024", "photos2", "own/thumbnails"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "file.jpg").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "photos", target_is_directory=True)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nowhere", "There is no folder"),
        ("file.jpg", "is a file"),
        ("own", "keeps its own files"),
        ("own/thumbnails", "keeps its own files"),
        ("photos", "is watched already"),
        ("photos/", "is watched already"),
        ("link", "is watched already"),
        ("photos/2024", "as a part of"),
        ("link/2024", "as a part of"),
    ],
)
def test_folders_that_cannot_be_added_are_refused_with_the_reason(tree, path, reason):
    with pytest.raises(FolderError, match=reason):
        check_new_folder(str(tree / path), [Folder(1, str(tree / "photos"))], str(tree / "own"))


def test_a_folder_that_contains_a_watched_one_may_be_added(tree):
    check_new_folder(str(tree), [Folder(1, str(tree / "photos"))], str(tree / "own"))


def test_what_a_watched_folder_leaves_out_may_be_watched_by_itself(tree):
    watched = Folder(1, str(tree / "photos"), FolderRules(exclude=("2024/",)))

    check_new_folder(str(tree / "photos/2024"), [watched], str(tree / "own"))


def test_a_folder_with_a_similar_name_is_another_folder(tree):
    check_new_folder(str(tree / "photos2"), [Folder(1, str(tree / "photos"))], str(tree / "own"))


def test_a_folder_that_may_not_be_read_is_refused(tree, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)

    with pytest.raises(FolderError, match="permissions"):
        check_new_folder(str(tree / "photos2"), [], str(tree / "own"))


def test_names_that_are_no_text_are_shown_all_the_same(tree):
    with pytest.raises(FolderError, match="\N{REPLACEMENT CHARACTER}"):
        check_new_folder(os.fsdecode(os.fsencode(tree) + b"/gone\xff"), [], str(tree / "own"))


def test_parts_of_a_watched_folder_are_watched(tree):
    watched = [Folder(1, str(tree / "photos"))]

    assert is_watched(str(tree / "link/2024"), watched)
    assert not is_watched(str(tree / "photos2"), watched)
