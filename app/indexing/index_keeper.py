"""Keeps the vector index saved and equal to the library."""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait

from app.errors import AppError
from app.indexing.embedding_target import EmbeddingTarget
from app.indexing.vector_sync import synchronise
from app.library.library import Library

_log = logging.getLogger(__name__)

_SAVE_SECONDS = 120.0  # while busy; when work ends the index is saved at once
_COMPARE_SECONDS = 30.0
_PURGE_SECONDS = 86_400.0


class IndexKeeper:
    """The chores around the index of the current model. Belongs to the worker's thread; saves on its own."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._target: EmbeddingTarget | None = None
        self._saver = ThreadPoolExecutor(1, thread_name_prefix="index-save")
        self._saving: Future[None] | None = None
        self._changed_at: float | None = None
        self._saves_again_at = 0.0  # a disk that was full gets time
        self._next_comparison = 0.0
        self._next_purge = 0.0

    def use(self, target: EmbeddingTarget | None) -> None:
        """Look after this model's index; returns when nothing more is done to the one before."""
        before, self._target = self._target, target
        self._finish_saving()
        if before is not None and (target is None or before.index is not target.index):
            self._changed_at = None  # closing the index saves it
        self._next_comparison = 0.0
        if target is not None and (before is None or before.index is not target.index):
            self.note_change()  # it may have been corrected when it was opened; saving an equal one is free

    def note_change(self) -> None:
        """Embeddings were added to the index, or should have been."""
        if self._changed_at is None:
            self._changed_at = time.monotonic()

    def save_at_times(self) -> None:
        """While work goes on: what is not saved is added again after a crash, which takes time."""
        if self._changed_at is not None and time.monotonic() - self._changed_at > _SAVE_SECONDS:
            self.save_behind()

    def save_behind(self) -> None:
        """Save on another thread what changed."""
        if self._changed_at is None or (self._saving is not None and not self._saving.done()):
            return
        if time.monotonic() < self._saves_again_at:
            return
        if self._target is not None:
            self._changed_at = None
            self._saving = self._saver.submit(self._save, self._target)

    def compare(self) -> bool:
        """Now and then make the index equal to the library; whether it was not.

        An index process that was killed starts again from its last file and lacks what came later.
        """
        target = self._target
        if target is None or time.monotonic() < self._next_comparison:
            return False
        self._next_comparison = time.monotonic() + _COMPARE_SECONDS
        if target.index.status().count == self._library.embeddings.count(target.identity):
            return False
        synchronise(self._library, target.index, target.identity)
        self.note_change()
        return True

    def purge(self) -> bool:
        """Once a day forget photos that are long gone; whether embeddings went with them."""
        if time.monotonic() < self._next_purge:
            return False
        self._next_purge = time.monotonic() + _PURGE_SECONDS
        labels = self._library.photos.purge()
        if len(labels) and self._target is not None:
            self._target.index.remove(labels)
            self.note_change()
        return bool(len(labels))

    def close(self) -> None:
        """Save what changed."""
        self._finish_saving()
        self.save_behind()
        self._saver.shutdown(wait=True)

    def _finish_saving(self) -> None:
        if self._saving is not None:
            wait([self._saving])

    def _save(self, target: EmbeddingTarget) -> None:
        try:
            target.index.save()
        except AppError as error:  # a cache: it is made again from the library when it is missing
            _log.warning("the vector index was not saved and will be tried again: %s", error)
            self._saves_again_at = time.monotonic() + _SAVE_SECONDS
            self.note_change()
