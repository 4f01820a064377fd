"""Choosing the model, changing it without losing an answer, and telling how it is."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from app.domain.media import Framing
from app.domain.model import ImageTextEncoder, Tower
from app.domain.precision import PrecisionProof
from app.domain.status import ModelState, ModelStatus
from app.domain.vectors import VectorIndex
from app.embedding.devices import device_choices
from app.embedding.imported import ready_checkpoint
from app.embedding.proof import proof_of
from app.errors import AppError, CancelledError, CheckpointError
from app.indexing.embedding_target import EmbeddingTarget, EmbeddingTargets
from app.indexing.vector_sync import synchronise
from app.library.library import Library
from app.services.model_change import ModelChange, as_it_runs
from app.services.open_targets import OpenTargets
from app.settings import Settings, SettingsStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelParts:
    """How encoders and indexes are opened; tests pass fakes."""

    open_encoder: Callable[
        [str, str, int | None, str], ImageTextEncoder
    ]  # (checkpoint, device, NaFlex patches, precision)
    open_index: Callable[[Path, str, int], VectorIndex]  # (folder, identity, dimension)
    ready_checkpoint: Callable[[str], str] = ready_checkpoint  # converts other programs' files


class ModelService:
    """Owns the encoders and the vector indexes that the other services use.

    A model that was chosen answers at once where that loses nothing. Else the one before goes on answering
    while the new one, which is *coming*, embeds the library behind; then it takes over. What was chosen is in
    the settings and which model answers is in the library, so a change goes on after a restart.

    `for_indexing`: pictures will be embedded, so the device they run on is of interest; finding out may load
    the image tower, which a search for words does without. Without it nothing is written, and no model comes.
    """

    def __init__(
        self,
        library: Library,
        vectors: Path,
        settings: SettingsStore,
        parts: ModelParts,
        *,
        on_targets: Callable[[EmbeddingTargets], None],
        for_indexing: bool = True,
    ) -> None:
        self._library = library
        self._settings = settings
        self._parts = parts
        self._for_indexing = for_indexing
        self._open = OpenTargets(library, partial(parts.open_index, vectors), on_targets)
        self._change = ModelChange(
            library, self._open, self._open_encoder, self.status, self._publish, for_indexing=for_indexing
        )
        self._lock = threading.Lock()
        self._loading = threading.Lock()  # one load or change at a time; later ones wait for their turn
        self._status = ModelStatus(ModelState.NONE)
        self._listeners: list[Callable[[ModelStatus], None]] = []
        self._threads: list[threading.Thread] = []

    @property
    def target(self) -> EmbeddingTarget | None:
        """The model that answers, with its index; None while there is none. It answers once it is here."""
        return self.targets.answering

    @property
    def targets(self) -> EmbeddingTargets:
        """The model that answers and the one that will."""
        return self._open.current

    @property
    def identity(self) -> str | None:
        target = self.target
        return target.identity if target else None

    @property
    def busy(self) -> bool:
        """A model is being loaded, or is taking over."""
        with self._lock:
            return any(thread.is_alive() for thread in self._threads)

    def in_use(self) -> AbstractContextManager[None]:
        """Within the block, `target` may be asked whatever takes its place meanwhile."""
        return self._open.in_use()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within the block no model is loaded, changed or taken into use."""
        with self._loading:
            yield

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

    def precision_wish(self) -> str:
        """What the settings say: "auto" or "float32"."""
        return self._settings.load().precision

    def precision_proof(self) -> PrecisionProof | None:
        """What comparing reduced precisions of the chosen model showed; None before that was done."""
        chosen = self._settings.load()
        if chosen.checkpoint is None or chosen.precision != "auto":
            return None
        device = self.status().device or chosen.device
        return proof_of(chosen.checkpoint, chosen.naflex_patches, device)

    def use(self, checkpoint: str | None, device: str = "auto", precision: str | None = None) -> str | None:
        """Change to a folder, a cached hub id or a .pth file (None: no model). Raises CheckpointError.

        Verifies first, and converts a .pth file the first time. The embeddings of the model before are kept,
        so that changing back costs nothing. The choice is stored in the settings and returned as it stands
        there. The rest goes on behind, see `status`. Should it fail, the model before stays in use.
        `precision`: "auto" or "float32"; as it was when not given.
        """
        checkpoint = self._parts.ready_checkpoint(checkpoint) if checkpoint else None
        wishes = {"checkpoint": checkpoint, "device": device} | (
            {"precision": precision} if precision else {}
        )
        self._use(self._settings.load().model_copy(update=wishes))
        return checkpoint

    def patches(self) -> int | None:
        """How many patches of a photo the chosen model looks at; None where that is no choice."""
        target = self.targets.coming or self.target
        spec = target.encoder.spec.pixel_spec if target is not None else None
        return spec.max_patches if spec is not None and spec.framing is Framing.NAFLEX else None

    def use_patches(self, patches: int) -> None:
        """Look at photos more or less closely from now on: a change of the model like any other.

        Raises CheckpointError.
        """
        self._use(self._settings.load().model_copy(update={"naflex_patches": patches}))

    def use_now(self) -> None:
        """Let the coming model answer with what it has embedded so far; the rest follows."""
        coming = self.targets.coming
        if coming is not None:
            self.take_over(coming.identity)

    def take_over(self, identity: str) -> None:
        """Let the coming model answer, in the background, if it is still the one that was meant."""
        self._start(lambda: self._change.take_over(identity))

    def stay(self) -> str | None:
        """Call the change off: the model that answers is the chosen one again; returns its checkpoint.

        What the other one has embedded is kept. Raises SettingsError.
        """
        before = self._library.models.answering()
        if self.targets.coming is None or before is None or before.place is None:
            return self._settings.load().checkpoint
        chosen = {"checkpoint": before.place, "naflex_patches": before.naflex_patches}
        self._settings.save(self._settings.load().model_copy(update=chosen))
        self._start(self._change.drop_coming)
        return before.place

    def load(self) -> None:
        """Load what the settings name, in the background; `status` says so at once."""
        with self._lock:
            if not self._open.cancel.cancelled:
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
            synchronise(self._library, target.index, target.identity, self._open.cancel)

    def close(self) -> None:
        """Call off what is loading; end the models' and the indexes' processes."""
        self._open.call_off()
        with self._lock:
            threads = tuple(self._threads)
        for thread in threads:
            thread.join()
        self._open.close()

    # -- in the background

    def _use(self, chosen: Settings) -> None:
        encoder = self._open_encoder(chosen) if chosen.checkpoint else None
        self._settings.save(chosen)
        self._start(lambda: self._change.choose(encoder, chosen))

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
                self._open.cancel.check()
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
            coming = self.targets.coming
            self._publish(replace(status, message=message, coming=coming.name if coming else ""))
        else:
            self._publish(replace(self.status(), state=ModelState.FAILED, message=message))

    def _load(self) -> None:
        chosen = self._settings.load()
        if chosen.checkpoint is None:
            self._publish(ModelStatus(ModelState.NONE))
            return
        self._publish(ModelStatus(ModelState.LOADING, name=Path(chosen.checkpoint).name))
        try:
            encoder = self._open_encoder(chosen)
        except CheckpointError as error:
            if not self._change.go_on_with_last(chosen):
                raise
            self._publish(replace(self.status(), message=str(error)))
            return
        if not self._for_indexing and self._change.go_on_with_last(chosen, unless=encoder.spec):
            encoder.close()  # it has not embedded the library yet, and nothing is embedded here
            return
        self._change.choose(encoder, chosen)

    def _open_encoder(self, chosen: Settings) -> ImageTextEncoder:
        encoder = self._parts.open_encoder(
            str(chosen.checkpoint), chosen.device, chosen.naflex_patches, chosen.precision
        )
        encoder.subscribe(partial(self._tell_of, encoder))
        return encoder

    def _tell_of(self, encoder: ImageTextEncoder) -> None:
        """What it says of itself became another; only of the model that answers this is shown."""
        target, status = self.target, self.status()
        if target is not None and target.encoder is encoder and status.state is ModelState.READY:
            self._publish(as_it_runs(status, encoder))

    def _publish(self, status: ModelStatus) -> None:
        with self._lock:
            if status == self._status and status.state is ModelState.READY:
                return
            self._status = status
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(status)
