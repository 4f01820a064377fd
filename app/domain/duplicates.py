"""Photos that are copies of each other, and shots of one moment."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Level(StrEnum):
    """How the photos of a group belong together."""

    EXACT = "exact"  # the same bytes
    NEAR = "near"  # the same picture in another size, compression or brightness, or cropped
    BURST = "burst"  # different shots of one moment


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a picture looks like in a few bits."""

    version: int  # of the recipe: those of another one are not compared
    hashes: NDArray[np.uint64]  # (windows,) the first is that of the whole picture
    sharpness: float  # larger is sharper; means something between shots of one scene only


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Those of many contents, in one order."""

    content_keys: tuple[str, ...]
    hashes: NDArray[np.uint64]  # (n, windows)
    sharpness: NDArray[np.float64]  # (n,)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two pictures are once one is laid into the other: correlations, 1 at best."""

    frame: tuple[float, float, float, float]  # left, right, top, bottom of the inner one in the outer, 0 to 1
    telling: int  # parts that show anything in both
    least: float  # the part that is least alike
    worst: float  # nine in ten of these parts are at least so alike
    middle: float  # the median of the parts
    oddest: float = 0.0  # how many times the usual difference is that at the place where it is largest
    unexplained: float = 0.0  # of what small places show, that the other does not; all but a few are below
    other_light: float = 0.0  # of 255: what no curve of brightness explains of how light the parts are


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two pictures to be laid over each other, by their thumbnails."""

    outer: str  # path
    inner: str
    window: int  # which window of the outer picture the inner one resembles


@dataclass(frozen=True, slots=True)
class Candidate:
    """A photo with what decides whether it is a copy, and which of several copies is the best."""

    photo_id: int
    content_key: str
    name: str
    directory: tuple[int, str]  # the folder's id and the path in it
    width: int
    height: int
    size: int  # bytes
    format: str
    taken_at: datetime | None
    by_camera: bool  # the time was written by the camera
    camera: str  # make and model, "" when unknown
    mtime_ns: int
    decided: bool  # a favourite, rated, picked, labelled or in an album
    has_companion: bool  # a raw file or a film goes with it


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Photos that belong together; what is proposed never empties a group."""

    level: Level
    photo_ids: tuple[int, ...]  # the best first
    sizes: tuple[int, ...]  # their bytes
    spare: frozenset[int]  # those proposed for the trash

    @property
    def spare_bytes(self) -> int:
        """What moving these to the trash would free."""
        sizes = zip(self.photo_ids, self.sizes, strict=True)
        return sum(size for photo_id, size in sizes if photo_id in self.spare)


@dataclass(frozen=True, slots=True)
class DuplicateReport:
    """What a search for duplicates found."""

    groups: tuple[DuplicateGroup, ...] = ()
    photos: int = 0  # looked at
    unseen: int = 0  # could not be compared: no thumbnail is to be had now

    def of(self, level: Level) -> tuple[DuplicateGroup, ...]:
        return tuple(group for group in self.groups if group.level is level)


class DuplicateStep(StrEnum):
    """What a search for duplicates is doing."""

    LOOKING = "looking"  # at photos that were indexed by an older version
    GATHERING = "gathering"  # pairs that may be copies
    COMPARING = "comparing"  # their pictures


@dataclass(frozen=True, slots=True)
class DuplicateProgress:
    """How far it is."""

    step: DuplicateStep
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Removal:
    """What the user wants of one group."""

    level: Level
    kept: tuple[int, ...]  # photo ids, the one first that takes over what was decided about the others
    removed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RemovalOutcome:
    """What moving duplicates to the trash did."""

    moved: tuple[int, ...]
    left: int = 0  # photos the user had decided something about, which were to be kept then
    failures: tuple[tuple[str, str], ...] = ()  # (path, reason for people)
