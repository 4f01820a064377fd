"""Keeps the vector indexes saved and equal to the library."""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait

from app.errors import AppError
from app.indexing.embedding_target import EmbeddingTarget, EmbeddingTargets
from app.indexing.vector_sync import synchronise
from app.library.library import Library

_log = logging.getLogger(__name__)

_SAVE_SECONDS = 120.0  # while busy; when work ends the index is saved at once
_COMPARE_SECONDS = 30.0
_PURGE_SECONDS = 86_400.0


class IndexKeeper:
    """The chores around the indexes of the models in use, on the worker's thread; saves on its own."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._targets = EmbeddingTargets()
        self._saver = ThreadPoolExecutor(1, thread_name_prefix="index-save")
        self._saving: Future[None] | None = None
        self._changed_at: float | None = None
        self._saves_again_at = 0.0  # a disk that was full gets time
        self._next_comparison = 0.0
        self._next_purge = 0.0

    def use(self, targets: EmbeddingTargets) -> None:
        """Look after the indexes of these; returns when nothing more is done to others."""
        before, self._targets = self._targets, targets
        self._finish_saving()
        kept = [target.index for target in targets.all]
        if all(target.index not in kept for target in before.all):
            self._changed_at = None  # closing an index saves it
        self._next_comparison = 0.0
        known = [target.index for target in before.all]
        if any(index not in known for index in kept):
            self.note_change()  # it may have been corrected when it was opened; saving an equal one is free

    def note_change(self) -> None:
        """Embeddings were added to an index, or should have been. Saving one that did not change is free."""
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
        if self._targets.all:
            self._changed_at = None
            self._saving = self._saver.submit(self._save, self._targets)

    def compare(self) -> bool:
        """Now and then make the indexes equal to the library; whether one was not.

        An index process that was killed starts again from its last file and lacks what came later.
        """
        if time.monotonic() < self._next_comparison:
            return False
        self._next_comparison = time.monotonic() + _COMPARE_SECONDS
        differed = [self._compare(target) for target in self._targets.all]
        return any(differed)

    def purge(self) -> bool:
        """Once a day forget photos that are long gone; whether embeddings went with them."""
        if time.monotonic() < self._next_purge:
            return False
        self._next_purge = time.monotonic() + _PURGE_SECONDS
        labels = self._library.photos.purge()
        if len(labels):
            for target in self._targets.all:
                target.index.remove(labels)
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

    def _compare(self, target: EmbeddingTarget) -> bool:
        status, stored = target.index.status(), self._library.embeddings
        if status.count == stored.count(target.identity) and (
            status.high_water >= stored.high_water(target.identity)  # else as many went as came meanwhile
        ):
            return False
        synchronise(self._library, target.index, target.identity)
        self.note_change()
        return True

    def _save(self, targets: EmbeddingTargets) -> None:
        try:
            for target in targets.all:
                target.index.save()
        except AppError as error:  # a cache: it is made again from the library when it is missing
            _log.warning("the vector index was not saved and will be tried again: %s", error)
            self._save_later()
        except Exception:  # noqa: BLE001 - nobody looks at what this thread gives back
            _log.exception("the vector index was not saved and will be tried again")
            self._save_later()

    def _save_later(self) -> None:
        self._saves_again_at = time.monotonic() + _SAVE_SECONDS
        self.note_change()
