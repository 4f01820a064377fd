"""Which names count in a folder: the patterns people write, hidden and system folders."""

import os
import unicodedata

import pytest

from app.domain.folder_rules import FolderRules
from app.errors import FolderError
from app.indexing.folder_filter import FolderFilter, check_patterns, folder_filter


def taken(paths: str, **rules: object) -> list[str]:
    """Those of the paths, separated by blanks, that count."""
    names = FolderFilter(FolderRules(**rules))  # type: ignore[arg-type]
    return [path for path in paths.split() if names.takes_path(path)]


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (("*.png",), "a.jpg private/b.jpg trip/private/c.jpg trip/d.jpg"),
        (("*.PNG",), "a.jpg private/b.jpg trip/private/c.jpg trip/d.jpg"),
        (("private/",), "a.jpg a.png trip/d.jpg"),
        (("/private/",), "a.jpg a.png trip/private/c.jpg trip/d.jpg"),
        (("private",), "a.jpg a.png trip/d.jpg"),
        (("trip/*.jpg",), "a.jpg a.png private/b.jpg trip/private/c.jpg"),
        (("trip/**",), "a.jpg a.png private/b.jpg"),
        (("**/private/**",), "a.jpg a.png trip/d.jpg"),
        (("*.jpg", "!trip/d.jpg"), "a.png trip/d.jpg"),
        (("trip/", "!trip/d.jpg"), "a.jpg a.png private/b.jpg"),  # as git: what lies in a left out folder
        (("*",), ""),
        (("# a remark", ""), "a.jpg a.png private/b.jpg trip/private/c.jpg trip/d.jpg"),
        (("[ab].jpg",), "a.png trip/private/c.jpg trip/d.jpg"),
    ],
)
def test_what_is_excluded_does_not_count(patterns: tuple[str, ...], left: str) -> None:
    every = "a.jpg a.png private/b.jpg trip/private/c.jpg trip/d.jpg"
    assert taken(every, exclude=patterns) == left.split()


def test_a_folder_may_be_limited_to_some_of_its_parts() -> None:
    every = "a.jpg 2024/b.jpg 2024/raw/c.dng trip/2024/d.png trip/e.png"
    assert taken(every, include=("2024/",)) == ["2024/b.jpg", "2024/raw/c.dng", "trip/2024/d.png"]
    assert taken(every, include=("*.png", "/2024/*.jpg")) == ["2024/b.jpg", "trip/2024/d.png", "trip/e.png"]
    assert taken(every, include=("2024/", "!*.dng")) == ["2024/b.jpg", "trip/2024/d.png"]
    assert taken(every, include=("2024/",), exclude=("raw/",)) == ["2024/b.jpg", "trip/2024/d.png"]


def test_a_pattern_is_the_same_however_its_letters_are_composed() -> None:
    composed, decomposed = (unicodedata.normalize(form, "Überlingen") for form in ("NFC", "NFD"))
    for pattern in (composed, decomposed):
        assert taken(f"{composed}/a.jpg {decomposed}/b.jpg c.jpg", exclude=(pattern,)) == ["c.jpg"]


def test_names_that_are_no_text_are_matched_too() -> None:
    names = FolderFilter(FolderRules(exclude=("*.png",)))
    assert names.takes_path(os.fsdecode(b"caf\xe9/\xff.jpg"))
    assert not names.takes_path(os.fsdecode(b"caf\xe9/\xff.png"))


def test_hidden_and_system_folders_never_count() -> None:
    assert taken(".a.jpg .b/c.jpg $Recycle.Bin/d.jpg x/@eadir/e.jpg f.txt g.jpg") == ["g.jpg"]


def test_videos_count_where_they_are_switched_on() -> None:
    assert taken("a.mp4 b.jpg") == ["b.jpg"]
    assert taken("a.mp4 b.jpg", videos=True) == ["a.mp4", "b.jpg"]


def test_equal_rules_are_compiled_once() -> None:
    assert folder_filter(FolderRules(exclude=("a",))) is folder_filter(FolderRules(exclude=("a",)))


def test_a_pattern_that_means_nothing_is_named() -> None:
    check_patterns(("*.png", "", "# remark", "[a"))
    with pytest.raises(FolderError, match="'!'"):
        check_patterns(("*.png", "!"))
