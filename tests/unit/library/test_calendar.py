"""What a clock that jumps does to photos that are missing."""

import time
from collections.abc import Callable

import pytest
from library_builder import Shelf

_DAY = 86_400.0
Clock = Callable[[float], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets the system's clock to so many days from now."""
    started = time.time()

    def set_to(days: float) -> None:
        monkeypatch.setattr(time, "time", lambda: started + days * _DAY)

    set_to(0)
    return set_to


@pytest.fixture
def missing(shelf: Shelf, clock: Clock) -> Shelf:
    """A photo went missing yesterday, and photos were forgotten for the last time today."""
    shelf.index({"gone.jpg": "a"})
    clock(-1)
    shelf.photos.mark_missing([shelf.id_of("gone.jpg")])
    clock(0)
    shelf.photos.purge()
    return shelf


def _is_known(shelf: Shelf) -> bool:
    return shelf.photos.find(shelf.folder.folder_id, "gone.jpg") is not None


def _run_daily(shelf: Shelf, clock: Clock, days: range) -> None:
    for day in days:
        clock(day)
        shelf.photos.purge()


def test_a_missing_photo_is_forgotten_after_thirty_days_of_running(missing: Shelf, clock: Clock) -> None:
    _run_daily(missing, clock, range(1, 29))
    assert _is_known(missing)
    _run_daily(missing, clock, range(29, 32))
    assert not _is_known(missing)


def test_a_clock_that_jumps_a_year_ahead_forgets_nothing_at_once(missing: Shelf, clock: Clock) -> None:
    _run_daily(missing, clock, range(365, 371))
    assert _is_known(missing)


def test_a_clock_that_is_put_right_after_a_jump_counts_from_the_beginning(
    missing: Shelf, clock: Clock
) -> None:
    _run_daily(missing, clock, range(365, 370))
    _run_daily(missing, clock, range(1, 29))
    assert _is_known(missing)
    _run_daily(missing, clock, range(29, 32))
    assert not _is_known(missing)


def test_after_a_week_of_grace_a_long_pause_counts(missing: Shelf, clock: Clock) -> None:
    _run_daily(missing, clock, range(60, 67))
    assert _is_known(missing)
    _run_daily(missing, clock, range(67, 69))
    assert not _is_known(missing)


def test_a_clock_that_is_set_back_forgets_nothing_and_still_forgets_later(
    missing: Shelf, clock: Clock
) -> None:
    _run_daily(missing, clock, range(-365, -335))
    assert _is_known(missing)
    _run_daily(missing, clock, range(-335, -332))
    assert not _is_known(missing)


def test_a_clock_that_is_set_back_keeps_the_order_of_the_photos(shelf: Shelf, clock: Clock) -> None:
    shelf.index({"b.jpg": "b", "a.jpg": "a"})
    before = shelf.paths()
    clock(-365)
    shelf.index({"c.jpg": "c"})
    assert [path for path in shelf.paths() if path != "c.jpg"] == before
