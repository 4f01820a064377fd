"""Whether a place holds the files of a folder that the library knows, found out from a sample of them."""

import os
from collections.abc import Sequence

from app.domain.indexing import KnownFile
from app.domain.photo import PhotoState

_SAMPLE = 64
_ENOUGH = 0.5  # of the sample; people delete and edit while a drive is away
_CLOCK_NS = 2_000_000_000  # file systems of memory cards know two seconds


def share_there(root: str, known: Sequence[KnownFile]) -> float:
    """The part of a sample of the known files that is below `root`, with the same size and time."""
    present = [one for one in known if one.state is not PhotoState.MISSING]
    if not present:
        return 0.0
    step = max(1, len(present) // _SAMPLE)
    sample = sorted(present, key=lambda one: one.relative_path)[::step]
    return sum(_is_there(root, one) for one in sample) / len(sample)


def is_same_folder(root: str, known: Sequence[KnownFile]) -> bool:
    """Whether enough of the known files are there to take the place for the folder."""
    return share_there(root, known) >= _ENOUGH


def _is_there(root: str, known: KnownFile) -> bool:
    try:
        status = os.stat(os.path.join(root, known.relative_path))
    except (OSError, ValueError):  # ValueError: a path no file can have, of a row that lost its own
        return False
    return status.st_size == known.size and abs(status.st_mtime_ns - known.mtime_ns) <= _CLOCK_NS
