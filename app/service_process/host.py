"""What runs in a service process: a thread for each lane of calls."""

import functools
import heapq
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from app.service_process.channel import Channel, Kind, decoded, encoded, encoded_error

_log = logging.getLogger(__name__)


class _Lane:
    """One thread that works calls off, urgent ones first, else in order of arrival."""

    _LAST = 1 << 30

    def __init__(self, name: str) -> None:
        self._condition = threading.Condition()
        self._queue: list[tuple[int, int, Callable[[], None] | None]] = []
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, priority: int, number: int, work: Callable[[], None]) -> None:
        with self._condition:
            heapq.heappush(self._queue, (priority, number, work))
            self._condition.notify()

    def withdraw(self, number: int) -> None:
        """Forget a call that has not begun."""
        with self._condition:
            self._queue = [entry for entry in self._queue if entry[1] != number]
            heapq.heapify(self._queue)

    def finish(self) -> None:
        """Block until everything is worked off."""
        with self._condition:
            heapq.heappush(self._queue, (self._LAST, self._LAST, None))
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._queue:
                    self._condition.wait()
                _, _, work = heapq.heappop(self._queue)
            if work is None:
                return
            work()


class _Host:
    """The other end of a link: takes calls while the service is built, answers them afterwards."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._lanes: dict[str, _Lane] = {}
        self._service: object = None
        self._built = threading.Event()
        self._ended = threading.Event()
        threading.Thread(target=self._listen, name="calls", daemon=True).start()

    def run(self, service: object) -> None:
        """Answer until the other side says END, then finish what has arrived and close the service."""
        self._service = service
        self._built.set()
        self._ended.wait()
        for lane in self._lanes.values():
            lane.finish()
        close = getattr(service, "close", None)
        if close is not None:
            close()

    def _listen(self) -> None:
        while True:
            try:
                header, body = self._channel.receive()
            except (EOFError, OSError):
                os._exit(1)  # whoever called is gone, and with it every reason to finish
            if header[0] == Kind.END:
                self._ended.set()
                return
            self._take(header, body)

    def _take(self, header: tuple[Any, ...], body: bytes) -> None:
        kind, name, *rest = header
        lane = self._lanes.get(name) or self._lanes.setdefault(name, _Lane(name))
        if kind == Kind.CANCEL:
            lane.withdraw(rest[0])
        else:
            priority, number, method = rest
            lane.put(priority, number, functools.partial(self._work, number, method, body))

    def _work(self, number: int, method: str, body: bytes) -> None:
        self._built.wait()
        try:
            answer = encoded(getattr(self._service, method)(*decoded(body)))
            succeeded = True
        except BaseException as error:  # noqa: BLE001 - whatever happens there must reach whoever called
            answer = encoded_error(error, method)
            succeeded = False
        try:
            self._channel.send((Kind.ANSWER, number, succeeded), answer)
        except OSError:
            _log.info("nobody waits for %s any more", method)


def serve(connection: Connection, factory: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    """The main function over there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches us too; whoever started us decides
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    channel = Channel(connection)
    host = _Host(channel)
    try:
        service = factory(*arguments)
    except Exception as error:  # noqa: BLE001 - every call that waits gets it
        channel.send((Kind.START_FAILED,), encoded_error(error, factory.__qualname__))
        return
    host.run(service)


def _end_with_parent() -> None:
    """A process whose parent was killed must not linger, not even while it builds its service."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
