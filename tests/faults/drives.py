"""Drives that tests plug in and pull out: directories that are renamed, or file systems that are mounted."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from app.indexing import volumes


class Drive(Protocol):
    """Something with photos on it that is at one place or at none."""

    has_name: bool  # the system can tell it from others wherever it is mounted

    def plug(self, at: Path) -> None:
        """Make the contents appear at a place."""
        ...

    def pull(self, *, leave_empty: bool) -> None:
        """Make them disappear, with or without an empty directory in their place."""
        ...


class RenamedDirectory:
    """Contents that lie apart under another name while the drive is out."""

    has_name = False

    def __init__(self, contents: Path) -> None:
        self._contents = contents
        self._at: Path | None = None

    def plug(self, at: Path) -> None:
        if at.exists():
            at.rmdir()
        self._contents.rename(at)
        self._at = at

    def pull(self, *, leave_empty: bool) -> None:
        assert self._at is not None, "it is not plugged in"
        self._at.rename(self._contents)
        if leave_empty:
            self._at.mkdir()
        self._at = None


class MountedFileSystem:
    """A file system in memory, kept mounted at a hidden place and bound to where it is plugged in."""

    has_name = True

    def __init__(self, contents: Path) -> None:
        self._contents = contents
        self._at: Path | None = None

    def plug(self, at: Path) -> None:
        at.mkdir(exist_ok=True)
        _run("mount", "--bind", str(self._contents), str(at))
        self._at = at

    def pull(self, *, leave_empty: bool) -> None:
        assert self._at is not None, "it is not plugged in"
        _run("umount", "--lazy", str(self._at))
        if not leave_empty:
            self._at.rmdir()
        self._at = None


@contextmanager
def file_systems(places: dict[str, Path]) -> Iterator[None]:
    """Mount one in memory at each place, under a name as drives have; raises OSError where that is forbidden.

    These places stand for a drawer: what lies in them counts as not mounted.
    """
    mounted: list[Path] = []
    named, every = volumes._uuids, volumes.mounts
    names = {f"/dev/photosift-{name}": f"uuid-of-{name}" for name in places}
    hidden = {str(place) for place in places.values()}
    try:
        for name, place in places.items():
            place.mkdir(parents=True)
            _run("mount", "-t", "tmpfs", f"/dev/photosift-{name}", str(place))
            mounted.append(place)
        volumes._uuids = lambda links: named(links) | names
        volumes.mounts = lambda: tuple(mount for mount in every() if mount.point not in hidden)
        yield
    finally:
        volumes._uuids, volumes.mounts = named, every
        for place in mounted:
            _run("umount", "--lazy", str(place))


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"") or b""
        raise OSError(f"{' '.join(command)}: {os.fsdecode(said).strip() or error}") from error
