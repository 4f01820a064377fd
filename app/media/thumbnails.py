"""Small pictures for the grid and larger ones for looking at, kept on disk by content key."""

import contextlib
import io
import logging
import os
import struct
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from app.media.colours import to_srgb
from app.media.preparing import fit_within

_log = logging.getLogger(__name__)

TEMPORARY_PREFIX = ".new-"  # of files that are being written
_SEAL = struct.Struct("<4sI")
_SEAL_MARK = b"phs1"

THUMBNAIL_SIZE = 512
PREVIEW_SIZE = 1600
PREVIEWS_CAP = 1_000_000_000  # bytes

_DAY_SECONDS = 86_400

# Measured at equal fidelity: method 0 takes 1 ms less than 1, a fortieth of what decoding a photo costs, for
# 5 % more bytes; 2 is 10 % smaller than 1 for 2 ms more; 3 and above double the time.
_THUMBNAIL_QUALITY, _THUMBNAIL_METHOD = 66, 0
_PREVIEW_QUALITY, _PREVIEW_METHOD = 80, 2


def encode_thumbnail(picture: Image.Image, size: int, profile: bytes | None) -> bytes:
    """WebP of an upright RGB picture, in sRGB, longest side `size` pixels at most."""
    return _encode(picture, size, profile, _THUMBNAIL_QUALITY, _THUMBNAIL_METHOD)


def encode_preview(picture: Image.Image, size: int, profile: bytes | None) -> bytes:
    """The same at the quality of a picture that is looked at for itself."""
    return _encode(picture, size, profile, _PREVIEW_QUALITY, _PREVIEW_METHOD)


def shrunk(picture: Image.Image, size: int) -> Image.Image:
    """The picture with its longest side `size` pixels at most."""
    target = fit_within(picture.size, size)
    return picture if target == picture.size else picture.resize(target, Image.Resampling.HAMMING)


def _encode(picture: Image.Image, size: int, profile: bytes | None, quality: int, method: int) -> bytes:
    out, small = io.BytesIO(), shrunk(picture, size)
    to_srgb(small, profile).save(out, "WEBP", quality=quality, method=method, icc_profile=b"", exif=b"")
    return out.getvalue()


class ThumbnailStore:
    """Thumbnails in a folder, sharded by content key. Thread-safe; a file is there whole or not at all.

    Each file ends in a seal behind its picture, which programs that show WebP pass over: a damaged one is as
    good as none, and is made again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, content_key: str) -> Path:
        """Where the thumbnail is, or would be."""
        shard = content_key[-2:]  # keys start with the version of their recipe
        return self._folder / shard / f"{content_key}.webp"

    def has(self, content_key: str) -> bool:
        return self.path(content_key).exists()

    def read(self, content_key: str) -> bytes | None:
        """The WebP file; None when there is none, or when it is damaged.

        Its time of change says on which day it was last read.
        """
        try:
            with open(self.path(content_key), "rb") as file:
                if time.time() - os.fstat(file.fileno()).st_mtime > _DAY_SECONDS:
                    with contextlib.suppress(OSError):  # only the order of eviction is lost
                        os.utime(file.name)
                data = unsealed(file.read())
        except FileNotFoundError:
            return None
        if data is None:
            _log.info("the thumbnail of %s is damaged and will be made again", content_key)
        return data

    def write(self, content_key: str, data: bytes) -> None:
        """Raises OSError when the disk is full, read-only or gone.

        Only our own folder is made: when the library's drive was pulled, nothing may appear in its place.
        """
        self._folder.mkdir(exist_ok=True)
        write_atomically(self.path(content_key), sealed(data))

    def remove(self, content_key: str) -> None:
        """Passes over a thumbnail that is not there."""
        self.path(content_key).unlink(missing_ok=True)

    def shards(self) -> Iterator[list["StoredPicture"]]:
        """All thumbnails, a folder of some hundred at a time; none of what cannot be read."""
        for shard in sorted(_entries(self._folder), key=lambda entry: entry.name):
            if shard.is_dir(follow_symlinks=False):
                yield _pictures(shard.path)


def sealed(data: bytes) -> bytes:
    """A WebP file with its checksum behind it."""
    return data + _SEAL.pack(_SEAL_MARK, zlib.crc32(data))


def unsealed(data: bytes) -> bytes | None:
    """The WebP file itself; None when it is damaged. Without a seal its own length has to be right."""
    if len(data) > _SEAL.size:
        mark, checksum = _SEAL.unpack(data[-_SEAL.size :])
        if mark == _SEAL_MARK:
            picture = data[: -_SEAL.size]
            return picture if zlib.crc32(picture) == checksum else None
    whole = data[:4] == b"RIFF" and int.from_bytes(data[4:8], "little") + 8 == len(data)
    return data if whole else None


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A file of a store."""

    content_key: str
    size: int  # bytes
    used: float  # when it was last read, on the file system's clock


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:  # none has been stored yet, or the drive is gone: then nothing can be measured
        return []


def _pictures(folder: str) -> list[StoredPicture]:
    found = []
    for entry in _entries(folder):
        name, extension = os.path.splitext(entry.name)
        if extension == ".webp":
            with contextlib.suppress(FileNotFoundError):
                stat = entry.stat()
                found.append(StoredPicture(name, stat.st_size, stat.st_mtime))
    return found


class PreviewStore:
    """Previews in a folder, up to a size; those not looked at for longest go first. Thread-safe."""

    def __init__(self, folder: Path, cap: int = PREVIEWS_CAP) -> None:
        self._files = ThumbnailStore(folder)
        self._cap = cap
        self._keeps = True
        self._lock = threading.Lock()
        self._sizes: dict[str, int] | None = None  # in the order of use; read from the folder when needed

    def read(self, content_key: str) -> bytes | None:
        """The WebP file; None when there is none. Counts as a use."""
        data = self._files.read(content_key)
        if data is not None:
            with contextlib.suppress(OSError):  # only the order of eviction is lost
                os.utime(self._files.path(content_key))
            with self._lock:
                self._known().pop(content_key, None)
                self._known()[content_key] = len(data)
        return data

    def write(self, content_key: str, data: bytes) -> None:
        """Store one and evict others until the folder fits its cap. Raises OSError when the disk is full.

        While nothing is to be kept, it is passed over.
        """
        if not self._keeps:
            return
        self._files.write(content_key, data)
        with self._lock:
            self._known().pop(content_key, None)
            self._known()[content_key] = len(data)
            self._shrink(self._cap, at_least=1)

    def remove(self, content_key: str) -> None:
        """Passes over a preview that is not there."""
        self._files.remove(content_key)
        with self._lock:
            self._known().pop(content_key, None)

    def limit(self, cap: int, *, keep: bool = True) -> None:
        """From now on keep at most so many bytes; without `keep` nothing more is stored at all."""
        self._keeps = keep
        with self._lock:
            self._cap = cap
            self._shrink(cap)

    def size(self) -> int:
        """Bytes that are stored."""
        with self._lock:
            return sum(self._known().values())

    def clear(self) -> int:
        """Remove all; how many bytes that gave back."""
        with self._lock:
            before = sum(self._known().values())
            self._shrink(0)
        return before

    def _known(self) -> dict[str, int]:
        """Sizes in the order of last use."""
        if self._sizes is None:
            found = [picture for shard in self._files.shards() for picture in shard]
            found.sort(key=lambda picture: picture.used)
            self._sizes = {picture.content_key: picture.size for picture in found}
        return self._sizes

    def _shrink(self, cap: int, at_least: int = 0) -> None:
        sizes = self._known()
        total = sum(sizes.values())
        while total > cap and len(sizes) > at_least:
            oldest = next(iter(sizes))
            self._files.remove(oldest)
            total -= sizes.pop(oldest)


def write_atomically(path: Path, data: bytes) -> None:
    """Write beside the target and rename, so that readers and a crash see the old file or the new."""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY_PREFIX)
    except FileNotFoundError:  # the first of its shard
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY_PREFIX)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
