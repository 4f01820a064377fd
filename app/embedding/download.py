"""Downloads a checkpoint from the hub in a process of its own, the only one that may connect to anything.

Ending that process ends the download at once, whatever it waits for; the next attempt goes on by HTTP range.
"""

import os
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from filelock import FileLock, Timeout

from app.domain.download import DownloadPhase, Transfer
from app.domain.progress import CancelToken
from app.embedding.checkpoint import open_checkpoint
from app.embedding.hub_cache import HubFile, ModelFolder
from app.embedding.hub_errors import told_plainly
from app.embedding.hub_transfer import fetch, list_files, matches
from app.errors import CancelledError, CheckpointError, DownloadError, ProcessDiedError
from app.service_process import ServiceProcess

_LANES = {"download": "download", "transfer": "progress"}
_POLL_SECONDS = 0.2
_HEADROOM = 1.1  # file systems need room of their own, and other programs write, too
_GIGABYTE = 1e9


def download_checkpoint(
    hub_id: str, on_transfer: Callable[[Transfer], None], cancel: CancelToken | None = None
) -> str:
    """Bring a model into the hub's cache, checked and ready to open; its folder.

    Blocks. `on_transfer` is called on this thread a few times a second. Raises DownloadError or
    CheckpointError with texts for people, CancelledError when called off; what came through is kept.
    """
    cancel = cancel or CancelToken()
    process = ServiceProcess(_Downloader, name="download", lanes=_LANES)
    try:
        answer: Future[str] = process.submit("download", hub_id)
        while not answer.done():
            if cancel.wait(_POLL_SECONDS):
                raise CancelledError("the download was called off")
            on_transfer(process.call("transfer"))
        return answer.result()
    except ProcessDiedError as error:
        raise DownloadError(
            "The download's process ended unexpectedly. What came through is kept: try again."
        ) from error
    finally:
        process.close(timeout=0)


def is_downloaded(hub_id: str) -> bool:
    """Whether the hub's cache holds a model that can be opened."""
    try:
        open_checkpoint(hub_id)
    except CheckpointError:
        return False
    return True


def unfinished_bytes(hub_id: str) -> int:
    """What an earlier download of this model has left to go on from."""
    return ModelFolder.of(hub_id).unfinished_bytes()


class _Downloader:
    """What runs over there."""

    def __init__(self) -> None:
        # Before huggingface_hub is imported, which reads these once. Xet has no ranges to go on from.
        os.environ["HF_HUB_OFFLINE"] = "0"
        os.environ.pop("TRANSFORMERS_OFFLINE", None)
        for name in ("HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "HF_HUB_DISABLE_XET"):
            os.environ[name] = "1"
        self._lock = threading.Lock()
        self._transfer = Transfer()

    def transfer(self) -> Transfer:
        with self._lock:
            return self._transfer

    def download(self, hub_id: str) -> str:
        from huggingface_hub.constants import HF_HUB_CACHE

        with told_plainly(hub_id, HF_HUB_CACHE):
            folder = ModelFolder.of(hub_id)
            folder.lock.parent.mkdir(parents=True, exist_ok=True)
            try:
                with FileLock(folder.lock, timeout=0):
                    return str(self._download(hub_id, folder))
            except Timeout as error:
                raise DownloadError(f"Another Photosift is downloading {hub_id} already.") from error

    def _download(self, hub_id: str, folder: ModelFolder) -> Path:
        commit, files = list_files(hub_id)
        here = {file: folder.bytes_there(commit, file) for file in files}
        total, done = sum(file.size for file in files), sum(here.values())
        _check_room(total - done, folder.root)
        self._show(Transfer(DownloadPhase.DOWNLOADING, done, total))
        folder.blob(files[0]).parent.mkdir(parents=True, exist_ok=True)
        for file in files:
            self._bring(hub_id, commit, file, folder)
        self._show(Transfer(DownloadPhase.CHECKING, total, total))
        snapshot = folder.name_files(commit, files)
        open_checkpoint(str(snapshot))
        folder.publish(commit)
        return snapshot

    def _bring(self, hub_id: str, commit: str, file: HubFile, folder: ModelFolder) -> None:
        """Have one file whole and right; a damaged one is fetched again, once."""
        present = folder.find(commit, file)
        if present is not None:
            if matches(present, file):
                return
            present.unlink()
            self._count(-file.size)
        unfinished = folder.unfinished(file)
        fetch(hub_id, commit, file, unfinished, self._count)
        if not matches(unfinished, file):
            unfinished.unlink()
            self._count(-file.size)
            raise DownloadError(f"{file.name} arrived damaged and was thrown away. Try again.")
        os.replace(unfinished, folder.blob(file))

    def _count(self, received: int) -> None:
        with self._lock:
            now = self._transfer
            self._transfer = Transfer(now.phase, now.done_bytes + received, now.total_bytes)

    def _show(self, transfer: Transfer) -> None:
        with self._lock:
            self._transfer = transfer


def _check_room(missing: int, root: Path) -> None:
    """Raises DownloadError when what is missing does not fit, with some room to spare."""
    there = next(path for path in (root, *root.parents) if path.exists())
    free = shutil.disk_usage(there).free
    needed = int(missing * _HEADROOM)
    if free < needed:
        raise DownloadError(
            f"The download needs {needed / _GIGABYTE:.1f} GB in {root.parent}, but only "
            f"{free / _GIGABYTE:.1f} GB are free. Free some space, or set the variable HF_HOME to a folder "
            "on a larger disk."
        )
