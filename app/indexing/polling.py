"""Looks for changes where no system tells about them: by the times of directories, cheaply and often.

A directory's time changes with the names in it, so a round asks for one time a directory: 300 questions for
100,000 files in 300 directories. Files that were written to in place are found by a whole scan now and then.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from app.domain.photo import Folder
from app.indexing.folder_filter import MARKER, FolderFilter, folder_filter
from app.indexing.touched import PathChange
from app.media.formats import is_sidecar_name

_log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
_SHARE = 20  # a round rests so many times longer than it took
_COARSE_NS = 3_000_000_000  # some file systems tell times in steps of two seconds
_GROWING_NS = 10_000_000_000

_Names = dict[str, int]  # names of files in a directory -> inode


@dataclass(slots=True)
class _Directory:
    """A directory as it was when it was listed."""

    mtime_ns: int  # -1: so young that it may change again without showing it
    seen_ns: int  # its time, by the clock of the drive
    files: _Names
    inner: frozenset[str]


@dataclass(slots=True)
class _Tree:
    """One polled folder."""

    folder: Folder
    rules: FolderFilter
    directories: dict[str, _Directory] = field(default_factory=dict)  # by relative path
    growing: dict[str, tuple[int, int]] = field(
        default_factory=dict
    )  # new files: size and time when last seen
    started: bool = False


class FolderPoller:
    """Notes what appeared, vanished or was replaced in folders. Rounds run on a thread of its own."""

    def __init__(self, note: Callable[[PathChange], None]) -> None:
        self._note = note
        self._trees: dict[int, _Tree] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def __contains__(self, folder_id: int) -> bool:
        return folder_id in self._trees

    def add(self, folder: Folder) -> None:
        """Poll a folder; changes from now on are noted."""
        tree = _Tree(folder, folder_filter(folder.rules))
        self._round(tree)
        with self._changed:
            self._trees[folder.folder_id] = tree
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="folder-poll", daemon=True)
                self._thread.start()

    def remove(self, folder_id: int) -> None:
        """Poll it no longer."""
        with self._changed:
            self._trees.pop(folder_id, None)

    def directories(self, folder_id: int) -> int:
        """How many there are below a polled folder, itself included."""
        tree = self._trees.get(folder_id)
        return len(tree.directories) if tree else 0

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        pause = POLL_SECONDS
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._stopping, pause):
                    return
                trees = list(self._trees.values())
            started = time.monotonic()
            for tree in trees:
                self._round(tree)
            pause = max(POLL_SECONDS, _SHARE * (time.monotonic() - started))

    def _round(self, tree: _Tree) -> None:
        """Look at every directory known, and at what turns up in them."""
        if not os.path.isdir(tree.folder.path):
            return  # offline: somebody else sees to that, and nothing is concluded from it
        self._settle(tree)
        for relative in list(tree.directories) or [""]:
            if relative in tree.directories or not tree.started:
                self._look(tree, relative)
        tree.started = True

    def _settle(self, tree: _Tree) -> None:
        """Hand out new files that have not grown since the round before."""
        for relative, before in list(tree.growing.items()):
            now = _size_and_time(os.path.join(tree.folder.path, relative))
            if now is not None and now != before:
                tree.growing[relative] = now
            else:
                del tree.growing[relative]
                self._tell(tree, relative, is_directory=False)

    def _look(self, tree: _Tree, relative: str) -> None:
        path = os.path.join(tree.folder.path, relative) if relative else tree.folder.path
        known = tree.directories.get(relative)
        try:
            mtime_ns = os.stat(path).st_mtime_ns
            if known is not None and known.mtime_ns == mtime_ns:
                return
            young = abs(time.time_ns() - mtime_ns) < _COARSE_NS
            files, inner = _list(path, relative, tree.rules)
            listed = _Directory(-1 if young else mtime_ns, mtime_ns, files, inner)
        except (FileNotFoundError, NotADirectoryError):
            self._drop(tree, relative)
            return
        except OSError as error:
            _log.info("cannot look into %r: %s", path, error)
            return
        tree.directories[relative] = listed
        self._compare(tree, relative, known, listed)

    def _compare(self, tree: _Tree, relative: str, known: _Directory | None, listed: _Directory) -> None:
        before = known.files if known is not None else {}
        for name in before.keys() - listed.files.keys():
            self._tell(tree, _join(relative, name), is_directory=False)
        for name, inode in listed.files.items():
            if before.get(name) != inode and tree.started:
                self._take_note(tree, _join(relative, name), listed)
        for name in (known.inner if known is not None else frozenset()) - listed.inner:
            self._drop(tree, _join(relative, name))
        for name in listed.inner:
            inner = _join(relative, name)
            if inner not in tree.directories:
                self._look(tree, inner)

    def _take_note(self, tree: _Tree, relative: str, directory: _Directory) -> None:
        """A file that was written long before its name came up was moved here; another may still grow."""
        now = _size_and_time(os.path.join(tree.folder.path, relative))
        if now is None:
            return
        if now[1] < directory.seen_ns - _GROWING_NS:
            self._tell(tree, relative, is_directory=False)
        else:
            tree.growing[relative] = now

    def _drop(self, tree: _Tree, relative: str) -> None:
        """A directory is gone."""
        for path in [
            path for path in tree.directories if path == relative or path.startswith(f"{relative}/")
        ]:
            del tree.directories[path]
        self._tell(tree, relative, is_directory=True)

    def _tell(self, tree: _Tree, relative: str, *, is_directory: bool) -> None:
        parent, _, name = relative.rpartition("/")
        if name == MARKER:
            relative, is_directory = parent, True  # all of its directory is hidden now, or shown again
        if tree.started:
            self._note(PathChange(tree.folder.folder_id, relative, is_directory))


def _list(path: str, relative: str, rules: FolderFilter) -> tuple[_Names, frozenset[str]]:
    files: _Names = {}
    inner: set[str] = set()
    for entry, is_directory in _entries(path):
        name = entry.name
        if is_directory:
            if rules.place(_join(relative, name)) is not None:
                inner.add(name)
        elif name == MARKER or rules.takes_path(_join(relative, name)) or is_sidecar_name(name):
            files[name] = entry.inode()
    return files, frozenset(inner)


def _entries(path: str) -> "Iterator[tuple[os.DirEntry[str], bool]]":
    with os.scandir(path) as entries:
        for entry in entries:
            yield entry, entry.is_dir(follow_symlinks=False)


def _size_and_time(path: str) -> tuple[int, int] | None:
    """None when no file is there."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _join(parent: str, name: str) -> str:
    return f"{parent}/{name}" if parent else name
