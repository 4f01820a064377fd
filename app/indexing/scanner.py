"""Walks a folder and lists its pictures without opening any."""

import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.domain.indexing import FoundFile
from app.domain.progress import CancelToken
from app.media.formats import is_photo_name

_log = logging.getLogger(__name__)

_SYSTEM_FOLDERS = frozenset(
    name.casefold()
    for name in (
        "$RECYCLE.BIN",
        "System Volume Information",
        "lost+found",
        "@eaDir",  # Synology's own thumbnails
        "#recycle",
        "__MACOSX",
        "Photos Library.photoslibrary",
    )
)


@dataclass(frozen=True, slots=True)
class ScanOutcome:
    """The pictures of a folder, and what could not be looked into."""

    folder_id: int
    root: str
    below: str | None  # only this subfolder was scanned; None: the whole folder
    files: tuple[FoundFile, ...] = ()
    unreadable: tuple[str, ...] = ()  # relative paths of subfolders; what was known below them is kept
    root_gone: bool = False


@dataclass(slots=True)
class _Walk:
    """What a walk collects."""

    files: list[FoundFile] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


class FolderScanner:
    """Lists pictures with `os.scandir`: about a second for 100,000 files."""

    def scan(
        self, folder_id: int, root: str, *, below: str | None = None, cancel: CancelToken | None = None
    ) -> ScanOutcome:
        """Everything below `root`, or below one subfolder of it. Raises CancelledError when called off.

        Directory links are not followed, so loops cannot occur; links to files count as files.
        """
        if not os.path.isdir(root):
            return ScanOutcome(folder_id, root, below, root_gone=True)
        walk = _Walk()
        for directory in self._directories(root, below or "", walk):
            if cancel is not None:
                cancel.check()
            _log.debug("scanned %r", directory)
        return ScanOutcome(folder_id, root, below, tuple(walk.files), tuple(walk.unreadable))

    def _directories(self, root: str, start: str, walk: _Walk) -> Iterator[str]:
        """Visit directory after directory, collecting into `walk`; yields each one's relative path."""
        waiting = [start]
        while waiting:
            relative = waiting.pop()
            absolute = os.path.join(root, relative) if relative else root
            try:
                with os.scandir(absolute) as entries:
                    for entry in entries:
                        self._visit(entry, relative, walk, waiting)
            except (FileNotFoundError, NotADirectoryError):
                continue  # removed while we walked: nothing is there, which is what the scan reports
            except OSError as error:
                _log.info("cannot look into %r: %s", absolute, error)
                walk.unreadable.append(relative)
            yield relative

    def _visit(self, entry: "os.DirEntry[str]", parent: str, walk: _Walk, waiting: list[str]) -> None:
        name = entry.name
        if is_skipped_name(name):
            return
        relative = f"{parent}/{name}" if parent else name
        if is_photo_name(name):
            found = _found(entry, relative)
            if found is not None:
                walk.files.append(found)
        elif entry.is_dir(follow_symlinks=False) and not is_skipped_folder(name):
            waiting.append(relative)


def is_skipped_name(name: str) -> bool:
    """Hidden files and folders are nobody's photos."""
    return name.startswith(".")


def is_skipped_folder(name: str) -> bool:
    """Folders that systems keep for themselves."""
    return name.casefold() in _SYSTEM_FOLDERS


def found_file(root: str, relative: str) -> FoundFile | None:
    """The file as it is now; None when there is no regular file."""
    try:
        status = os.stat(os.path.join(root, relative))
    except OSError:
        return None
    return _from_status(status, relative)


def _found(entry: "os.DirEntry[str]", relative: str) -> FoundFile | None:
    try:
        if sys.platform == "win32":  # DirEntry.stat has no inode there
            return _from_status(os.stat(entry.path), relative)
        return _from_status(entry.stat(), relative)
    except OSError as error:
        _log.info("cannot look at %r: %s", entry.path, error)
        return None


def _from_status(status: os.stat_result, relative: str) -> FoundFile | None:
    if status.st_mode & 0o170000 != 0o100000:
        return None
    file_id = f"{status.st_dev}:{status.st_ino}" if status.st_ino else None
    return FoundFile(relative, status.st_size, status.st_mtime_ns, file_id)
