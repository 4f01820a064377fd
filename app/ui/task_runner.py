"""Work off the window's thread, outcomes back on it: the only place where threads meet Qt."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import isValid

from app.errors import CancelledError

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Lane(StrEnum):
    """Which thread does the work: tasks of one lane keep their order where it has one thread."""

    WRITES = "writes"  # one thread: changes to the library, in order
    SEARCH = "search"  # one thread: queries
    READS = "reads"  # two threads: rows, thumbnails, previews
    LOOSE = "loose"  # two threads: whatever may take seconds: a download, verifying a checkpoint


_THREADS = {Lane.WRITES: 1, Lane.SEARCH: 1, Lane.READS: 2, Lane.LOOSE: 2}


class TaskRunner(QObject):
    """Runs callables on threads and hands their outcomes to callbacks on the window's thread."""

    _finished = Signal(object)  # a callable without arguments

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._executors = {
            lane: ThreadPoolExecutor(count, thread_name_prefix=f"ui-{lane}")
            for lane, count in _THREADS.items()
        }
        self._closed = False
        self._finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Callable[[], T],
        on_done: Callable[[T], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
        *,
        lane: Lane = Lane.READS,
        receiver: QObject | None = None,
    ) -> None:
        """Call `work` on a thread of the lane, then a callback here. Cancelled work calls neither.

        A `receiver` that may be deleted before the outcome comes, such as a dialog, is named: then neither
        callback is called without it.
        """
        if not self._closed:
            self._executors[lane].submit(self._work, work, on_done, on_error, receiver)

    def post(self, callback: Callable[[], Any], receiver: QObject | None = None) -> None:
        """Call something on the window's thread soon, unless its receiver is deleted first.

        Safe from every thread.
        """
        if not self._closed:
            self._finished.emit(callback if receiver is None else lambda: isValid(receiver) and callback())

    def close(self) -> None:
        """Drop what waits, finish what runs; no callback comes afterwards."""
        self._closed = True
        for executor in self._executors.values():
            executor.shutdown(wait=True, cancel_futures=True)

    def _work(
        self,
        work: Callable[[], T],
        on_done: Callable[[T], None] | None,
        on_error: Callable[[Exception], None] | None,
        receiver: QObject | None,
    ) -> None:
        try:
            value = work()
        except CancelledError:
            return
        except Exception as error:  # noqa: BLE001 - every failure must reach the window
            failure = error
            if on_error is None:
                _log.exception("a background task failed", exc_info=error)
            else:
                self.post(lambda: on_error(failure), receiver)
            return
        if on_done is not None:
            self.post(lambda: on_done(value), receiver)

    @Slot(object)
    def _on_finished(self, callback: Callable[[], Any]) -> None:
        if not self._closed:
            callback()
