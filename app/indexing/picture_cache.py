"""Keeps thumbnails and previews within what they may take of the disk."""

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from app.indexing.folder_states import FolderStates
from app.library.library import Library
from app.media.thumbnails import PreviewStore, StoredPicture, ThumbnailStore

_log = logging.getLogger(__name__)

DEFAULT_CAP = 20_000_000_000
_ROUND_SECONDS = 600.0  # between two rounds of measuring
_DISK_SECONDS = 20.0  # between two looks at the free space
_AFTERWARDS = 0.95  # of the cap: what is left when thumbnails had to go
_CHUNK = 100  # thumbnails asked about at once
_ON_ITS_WAY_SECONDS = 3600.0  # a thumbnail is written before its row: one without a row may be that young

_LOW_BYTES = 1_000_000_000
_LOW_SHARE, _LOW_SHARE_BYTES = 0.02, 10_000_000_000  # of large drives 2 % are plenty


def is_low(free: int, total: int) -> bool:
    """Whether a drive is so full that what can be made again is not written any more."""
    return free < max(_LOW_BYTES, min(_LOW_SHARE * total, _LOW_SHARE_BYTES))


class PictureCache:
    """One chore of the worker's thread, a small step at a time.

    Previews go first. Grid thumbnails go only when without previews there is still too much, those not seen
    for longest first, and never one that could not be made again: of a photo whose drive is away, or that is
    missing.
    """

    def __init__(
        self,
        library: Library,
        thumbnails: ThumbnailStore,
        previews: PreviewStore,
        states: FolderStates,
        root: Path,
        free: Callable[[Path], tuple[int, int]] | None = None,  # bytes free and in all
    ) -> None:
        self._library = library
        self._thumbnails = thumbnails
        self._previews = previews
        self._states = states
        self._root = root
        self._free = free or _free
        self._lock = threading.Lock()
        self._cap = DEFAULT_CAP
        self._round: Iterator[None] | None = None
        self._next_round = 0.0
        self._next_look = 0.0
        self._low = False
        self.message = ""  # for people: why previews are not kept

    def limit(self, cap: int) -> None:
        """Take at most so many bytes, from the next round on, which begins at once. From any thread."""
        with self._lock:
            self._cap = cap
            self._next_round = 0.0

    def step(self) -> bool:
        """Do a little; whether there is more to do at once. Raises LibraryError."""
        self._look_at_disk()
        if self._round is None:
            with self._lock:
                if time.monotonic() < self._next_round:
                    return False
                self._next_round = time.monotonic() + _ROUND_SECONDS
                self._round = self._whole_round(self._cap)
        try:
            next(self._round)
        except StopIteration:
            self._round = None
        except BaseException:
            self._round = None  # a generator that raised is over; the next round begins anew
            raise
        return self._round is not None

    def _look_at_disk(self) -> None:
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _DISK_SECONDS
        try:
            free, total = self._free(self._root)
        except OSError as error:
            _log.info("the free space is not known: %s", error)
            return
        low = is_low(free, total)
        if low != self._low:
            self._low = low
            self._next_round = 0.0
        self.message = _full(free) if low else ""

    def _whole_round(self, cap: int) -> Iterator[None]:
        """Measure, then make room where there is too little of it."""
        used = 0
        for shard in self._thumbnails.shards():
            used += sum(picture.size for picture in shard)
            yield
        self._previews.limit(max(0, cap - used), keep=not self._low)
        yield
        if used > cap:
            yield from self._drop_thumbnails(used - round(_AFTERWARDS * cap))

    def _drop_thumbnails(self, too_much: int) -> Iterator[None]:
        pictures: list[StoredPicture] = []
        for shard in self._thumbnails.shards():
            pictures.extend(shard)
            yield
        pictures.sort(key=lambda picture: picture.used)
        dropped = 0
        for start in range(0, len(pictures), _CHUNK):
            if too_much <= 0:
                break
            chunk = pictures[start : start + _CHUNK]
            for picture in self._made_again(chunk):
                if too_much > 0:
                    self._thumbnails.remove(picture.content_key)
                    too_much -= picture.size
                    dropped += 1
            yield
        _log.info("dropped %d thumbnails, which are made again when they are looked at", dropped)

    def _made_again(self, pictures: list[StoredPicture]) -> list[StoredPicture]:
        """Those that nothing is lost with."""
        places = self._library.photos.places([picture.content_key for picture in pictures])
        offline = self._states.offline()
        now = time.time()
        return [
            picture
            for picture in pictures
            if (
                any(
                    folder_id not in offline and os.path.exists(path)
                    for folder_id, path in places[picture.content_key]
                )
                if picture.content_key in places
                else now - picture.used > _ON_ITS_WAY_SECONDS
            )
        ]


def _free(root: Path) -> tuple[int, int]:
    usage = shutil.disk_usage(root)
    return usage.free, usage.total


def _full(free: int) -> str:
    return (
        f"The drive of the library is nearly full ({free / 1e9:.1f} GB free):"
        " previews are not kept until there is more room."
    )
