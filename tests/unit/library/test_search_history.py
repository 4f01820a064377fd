"""Past searches: the latest first, none twice, and gone when they are to be gone."""

import time

import pytest

from app.library.library import Library
from app.library.search_history import _KEPT


def test_the_latest_come_first_and_none_twice(library: Library) -> None:
    library.history.remember(["dog", "cat", "dog"])
    library.history.remember(["京都"])
    assert library.history.recent(10) == ("京都", "dog", "cat")
    assert library.history.recent(1) == ("京都",)


def test_single_ones_and_all_can_be_forgotten(library: Library) -> None:
    library.history.remember(["dog", "cat", "bird"])
    library.history.forget("cat")
    assert library.history.recent(10) == ("bird", "dog")
    library.history.clear()
    assert library.history.recent(10) == ()


def test_the_oldest_are_forgotten(library: Library) -> None:
    library.history.remember([f"search {number}" for number in range(_KEPT + 5)])
    kept = library.history.recent(10_000)
    assert len(kept) == _KEPT
    assert kept[-1] == "search 5"


def test_the_latest_come_first_though_the_clock_was_put_back(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.history.remember([f"search {number}" for number in range(_KEPT)])
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    library.history.remember(["search 7", "new", "search 3"])
    assert library.history.recent(4) == ("search 3", "new", "search 7", f"search {_KEPT - 1}")
