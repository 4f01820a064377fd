"""How work reports on itself and is called off."""

import threading
from dataclasses import dataclass
from enum import StrEnum

from app.domain.manners import WaitReason
from app.errors import CancelledError


class IndexPhase(StrEnum):
    """What the indexing worker is doing."""

    IDLE = "idle"
    SCANNING = "scanning"
    INDEXING = "indexing"
    PAUSED = "paused"
    WAITING = "waiting"  # there is work, and `IndexProgress.waits_for` says what it waits for
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ChangeProgress:
    """How much of the library the model that is to answer has embedded, of what it can reach."""

    name: str  # of the model, for people
    done: int = 0
    total: int = 0
    rate: float | None = None  # photos a second

    @property
    def seconds_left(self) -> float | None:
        """At this rate."""
        return (self.total - self.done) / self.rate if self.rate else None


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """A snapshot of indexing. `done` and `total` count photos of the current run of work."""

    phase: IndexPhase
    done: int = 0
    total: int = 0
    problems: int = 0  # in the whole library
    rate: float | None = None  # photos a second, over the last seconds
    seconds_left: float | None = None
    current: str = ""  # the folder that is looked through, or whose photos are read
    library_version: int = 0  # grows whenever what a search could return has changed
    message: str = ""  # for people: why nothing moves, e.g. no model yet
    average_rate: float | None = None  # photos a second since this run of work began, without the pauses
    waits_for: WaitReason | None = None
    change: ChangeProgress | None = None  # of the model; None while there is no such change
    away: int = 0  # photos to embed whose drives are not here; they wait for these and hold nothing up


class CancelToken:
    """Carries the wish to stop from whoever asked for work to whoever does it."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raise CancelledError when the work was called off."""
        if self._event.is_set():
            raise CancelledError("cancelled")

    def wait(self, seconds: float) -> bool:
        """Sleep up to that long; True as soon as cancelled."""
        return self._event.wait(seconds)
