"""Between decoding and storing: what waits for a model, is with it, or comes back from it."""

import logging
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from itertools import chain

import numpy as np

from app.domain.indexing import IndexedPhoto, NewEmbedding, PhotoFailure
from app.domain.model import EncodedPhotos
from app.errors import AppError, CancelledError, CheckpointError, EncoderError, ProcessDiedError
from app.indexing.embedding_target import EmbeddingTarget, EmbeddingTargets
from app.indexing.outcome_queue import OutcomeQueue
from app.indexing.reads import Read
from app.library.library import Library

_log = logging.getLogger(__name__)

_UNDER_WAY = 2  # calls, where a model wants the next before the one before is done

_FAILURES = 3  # after so many batches in a row a model is given up until it is chosen again
_GREY = 128
_MODEL_FAILURES = (EncoderError, ProcessDiedError)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Photos that are with a model."""

    target: EmbeddingTarget
    photos: tuple[Read, ...]
    future: "Future[EncodedPhotos]"


class EmbeddingStage:
    """Gives photos to the model that each was read for, a batch at a time. Belongs to the worker's thread.

    A model on a GPU says how many photos suit it, and gets a second batch while it computes the first.
    What comes out goes to the outcome queue, with an embedding or without, in the order of the batches.
    """

    def __init__(self, library: Library, outcomes: OutcomeQueue, largest_batch: Callable[[], int]) -> None:
        """`largest_batch`: no more photos than this are waited for, whatever a model wishes."""
        self._library = library
        self._outcomes = outcomes
        self._targets = EmbeddingTargets()
        self._waiting: dict[str, deque[Read]] = {}  # by the identity of their model
        self._twins: dict[str, list[Read]] = {}  # same pixels as one that is with the model: stored after it
        self._batches: deque[_Batch] = deque()  # in the order in which models got them
        self._largest_batch = largest_batch
        self._call_sizes: dict[str, int] = {}  # by identity: what models on a GPU wish for
        self._failures: Counter[str] = Counter()  # in a row, by identity
        self.message = ""  # why nothing is embedded, for people

    @property
    def targets(self) -> EmbeddingTargets:
        return self._targets

    @property
    def future(self) -> "Future[EncodedPhotos] | None":
        """Of the batch that is with a model and comes back next."""
        return self._batches[0].future if self._batches else None

    @property
    def waiting(self) -> int:
        """How many photos wait for a model."""
        return sum(map(len, self._waiting.values()))

    def batch_size(self, target: EmbeddingTarget) -> int:
        """How many photos it gets at once, if so many are there."""
        return self._call_sizes.get(target.identity, target.batch_size)

    def works(self, target: EmbeddingTarget | None) -> bool:
        """Whether it is there and has not been given up."""
        return target is not None and self._failures[target.identity] < _FAILURES

    def reads(self, identity: str | None = None) -> Iterator[Read]:
        """All that is here, or all for one model."""
        for photos in (self._waiting, self._twins):
            for owner, reads in photos.items():
                if identity in (None, owner):
                    yield from reads
        for batch in self._batches:
            if identity in (None, batch.target.identity):
                yield from batch.photos

    def use(self, targets: EmbeddingTargets) -> None:
        """Embed with these from now on; what others are working on is given up."""
        before, self._targets = self._targets, targets
        kept = {target.identity for target in targets.all if _encoder_of(target, before) is target.encoder}
        for target in before.all:
            if target.identity not in kept:
                self._stop(target.identity)
                self._call_sizes.pop(target.identity, None)
        self._failures.clear()
        self.message = ""

    def take(self, reads: Sequence[Read]) -> None:
        """Only what no embedding exists for goes to the model."""
        for target in (*self._targets.all, None):
            part = [read for read in reads if self._goal(read) is target]
            if not part:
                continue
            if target is None or not self.works(target):
                self._outcomes.put((read.indexed() for read in part), target)
            else:
                self._sort_out(part, target)

    def start_batch(self, coming: Collection[str]) -> None:
        """`coming`: for which models photos are being decoded; a full batch is worth waiting for then."""
        for target in self._targets.all:
            waiting = self._waiting.get(target.identity)
            while waiting and self._may_start(target, len(waiting), target.identity in coming):
                size = min(self.batch_size(target), len(waiting))
                photos = tuple(waiting.popleft() for _ in range(size))
                future = target.encoder.submit_photos([one.pixels for one in photos])
                self._batches.append(_Batch(target, photos, future))

    def collect_batches(self) -> None:
        """Take what models have finished."""
        while self._batches and self._batches[0].future.done():
            self._collect(self._batches.popleft())

    def _may_start(self, target: EmbeddingTarget, waiting: int, more_comes: bool) -> bool:
        """A GPU that has nothing gets what is there at once; behind a batch, only a full one is worth it."""
        if target.identity not in self._call_sizes:
            room, enough = 1, target.batch_size
        else:
            room, enough = _UNDER_WAY, self.batch_size(target) if self._batches else target.batch_size
        return len(self._batches) < room and (waiting >= enough or not more_comes)

    def _collect(self, batch: _Batch) -> None:
        try:
            encoded = batch.future.result()
            self._outcomes.put(_embedded(batch.photos, encoded), batch.target)
            self._note_success(batch.target, encoded)
        except CancelledError:
            self._outcomes.put((read.indexed() for read in batch.photos), batch.target)
        except CheckpointError as error:
            self._give_up(batch, error)
        except _MODEL_FAILURES as error:
            self._rescue(batch, error)

    def release_twins(self) -> None:
        """Once the first of equal pictures is stored, the others find its embedding."""
        if self._outcomes:
            return
        for identity, twins in list(self._twins.items()):
            at_model = self._pixels_at(identity)
            released = [read for read in twins if read.decoded.pixel_key not in at_model]
            self._twins[identity] = [read for read in twins if read.decoded.pixel_key in at_model]
            self.take(released)

    def drain(self, seconds: float) -> None:
        """Before stopping: take what the model is working on if it ends in time."""
        wait([batch.future for batch in self._batches], timeout=seconds)
        while self._batches and _has_result(self._batches[0].future):
            self._collect(self._batches.popleft())

    # -- sorting

    def _goal(self, read: Read) -> EmbeddingTarget | None:
        """The model it was read for; should that be gone, the one that takes what is new."""
        if read.made_for is not None:
            target = self._targets.of(read.made_for.identity)
            if target is not None:
                return target
        return self._targets.for_new

    def _sort_out(self, reads: Sequence[Read], target: EmbeddingTarget) -> None:
        known = self._library.photos.reusable_embeddings(target.identity, [read.keys for read in reads])
        at_model = self._pixels_at(target.identity) | self._outcomes.embedded_pixels(target.identity)
        for read in reads:
            content, pixels = read.keys
            if content in known or not read.fits(target):  # decoded before the model came: embedded later
                self._outcomes.put([read.indexed()], target)
            elif pixels in at_model:
                self._twins.setdefault(target.identity, []).append(read)
            else:
                at_model.add(pixels)
                self._waiting.setdefault(target.identity, deque()).append(read)

    def _pixels_at(self, identity: str) -> set[str]:
        """The pixel keys of what waits for a model or is with it."""
        with_model = (batch.photos for batch in self._batches if batch.target.identity == identity)
        reads = chain(self._waiting.get(identity, ()), *with_model)
        return {read.decoded.pixel_key for read in reads}

    def _note_success(self, target: EmbeddingTarget, encoded: EncodedPhotos) -> None:
        self._failures[target.identity] = 0
        if encoded.call_size is None:
            self._call_sizes.pop(target.identity, None)
        else:
            self._call_sizes[target.identity] = max(1, min(encoded.call_size, self._largest_batch()))

    # -- when a model fails

    def _rescue(self, batch: _Batch, error: AppError) -> None:
        """After a failed batch, one by one: a picture the model cannot take must not hold up the others."""
        _log.warning("a batch of %d could not be embedded: %s", len(batch.photos), error)
        refused: list[PhotoFailure] = []
        for read in batch.photos:
            try:
                encoded = batch.target.encoder.submit_photos([read.pixels]).result()
                self._outcomes.put(_embedded([read], encoded), batch.target)
            except _MODEL_FAILURES as single:
                refused.append(read.failure(f"The model failed on it: {single}"))
        self._take_back_failed(batch.target)
        if len(refused) == len(batch.photos) and not _takes_grey(batch.target, batch.photos[0]):
            self._note_failure(batch, error)
            return
        for failure in refused:
            self._outcomes.refuse(failure)

    def _take_back_failed(self, target: EmbeddingTarget) -> None:
        """A batch behind that failed too, most likely for the same reason: it gets another try, uncounted."""
        failed = [
            one for one in self._batches if one.target.identity == target.identity and _has_failed(one.future)
        ]
        for batch in reversed(failed):
            self._batches.remove(batch)
            self._wait_again(batch)

    def _wait_again(self, batch: _Batch) -> None:
        self._waiting.setdefault(batch.target.identity, deque()).extendleft(reversed(batch.photos))

    def _note_failure(self, batch: _Batch, error: AppError) -> None:
        """It is the model, not the photos: they are handed out again while there is hope."""
        identity = batch.target.identity
        self._failures[identity] += 1
        if self._failures[identity] >= _FAILURES:
            self._give_up(batch, error)
        else:
            self._wait_again(batch)

    def _give_up(self, batch: _Batch, error: AppError) -> None:
        """No more embedding by this model until one is chosen again."""
        self._failures[batch.target.identity] = _FAILURES
        self.message = str(error)
        self._outcomes.put((read.indexed() for read in batch.photos), batch.target)
        self._stop(batch.target.identity)

    def _stop(self, identity: str) -> None:
        """What waits for a model is stored without; the queue hands it out again to the next one."""
        self._outcomes.put((read.indexed() for read in list(self.reads(identity))), None)
        self._waiting.pop(identity, None)
        self._twins.pop(identity, None)
        self._batches = deque(batch for batch in self._batches if batch.target.identity != identity)


def _encoder_of(target: EmbeddingTarget, among: EmbeddingTargets) -> object:
    same = among.of(target.identity)
    return same.encoder if same is not None else None


def _has_result(future: "Future[EncodedPhotos]") -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _has_failed(future: "Future[EncodedPhotos]") -> bool:
    """Of itself: what was called off has not."""
    return future.done() and not future.cancelled() and isinstance(future.exception(), _MODEL_FAILURES)


def _embedded(photos: Iterable[Read], encoded: EncodedPhotos) -> list[IndexedPhoto]:
    return [
        read.indexed(NewEmbedding(*read.keys, vector, encoded.provenance))
        for read, vector in zip(photos, encoded.embeddings, strict=True)
    ]


def _takes_grey(target: EmbeddingTarget, like: Read) -> bool:
    """Whether the model works at all: nobody's picture can be at fault when it refuses a plain grey one."""
    try:
        target.encoder.encode_images([np.full_like(like.pixels, _GREY)])
    except _MODEL_FAILURES as error:
        _log.info("the model refuses a grey picture too: %s", error)
        return False
    return True
