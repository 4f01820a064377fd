"""A service for tests of service processes; imports little, because every process it runs in pays for it."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from app.errors import CheckpointError, LibraryError

TIMEOUT = 30.0


class Recorder:
    """A service that does what tests ask of it."""

    def __init__(self, folder: str = "") -> None:
        self._calls: list[str] = []
        self._gate = threading.Event()
        self._folder = folder

    def note(self, text: str) -> str:
        self._calls.append(text)
        return text

    def notes(self) -> list[str]:
        return list(self._calls)

    def wait_at_gate(self) -> str:
        Path(self._folder, "waiting").touch()
        self._gate.wait(TIMEOUT)
        return self.note("gate")

    def open_gate(self) -> None:
        self._gate.set()

    def echo(self, value: object) -> object:
        return value

    def pid(self) -> int:
        return os.getpid()

    def fail(self, error: Exception) -> None:
        raise error

    def divide(self, by: int) -> float:
        return 1 / by

    def unpicklable(self) -> object:
        return threading.Lock()

    def raise_demanding(self) -> None:
        raise DemandingError("one", "two")

    def leave(self) -> None:
        raise SystemExit(3)

    def crash(self) -> None:
        os._exit(9)

    def close(self) -> None:
        if self._folder:
            Path(self._folder, "closed").write_text(",".join(self._calls))


class DemandingError(LibraryError):
    """Cannot be rebuilt from its text alone."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first + second)


class Refusing:
    """Its own unpickling fails."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return (_refuse, ())


def _refuse() -> object:
    raise ValueError("not here")


def failing_factory() -> Recorder:
    raise CheckpointError("The folder holds no model.")


def slow_factory(folder: str) -> Recorder:
    deadline = time.monotonic() + TIMEOUT
    while not Path(folder, "go").exists() and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    return Recorder(folder)


def crashing_factory() -> Recorder:
    os._exit(7)
