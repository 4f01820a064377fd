"""Folders on other computers: their systems tell nobody here what changes."""

import logging
import os
import sys
from collections.abc import Iterable
from typing import NamedTuple

import psutil

_log = logging.getLogger(__name__)

_NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs", "davfs2", "9p"),
        *("sshfs", "rclone", "s3fs", "gvfsd-fuse", "kio-fuse", "afs", "ceph", "lustre", "glusterfs", "ncpfs"),
        *("virtiofs", "vboxsf", "vmhgfs", "vmhgfs-fuse", "prl_fs"),  # folders shared with a virtual machine
    }
)


class Mount(NamedTuple):
    """What psutil says of a file system, as far as it matters here."""

    mountpoint: str
    fstype: str
    opts: str


def network_type(path: str, mounts: Iterable[Mount] | None = None) -> str | None:
    """The kind of network drive that holds a path; None for the drives of this computer."""
    if sys.platform == "win32" and path.startswith("\\\\"):
        return "smb"
    listed = _mounts() if mounts is None else mounts
    real = os.path.realpath(path)
    around = [mount for mount in listed if _holds(mount.mountpoint, real)]
    if not around:
        return None
    nearest = max(
        around, key=lambda mount: len(mount.mountpoint)
    )  # of two at one place the later hides the first
    nearest = [mount for mount in around if mount.mountpoint == nearest.mountpoint][-1]
    kind = nearest.fstype.lower().removeprefix("fuse.").removeprefix("fuseblk.")
    if kind in _NETWORK or "remote" in nearest.opts.split(","):
        return kind or "network"
    return None


def _mounts() -> list[Mount]:
    try:
        return [Mount(one.mountpoint, one.fstype, one.opts) for one in psutil.disk_partitions(all=True)]
    except (OSError, RuntimeError) as error:
        _log.info("the drives cannot be listed: %s", error)
        return []


def _holds(mountpoint: str, path: str) -> bool:
    return path == mountpoint or path.startswith(mountpoint.rstrip(os.sep) + os.sep)
