"""Decoding in processes of its own: what crashes, hangs or eats memory there costs one photo."""

from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from app.domain.duplicates import Comparison, Fingerprint, Likeness
from app.domain.media import DecodedPhoto, DecodeRequest, PixelSpec
from app.media.decode import decode_photo, decode_query_image, make_preview, read_key
from app.media.isolation import IsolatedPool
from app.media.thumbnail_comparison import compare_copies, compare_moments, fingerprints_of
from app.media.thumbnails import PREVIEW_SIZE, THUMBNAIL_SIZE

_QUERY, _PREVIEW, _PHOTO = range(3)  # somebody waits for the first two


class DecodePool:
    """Decodes photos in `workers` processes, queries before previews before photos. Thread-safe.

    `time_limit` (seconds) counts from when a process starts on a photo, `memory_limit` is in bytes. Futures
    raise only MediaError, with a text for people, or app.errors.CancelledError after `close`; one that has
    not started may be cancelled. Processes start with the first photo and end when long idle.
    """

    def __init__(self, workers: int, *, time_limit: float = 20, memory_limit: int = 1_500_000_000) -> None:
        self._pool = IsolatedPool(workers, time_limit=time_limit, memory_limit=memory_limit)

    def submit(self, request: DecodeRequest, *, urgent: bool = False) -> "Future[DecodedPhoto]":
        """Read and decode one photo; before all those that are only to be indexed when somebody waits."""
        return self._pool.submit(decode_photo, request, priority=_QUERY if urgent else _PHOTO)

    def submit_key(self, path: str, size: int, mtime_ns: int) -> "Future[str | None]":
        """The content key of a file that could not be decoded; None when it changed since."""
        return self._pool.submit(read_key, path, size, mtime_ns, priority=_PREVIEW)

    def submit_query_image(
        self, data: bytes, spec: PixelSpec, thumbnail_size: int = THUMBNAIL_SIZE
    ) -> "Future[tuple[NDArray[np.uint8], bytes]]":
        """Model pixels (height, width, 3) and a WebP thumbnail of an encoded picture."""
        return self._pool.submit(decode_query_image, data, spec, thumbnail_size, priority=_QUERY)

    def submit_preview(self, path: str, size: int = PREVIEW_SIZE) -> "Future[bytes]":
        """WebP of a photo, longest side `size` pixels at most."""
        return self._pool.submit(make_preview, path, size, priority=_PREVIEW)

    def submit_fingerprints(self, thumbnails: Sequence[str]) -> "Future[list[Fingerprint | None]]":
        """Of stored thumbnails by path; None of one that is not there."""
        return self._pool.submit(fingerprints_of, thumbnails, priority=_PHOTO)

    def submit_copies(self, comparisons: Sequence[Comparison]) -> "Future[list[Likeness | None]]":
        """How alike stored thumbnails are when one is laid into the other; None where that cannot be."""
        return self._pool.submit(compare_copies, comparisons, priority=_PHOTO)

    def submit_moments(self, pairs: Sequence[tuple[str, str]]) -> "Future[list[float]]":
        """How alike the shots behind stored thumbnails are when something moved."""
        return self._pool.submit(compare_moments, pairs, priority=_PHOTO)

    def be_considerate(self, *, photos_at_once: int, niceness: int) -> None:
        """How many photos may be decoded at once and how far they come after other programs.

        Queries and previews are not counted: somebody waits for them.
        """
        self._pool.limit(_PHOTO, photos_at_once)
        self._pool.niceness = niceness

    def pids(self) -> tuple[int, ...]:
        """The decoding processes that are running now."""
        return self._pool.pids()

    def close(self) -> None:
        """End the processes; what waits or runs is cancelled."""
        self._pool.close()
