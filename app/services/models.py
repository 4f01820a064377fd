"""Choosing the model and telling how it is."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from app.domain.model import ImageTextEncoder, Tower
from app.domain.progress import CancelToken
from app.domain.status import ModelState, ModelStatus
from app.domain.vectors import VectorIndex
from app.embedding.devices import device_choices
from app.embedding.imported import ready_checkpoint
from app.errors import AppError, CancelledError
from app.indexing.embedding_target import EmbeddingTarget
from app.indexing.vector_sync import synchronise
from app.library.library import Library
from app.settings import SettingsStore

_log = logging.getLogger(__name__)

# A batch on a processor takes seconds: small ones keep progress and newcomers lively. A GPU wants more.
_CPU_BATCH, _GPU_BATCH = 8, 64


@dataclass(frozen=True, slots=True)
class ModelParts:
    """How encoders and indexes are opened; tests pass fakes."""

    open_encoder: Callable[[str, str, int | None], ImageTextEncoder]  # (checkpoint, device, NaFlex patches)
    open_index: Callable[[Path, str, int], VectorIndex]  # (folder, identity, dimension)
    ready_checkpoint: Callable[[str], str] = ready_checkpoint  # converts other programs' files


class ModelService:
    """Owns the encoder and the vector index that the other services use.

    `for_indexing`: pictures will be embedded, so the device they run on is of interest; finding out may load
    the image tower, which a search for words does without.
    """

    def __init__(
        self,
        library: Library,
        vectors: Path,
        settings: SettingsStore,
        parts: ModelParts,
        *,
        on_target: Callable[[EmbeddingTarget | None], None],
        for_indexing: bool = True,
    ) -> None:
        self._library = library
        self._vectors = vectors
        self._settings = settings
        self._parts = parts
        self._on_target = on_target
        self._for_indexing = for_indexing
        self._lock = threading.Lock()
        self._loading = threading.Lock()  # one load at a time; later ones wait for their turn
        self._status = ModelStatus(ModelState.NONE)
        self._target: EmbeddingTarget | None = None
        self._listeners: list[Callable[[ModelStatus], None]] = []
        self._threads: list[threading.Thread] = []
        self._cancel = CancelToken()

    @property
    def target(self) -> EmbeddingTarget | None:
        """The current model with its index; None while there is none. It answers as soon as it is here."""
        with self._lock:
            return self._target

    @property
    def identity(self) -> str | None:
        target = self.target
        return target.identity if target else None

    def status(self) -> ModelStatus:
        """How the model is now."""
        with self._lock:
            return self._status

    def subscribe(self, listener: Callable[[ModelStatus], None]) -> None:
        """Called on a worker thread whenever the status changes."""
        with self._lock:
            self._listeners.append(listener)

    def devices(self) -> tuple[tuple[str, str], ...]:
        """(name for settings, text for people) of what can be chosen: auto first."""
        return device_choices()

    def use(self, checkpoint: str | None, device: str = "auto") -> str | None:
        """Switch to a folder, a cached hub id or a .pth file (None: no model). Raises CheckpointError.

        Verifies first, and converts a .pth file the first time. The embeddings of the model before are kept,
        so that changing back costs nothing. The choice is stored in the settings and returned as it stands
        there. Loading goes on behind, see `status`. Should it fail, the model before stays in use.
        """
        checkpoint = self._parts.ready_checkpoint(checkpoint) if checkpoint else None
        settings = self._settings.load()
        patches = settings.naflex_patches
        encoder = self._parts.open_encoder(checkpoint, device, patches) if checkpoint else None
        self._settings.save(settings.model_copy(update={"checkpoint": checkpoint, "device": device}))
        self._start(lambda: self._switch(encoder))
        return checkpoint

    def load(self) -> None:
        """Load what the settings name, in the background; `status` says so at once."""
        with self._lock:
            if not self._cancel.cancelled:
                self._status = ModelStatus(ModelState.LOADING)
        self._start(self._load)

    def rest(self) -> None:
        """Nobody is there to search: give back what only words need. `wake` makes them quick again."""
        target = self.target
        if target is not None:
            target.encoder.release(Tower.TEXT)

    def wake(self) -> None:
        """Somebody is there again: load what words need before they come. Raises EncoderError."""
        target = self.target
        if target is not None:
            target.encoder.prepare(Tower.TEXT)

    def mend_index(self) -> None:
        """Make the index equal to the library again, after its process died and began anew from its files."""
        target = self.target
        if target is not None:
            synchronise(self._library, target.index, target.identity, self._cancel)

    def close(self) -> None:
        """Call off what is loading; end the model's and the index's processes."""
        with self._lock:
            self._cancel.cancel()
            target, threads = self._target, tuple(self._threads)
        if target is not None:
            target.encoder.close()  # ends a load that is under way
        for thread in threads:
            thread.join()
        with self._lock:
            target, self._target = self._target, None
        if target is not None:
            _close(target)

    # -- loading

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=self._guarded, args=(work,), name="model-loading", daemon=True)
        with self._lock:
            self._threads = [other for other in self._threads if other.is_alive()]
            self._threads.append(thread)
            thread.start()

    def _guarded(self, work: Callable[[], None]) -> None:
        with self._loading:
            before = self.status(), self.target
            try:
                self._cancel.check()
                work()
            except CancelledError:
                _log.debug("loading the model was called off")
            except AppError as error:
                _log.warning("the model cannot be used: %s", error)
                self._note_failure(before, str(error))
            except Exception:  # noqa: BLE001 - a bug must not leave people waiting for a model that never comes
                _log.exception("the model could not be loaded")
                self._note_failure(before, "The model could not be loaded; the log file says more.")

    def _note_failure(self, before: tuple[ModelStatus, EmbeddingTarget | None], message: str) -> None:
        """A model that was not taken into use leaves the one before as it was."""
        status, target = before
        if status.state is ModelState.READY and self.target is target:
            self._publish(replace(status, message=message))
        else:
            self._publish(replace(self.status(), state=ModelState.FAILED, message=message))

    def _load(self) -> None:
        chosen = self._settings.load()
        if chosen.checkpoint is None:
            self._publish(ModelStatus(ModelState.NONE))
            return
        self._publish(ModelStatus(ModelState.LOADING, name=Path(chosen.checkpoint).name))
        self._switch(self._parts.open_encoder(chosen.checkpoint, chosen.device, chosen.naflex_patches))

    def _switch(self, encoder: ImageTextEncoder | None) -> None:
        """Take the new model into use, then let the old one go."""
        before = self.target
        target = self._opened(encoder, before) if encoder is not None else None
        self._put_in_place(target, before)
        self._on_target(target)
        if before is not None:
            _close(before, keep=target)
        if target is None:
            self._publish(ModelStatus(ModelState.NONE))
        else:
            self._warm_up(target)

    def _opened(self, encoder: ImageTextEncoder, before: EmbeddingTarget | None) -> EmbeddingTarget:
        try:
            return self._open_target(encoder, before)
        except BaseException:
            encoder.close()
            raise

    def _open_target(self, encoder: ImageTextEncoder, before: EmbeddingTarget | None) -> EmbeddingTarget:
        """The same model on another device goes on with the index that is open."""
        spec = encoder.spec
        self._publish(ModelStatus(ModelState.LOADING, name=spec.checkpoint))
        # The real device is known once a tower is loaded; a batch too small for it costs little meanwhile.
        if before is not None and before.identity == spec.identity:
            return EmbeddingTarget(encoder, before.index, _CPU_BATCH)
        if self._for_indexing:  # a search writes nothing
            self._library.embeddings.ensure_model(spec)
        index = self._parts.open_index(self._vectors, spec.identity, spec.dim)
        try:
            synchronise(self._library, index, spec.identity, self._cancel)
        except BaseException:
            index.close()
            raise
        return EmbeddingTarget(encoder, index, _CPU_BATCH)

    def _put_in_place(self, target: EmbeddingTarget | None, before: EmbeddingTarget | None) -> None:
        """Unless we are closing: then nobody else would close it."""
        with self._lock:
            if not self._cancel.cancelled:
                self._target = target
                return
        if target is not None:
            _close(target, keep=before)
        self._cancel.check()

    def _warm_up(self, target: EmbeddingTarget) -> None:
        """Words are what people wait for, so their tower comes first."""
        encoder = target.encoder
        ready = ModelStatus(ModelState.READY, name=encoder.spec.checkpoint)
        encoder.prepare(Tower.TEXT)
        ready = replace(ready, message=encoder.note())
        self._publish(ready)
        if not self._for_indexing:
            return
        device = encoder.provenance().device
        if device != "cpu":
            target = replace(target, batch_size=_GPU_BATCH)
            self._put_in_place(target, None)
            self._on_target(target)
        self._publish(replace(ready, device=device, message=encoder.note()))

    def _publish(self, status: ModelStatus) -> None:
        with self._lock:
            if status == self._status and status.state is ModelState.READY:
                return
            self._status = status
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(status)


def _close(target: EmbeddingTarget, keep: EmbeddingTarget | None = None) -> None:
    """End a model; its index only when `keep` does not go on with it."""
    target.encoder.close()
    if keep is None or keep.index is not target.index:
        target.index.close()
