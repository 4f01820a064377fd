"""Telling other programs what the user decided: sidecars, in the folders where they are switched on."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from app.domain.photo import Folder
from app.errors import LibraryError, SidecarError
from app.library.library import Library
from app.library.sidecar_tasks import SidecarTask

_log = logging.getLogger(__name__)


def is_switched_on(folder: Folder) -> bool:
    """Whether the user wants sidecars written in a folder."""
    return folder.rules.write_sidecars


class SidecarService:
    """Writes sidecars on a thread of its own, which is there only while there is something to write.

    What a kill keeps from being written is found again by the next `tell` without photos: at every start.
    """

    def __init__(self, library: Library, may_write: Callable[[Folder], bool] = is_switched_on) -> None:
        self._library = library
        self._may_write = may_write
        self._executor: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._on_problem: Callable[[str], None] = lambda _: None

    def subscribe(self, on_problem: Callable[[str], None]) -> None:
        """`on_problem` is called with a text for people, on the writing thread."""
        self._on_problem = on_problem

    def tell(self, photo_ids: Sequence[int] | None = None) -> None:
        """Have the sidecars of these photos say what the user decided; None: of all. Returns at once."""
        with self._lock:
            if self._closed.is_set():
                return
            if self._executor is None:
                self._executor = ThreadPoolExecutor(1, thread_name_prefix="sidecars")
            self._executor.submit(self._write, None if photo_ids is None else list(photo_ids))

    def finish(self) -> None:
        """Wait until everything that was told is written."""
        with self._lock:
            executor = self._executor
        if executor is not None:
            executor.submit(lambda: None).result()

    def close(self) -> None:
        """End after the sidecar that is being written; the others are written at the next start."""
        with self._lock:
            self._closed.set()
            executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)

    def _write(self, photo_ids: list[int] | None) -> None:
        try:
            folders = [folder for folder in self._library.folders.all() if self._may_write(folder)]
            if not folders:
                return
            folder_ids = [folder.folder_id for folder in folders]
            wanted = self._library.sidecars.decided(folder_ids) if photo_ids is None else photo_ids
            self._write_all(self._library.sidecars.tasks(wanted, folder_ids))
        except LibraryError as error:  # nothing is lost: the next start finds what was not written
            _log.info("sidecars wait for the next start: %s", error)

    def _write_all(self, tasks: Sequence[SidecarTask]) -> None:
        from app.media.sidecar_writer import Saying, write_sidecar  # reads its library: not at every start

        failures: list[str] = []
        for task in tasks:
            if self._closed.is_set():
                return
            if not os.path.isdir(task.folder_path):
                continue  # offline: told again at the next start
            try:
                saying = Saying(task.rating, task.label)
                mtime_ns = write_sidecar(task.path, saying, datetime.now(UTC))
                self._library.sidecars.note_written(task, mtime_ns, time.time())
            except SidecarError as error:
                _log.info("%s", error)
                failures.append(str(error))
        if failures:
            more = "" if len(failures) == 1 else f" The same happened to {len(failures) - 1} more."
            self._on_problem(f"{failures[0][0].upper()}{failures[0][1:]}.{more}")
