"""Cache files that are either the old one or the new one, whatever happens while they are written."""

import logging
import os
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from app.errors import VectorIndexError

_log = logging.getLogger(__name__)

_READ_SIZE = 1 << 22


def replace_atomically(path: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write and verify a temporary file, then put it in place of `path`.

    Raises VectorIndexError when the disk refuses; `path` is then as it was. The folder is made, but not what
    is above it: when the library's drive was pulled, nothing may appear in its place.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")  # another process may write beside us
    try:
        path.parent.mkdir(exist_ok=True)
        fill(temporary)
        _sync(temporary)
        _put_in_place(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise VectorIndexError(
            f"The search index could not be written to {path.parent}: {error.strerror or error}. "
            "Make room on the disk or check its permissions; searching goes on without the file."
        ) from error
    finally:
        discard(temporary)


def discard(path: Path) -> None:
    """Remove a file; one that Windows will not delete while it is mapped is moved out of the way."""
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        _move_aside(path)


def remove_leftovers(path: Path) -> None:
    """Remove what an earlier run could not: temporary files, and files moved aside while they were mapped.

    What a process that lives is writing stays.
    """
    for leftover in path.parent.glob(path.name + ".*"):
        if leftover.suffix in {".tmp", ".old"} and not _being_written(leftover):
            try:
                discard(leftover)
            except OSError as error:
                _log.warning("%s stays behind: %s", leftover, error)


def _being_written(temporary: Path) -> bool:
    pid = temporary.suffixes[-2].removeprefix(".") if len(temporary.suffixes) > 1 else ""
    if temporary.suffix != ".tmp" or not pid.isdecimal():
        return False
    return int(pid) != os.getpid() and psutil.pid_exists(int(pid))


def file_checksum(path: Path) -> int:
    """CRC-32 of a whole file."""
    value = 0
    with path.open("rb") as file:
        while piece := file.read(_READ_SIZE):
            value = zlib.crc32(piece, value)
    return value


def combined_checksum(checksums: Iterable[int]) -> int:
    """One checksum of many, for data whose blocks are verified side by side."""
    value = 0
    for checksum in checksums:
        value = zlib.crc32(checksum.to_bytes(4, "little"), value)
    return value


def _put_in_place(temporary: Path, path: Path) -> None:
    try:
        os.replace(temporary, path)
    except PermissionError:
        _move_aside(path)  # Windows refuses to replace a file that is mapped, but lets it be renamed
        os.replace(temporary, path)


def _move_aside(path: Path) -> None:
    for number in range(100):
        aside = path.with_name(f"{path.name}.{number}.old")
        if not aside.exists():
            path.rename(aside)
            return
    raise PermissionError(f"too many files beside {path.name} are in use")


def _sync(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a directory cannot be opened there; NTFS journals the rename itself
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:  # some network drives know no such thing; the file is in its place by now
        _log.debug("the folder %s cannot be synced: %s", folder, error)
    finally:
        os.close(descriptor)
