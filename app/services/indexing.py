"""Keeping the library equal to the folders."""

from collections.abc import Callable

from app.domain.manners import Manners, MannersHere
from app.domain.progress import IndexProgress
from app.indexing.worker import IndexingWorker


class IndexingService:
    """Starts, pauses and ends the worker, and tells it how much it may take."""

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

    def behave(self, manners: Manners, release_after_minutes: int = 0) -> None:
        """Keep to these manners from now on; without them indexing takes what it can get.

        The memory of a model that embeds nothing for so many minutes is given back (0: never).
        """
        self._worker.behave(manners, release_after_minutes * 60.0 or None)

    def choices(self) -> MannersHere:
        """Which manners this computer can keep to. Asks the system, which may take a second."""
        return self._worker.choices()

    def show_raw_apart(self, apart: bool) -> None:
        """Show raw files by themselves from now on, or with the photos they belong to."""
        self._worker.show_raw_apart(apart)

    def rescan(self, folder_id: int | None = None) -> None:
        """Look through one folder, or all, once more."""
        self._worker.rescan(folder_id)

    def wait_until_idle(self, timeout: float | None = None) -> bool:
        """Block until nothing is left to do; False when the time ran out."""
        return self._worker.wait_until_idle(timeout)

    @property
    def trouble(self) -> tuple[int, str]:
        """How often in a row indexing had to rest, five seconds each, and why the last time."""
        return self._worker.trouble

    def stop(self) -> None:
        """End cleanly: what was computed is stored. Returns when the thread has ended."""
        self._worker.stop()
