"""Recognises moves that were copies first: the original vanishes a while after its copy was taken in."""

import logging
import time

from app.library.library import Library

_log = logging.getLogger(__name__)

WAIT_SECONDS = 10.0  # programs that save delete a file, too, and write it anew


class Heirs:
    """Lets copies take the places of their vanished originals, a moment later. For the worker's thread."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._due: list[float] = [0.0]  # when to look, ascending; at once for what vanished before the start

    def note_missing(self) -> None:
        """Photos vanished."""
        del self._due[1:]  # the first look comes in time for the others, the last when all can be judged
        self._due.append(time.monotonic() + WAIT_SECONDS)

    def step(self) -> bool:
        """Whether the library changed."""
        if not self._due or self._due[0] > time.monotonic():
            return False
        self._due.pop(0)
        count = self._library.photos.bequeath(time.time() - WAIT_SECONDS)
        if count:
            _log.info("%d photos were moved by copying", count)
        return count > 0

    def next_due(self) -> float | None:
        """Seconds until there may be something to do."""
        return max(0.0, self._due[0] - time.monotonic()) if self._due else None
