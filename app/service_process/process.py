"""The side that calls: starts the process when it is needed, and again when it died."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from app.errors import CancelledError, ProcessDiedError
from app.service_process.channel import encoded
from app.service_process.link import Link

URGENT = 0
NORMAL = 1


class ServiceProcess:
    """Runs `factory(*arguments)` in a spawned process and calls methods of the object it returns.

    Methods are grouped into lanes: each lane is one thread over there, so calls of one lane run one after the
    other, urgent ones first, and lanes run side by side. The process starts at the first call, ends with
    `stop`, and starts again at the next call, also after it died. Thread-safe. Callbacks of a future run on
    the thread that reads answers: they must not wait for another call.
    """

    def __init__(
        self,
        factory: Callable[..., object],
        arguments: tuple[Any, ...] = (),
        *,
        name: str,
        lanes: Mapping[str, str] | None = None,
    ) -> None:
        self._factory = factory
        self._arguments = arguments
        self._name = name
        self._lanes = dict(lanes or {})
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._closed = False

    @property
    def running(self) -> bool:
        link = self._link
        return link is not None and link.alive

    @property
    def pid(self) -> int | None:
        link = self._link
        return link.pid if link is not None and link.alive else None

    def submit(self, method: str, *arguments: Any, urgent: bool = False) -> "Future[Any]":
        """Start a call; its future gets the result, or the exception that the method or the factory raised.

        An AppError comes as it was raised; a bug as an exception that carries the traceback from over there.
        `ProcessDiedError` when the process ends before it answers. A cancelled call that has not begun over
        there never runs.
        """
        lane = self._lanes.get(method, "main")
        body = encoded(arguments)
        for _ in range(2):  # a process that died while nobody called is noticed only now
            link = self._running_link()
            try:
                return link.submit(lane, URGENT if urgent else NORMAL, method, body)
            except OSError:
                link.died()
        raise ProcessDiedError(f"The {self._name} process could not be reached.")

    def call(self, method: str, *arguments: Any, urgent: bool = False) -> Any:
        """Call and wait for the result."""
        return self.submit(method, *arguments, urgent=urgent).result()

    def stop(self, timeout: float = 5.0) -> None:
        """End the process after the calls made so far; kill it when that takes longer than `timeout` seconds.

        Calls that were cut off raise CancelledError.
        """
        with self._lock:
            link, self._link = self._link, None
        if link is not None:
            link.stop(timeout)

    def close(self, timeout: float = 5.0) -> None:
        """Stop for good: calls from now on raise CancelledError."""
        with self._lock:
            self._closed = True
        self.stop(timeout)

    def _running_link(self) -> "Link":
        with self._lock:
            if self._closed:
                raise CancelledError(f"The {self._name} process was closed.")
            if self._link is None or not self._link.alive:
                try:
                    self._link = Link(self._factory, self._arguments, self._name)
                except OSError as error:
                    raise ProcessDiedError(
                        f"The {self._name} process could not be started: {error.strerror or error}. "
                        "Close other programs to free memory, then try again."
                    ) from error
            return self._link
