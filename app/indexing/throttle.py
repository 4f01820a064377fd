"""When indexing may work, and how hard: what makes it a good neighbour."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from app.domain.manners import Manners, MannersHere, Pace, WaitReason
from app.indexing.surroundings import Power, Surroundings

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0  # how often the surroundings are looked at
_IDLE_SECONDS = 180.0  # so long without input, and nobody is there
_STRETCH_SECONDS = 1.0  # of work between two rests


@dataclass(frozen=True, slots=True)
class Effort:
    """What a pace means: 0 is the priority of other programs, higher numbers come after them."""

    decoder_niceness: int
    encoder_niceness: int
    share: float  # of the time that is worked


# The window and its searches go before decoding at any pace.
EFFORTS = {
    Pace.FULL: Effort(decoder_niceness=5, encoder_niceness=0, share=1.0),
    Pace.BALANCED: Effort(decoder_niceness=10, encoder_niceness=5, share=1.0),
    Pace.GENTLE: Effort(decoder_niceness=15, encoder_niceness=10, share=0.5),
}


_NO_MAINS = {
    None: "This computer does not tell what it runs on.",
    Power.NO_BATTERY: "This computer has no battery.",
}


def decoders_for(pace: Pace, cores: int) -> int:
    """How many photos are decoded at once. On two cores, fewer would only leave one of them unused."""
    if pace is Pace.GENTLE:
        return 1
    return cores if pace is Pace.FULL else min(cores, max(2, cores - 1))


class Throttle:
    """Keeps to the manners. `set` is for every thread, the rest for the worker's."""

    def __init__(
        self,
        cores: int,
        surroundings: Surroundings | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cores = cores
        self._surroundings = surroundings or Surroundings()
        self._clock = clock
        self._lock = threading.Lock()
        self._manners = Manners()
        self._next_look = 0.0
        self._reason: WaitReason | None = None
        self._memory_is_short = False
        self._cycle = DutyCycle(1.0, clock)

    @property
    def manners(self) -> Manners:
        with self._lock:
            return self._manners

    def set(self, manners: Manners) -> None:
        """Keep to these from now on."""
        with self._lock:
            self._manners = manners
            self._cycle = DutyCycle(EFFORTS[manners.pace].share, self._clock)
            self._next_look = 0.0

    @property
    def effort(self) -> Effort:
        return EFFORTS[self.manners.pace]

    @property
    def decoders(self) -> int:
        """How many photos may be decoded at once now."""
        return 1 if self._memory_is_short else decoders_for(self.manners.pace, self._cores)

    def look(self) -> WaitReason | None:
        """What work has to wait for; looks around now and then, and costs nothing in between."""
        if self._clock() >= self._next_look:
            self._next_look = self._clock() + _LOOK_SECONDS
            self._look_around(self.manners)
        return self._reason

    def rests(self, *, working: bool) -> bool:
        """Whether to begin nothing for the moment; `working`: something is under way."""
        return self._cycle.rests(working=working)

    def choices(self) -> MannersHere:
        """Which manners this computer can keep to. May take a second: it asks the system."""
        around = self._surroundings
        idle = around.idle_seconds()
        return MannersHere(
            no_idle="" if idle is not None else "This computer does not tell whether somebody uses it.",
            no_mains=_NO_MAINS.get(around.power(), ""),
            idle_is_load=idle is not None and around.idle_is_load,
        )

    def _look_around(self, manners: Manners) -> None:
        before = self._reason
        self._reason = self._reason_now(manners)
        if self._reason is not before:
            _log.info("indexing waits for %s", self._reason.value if self._reason else "nothing more")
        self._memory_is_short = self._surroundings.memory_is_short()

    def _reason_now(self, manners: Manners) -> WaitReason | None:
        """Where the system cannot tell, the wish cannot be kept; the settings say so."""
        if manners.only_on_mains and self._surroundings.power() is Power.BATTERY:
            return WaitReason.MAINS
        if manners.only_when_idle:
            idle = self._surroundings.idle_seconds()
            if idle is not None and idle < _IDLE_SECONDS:
                return WaitReason.IDLE
        return None


class DutyCycle:
    """Work and rest in turns, so that `share` of the time is worked, whatever one piece of work takes."""

    def __init__(self, share: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._share = share
        self._clock = clock
        self._worked_since: float | None = None
        self._rests_until = 0.0

    def rests(self, *, working: bool) -> bool:
        """Whether nothing new may begin. What is under way is waited for, and its time counts as work."""
        now = self._clock()
        if self._share >= 1:
            return False
        if now < self._rests_until:
            return True
        if self._worked_since is None:
            if working:
                self._worked_since = now
            return False
        worked = now - self._worked_since
        if worked < _STRETCH_SECONDS:
            return False
        if not working:
            self._worked_since = None
            self._rests_until = now + worked * (1 - self._share) / self._share
        return True
