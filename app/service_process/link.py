"""One running service process, seen from the outside."""

import itertools
import logging
import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from app.errors import CancelledError, ProcessDiedError
from app.service_process.channel import Channel, Kind, decoded
from app.service_process.host import serve

_log = logging.getLogger(__name__)

_CONTEXT = multiprocessing.get_context("spawn")
_EXIT_SECONDS = 5.0  # for a process whose pipe is closed already


class Link:
    """One running process, its pipe, and the thread that reads the answers."""

    def __init__(self, factory: Callable[..., object], arguments: tuple[Any, ...], name: str) -> None:
        self._name = name
        self._numbers = itertools.count()
        self._pending: dict[int, Future[Any]] = {}
        self._lock = threading.Lock()  # guards what is pending and alive; never held while sending
        self._alive = True
        self._stopping = False
        self._failure: Exception | None = None
        connection, child = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(
            target=serve, args=(child, factory, arguments), name=f"photosift {name}", daemon=True
        )
        try:
            self._process.start()
        except BaseException:
            connection.close()
            raise
        finally:
            child.close()
        self.pid = self._process.pid
        self._channel = Channel(connection)
        self._reader = threading.Thread(target=self._read, name=f"{name}-answers", daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        return self._alive

    def submit(self, lane: str, priority: int, method: str, body: memoryview) -> "Future[Any]":
        """Raises OSError when the process is gone."""
        future: Future[Any] = Future()
        with self._lock:
            if not self._alive:
                raise OSError("process is gone")
            number = next(self._numbers)
            self._pending[number] = future
        try:
            self._channel.send((Kind.CALL, lane, priority, number, method), body)
        except BaseException:
            with self._lock:
                orphaned = self._pending.pop(number, None) is not None
            if not orphaned:  # `died` has it and tells whoever waits
                return future
            raise
        future.add_done_callback(lambda done: self._withdraw(done, lane, number))
        return future

    def died(self) -> None:
        """Nothing will be answered any more: tell everybody who waits."""
        with self._lock:
            self._alive = False
            orphans = list(self._pending.values())
            self._pending.clear()
        for future in orphans:
            if future.set_running_or_notify_cancel():
                future.set_exception(self._reason())

    def stop(self, timeout: float) -> None:
        with self._lock:
            self._alive = False
            self._stopping = True
        # on a thread of its own: a process that hangs does not empty its pipe
        threading.Thread(target=self._send_end, name=f"{self._name}-end", daemon=True).start()
        if threading.current_thread() is self._reader:  # a callback stops us: the reader ends by itself
            return
        self._reader.join(timeout)
        if self._reader.is_alive():
            self._process.kill()
            self._reader.join()

    def _send_end(self) -> None:
        try:
            self._channel.send((Kind.END,))
        except OSError:
            _log.debug("the %s process is gone already", self._name)

    def _reason(self) -> Exception:
        if self._failure is not None:
            return self._failure
        if self._stopping:
            return CancelledError(f"The {self._name} process was stopped.")
        return ProcessDiedError(f"The {self._name} process ended unexpectedly.")

    def _withdraw(self, future: "Future[Any]", lane: str, number: int) -> None:
        """A cancelled call is taken out of the queue over there."""
        if not future.cancelled():
            return
        with self._lock:
            known = self._pending.pop(number, None) is not None
        if not known:
            return
        future.set_running_or_notify_cancel()
        try:
            self._channel.send((Kind.CANCEL, lane, number))
        except OSError:
            _log.debug("the %s process is gone; nothing to cancel", self._name)

    def _read(self) -> None:
        while True:
            try:
                header, body = self._channel.receive()
            except (EOFError, OSError):
                break
            except Exception:  # noqa: BLE001 - as no memory for an answer: those who wait must hear of it
                _log.exception("the answers of the %s process cannot be read", self._name)
                break
            if header[0] == Kind.START_FAILED:
                self._failure = decoded(body)
                break
            self._answer(header[1], header[2], body)
        self.died()
        self._process.join(_EXIT_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._channel.close()

    def _answer(self, number: int, succeeded: bool, body: bytes) -> None:
        with self._lock:
            future = self._pending.pop(number, None)
        if future is None or not future.set_running_or_notify_cancel():
            return
        try:
            value = decoded(body)
        except Exception as error:  # noqa: BLE001 - whatever a value does when rebuilt, its caller must hear of
            future.set_exception(error)
            return
        if succeeded:
            future.set_result(value)
        else:
            future.set_exception(value)
