"""Files that a cloud service shows but has not brought here: opening one would download it."""

import os
from functools import lru_cache

import psutil

# Of Windows' attributes: offline, and recalled from afar when opened or when read.
_AFAR_ATTRIBUTES = 0x1000 | 0x40000 | 0x400000
_DATALESS_FLAG = 0x40000000  # macOS: the contents are with iCloud or another provider
_CLOUD_FILE_SYSTEMS = frozenset(
    {"fuse.onedriver", "fuse.rclone", "fuse.google-drive-ocamlfuse", "fuse.pcloud", "fuse.megafs"}
)


def is_placeholder(status: os.stat_result, root: str) -> bool:
    """Whether the contents are not on this computer, as far as can be told without opening the file.

    A file without blocks is one only where a cloud service is mounted: anywhere else it is sparse, or so
    small that the file system keeps it beside its name.
    """
    if getattr(status, "st_file_attributes", 0) & _AFAR_ATTRIBUTES:
        return True
    if getattr(status, "st_flags", 0) & _DATALESS_FLAG:
        return True
    has_blocks = status.st_size == 0 or getattr(status, "st_blocks", 1) > 0
    return not has_blocks and _is_cloud_mount(root, status.st_dev)


@lru_cache(maxsize=64)
def _is_cloud_mount(root: str, _device: int) -> bool:
    """Whether a cloud service is mounted there; the device tells apart what is mounted there in turn."""
    real = os.path.realpath(root)
    holding = [
        (len(part.mountpoint), part.fstype)
        for part in psutil.disk_partitions(all=True)
        if real == part.mountpoint or real.startswith(part.mountpoint.rstrip(os.sep) + os.sep)
    ]
    return max(holding, default=(0, ""))[1] in _CLOUD_FILE_SYSTEMS
