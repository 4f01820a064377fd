"""Small and read-only file systems, for whoever may mount them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def may_mount() -> bool:
    """Whether this process is root on Linux and the system lets it mount; containers often do not."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return False
    probe = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    )
    return probe.returncode == 0


@contextmanager
def small_disk(place: Path, size: int) -> Iterator[Path]:
    """A file system of `size` bytes at `place`, which is made."""
    place.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place))
    try:
        yield place
    finally:
        _run("umount", "-l", str(place))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The folder as it is on a drive that can only be read."""
    _run("mount", "--bind", str(folder), str(folder))
    try:
        _run("mount", "-o", "remount,ro,bind", str(folder))
        yield
    finally:
        _run("umount", "-l", str(folder))


@contextmanager
def mounted_elsewhere(folder: Path, place: Path) -> Iterator[None]:
    """The folder at another place too, as a drive is at its mount point."""
    place.mkdir(parents=True, exist_ok=True)
    _run("mount", "--bind", str(folder), str(place))
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], capture_output=True, check=False)


def pull(place: Path) -> None:
    """As a drive that is pulled: the place is empty at once, whoever has files open there."""
    _run("umount", "-l", str(place))


def fill(disk: Path, room: int) -> Path:
    """Take all but `room` bytes; removing the file that is returned gives them back."""
    ballast = disk / "ballast"
    free = os.statvfs(disk)
    with ballast.open("wb") as file:
        for _ in range(max(0, free.f_bavail * free.f_frsize - room) // 4096):
            file.write(b"\0" * 4096)
    return ballast


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
