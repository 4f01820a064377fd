"""How fast indexing goes and how long it will take."""

import time
from collections import deque

_WINDOW_SECONDS = 20.0
_MINIMUM_SECONDS = 2.0  # below that a rate is only noise


class RateMeter:
    """Photos a second over the last seconds. Not thread-safe: it belongs to the worker."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()
        self._total = 0

    def reset(self) -> None:
        """Start over, after a pause or idleness: time that passed without work does not count."""
        self._marks.clear()
        self._marks.append((time.monotonic(), self._total))

    def add(self, count: int) -> None:
        now = time.monotonic()
        self._total += count
        self._marks.append((now, self._total))
        while now - self._marks[0][0] > _WINDOW_SECONDS:
            self._marks.popleft()

    def rate(self) -> float | None:
        """None until there is enough to tell."""
        if len(self._marks) < 2:
            return None
        seconds = time.monotonic() - self._marks[0][0]
        done = self._marks[-1][1] - self._marks[0][1]
        return done / seconds if seconds >= _MINIMUM_SECONDS and done else None
