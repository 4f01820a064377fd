"""What the library takes of the disk, and giving some of it back."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.indexing.picture_cache import PictureCache
from app.media.thumbnails import PreviewStore
from app.paths import LibraryPaths


@dataclass(frozen=True, slots=True)
class StorageUse:
    """Bytes on disk."""

    previews: int = 0
    thumbnails: int = 0
    library: int = 0  # the database: photos, embeddings, decisions
    vectors: int = 0
    free: int = 0  # on the drive of the library
    total: int = 0


class StorageService:
    """Measures what is stored, and keeps to what the user allows."""

    def __init__(self, paths: LibraryPaths, previews: PreviewStore, cache: PictureCache) -> None:
        self._paths = paths
        self._previews = previews
        self._cache = cache

    def use(self) -> StorageUse:
        """What is taken now. Looks at every file, which may take seconds in a large library."""
        paths = self._paths
        database = sum(_size(f"{paths.database}{suffix}") for suffix in ("", "-wal", "-shm"))
        drive = shutil.disk_usage(paths.root)
        return StorageUse(
            previews=_below(paths.previews),
            thumbnails=_below(paths.thumbnails),
            library=database,
            vectors=_below(paths.vectors),
            free=drive.free,
            total=drive.total,
        )

    def empty_previews(self) -> int:
        """Remove all previews, which are made again when looked at; how many bytes that gave back."""
        return self._previews.clear()

    def allow(self, gigabytes: int) -> None:
        """Let previews and thumbnails together take that much; what is too much goes little by little."""
        self._cache.limit(gigabytes * 1_000_000_000)


def _below(folder: Path) -> int:
    return sum(_size(path) for path in _files(str(folder)))


def _files(folder: str) -> Iterator[str]:
    for parent, _, names in os.walk(folder):
        for name in names:
            yield os.path.join(parent, name)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:  # replaced or removed this moment, or never made
        return 0
