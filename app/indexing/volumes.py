"""What names a drive or a network share wherever it is mounted, and where it is mounted now."""

import ctypes
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import psutil

from app.domain.photo import VolumePlace

_MOUNT_TABLE = "/proc/self/mountinfo"
_UUID_LINKS = "/dev/disk/by-uuid"
_NETWORK = ("nfs", "cifs", "smb", "fuse.sshfs", "9p", "davfs")
_OCTAL = re.compile(r"\\([0-7]{3})")
_TOOL_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume, or a part of one, at a place of the file system."""

    volume_id: str
    point: str  # absolute
    part: str = "/"  # what of the volume is mounted there


def volume_place(path: str) -> VolumePlace | None:
    """The volume that holds a folder and the folder's path on it; None when the volume has no name."""
    real = os.path.realpath(path)
    holding = [mount for mount in mounts() if _is_within(real, mount.point)]
    if not holding:
        return None
    mount = max(reversed(holding), key=lambda one: len(one.point))  # the last one covers those before
    if not mount.volume_id:
        return None
    inside = os.path.relpath(real, mount.point)
    return VolumePlace(mount.volume_id, os.path.normpath(os.path.join(mount.part, inside)))


def places_now(place: VolumePlace) -> list[str]:
    """Where a folder of a volume may be at this moment; whether it is there is not looked at."""
    return [
        os.path.normpath(os.path.join(mount.point, os.path.relpath(place.path, mount.part)))
        for mount in mounts()
        if mount.volume_id == place.volume_id and _is_within(place.path, mount.part)
    ]


def mounts() -> tuple[Mount, ...]:
    """Everything that is mounted; what cannot be told from another has no volume id."""
    if os.path.exists(_MOUNT_TABLE):
        return linux_mounts(Path(_MOUNT_TABLE).read_text("utf-8", "surrogateescape"), _uuids(_UUID_LINKS))
    return _named(tuple(part.mountpoint for part in psutil.disk_partitions()))


def linux_mounts(table: str, uuids: dict[str, str]) -> tuple[Mount, ...]:
    """The mounts of a table like /proc/self/mountinfo; `uuids` are those of devices by their real path."""
    return tuple(mount for line in table.splitlines() if (mount := _linux_mount(line, uuids)) is not None)


def _linux_mount(line: str, uuids: dict[str, str]) -> Mount | None:
    before, _, after = line.partition(" - ")
    fields, (kind, source, *_) = before.split(" "), [*after.split(" "), "", ""]
    if len(fields) < 5:
        return None
    part, point = (_OCTAL.sub(lambda octal: chr(int(octal[1], 8)), one) for one in fields[3:5])
    if kind.startswith(_NETWORK):
        return Mount(f"{kind}:{source}", point, part)
    return Mount(uuids.get(os.path.realpath(source), "") if source.startswith("/") else "", point, part)


def _uuids(links: str) -> dict[str, str]:
    """Device to the id of the file system on it."""
    try:
        return {os.path.realpath(entry.path): entry.name for entry in os.scandir(links)}
    except OSError:  # a container, or a system without udev
        return {}


@lru_cache(maxsize=1)
def _named(points: tuple[str, ...]) -> tuple[Mount, ...]:
    """Asked anew only when something is mounted or unmounted."""
    name = _windows_volume if sys.platform == "win32" else _mac_volume
    return tuple(Mount(name(point), point, os.sep) for point in _without_doubles(points))


def _without_doubles(points: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(points))


def _mac_volume(point: str) -> str:
    import plistlib  # brings an XML parser along, which no other system needs

    command = ["/usr/sbin/diskutil", "info", "-plist", point]
    try:
        answer = subprocess.run(command, capture_output=True, check=True, timeout=_TOOL_SECONDS)
        return str(plistlib.loads(answer.stdout).get("VolumeUUID", ""))
    except (OSError, subprocess.SubprocessError, plistlib.InvalidFileException):
        return ""


def _windows_volume(point: str) -> str:
    name = ctypes.create_unicode_buffer(64)
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]  # on Windows only
    found = kernel.GetVolumeNameForVolumeMountPointW(point.rstrip("\\") + "\\", name, len(name))
    return name.value if found else ""


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
