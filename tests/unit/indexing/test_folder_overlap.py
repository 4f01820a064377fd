"""Watched folders in one another."""

import os
from pathlib import Path

import pytest

from app.domain.folder_rules import NO_RULES, FolderRules
from app.domain.photo import Folder
from app.indexing.folder_filter import FolderFilter
from app.indexing.overlap import Overlap, can_be_absorbed, find_overlaps, joined_rules, with_part_apart


def folder(number: int, path: Path, rules: FolderRules = NO_RULES) -> Folder:
    return Folder(number, str(path), rules)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("all/trip/rome", "all/.hidden", "all/marked", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "all/marked/.nomedia").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "all", target_is_directory=True)
    return tmp_path


def test_folders_in_others_are_found_the_outer_parts_first(tree: Path) -> None:
    top, trip, rome = (
        folder(n, tree / name) for n, name in enumerate(("all", "all/trip", "all/trip/rome"), 1)
    )
    found = find_overlaps([rome, folder(4, tree / "elsewhere"), top, trip])
    assert {(one.outer, one.inner, one.prefix) for one in found} == {
        (trip, rome, "rome"),
        (top, trip, "trip"),
        (top, rome, "trip/rome"),
    }


def test_a_folder_behind_a_link_lies_where_the_link_leads(tree: Path) -> None:
    [found] = find_overlaps([folder(1, tree / "all"), folder(2, tree / "link" / "trip")])
    assert found.prefix == "trip"


def test_what_a_folder_does_not_look_into_is_no_overlap(tree: Path) -> None:
    outer = folder(1, tree / "all", FolderRules(exclude=("rome/",)))
    inner = [folder(n, tree / "all" / name) for n, name in enumerate((".hidden", "marked", "trip/rome"), 2)]
    assert find_overlaps([outer, *inner]) == []


def test_only_a_folder_that_is_there_on_the_same_drive_is_absorbed(tree: Path) -> None:
    [empty] = find_overlaps([folder(1, tree / "all"), folder(2, tree / "all/trip/rome")])
    assert not can_be_absorbed(empty)
    (tree / "all/trip/rome/a.jpg").write_bytes(b"x")
    assert can_be_absorbed(empty)
    (tree / "all/trip/rome").rename(tree / "gone")
    assert not can_be_absorbed(empty)


def test_a_part_that_is_watched_by_itself_does_not_count(tree: Path) -> None:
    apart = with_part_apart(folder(1, tree / "all"), "trip [1]/ro*me")
    names = FolderFilter(apart.rules)
    assert not names.takes_path("trip [1]/ro*me/a.jpg")
    assert names.takes_path("trip 1/rome/a.jpg")
    assert names.takes_path("trip [1]/a.jpg")


@pytest.mark.parametrize(
    "rules",
    [
        FolderRules(),
        FolderRules(exclude=("*.png", "/raw", "deep/raw/*.jpg", "private/", "!private/keep.jpg")),
        FolderRules(include=("raw/",)),
        FolderRules(include=("*.jpg", "/raw/"), exclude=("private/",)),
        FolderRules(include=("*.jpg", "!b.jpg"), videos=True),
    ],
)
def test_the_outer_folder_leaves_out_of_its_part_what_the_part_left_out(rules: FolderRules) -> None:
    inner = FolderFilter(rules)
    overlap = Overlap(
        Folder(1, "/all", FolderRules(exclude=("*.gif",))), Folder(2, "/all/my [trip]", rules), "my [trip]"
    )
    outer = FolderFilter(joined_rules(overlap))
    directories = ("", "raw/", "deep/raw/", "private/", "deep/private/x/")
    for path in (f"{one}{name}" for one in directories for name in ("a.jpg", "b.jpg", "c.png", "keep.jpg")):
        assert outer.takes_path(f"my [trip]/{path}") == inner.takes_path(path), path
        assert outer.takes_path(f"other/{path}"), path
    assert not outer.takes_path("a.gif")
    assert joined_rules(overlap).videos == rules.videos


def test_names_that_are_no_text_overlap_too(tree: Path) -> None:
    odd = tree / "all" / os.fsdecode(b"caf\xe9")
    odd.mkdir()
    [found] = find_overlaps([folder(1, tree / "all"), folder(2, odd)])
    assert found.prefix == os.fsdecode(b"caf\xe9")
    assert not FolderFilter(with_part_apart(found.outer, found.prefix).rules).takes_path(
        f"{found.prefix}/a.jpg"
    )
