"""What makes two photos copies of one shot, or shots of one moment, besides that they look alike.

The numbers come from `tests/benchmarks/near_duplicates.py`; its docstring says on which photos.
"""

import math
from datetime import datetime

from app.domain.duplicates import Candidate, Likeness

MOMENT_SECONDS = 5.0  # between a shot of a burst and the one in its middle

_ALIKE_ALL, _ALIKE_MOST, _ALIKE_HALF = 0.4, 0.65, 0.8  # the parts of copies: all, nine in ten, half of them
_EXPLAINED = 6.0  # times the usual difference: of 280 copies of 70 photos one reaches it, another digit does
_UNEXPLAINED = 0.75  # of what a small place shows: of these copies 0.71 at most
_OTHER_LIGHT = 14.0  # of 255: of these copies 11 at most, where a shadow moved above 20
_FEWEST_TELLING = 4  # of 64 parts; a picture that shows less is not recognised
_SAME_PROPORTIONS = 0.04  # of the logarithm
_IN_PLACE = 0.012  # of a side
_SAME_MOMENT = 0.58


def are_no_copies(one: Candidate, other: Candidate) -> bool:
    """The cameras themselves say so: photos of two moments, or by two cameras, are no copies.

    Neither are a raw file and its JPEG, or any two files of one shot, where these are shown apart.
    """
    if _is_one_shot_in_two_files(one, other):
        return True
    if not (one.by_camera and other.by_camera):
        return False
    if one.camera and other.camera and one.camera != other.camera:
        return True
    return _second(one) != _second(other)


def are_copies(outer: Candidate, inner: Candidate, likeness: Likeness) -> bool:
    """Whether the inner picture, laid into the outer one, is the same in all its parts."""
    alike = (likeness.least, likeness.worst, likeness.middle)
    needed = (_ALIKE_ALL, _ALIKE_MOST, _ALIKE_HALF)
    if likeness.telling < _FEWEST_TELLING or any(
        is_ < least for is_, least in zip(alike, needed, strict=True)
    ):
        return False
    if likeness.oddest > _EXPLAINED or likeness.unexplained > _UNEXPLAINED:
        return False  # one of them shows something somewhere that the other does not
    if likeness.other_light > _OTHER_LIGHT:
        return False
    left, right, top, bottom = likeness.frame
    kept = (right - left) * outer.width / ((bottom - top) * outer.height)
    if abs(math.log(kept * inner.height / inner.width)) > _SAME_PROPORTIONS:
        return False
    if (outer.width, outer.height) != (inner.width, inner.height):
        return True
    # A copy of the same size is neither cropped nor moved; the next shot of the same scene is.
    return max(abs(left), abs(right - 1), abs(top), abs(bottom - 1)) <= _IN_PLACE


def shot_key(candidate: Candidate) -> tuple[object, ...] | None:
    """Photos of one moment have this in common; None for one that no camera dated."""
    if not candidate.by_camera or candidate.taken_at is None:
        return None
    return (candidate.camera,) if candidate.camera else ("", candidate.directory)


def seconds_of(candidate: Candidate) -> float:
    """On the wall clock; of a candidate with a `shot_key`."""
    assert candidate.taken_at is not None
    return (candidate.taken_at.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001


def is_moment(likeness: float) -> bool:
    """Whether shots seconds apart show the same."""
    return likeness >= _SAME_MOMENT


def _is_one_shot_in_two_files(one: Candidate, other: Candidate) -> bool:
    """Of one name but for what comes after the dot, side by side."""
    return (
        one.directory == other.directory and _stem(one.name) == _stem(other.name) and one.name != other.name
    )


def _stem(name: str) -> str:
    return name[: name.rfind(".")].lower() if "." in name else name.lower()


def _second(candidate: Candidate) -> datetime | None:
    """Copies may have lost what comes after the second, or the offset."""
    return candidate.taken_at and candidate.taken_at.replace(microsecond=0, tzinfo=None)
