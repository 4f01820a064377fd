"""The one place where the library is written."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection

from app.library.database import Database

Item = TypeVar("Item")

_TRANSACTIONS_A_FOLD = 32
_CHUNK_SECONDS = 0.015  # aimed at; 0.05 is the promise
_FIRST_CHUNK = 64
_SMALLEST_CHUNK = 32  # below, the statements cost more than the rows


class LibraryWriter:
    """Serialises all writes: one at a time, in short transactions, user decisions first. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns = _Turns()
        self._version = 0
        self._folded_at = 0
        self._folding = threading.Lock()

    @property
    def version(self) -> int:
        """Grows after every committed write that can change what a search returns."""
        return self._version

    @contextmanager
    def transaction(
        self, *, decision: bool = False, computed: bool = False, answers: bool = True
    ) -> Iterator[Connection]:
        """One transaction, committed when the block ends and rolled back when it raises. Raises LibraryError.

        `decision` marks what a user did: it goes before all indexing that waits. It survives a power cut from
        the moment it is committed, and so does what was `computed`; what a scan would find out again may be
        lost with the last moments. Without `answers`, no search returns anything else afterwards. Keep the
        block short, and never decode or embed in it.
        """
        with self._turns.take(decision), self._database.readable_errors():
            self._database.sync_commits(decision or computed)
            with self._database.writer.begin() as connection:
                yield connection
            self._version += answers
        if not decision:
            self._fold_log_at_times()

    def in_chunks(
        self,
        items: Sequence[Item],
        write: Callable[[Connection, Sequence[Item]], None],
        *,
        decision: bool = False,
    ) -> None:
        """Write many items in order, in transactions so short that others get their turn between them."""
        done, size = 0, _FIRST_CHUNK
        while done < len(items):
            chunk = items[done : done + size]
            with self.transaction(decision=decision) as connection:
                started = time.perf_counter()
                write(connection, chunk)
            seconds = time.perf_counter() - started  # the commit is part of it
            done += len(chunk)
            fitting = int(len(chunk) * _CHUNK_SECONDS / max(seconds, 1e-6))
            size = min(max(fitting, _SMALLEST_CHUNK), 2 * size)

    def _fold_log_at_times(self) -> None:
        if self._version - self._folded_at >= _TRANSACTIONS_A_FOLD and self._folding.acquire(blocking=False):
            try:
                self._folded_at = self._version
                self._database.fold_log()
            finally:
                self._folding.release()


class _Turns:
    """A lock that serves decisions before everything else that waits."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken = False
        self._decisions_waiting = 0

    @contextmanager
    def take(self, decision: bool) -> Iterator[None]:
        with self._changed:
            self._decisions_waiting += decision
            try:
                self._changed.wait_for(lambda: not self._taken and (decision or not self._decisions_waiting))
            finally:
                self._decisions_waiting -= decision
            self._taken = True
        try:
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify_all()
