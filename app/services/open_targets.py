"""The models that are open, each with its index, and who is using them this moment."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from app.domain.model import ImageTextEncoder, Tower
from app.domain.progress import CancelToken
from app.domain.vectors import VectorIndex
from app.indexing.embedding_target import EmbeddingTarget, EmbeddingTargets
from app.indexing.vector_sync import synchronise
from app.library.library import Library

_log = logging.getLogger(__name__)

_BATCH = 8  # photos; on a processor they take seconds: small batches keep newcomers lively
_ANSWER_SECONDS = 30.0  # how long a search may keep the model before from being closed


class OpenTargets:
    """Puts models in place and ends those that went, once nobody uses them any more. Thread-safe.

    `on_targets` returns when those before are no longer used for embedding.
    """

    def __init__(
        self,
        library: Library,
        open_index: Callable[[str, int], VectorIndex],  # (identity, dimension)
        on_targets: Callable[[EmbeddingTargets], None],
    ) -> None:
        self._library = library
        self._open_index = open_index
        self._on_targets = on_targets
        self._lock = threading.Lock()
        self._current = EmbeddingTargets()
        self._preparing: ImageTextEncoder | None = None
        self._users = _Users()
        self.cancel = CancelToken()

    @property
    def current(self) -> EmbeddingTargets:
        """The model that answers and the one that will."""
        with self._lock:
            return self._current

    def in_use(self) -> AbstractContextManager[None]:
        """Within the block, none that is in place now is closed."""
        return self._users.one()

    def open(self, encoder: ImageTextEncoder) -> EmbeddingTarget:
        """With its index, made equal to the library; the encoder is closed when that fails.

        The same model on another device goes on with the index that is open.
        """
        spec = encoder.spec
        open_already = self.current.of(spec.identity)
        if open_already is not None:
            return EmbeddingTarget(encoder, open_already.index, _BATCH)
        try:
            index = self._open_index(spec.identity, spec.dim)
        except BaseException:
            encoder.close()
            raise
        try:
            synchronise(self._library, index, spec.identity, self.cancel)
        except BaseException:
            index.close()
            encoder.close()
            raise
        return EmbeddingTarget(encoder, index, _BATCH)

    def prepare(self, target: EmbeddingTarget) -> None:
        """Make it ready for words before it is put in place; one that fails is ended."""
        with self._lock:
            self.cancel.check()
            self._preparing = target.encoder
        try:
            target.encoder.prepare(Tower.TEXT)
        except BaseException:
            if target not in self.current.all:
                _end(EmbeddingTargets(target), keep=self.current)
            raise
        finally:
            with self._lock:
                self._preparing = None

    def put(self, targets: EmbeddingTargets) -> None:
        """Go on with these, and end what is not among them.

        Unless we are closing: then nobody else would close them. Raises CancelledError.
        """
        with self._lock:
            before, closing = self._current, self.cancel.cancelled
            if not closing:
                self._current = targets
        if closing:
            _end(targets, keep=before)
            self.cancel.check()
        self._on_targets(targets)
        if not self._users.wait_for_earlier(_ANSWER_SECONDS):
            _log.warning("the model before was used for so long that it is ended all the same")
        _end(before, keep=targets)

    def call_off(self) -> None:
        """No more models; ends a load that is under way."""
        with self._lock:
            self.cancel.cancel()
            encoders = [target.encoder for target in self._current.all]
            if self._preparing is not None:
                encoders.append(self._preparing)
        for encoder in encoders:
            encoder.close()

    def close(self) -> None:
        """End all of them. After `call_off`."""
        with self._lock:
            targets, self._current = self._current, EmbeddingTargets()
        _end(targets)


class _Users:
    """Those who began to use the models and have not finished."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: set[object] = set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """While the block runs, `wait_for_earlier` waits for it if it began before."""
        token = object()
        with self._changed:
            self._open.add(token)
        try:
            yield
        finally:
            with self._changed:
                self._open.discard(token)
                self._changed.notify_all()

    def wait_for_earlier(self, seconds: float) -> bool:
        """Until all that are there now have finished; False when the time was not enough."""
        with self._changed:
            earlier = frozenset(self._open)
            return self._changed.wait_for(lambda: not earlier & self._open, seconds)


def _end(targets: EmbeddingTargets, keep: EmbeddingTargets | None = None) -> None:
    """End models and their indexes, but not what those to `keep` go on with."""
    kept = keep.all if keep is not None else ()
    for target in targets.all:
        if all(target.encoder is not other.encoder for other in kept):
            target.encoder.close()
        if all(target.index is not other.index for other in kept):
            target.index.close()
