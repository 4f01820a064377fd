"""Keeping the library equal to the folders."""

from collections.abc import Callable

from app.domain.progress import IndexProgress
from app.indexing.worker import IndexingWorker


class IndexingService:
    """Starts, pauses and ends the worker."""

    def __init__(self, worker: IndexingWorker) -> None:
        self._worker = worker

    def start(self, on_progress: Callable[[IndexProgress], None]) -> None:
        """Begin to scan, watch and index. `on_progress` comes on a thread, ten times a second at most."""
        self._worker.start(on_progress)

    def pause(self) -> None:
        """Let indexing rest; folders are watched all the same."""
        self._worker.pause(True)

    def resume(self) -> None:
        """Go on."""
        self._worker.pause(False)

    @property
    def paused(self) -> bool:
        return self._worker.paused

    def rescan(self, folder_id: int | None = None) -> None:
        """Look through one folder, or all, once more."""
        self._worker.rescan(folder_id)

    def wait_until_idle(self, timeout: float | None = None) -> bool:
        """Block until nothing is left to do; False when the time ran out."""
        return self._worker.wait_until_idle(timeout)

    def stop(self) -> None:
        """End cleanly: what was computed is stored. Returns when the thread has ended."""
        self._worker.stop()
