"""What is finished and not yet in the library."""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice, takewhile

from app.domain.indexing import IndexedPhoto, PhotoFailure, StoredBatch
from app.errors import CancelledError, ProcessDiedError, VectorIndexError
from app.indexing.embedding_target import EmbeddingTarget
from app.library.library import Library

_log = logging.getLogger(__name__)

WRITE_AT_ONCE = 32  # keeps a transaction short


class OutcomeQueue:
    """Holds outcomes until the library has them: while it cannot be written, nothing computed is lost."""

    def __init__(self, library: Library, on_embedded: Callable[[], None]) -> None:
        self._library = library
        self._on_embedded = on_embedded
        self._photos: deque[tuple[IndexedPhoto, EmbeddingTarget | None]] = deque()
        self._failures: list[PhotoFailure] = []

    def __len__(self) -> int:
        return len(self._photos) + len(self._failures)

    def photo_ids(self) -> set[int]:
        return {photo.photo_id for photo, _ in self._photos} | {one.photo_id for one in self._failures}

    def embedded_pixels(self, identity: str) -> set[str]:
        """The pixel keys of a model's embeddings that wait here: nobody else can find these yet."""
        return {
            photo.pixel_key
            for photo, target in self._photos
            if photo.embedding is not None and target is not None and target.identity == identity
        }

    def holds_for(self, identity: str) -> bool:
        """Whether something that this model has to do with waits here."""
        return any(target is not None and target.identity == identity for _, target in self._photos)

    def put(self, photos: Iterable[IndexedPhoto], target: EmbeddingTarget | None) -> None:
        """Photos that were read; embeddings among them are the target's."""
        self._photos.extend((photo, target) for photo in photos)

    def refuse(self, failure: PhotoFailure) -> None:
        """A photo that could not be read."""
        self._failures.append(failure)

    def write(self) -> int:
        """Write everything: how many. Raises LibraryError; what was not written stays here."""
        written = 0
        while self._photos:
            target = self._photos[0][1]
            part = self._first_of(target)
            stored = self._library.photos.store_indexed(part, target.identity if target else None)
            for _ in part:
                self._photos.popleft()
            written += len(part)
            if target is not None and len(stored.labels):
                self._add_to_index(target, stored)
        if self._failures:
            self._library.photos.store_failures(self._failures)
            written += len(self._failures)
            self._failures = []
        return written

    def _first_of(self, target: EmbeddingTarget | None) -> list[IndexedPhoto]:
        first = islice(self._photos, WRITE_AT_ONCE)
        return [photo for photo, _ in takewhile(lambda outcome: outcome[1] is target, first)]

    def _add_to_index(self, target: EmbeddingTarget, stored: StoredBatch) -> None:
        """The index is a cache: what it refuses is stored all the same, and added when it is mended."""
        try:
            target.index.add(stored.labels, stored.vectors)
        except (ProcessDiedError, VectorIndexError, CancelledError) as error:
            _log.warning("the vector index lacks %d embeddings for now: %s", len(stored.labels), error)
        self._on_embedded()
