"""What each watched folder is doing right now; shared by the worker and the sidebar."""

import threading
from collections.abc import Iterable

from app.domain.photo import FolderState

ASKING_MESSAGE = (
    "{count} of its photos are not there any more. They stay in the library until you say whether they are"
    " to be removed."
)


class FolderStates:
    """Folder id to state and message. Thread-safe; unknown folders are being scanned.

    What the user says about photos whose files are gone is kept here as well, until the program ends: the
    next start looks again, and asks again if they are still gone.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[int, tuple[FolderState, str]] = {}
        self._vanished: dict[int, int] = {}  # how many photos the user is asked about
        self._kept: dict[int, int] = {}  # how many the user wants to keep
        self._removable: set[int] = set()  # folders of which the next look may remove what is gone

    def set(self, folder_id: int, state: FolderState, message: str = "") -> None:
        with self._lock:
            self._states[folder_id] = (state, message)
            if state is not FolderState.SCANNING:
                self._vanished.pop(folder_id, None)

    def get(self, folder_id: int) -> tuple[FolderState, str]:
        with self._lock:
            return self._states.get(folder_id, (FolderState.SCANNING, ""))

    def forget(self, folder_id: int) -> None:
        with self._lock:
            for known in (self._states, self._vanished, self._kept):
                known.pop(folder_id, None)
            self._removable.discard(folder_id)

    def offline(self) -> frozenset[int]:
        """Ids of the folders whose root is not there."""
        with self._lock:
            return frozenset(key for key, (state, _) in self._states.items() if state is FolderState.OFFLINE)

    # -- photos whose files are gone

    def ask(self, folder_id: int, vanished: int) -> None:
        """The files of so many photos are gone: somebody has to say what becomes of the photos."""
        self.set(folder_id, FolderState.ASKING, ASKING_MESSAGE.format(count=vanished))
        with self._lock:
            self._vanished[folder_id] = vanished

    def vanished(self, folder_id: int) -> int:
        """How many photos of a folder the user is asked about."""
        with self._lock:
            return self._vanished.get(folder_id, 0)

    def keep(self, folder_id: int) -> None:
        """The photos asked about stay, until even more are gone."""
        with self._lock:
            self._kept[folder_id] = self._vanished.get(folder_id, 0)

    def kept(self, folder_id: int) -> int:
        """How many photos may be gone without another question."""
        with self._lock:
            return self._kept.get(folder_id, 0)

    def allow_removal(self, folder_ids: Iterable[int]) -> None:
        """The next look at these folders may remove what is gone."""
        with self._lock:
            self._removable.update(folder_ids)

    def may_remove(self, folder_id: int) -> bool:
        """Whether the user allowed it; asking uses the permission up."""
        with self._lock:
            allowed = folder_id in self._removable
            self._removable.discard(folder_id)
            if allowed:
                self._kept.pop(folder_id, None)
            return allowed
