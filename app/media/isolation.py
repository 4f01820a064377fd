"""Runs functions in processes that may crash, hang or eat memory without harming anything else.

Each process has a thread and a pipe of its own. A pool whose processes share one pipe and its lock is stalled
or broken as a whole when one of them is killed at the wrong moment; here that costs one task, always.
"""

import heapq
import itertools
import logging
import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from app.errors import CancelledError, MediaCrashedError, MediaError, MediaTimeoutError, ProcessDiedError
from app.media.isolated_process import Task, serve

_log = logging.getLogger(__name__)

_CONTEXT = multiprocessing.get_context("spawn")
_START_LIMIT = 60.0  # seconds for a process to start, on a machine that is busy or has just woken up
_IDLE_LIMIT = 60.0  # seconds after which an idle process gives its memory back

_NICENESS = 5  # the window and a search go first

_NO_PROCESS = (
    "Photos cannot be read: the system starts no process for it. Close other programs to free memory."
)

_Waiting = tuple[int, Task, "Future[Any]"]  # with its priority


class IsolatedPool:
    """Processes that run one function at a time, most urgent first. Thread-safe.

    `time_limit` (seconds) counts from when a process starts on a task; `memory_limit` (bytes) is what a task
    may take beyond an idle process, where the system can enforce that. Processes start when they are needed.
    """

    def __init__(
        self, workers: int, *, time_limit: float, memory_limit: int, idle_limit: float = _IDLE_LIMIT
    ) -> None:
        self._idle_limit = idle_limit
        self._condition = threading.Condition()
        self._queue: list[tuple[int, int, _Waiting]] = []
        self._numbers = itertools.count()
        self._closed = False
        self._limits: dict[int, int] = {}  # priority -> tasks at once
        self._running: Counter[int] = Counter()  # priority -> tasks now
        self._niceness = _NICENESS
        self._workers = [_Worker(self, number, time_limit, memory_limit) for number in range(workers)]

    def submit(self, function: Callable[..., Any], *arguments: Any, priority: int = 0) -> "Future[Any]":
        """Queue a call; lower numbers go first. Function, arguments and result must be picklable.

        The future raises MediaError, or CancelledError once the pool is closed. Its callbacks run on the
        thread that feeds the process: they must be short.
        """
        future: Future[Any] = Future()
        with self._condition:
            if not self._closed:
                heapq.heappush(
                    self._queue, (priority, next(self._numbers), (priority, (function, arguments), future))
                )
                self._condition.notify()
                return future
        future.set_exception(_cancelled())
        return future

    def limit(self, priority: int, count: int) -> None:
        """Run at most `count` tasks of this priority at once, and while they run none that is less urgent."""
        with self._condition:
            if self._limits.get(priority) != count:
                self._limits[priority] = count
                self._condition.notify_all()

    @property
    def niceness(self) -> int:
        """How far processes come after other programs. Each is replaced before its next task when it changes.

        Replaced, because no system lets an ordinary program make a process less nice again.
        """
        return self._niceness

    @niceness.setter
    def niceness(self, niceness: int) -> None:
        self._niceness = niceness

    def take(self, *, forever: bool) -> _Waiting | None:
        """Wait for the most urgent task; None when closed or, unless `forever`, when none comes for long.

        Whoever takes a task calls `finished` after it.
        """
        with self._condition:
            limit = None if forever else self._idle_limit
            self._condition.wait_for(lambda: self._closed or self._may_take(), limit)
            if self._closed or not self._may_take():
                return None
            waiting = heapq.heappop(self._queue)[-1]
            self._running[waiting[0]] += 1
            return waiting

    def finished(self, waiting: _Waiting) -> None:
        """The task that was taken is over, however it ended."""
        with self._condition:
            self._running[waiting[0]] -= 1
            self._condition.notify()

    def _may_take(self) -> bool:
        """Whether the most urgent task may begin."""
        if not self._queue:
            return False
        priority = self._queue[0][0]
        return self._running[priority] < self._limits.get(priority, len(self._workers))

    @property
    def closed(self) -> bool:
        return self._closed

    def pids(self) -> tuple[int, ...]:
        """The processes that are running now."""
        return tuple(worker.pid for worker in self._workers if worker.pid is not None)

    def close(self) -> None:
        """End all processes at once; what waits or runs is cancelled."""
        with self._condition:
            self._closed = True
            waiting, self._queue = self._queue, []
            self._condition.notify_all()
        for _, _, (_, _, future) in waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(_cancelled())
        for worker in self._workers:
            worker.stop()


class _Worker:
    """A thread that takes tasks and keeps one process for them."""

    def __init__(self, pool: IsolatedPool, number: int, time_limit: float, memory_limit: int) -> None:
        self._pool = pool
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._thread = threading.Thread(target=self._work, name=f"decoding-{number}", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        with self._lock:
            return self._process.pid if self._process is not None else None

    def stop(self) -> None:
        """Kill the process, whatever it does, and wait for the thread."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _work(self) -> None:
        while not self._pool.closed:
            waiting = self._pool.take(forever=self._process is None)
            if waiting is None:
                self._end()
                continue
            _, task, future = waiting
            if future.set_running_or_notify_cancel():
                self._answer(task, future)
            self._pool.finished(waiting)
        self._end()

    def _answer(self, task: Task, future: "Future[Any]") -> None:
        try:
            result = self._run(task)
        except (MediaError, ProcessDiedError) as error:
            future.set_exception(_cancelled() if self._pool.closed else error)
        except Exception as error:  # noqa: BLE001 - whatever the system refuses us costs one photo, no thread
            _log.exception("a decoding process could not be used")
            self._end()
            future.set_exception(MediaCrashedError(f"The file could not be decoded ({error})."))
        else:
            future.set_result(result)

    def _run(self, task: Task) -> Any:
        try:
            return self._ready_process().run(task, self._time_limit)
        except _DiedIdleError:
            if self._pool.closed:
                raise
        try:
            return self._ready_process().run(task, self._time_limit)
        except _DiedIdleError as error:
            raise ProcessDiedError(_NO_PROCESS) from error

    def _ready_process(self) -> "_Process":
        niceness = self._pool.niceness
        if self._process is not None and self._process.alive and self._process.niceness == niceness:
            return self._process
        self._end()
        try:
            process = _Process(self._memory_limit, niceness)
            with self._lock:
                self._process = process
            if self._pool.closed:  # too late for `stop` to see it
                process.kill()
            process.wait_until_ready()
        except (OSError, MediaCrashedError, MediaTimeoutError) as error:
            if not self._pool.closed:
                _log.warning("no decoding process could be started: %s", error)
            raise ProcessDiedError(_NO_PROCESS) from error
        return process

    def _end(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.end()


class _DiedIdleError(MediaCrashedError):
    """The process was gone before it took the task: somebody ended it, and no photo is to blame."""


class _Process:
    """One process and the pipe to it."""

    def __init__(self, memory_limit: int, niceness: int) -> None:
        self.niceness = niceness
        self._failed = False
        self._connection, child = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(
            target=serve, args=(child, memory_limit, niceness), name="photosift decoding", daemon=True
        )
        self._process.start()
        child.close()

    @property
    def pid(self) -> int | None:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return not self._failed and self._process.is_alive()

    def wait_until_ready(self) -> None:
        self._receive(_START_LIMIT)

    def run(self, task: Task, time_limit: float) -> Any:
        """The result of the task. Raises what it raised, MediaTimeoutError or MediaCrashedError."""
        try:
            self._connection.send(task)
            self._receive(_START_LIMIT)
        except (OSError, MediaCrashedError) as error:
            self._failed = True
            raise _DiedIdleError(str(error)) from error
        succeeded, value = self._receive(time_limit)
        if succeeded:
            return value
        raise value

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()
        self._connection.close()

    def _receive(self, time_limit: float) -> tuple[bool, Any]:
        try:
            if self._connection.poll(time_limit):
                answer: tuple[bool, Any] = self._connection.recv()
                return answer
        except (EOFError, OSError) as error:
            raise self._crashed() from error
        self._failed = True
        self.kill()
        raise MediaTimeoutError(
            f"The file was left out because decoding it took longer than {time_limit:g} seconds."
        )

    def _crashed(self) -> MediaCrashedError:
        self._failed = True
        self._process.join(1)
        _log.info("a decoding process ended with exit code %s", self._process.exitcode)
        return MediaCrashedError(
            "The file was left out because it made its decoder crash. It is probably damaged; "
            "opening it in another program and saving it again may help."
        )


def _cancelled() -> CancelledError:
    return CancelledError("Decoding was stopped.")
