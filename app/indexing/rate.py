"""How fast indexing goes and how long it will take."""

import math
import time
from collections import deque
from collections.abc import Callable

_WINDOW_SECONDS = 20.0  # what "now" means for a rate that is shown
_MINIMUM_SECONDS = 2.0  # below that a rate is only noise

_LONG_WINDOW_SECONDS = 120.0  # a forecast looks back further than the rate that is shown, up to here
_FIRST_FORECAST_SECONDS = 5.0
_FIRST_FORECAST_PHOTOS = 10
_SMOOTHING_SECONDS = 15.0  # how slowly a forecast follows what has changed


class RateMeter:
    """Photos a second. Time without work does not count. Not thread-safe: it belongs to the worker."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._marks: deque[tuple[float, int]] = deque([(0.0, 0)])  # seconds worked, photos until then
        self._total = 0
        self._worked = 0.0
        self._since: float | None = None  # when this stretch of work began; None while resting

    @property
    def worked(self) -> float:
        """Seconds of work since `restart`."""
        return self._worked + (0.0 if self._since is None else self._clock() - self._since)

    @property
    def total(self) -> int:
        return self._total

    def restart(self) -> None:
        """A new run of work."""
        self._worked, self._total = 0.0, 0
        self._marks = deque([(0.0, 0)])
        if self._since is not None:
            self._since = self._clock()

    def work(self) -> None:
        """Time counts from now on."""
        if self._since is None:
            self._since = self._clock()

    def rest(self) -> None:
        """Time counts no more: a pause, or nothing to do."""
        self._worked, self._since = self.worked, None

    def add(self, count: int) -> None:
        now = self.worked
        self._total += count
        self._marks.append((now, self._total))
        while len(self._marks) > 1 and now - self._marks[1][0] > _LONG_WINDOW_SECONDS:
            self._marks.popleft()

    def rate(self, window: float = _WINDOW_SECONDS) -> float | None:
        """Over the last seconds of work; None until there is enough to tell, and when nothing comes."""
        now = self.worked
        at, before = self._marks[0]
        for mark, total in self._marks:
            if now - mark < window:
                break
            at, before = mark, total
        seconds, done = now - max(at, now - window), self._total - before
        return done / seconds if seconds >= _MINIMUM_SECONDS and done else None

    def average(self) -> float | None:
        """Since `restart`."""
        worked = self.worked
        return self._total / worked if worked >= _MINIMUM_SECONDS and self._total else None


class Forecast:
    """How long it will take, told so that it can be believed.

    The time told runs down like a clock, follows a changed speed slowly, and is told anew only when it has
    become wrong; new photos add to it at once. There is none while there is too little to go by.
    """

    def __init__(self, meter: RateMeter) -> None:
        self._meter = meter
        self._expected: float | None = None
        self._told: float | None = None
        self._at = 0.0
        self._total = 0

    def restart(self) -> None:
        """A new run of work."""
        self._expected = self._told = None

    def seconds_left(self, left: int) -> float | None:
        """Seconds of work until `left` photos are done."""
        meter = self._meter
        rate = meter.rate(max(_WINDOW_SECONDS, min(_LONG_WINDOW_SECONDS, meter.worked / 4)))
        early = meter.worked < _FIRST_FORECAST_SECONDS or meter.total < _FIRST_FORECAST_PHOTOS
        if rate is None or early:
            self.restart()
            return None
        self._expected = self._follow(left, rate)
        self._at, self._total = meter.worked, meter.total + left
        self._told = _steady(self._expected, self._told)
        return self._told

    def _follow(self, left: int, rate: float) -> float:
        measured = left / rate
        if self._expected is None:
            return measured
        passed = self._meter.worked - self._at
        found = self._meter.total + left - self._total
        expected = max(0.0, self._expected - passed + found / rate)
        return expected + (measured - expected) * (1 - math.exp(-passed / _SMOOTHING_SECONDS))


def _steady(expected: float, told: float | None) -> float:
    """In steps of a minute, of five, or half an hour; the last one told holds while it is nearly right."""
    step = 60.0 if expected < 600 else 300.0 if expected < 3600 else 1800.0
    if told is not None and abs(expected - told) < 0.75 * step:
        return told
    return round(expected / step) * step
