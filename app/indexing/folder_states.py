"""What each watched folder is doing right now; shared by the worker and the sidebar."""

import threading

from app.domain.photo import FolderState


class FolderStates:
    """Folder id to state and message. Thread-safe; unknown folders are being scanned."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[int, tuple[FolderState, str]] = {}

    def set(self, folder_id: int, state: FolderState, message: str = "") -> None:
        with self._lock:
            self._states[folder_id] = (state, message)

    def get(self, folder_id: int) -> tuple[FolderState, str]:
        with self._lock:
            return self._states.get(folder_id, (FolderState.SCANNING, ""))

    def forget(self, folder_id: int) -> None:
        with self._lock:
            self._states.pop(folder_id, None)

    def offline(self) -> frozenset[int]:
        """Ids of the folders whose root is not there."""
        with self._lock:
            return frozenset(key for key, (state, _) in self._states.items() if state is FolderState.OFFLINE)
