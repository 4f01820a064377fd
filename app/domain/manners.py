"""How much of the computer indexing may take, and when."""

from dataclasses import dataclass
from enum import StrEnum


class Pace(StrEnum):
    """How hard indexing works while it works."""

    FULL = "full"  # every core
    BALANCED = "balanced"  # whatever other programs leave
    GENTLE = "gentle"  # one photo at a time, with rests between


class WaitReason(StrEnum):
    """Why indexing does not work although there is work."""

    MAINS = "mains"  # the computer runs on its battery
    IDLE = "idle"  # somebody uses the computer


@dataclass(frozen=True, slots=True)
class Manners:
    """What the user allows indexing to take."""

    pace: Pace = Pace.FULL
    only_when_idle: bool = False
    only_on_mains: bool = False


@dataclass(frozen=True, slots=True)
class MannersHere:
    """Which of the choices this computer can keep to; a text says why not, "" that it can."""

    no_idle: str = ""
    no_mains: str = ""
    idle_is_load: bool = False  # only the work of other programs tells, not keyboard and mouse
