"""From pairs to groups, and which photo of a group is the best.

Groups have a centre: every photo in one was compared with the best of it, so that no chain of small
differences joins photos that are unlike (complete or centre linkage, never single linkage).
"""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from app.domain.duplicates import Candidate, DuplicateGroup, Level

Node = TypeVar("Node", bound=Hashable)

_RAW = "RAW"


def around_centres(ordered: Iterable[Node], alike: Mapping[Node, set[Node]]) -> list[list[Node]]:
    """Groups of two and more, their centres first: who comes first in `ordered` takes its neighbours."""
    taken: set[Node] = set()
    groups = []
    for node in ordered:
        if node in taken:
            continue
        members = [other for other in alike.get(node, ()) if other not in taken]
        if members:
            taken.update(members, (node,))
            groups.append([node, *members])
    return groups


def best_copy_first(candidate: Candidate) -> tuple[object, ...]:
    """Sorts copies of one picture: large, as the camera wrote it, little compressed, and the oldest file.

    Compression counts in steps of about two fifths: an edited copy may be a little larger than its original.
    """
    pixels = candidate.width * candidate.height
    bytes_class = round(2 * math.log2(max(1, candidate.size)))
    return (-pixels, not candidate.by_camera, -bytes_class, candidate.mtime_ns, candidate.photo_id)


def exact_group(copies: Sequence[Candidate]) -> DuplicateGroup:
    """Photos of the same bytes: the one that people or raw files know stays, else the oldest name."""
    ordered = sorted(
        copies,
        key=lambda one: (
            not one.decided,
            not one.has_companion,
            len(one.name),
            one.mtime_ns,
            one.photo_id,
        ),
    )
    return _group(Level.EXACT, ordered, [one for one in ordered[1:] if not one.decided])


def near_group(copies: Sequence[Candidate]) -> DuplicateGroup:
    """The best first; what was decided about, what has a raw file beside it and raw files themselves stay.

    Beside raw files the best picture of another format stays, too.
    """
    ordered = sorted(copies, key=best_copy_first)
    opened_anywhere = next((one for one in ordered if one.format != _RAW), None)
    spare = [
        one
        for one in ordered[1:]
        if not (one.decided or one.has_companion or one.format == _RAW or one is opened_anywhere)
    ]
    return _group(Level.NEAR, ordered, spare)


def burst_group(shots: Sequence[Candidate], sharpness: Mapping[str, float]) -> DuplicateGroup:
    """The sharpest first, the others in the order they were taken."""
    best = max(shots, key=lambda one: (sharpness[one.content_key], -one.photo_id))
    others = sorted(
        (one for one in shots if one is not best), key=lambda one: (str(one.taken_at), one.photo_id)
    )
    return _group(Level.BURST, [best, *others], [one for one in others if not one.decided])


def _group(level: Level, ordered: Sequence[Candidate], spare: Sequence[Candidate]) -> DuplicateGroup:
    return DuplicateGroup(
        level,
        tuple(one.photo_id for one in ordered),
        tuple(one.size for one in ordered),
        frozenset(one.photo_id for one in spare),
    )
