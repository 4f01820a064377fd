"""What this process and those it started need together: memory at the most, and processor time."""

import contextlib
import threading
from collections.abc import Collection
from types import TracebackType

import psutil

_EVERY_SECONDS = 0.2


def processor_seconds(without: Collection[int] = ()) -> float:
    """Of all cores, since the processes began; those that ended do not count. `without`: process ids."""
    seconds = 0.0
    for process in _processes(without):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            seconds += times.user + times.system
    return seconds


class MemoryPeak:
    """A context: looks five times a second. Pages that processes share count once for each."""

    def __init__(self, without: Collection[int] = ()) -> None:
        self._without = without  # process ids
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory-peak", daemon=True)
        self.peak_bytes = 0

    def __enter__(self) -> "MemoryPeak":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY_SECONDS):
            resident = sum(map(_resident, _processes(self._without)))
            self.peak_bytes = max(self.peak_bytes, resident)


def _processes(without: Collection[int]) -> list[psutil.Process]:
    here = psutil.Process()
    return [one for one in (here, *here.children(recursive=True)) if one.pid not in without]


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
