"""Rates and forecasts over simulated runs: no clock of the real world is involved."""

from collections.abc import Iterable

import pytest

from app.indexing.rate import Forecast, RateMeter


class Run:
    """A run of work in which a test says when photos are done."""

    def __init__(self, total: int) -> None:
        self.now = 1000.0
        self.meter = RateMeter(lambda: self.now)
        self.forecast = Forecast(self.meter)
        self.left = total
        self.told: list[float | None] = []
        self.meter.work()

    def pass_time(self, seconds: float, rates: Iterable[float], step: float = 0.25) -> None:
        """Photos come at these rates in turn, a second each, for that long; the time left is asked often."""
        rates, owed = list(rates), 0.0
        for number in range(round(seconds / step)):
            self.now += step
            owed += rates[int(number * step) % len(rates)] * step
            done = min(int(owed), self.left)
            owed -= done
            self.left -= done
            if done:
                self.meter.add(done)
            self.told.append(self.forecast.seconds_left(self.left))

    @property
    def known(self) -> list[float]:
        return [told for told in self.told if told is not None]


def test_a_rate_needs_a_moment() -> None:
    run = Run(1000)
    run.pass_time(1, [10])
    assert run.meter.rate() is None
    assert run.told == [None] * 4


def test_the_rate_is_that_of_the_last_seconds_and_the_average_that_of_all() -> None:
    run = Run(10_000)
    run.pass_time(60, [10])
    run.pass_time(30, [40])
    assert run.meter.rate() == pytest.approx(40, rel=0.05)
    assert run.meter.average() == pytest.approx(20, rel=0.05)


def test_at_a_steady_rate_the_time_left_only_falls_and_is_right() -> None:
    run = Run(6000)
    run.pass_time(600, [10])
    assert run.known == sorted(run.known, reverse=True)
    assert run.told[80] == pytest.approx(580, abs=60)
    assert run.told[1200] == pytest.approx(300, abs=60)
    assert run.known[-1] == 0


@pytest.mark.parametrize("rates", [[64, 0, 0, 0, 0], [30, 1, 30, 1, 1], [2, 25]])
def test_photos_that_come_in_bursts_do_not_make_it_jump(rates: list[float]) -> None:
    mean = sum(rates) / len(rates)
    run = Run(round(mean * 900))
    run.pass_time(800, rates)
    rises = [
        after - before for before, after in zip(run.known, run.known[1:], strict=False) if after > before
    ]
    assert len(rises) <= 2
    assert max(rises, default=0) <= 300  # one step


def test_it_follows_a_slower_rate_without_leaps() -> None:
    run = Run(12_000)
    run.pass_time(300, [20])
    run.pass_time(240, [5])
    leaps = [abs(after - before) for before, after in zip(run.known, run.known[1:], strict=False)]
    assert max(leaps) <= 1800
    assert run.told[-1] == pytest.approx(run.left / 5, rel=0.3)


def test_new_photos_add_to_it_at_once() -> None:
    run = Run(3000)
    run.pass_time(60, [10])
    before = run.known[-1]
    run.left += 3000
    assert run.forecast.seconds_left(run.left) == pytest.approx(before + 300, abs=150)


def test_a_pause_changes_neither_rate_nor_time_left() -> None:
    run = Run(3000)
    run.pass_time(60, [10])
    before = run.meter.rate(), run.meter.average(), run.known[-1]
    run.meter.rest()
    run.now += 3600
    run.meter.work()
    assert (run.meter.rate(), run.meter.average(), run.forecast.seconds_left(run.left)) == before


def test_when_nothing_comes_for_long_nothing_is_promised() -> None:
    run = Run(3000)
    run.pass_time(60, [10])
    run.pass_time(150, [0])
    assert run.told[-1] is None
    assert run.meter.rate() is None


def test_a_new_run_starts_from_nothing() -> None:
    run = Run(3000)
    run.pass_time(60, [10])
    run.meter.restart()
    run.forecast.restart()
    assert run.meter.average() is None
    assert run.forecast.seconds_left(2000) is None
