"""A lock for a structure that may be searched by many or changed by one."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class SearchFirstLock:
    """Many searches at once, or one change; a waiting search goes before the next change.

    A search therefore waits for one change at the most. `threading.Lock` would let a thread that changes in a
    loop take the lock again and again before a waiting search wakes up. A change that has waited for
    `patience` seconds goes before the searches that come after it, so that searching without a pause does
    not keep changes out for ever.
    """

    def __init__(self, patience: float = 0.05) -> None:
        self._patience = patience
        self._impatient = 0
        self._condition = threading.Condition()
        self._searching = 0
        self._waiting = 0
        self._changing = False

    @contextmanager
    def search(self) -> Iterator[None]:
        """Hold the structure as it is, together with others."""
        with self._condition:
            self._waiting += 1
            while self._changing or self._impatient:
                self._condition.wait()
            self._waiting -= 1
            self._searching += 1
        try:
            yield
        finally:
            with self._condition:
                self._searching -= 1
                self._condition.notify_all()

    @contextmanager
    def change(self) -> Iterator[None]:
        """Have the structure alone; keep it short."""
        with self._condition:
            deadline = time.monotonic() + self._patience
            while self._changing or self._searching or self._waiting:
                left = deadline - time.monotonic()
                if left <= 0:
                    self._insist()
                    break
                self._condition.wait(left)
            self._changing = True
        try:
            yield
        finally:
            with self._condition:
                self._changing = False
                self._condition.notify_all()

    def _insist(self) -> None:
        """Wait for those who are inside only; the condition is held."""
        self._impatient += 1
        while self._changing or self._searching:
            self._condition.wait()
        self._impatient -= 1
