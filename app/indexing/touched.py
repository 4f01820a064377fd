"""What watching says to the worker: paths where something happened, and moves that it saw."""

import threading
import time
from dataclasses import dataclass

_KEEP_SECONDS = 120.0  # longer than anybody takes to look
_KEEP = 50_000


@dataclass(frozen=True, slots=True)
class PathChange:
    """Something happened at a path; what is true now, the disk says."""

    folder_id: int
    relative_path: str  # "" is the folder itself
    is_directory: bool


@dataclass(frozen=True, slots=True)
class _DirectoryMove:
    folder_id: int
    source: str
    target: str
    at: float

    def undo(self, path: str) -> str:
        """Where a path below the target was before."""
        return self.source + path[len(self.target) :] if path.startswith(f"{self.target}/") else path


class MoveLog:
    """Remembers for a while which path became which, through chains and swaps of names. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._origins: dict[tuple[int, str], tuple[str, float]] = {}  # path now -> path at first, when moved
        self._left: dict[tuple[int, str], float] = {}  # paths at first of files that are elsewhere now
        self._directories: list[_DirectoryMove] = []

    def note(self, folder_id: int, source: str, target: str, *, is_directory: bool) -> None:
        """The system said that this was renamed, both within one folder."""
        now = time.monotonic()
        with self._lock:
            self._forget_old(now)
            if is_directory:
                self._move_below(folder_id, source, target)
                self._directories.append(_DirectoryMove(folder_id, source, target, now))
            else:
                origin = self._origin(folder_id, source) or source
                self._origins.pop((folder_id, source), None)
                self._origins[folder_id, target] = (origin, now)
                self._left[folder_id, origin] = now
                if origin == target:
                    del self._left[folder_id, origin]

    def origin(self, folder_id: int, path: str) -> str | None:
        """Where the file at this path was before; None when nothing was said of it."""
        with self._lock:
            return self._origin(folder_id, path)

    def has_left(self, folder_id: int, path: str) -> bool:
        """Whether the file that was at this path at first is elsewhere now."""
        with self._lock:
            return (folder_id, path) in self._left or any(
                move.folder_id == folder_id and path.startswith(f"{move.source}/")
                for move in self._directories
            )

    def _origin(self, folder_id: int, path: str) -> str | None:
        known = self._origins.get((folder_id, path))
        if known is not None:
            return known[0] if known[0] != path else None
        origin = path
        for move in reversed(self._directories):
            if move.folder_id == folder_id:
                origin = move.undo(origin)
        return origin if origin != path else None

    def _move_below(self, folder_id: int, source: str, target: str) -> None:
        """Files that were renamed before their directory was."""
        below = f"{source}/"
        for key in [key for key in self._origins if key[0] == folder_id and key[1].startswith(below)]:
            self._origins[folder_id, target + key[1][len(source) :]] = self._origins.pop(key)

    def _forget_old(self, now: float) -> None:
        """The oldest come first; what was renamed again comes later than it should, which does no harm."""
        before = now - _KEEP_SECONDS
        self._directories = [move for move in self._directories if move.at >= before]
        for key, (_, at) in list(self._origins.items())[: max(16, len(self._origins) - _KEEP)]:
            if at < before or len(self._origins) > _KEEP:
                del self._origins[key]
        for key, at in list(self._left.items())[: max(16, len(self._left) - _KEEP)]:
            if at < before or len(self._left) > _KEEP:
                del self._left[key]
