"""Which files of one name are one shot, and which of them is the photo that people look at."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from app.domain.companions import FILM_SUFFIXES, RAW_SUFFIXES, suffix_of

_SAME_SECONDS = 5.0  # a film begins before its picture, and some cameras write one file after the other
_QUARTER_HOUR = 900.0  # time zones are whole quarters of an hour apart
_WIDEST_ZONES = 26 * 3600.0
_COUNTED_NAME = re.compile(
    r"[a-z0-9_-]*\d{4}\."
)  # cameras count, or write the date: IMG_1234, 20190704_153012
_JPEG = frozenset({".jpg", ".jpeg", ".jpe"})
_HEIF = frozenset({".heic", ".heif", ".hif"})


class Role(IntEnum):
    """What a file can be in a group; a companion stands below its photo."""

    JPEG = 0
    HEIF = 1
    RAW = 2
    FILM = 3
    OTHER = 4  # an edited copy, perhaps: a photo of its own


@dataclass(frozen=True, slots=True)
class GroupFile:
    """One file among those that share folder and stem."""

    photo_id: int
    name: str
    stem: str  # in lower case, with its dot
    shown: bool  # ready or pending: what cannot be read cannot stand for others
    taken_at: datetime | None  # None: not known, or not known yet

    @property
    def role(self) -> Role:
        suffix = suffix_of(self.name)
        if suffix in RAW_SUFFIXES:
            return Role.RAW
        known = ((Role.JPEG, _JPEG), (Role.HEIF, _HEIF), (Role.FILM, FILM_SUFFIXES))
        return next((role for role, suffixes in known if suffix in suffixes), Role.OTHER)


def companions(group: Sequence[GroupFile], *, raw_apart: bool) -> dict[int, int]:
    """The photo that each companion belongs to; files that are photos of their own are left out.

    `raw_apart`: people want to see raw files by themselves.
    """
    found: dict[int, int] = {}
    with_raw = not raw_apart and any(one.role is Role.RAW for one in group)
    ordered = sorted(group, key=lambda one: (one.role, one.photo_id))
    for one in ordered:
        for item in _possible_items(one, ordered, with_raw):
            if item.photo_id not in found and _same_shot(one, item):
                found[one.photo_id] = item.photo_id
                break
    return found


def _possible_items(one: GroupFile, group: Sequence[GroupFile], with_raw: bool) -> Iterator[GroupFile]:
    """The best first. Two pictures are one shot only where the raw file of both is there."""
    if one.role is Role.OTHER or (one.role in (Role.HEIF, Role.RAW) and not with_raw):
        return
    yield from (item for item in group if item.role < one.role and item.shown)


def _same_shot(one: GroupFile, item: GroupFile) -> bool:
    """Taken at the same moment; where that cannot be told, a name that a camera gave has to do."""
    same = _same_moment(one.taken_at, item.taken_at)
    return bool(_COUNTED_NAME.fullmatch(one.stem)) if same is None else same


def _same_moment(one: datetime | None, other: datetime | None) -> bool | None:
    """None where it cannot be told: a date is missing, or one of the two may be of another time zone."""
    if one is None or other is None:
        return None
    if one.tzinfo is not None and other.tzinfo is not None:
        return abs((one - other).total_seconds()) <= _SAME_SECONDS
    apart = abs((one.replace(tzinfo=UTC) - other.replace(tzinfo=UTC)).total_seconds())
    if apart <= _SAME_SECONDS:
        return True
    off_quarter = abs(apart - round(apart / _QUARTER_HOUR) * _QUARTER_HOUR)
    mixed = (one.tzinfo is None) is not (other.tzinfo is None)
    return None if mixed and apart <= _WIDEST_ZONES and off_quarter <= _SAME_SECONDS else False
