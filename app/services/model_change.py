"""Which model answers searches while another one is chosen, and when the other takes over."""

import logging
from collections.abc import Callable
from dataclasses import replace

from app.domain.model import ImageTextEncoder, ModelSpec, Tower
from app.domain.status import ModelState, ModelStatus
from app.errors import AppError, CheckpointError, EncoderError
from app.indexing.embedding_target import EmbeddingTarget, EmbeddingTargets
from app.library.library import Library
from app.services.open_targets import OpenTargets
from app.settings import Settings

_log = logging.getLogger(__name__)

# A model that lacks no more than this share of what the other one finds answers at once: what came since it
# was used last is embedded in a moment.
_NEARLY_ALL = 0.02


class ModelChange:
    """Puts a chosen model in place of the one before, without losing an answer.

    Called by one thread at a time. `status` is how the model is now, `tell` says how it is from now on.
    """

    def __init__(
        self,
        library: Library,
        targets: OpenTargets,
        open_encoder: Callable[[Settings], ImageTextEncoder],
        status: Callable[[], ModelStatus],
        tell: Callable[[ModelStatus], None],
        *,
        for_indexing: bool,
    ) -> None:
        self._library = library
        self._open = targets
        self._open_encoder = open_encoder
        self._status = status
        self._tell = tell
        self._for_indexing = for_indexing

    @property
    def _target(self) -> EmbeddingTarget | None:
        return self._open.current.answering

    def choose(self, encoder: ImageTextEncoder | None, chosen: Settings) -> None:
        """Take the model into use at once, or begin to embed the library with it."""
        if encoder is None:
            self._open.put(EmbeddingTargets())
            self._tell(ModelStatus(ModelState.NONE))
            return
        try:
            if self._for_indexing:  # a search writes nothing
                if self._target is None:
                    self.go_on_with_last(chosen, unless=encoder.spec)
                self._make_known(encoder.spec, chosen)
            at_once = self._loses_nothing(encoder.spec)
        except BaseException:
            encoder.close()
            raise
        target = self._open.open(encoder)
        if at_once:
            self._let_answer(target)
        else:
            self._let_come(target)

    def _make_known(self, spec: ModelSpec, chosen: Settings) -> None:
        self._library.embeddings.ensure_model(spec)
        self._library.models.note_place(spec.identity, str(chosen.checkpoint), chosen.naflex_patches)

    def go_on_with_last(self, chosen: Settings, unless: ModelSpec | None = None) -> bool:
        """Take the model into use that answered before the program ended, if another one was chosen since."""
        last = self._library.models.answering()
        if last is None or last.place is None or (unless is not None and last.identity == unless.identity):
            return False
        if unless is not None and self._nearly_knows(unless.identity, last.identity):
            return False
        where = {"checkpoint": last.place, "naflex_patches": last.naflex_patches}
        try:
            encoder = self._open_encoder(chosen.model_copy(update=where))
        except CheckpointError as error:
            _log.info("the model that answered before is gone: %s", error)
            return False
        if encoder.spec.identity != last.identity:  # the folder holds another model now
            encoder.close()
            return False
        try:
            self._let_answer(self._open.open(encoder), for_good=False)
        except EncoderError as error:
            _log.warning("the model that answered before does not work: %s", error)
            self._open.put(EmbeddingTargets())
            return False
        return True

    def _loses_nothing(self, spec: ModelSpec) -> bool:
        """Whether this model finds what the one that answers finds, as good as all of it."""
        before = self._target
        if before is None or before.identity == spec.identity or not self._for_indexing:
            return True
        return self._nearly_knows(spec.identity, before.identity)

    def _nearly_knows(self, identity: str, other: str) -> bool:
        models = self._library.models
        lacking = models.lacking(identity, beside=other)
        return lacking <= _NEARLY_ALL * models.found_photos(other)

    def _let_answer(self, target: EmbeddingTarget, *, for_good: bool = True) -> None:
        """Words are what people wait for. Where a model answers already, the new one is ready for them first.

        Unless `for_good`, another model will come, and nobody asks on which device this one runs.
        """
        if self._target is not None:
            self._open.prepare(target)
        else:
            self._tell(ModelStatus(ModelState.LOADING, name=target.name))
        self._open.put(EmbeddingTargets(target))
        if self._for_indexing:
            self._library.models.let_answer(target.identity)
        target.encoder.prepare(Tower.TEXT)
        ready = ModelStatus(ModelState.READY, name=target.name, message=target.encoder.note())
        self._tell(ready)
        if self._for_indexing and for_good:
            self._tell(as_it_runs(ready, target.encoder))

    def _let_come(self, target: EmbeddingTarget) -> None:
        """Embed the library with it; the worker says when it lacks nothing."""
        answering = self._target
        assert answering is not None, "a model comes only where another one answers"
        keep_up = self._is_worth_keeping_up(answering.identity)
        self._open.put(EmbeddingTargets(answering, target, keep_up))
        self._tell(replace(self._status(), coming=target.name, message=""))
        try:
            target.encoder.provenance()
        except AppError:
            self.drop_coming()  # it does not work at all
            raise

    def _is_worth_keeping_up(self, identity: str) -> bool:
        """A model that knows less than half of the photos gets no more of them while it goes out of use."""
        counts = self._library.photos.counts(identity)
        return 2 * counts.embedded >= counts.photos

    def take_over(self, identity: str) -> None:
        coming = self._open.current.coming
        if coming is not None and coming.identity == identity:
            self._let_answer(coming)

    def drop_coming(self) -> None:
        self._open.put(EmbeddingTargets(self._target))
        self._tell(replace(self._status(), coming="", message=""))


def as_it_runs(status: ModelStatus, encoder: ImageTextEncoder) -> ModelStatus:
    """With where and how precisely it computes; finding out may take as long as a first call."""
    by = encoder.provenance()
    return replace(
        status, device=by.device, runtime=by.runtime, precision=by.precision, message=encoder.note()
    )
