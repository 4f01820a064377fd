"""The pipe between a service process and whoever calls it."""

import pickle
import threading
import traceback
from enum import IntEnum
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from app.errors import AppError


class Kind(IntEnum):
    """What a message is; its first field."""

    CALL = 0  # lane, priority, number, method; the body holds the arguments
    CANCEL = 1  # lane, number
    END = 2
    ANSWER = 3  # number, succeeded; the body holds the value or the exception
    START_FAILED = 4  # the body holds the exception that the factory raised


class RemoteBugError(Exception):
    """A bug over there, with the traceback it had."""


class Channel:
    """One end of the pipe: a small header and a body, which only the one concerned unpacks. Many may send."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()

    def send(self, header: tuple[Any, ...], body: bytes | memoryview = b"") -> None:
        """Raises OSError when nobody is at the other end."""
        with self._sending:
            self._connection.send_bytes(encoded(header))
            self._connection.send_bytes(body)

    def receive(self) -> tuple[tuple[Any, ...], bytes]:
        """Raises EOFError or OSError when nobody is at the other end."""
        header: tuple[Any, ...] = decoded(self._connection.recv_bytes())
        return header, self._connection.recv_bytes()

    def close(self) -> None:
        self._connection.close()


def encoded(value: object) -> memoryview:
    return ForkingPickler.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)


def decoded(body: bytes | memoryview) -> Any:
    return pickle.loads(body)  # noqa: S301 - from a process of our own, through a pipe nobody else has


def encoded_error(error: BaseException, where: str) -> memoryview:
    """An AppError as it is, if it survives the journey; anything else as a bug with its traceback."""
    if isinstance(error, AppError):
        try:
            body = encoded(error)
            decoded(body)
        except Exception as broken:  # noqa: BLE001 - then it arrives as a bug, below
            error.add_note(f"It could not be sent as it is: {broken!r}")
        else:
            return body
    report = "".join(traceback.format_exception(error))
    return encoded(RemoteBugError(f"{error!r} in {where}\n{report}"))
