"""A heartbeat on the window's thread: how long the thread could not answer, in every phase of a session."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer

BEAT_MS = 5
_LONG_MS = 50.0


@dataclass(frozen=True, slots=True)
class Beats:
    """What one phase looked like; all in milliseconds between two beats that should be 5 apart."""

    phase: str
    count: int
    p50: float
    p99: float
    longest: float
    over_50: int
    # The same without the time in which the thread could have run and got no processor: what a machine with
    # nothing else to do would have shown. None where the system does not tell.
    p99_served: float | None = None
    longest_served: float | None = None
    over_50_served: int | None = None


class Heartbeat(QObject):
    """Beats every 5 ms on the thread that made it, and notes how long each beat took to come.

    A gap is the time between two beats: 5 ms where nothing blocks. The time that a blocked thread needs for
    one piece of work is therefore at most the gap.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._gaps: dict[str, list[float]] = {}
        self._waits: dict[str, list[float]] = {}
        self._phase = ""
        self._last = 0.0
        self._waited = 0.0
        self._timer = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def start(self, phase: str) -> None:
        """Begin to beat."""
        self.enter(phase)
        self._last = time.perf_counter()
        self._waited = _waited_ms()
        self._timer.start()

    def enter(self, phase: str) -> None:
        """From now on the gaps belong to this phase."""
        self._phase = phase
        self._gaps.setdefault(phase, [])
        self._waits.setdefault(phase, [])

    def stop(self) -> None:
        """Beat no more. A gap that is still open counts: the thread may have been blocked until now."""
        if self._timer.isActive():
            self._beat()
            self._timer.stop()

    def phases(self) -> tuple[Beats, ...]:
        """Each phase that had a beat, in the order they were entered."""
        return tuple(summarise(name, gaps, self._waits[name]) for name, gaps in self._gaps.items() if gaps)

    @property
    def last(self) -> float:
        """When the last beat came, in seconds of time.perf_counter."""
        return self._last

    def total(self) -> Beats:
        """All phases together. Raises ValueError before the first beat."""
        gaps = [gap for gaps in self._gaps.values() for gap in gaps]
        return summarise("all", gaps, [wait for waits in self._waits.values() for wait in waits])

    def _beat(self) -> None:
        now = time.perf_counter()
        self._gaps[self._phase].append((now - self._last) * 1000)
        self._last = now
        waited = _waited_ms()
        self._waits[self._phase].append(waited - self._waited)
        self._waited = waited


def _waited_ms() -> float:
    """How long this thread has waited for a processor in its life; NaN where the system does not tell."""
    try:
        with open("/proc/thread-self/schedstat", "rb") as file:
            return int(file.read().split()[1]) / 1e6
    except OSError:
        return math.nan


def summarise(phase: str, gaps: Sequence[float], waits: Sequence[float] = ()) -> Beats:
    """Figures of some gaps and of the waiting in them; percentiles by the nearest rank.

    Raises ValueError for none.
    """
    if not gaps:
        raise ValueError("no beats")
    plain = (_rank(gaps, 0.5), _rank(gaps, 0.99), max(gaps), _long(gaps))
    if not waits or math.isnan(sum(waits)):
        return Beats(phase, len(gaps), *plain)
    served = [gap - wait for gap, wait in zip(gaps, waits, strict=True)]
    return Beats(phase, len(gaps), *plain, _rank(served, 0.99), max(served), _long(served))


def _rank(values: Sequence[float], share: float) -> float:
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _long(gaps: Sequence[float]) -> int:
    return sum(gap > _LONG_MS for gap in gaps)
