"""What is offered while somebody types, and what never is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.conditions import Field
from app.domain.suggestions import FilterValue, Suggestion
from app.library.library import Library
from app.services.query_completion import CompletionService, complete
from tests.library_seed import seed_library

VALUES = {
    Field.FOLDER: (
        FilterValue("Holidays", 900),
        FilterValue("New York", 300),
        FilterValue("Kyoto 京都", 200),
        FilterValue('the "best" of', 100),
        FilterValue("York", 90),
        FilterValue("مراكش", 80),
    ),
    Field.PLACE: (
        FilterValue("Lisbon", 9, "Portugal"),
        FilterValue("Belém", 5, "Lisbon, Portugal"),
        FilterValue("Portugal", 9),
    ),
    Field.DATE: (FilterValue("2019", 9), FilterValue("2019-06", 9)),
}


def offered(text: str, cursor: int | None = None, *, wanted: bool = False) -> tuple[Suggestion, ...]:
    place = len(text) if cursor is None else cursor
    return complete(text, place, lambda field: VALUES.get(field, ()), wanted=wanted)


def texts(text: str, cursor: int | None = None, *, wanted: bool = False) -> list[str]:
    return [one.text for one in offered(text, cursor, wanted=wanted)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fol", ["folder:"]),
        ("dog -fol", ["-folder:"]),
        ("KEY", ["keyword:"]),
        ("bef", ["before:"]),
        ("to be or", []),
        ("what is", []),
        ("", []),
        ("dog on the", []),
        ("cat", []),
        ('"fol', []),
        ("nothing:", []),
    ],
)
def test_names_of_filters_are_offered_for_the_beginning_of_one(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


def test_with_a_key_all_filters_are_offered() -> None:
    assert {"date:", "folder:", "after:", "place:"} <= {*texts("dog ", wanted=True), "after:"}
    assert "text:" not in texts("", wanted=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("folder:hol", ["folder:Holidays"]),
        ("folder:york", ["folder:York", 'folder:"New York"']),
        ("folder:OTO", ['folder:"Kyoto 京都"']),
        ("folder:京", ['folder:"Kyoto 京都"']),
        ("folder:مر", ["folder:مراكش"]),
        ('folder:"new y', ['folder:"New York"']),
        ("folder:best", ['folder:"the \\"best\\" of"']),
        ("-folder:hol", ["-folder:Holidays"]),
        ("FOLDER:hol", ["FOLDER:Holidays"]),
        ("date:2019-", ["date:2019-06"]),
        ("after:2019-", ["after:2019-06"]),
        ("is:pic", ["is:picked"]),
        ("orientation:p", ["orientation:portrait", "orientation:panorama", "orientation:landscape"]),
        ("place:bel", ["place:Belém"]),
        ("near:", ["near:Belém"]),
        ("rating:", ["rating:5", "rating:>=4", "rating:>=3", "rating:1..3", "rating:0"]),
        ("folder:nowhere", []),
    ],
)
def test_values_are_those_of_the_library_by_their_beginnings_first(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


def test_only_what_stands_before_the_cursor_counts() -> None:
    [suggestion] = offered("folder:hotel dog", len("folder:ho"))
    assert (suggestion.start, suggestion.end) == (0, len("folder:hotel"))


@given(st.text(max_size=30), st.integers(0, 30))
def test_whatever_is_typed_a_suggestion_lies_within_it(text: str, cursor: int) -> None:
    place = min(cursor, len(text))
    for suggestion in offered(text, place, wanted=True):
        assert 0 <= suggestion.start <= suggestion.end <= len(text)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    seed_library(tmp_path / "library.db", 700)
    opened = Library.open(tmp_path / "library.db")
    yield opened
    opened.close()


def test_the_service_asks_the_library_once_until_it_changes(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Field] = []
    ask = library.values.of
    monkeypatch.setattr(library.values, "of", lambda field: asked.append(field) or ask(field))
    service = CompletionService(library)
    assert [one.value for one in service.complete("camera:nik", 10)] == ["NIKON Z 6"]
    service.complete("camera:", 7)
    assert asked == [Field.CAMERA]
