"""The path of photos from the queue into the library: decode, embed, store, overlapping each other."""

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.indexing import IndexedPhoto, NewEmbedding, PendingPhoto, PhotoFailure
from app.domain.media import DecodedPhoto, DecodeRequest, Framing, PixelSpec
from app.domain.model import Embeddings
from app.errors import (
    AppError,
    CancelledError,
    CheckpointError,
    EncoderError,
    FileAccessError,
    LibraryError,
    MediaError,
    ProcessDiedError,
    RefusedBeforeError,
)
from app.indexing.embedding_target import EmbeddingTarget
from app.indexing.outcome_queue import WRITE_AT_ONCE, OutcomeQueue
from app.indexing.refused import RefusedPhotos
from app.library.library import Library
from app.media.decode_pool import DecodePool
from app.media.thumbnails import ThumbnailStore

_log = logging.getLogger(__name__)

_WRITE_SECONDS = 0.25  # not more often than this while more is coming
_MODEL_FAILURES = 3  # after so many batches in a row the model is given up until it is chosen again
_VANISHED_SECONDS = 10.0  # so long a photo whose file is not there is left alone: the folder is looked at
_LOOK_AHEAD_BYTES = 128_000_000  # of pixels that wait for the model
_GREY = 128


@dataclass(frozen=True, slots=True)
class _Read:
    """A photo that was decoded."""

    pending: PendingPhoto
    decoded: DecodedPhoto
    pixel_spec: PixelSpec | None  # what its pixels were made for

    @property
    def keys(self) -> tuple[str, str]:
        return self.decoded.content_key, self.decoded.pixel_key

    @property
    def pixels(self) -> NDArray[np.uint8]:
        assert self.decoded.pixels is not None, "only photos with pixels go to the model"
        return self.decoded.pixels

    def indexed(self, embedding: NewEmbedding | None = None) -> IndexedPhoto:
        decoded = self.decoded
        return IndexedPhoto(
            self.pending.photo_id,
            decoded.size,
            decoded.mtime_ns,
            decoded.content_key,
            decoded.pixel_key,
            decoded.metadata,
            embedding,
        )

    def failure(self, reason: str) -> PhotoFailure:
        return PhotoFailure(self.pending.photo_id, self.decoded.size, self.decoded.mtime_ns, reason)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Photos that are with the model."""

    target: EmbeddingTarget
    photos: tuple[_Read, ...]
    future: "Future[Embeddings]"


@dataclass(frozen=True, slots=True)
class PipelineNews:
    """What one step achieved."""

    finished: int = 0  # photos stored or noted as problems
    worked: bool = False  # something moved


class IndexingPipeline:
    """Keeps the decoding processes and the model busy and writes what they yield.

    Belongs to the worker's thread: `step` does what can be done now and waits a moment for more. Nothing is
    kept here that the library does not know as pending, so stopping at any moment loses at most one batch.
    When `step` raises, calling it again goes on where it stopped.
    """

    def __init__(
        self,
        library: Library,
        decoder: DecodePool,
        thumbnails: ThumbnailStore,
        *,
        look_ahead: int,
        look_ahead_bytes: int = _LOOK_AHEAD_BYTES,
        on_embedded: Callable[[], None],
        on_vanished: Callable[[PendingPhoto], None],
    ) -> None:
        self._library = library
        self._decoder = decoder
        self._thumbnails = thumbnails
        self._look_ahead = look_ahead
        self._look_ahead_bytes = look_ahead_bytes
        self._on_vanished = on_vanished
        self._target: EmbeddingTarget | None = None
        self._decoding: dict[Future[DecodedPhoto], tuple[PendingPhoto, PixelSpec | None]] = {}
        self._vanished: dict[tuple[int, str], float] = {}  # photo id and path -> until when it is left alone
        self._to_embed: deque[_Read] = deque()
        self._twins: list[_Read] = []  # same pixels as one that is with the model: stored after it
        self._batch: _Batch | None = None
        self._outcomes = OutcomeQueue(library, on_embedded)
        self._refused = RefusedPhotos(decoder)
        self._model_failures = 0
        self._written_at = 0.0
        self.message = ""  # why nothing is embedded, for people
        self.current = ""  # the folder whose photos are read

    @property
    def busy(self) -> bool:
        """Photos are under way."""
        reading = self._decoding or self._refused
        return bool(reading or self._to_embed or self._batch or self._twins or self._outcomes)

    @property
    def computing(self) -> bool:
        """Something is with the decoding processes or the model."""
        return bool(self._decoding or self._batch)

    @property
    def embeds(self) -> bool:
        """A model is there and has not been given up."""
        return self._target is not None and self._model_failures < _MODEL_FAILURES

    @property
    def target(self) -> EmbeddingTarget | None:
        return self._target

    def use(self, target: EmbeddingTarget | None) -> None:
        """Embed with this model from now on; what another one is working on is given up."""
        before, self._target = self._target, target
        if before is None or target is None or before.encoder is not target.encoder:
            self._stop_embedding()
        self._model_failures = 0
        self.message = ""

    def has_work(self, offline: Collection[int]) -> bool:
        """Whether `step` would find photos to take in."""
        under_way = self._under_way()
        if self._present(self._library.photos.next_pending(1 + len(self._vanished), under_way, offline)):
            return True
        target = self._target if self.embeds else None
        return target is not None and bool(
            self._present(
                self._library.photos.next_unembedded(
                    target.identity, 1 + len(self._vanished), under_way, offline
                )
            )
        )

    def step(
        self, offline: Collection[int], *, refill: bool, patience: float, embed: bool = True
    ) -> PipelineNews:
        """Take more photos in (`refill`), wait up to `patience` seconds for news, and store what is done.

        Without `embed` what waits for the model goes on waiting.
        Raises LibraryError when the library, or the folder of thumbnails, cannot be written.
        """
        started = self._refill(offline) if refill else 0
        if embed:
            self._start_batch()
        self._wait(patience)
        self._collect_decoded()
        self._collect_batch()
        if embed:
            self._start_batch()
        finished = self._write_outcomes()
        self._release_twins()
        return PipelineNews(finished, bool(started or finished or self.busy))

    def drain(self, seconds: float) -> None:
        """Before stopping: store what is ready, and what the model is working on if it ends in time."""
        for future in self._decoding:
            future.cancel()
        self._decoding.clear()
        self._refused.drop()
        if self._batch is not None:
            wait([self._batch.future], timeout=seconds)
            if self._batch.future.done() and self._batch.future.exception() is None:
                self._collect_batch()
        self._outcomes.write()

    # -- decoding

    def _refill(self, offline: Collection[int]) -> int:
        target = self._target if self.embeds else None
        capacity = self._capacity(target)
        room = capacity - len(self._decoding) - len(self._to_embed) - len(self._outcomes)
        if room < max(1, capacity // 4):
            return 0  # ask the database for several at a time
        under_way = self._under_way()
        spare = len(self._vanished)
        photos = self._present(self._library.photos.next_pending(room + spare, under_way, offline))[:room]
        if len(photos) < room and target is not None:
            under_way |= {photo.photo_id for photo in photos}
            wanted = room - len(photos)
            photos += self._present(
                self._library.photos.next_unembedded(target.identity, wanted + spare, under_way, offline)
            )[:wanted]
        wanted_pixels = target.encoder.spec.pixel_spec if target else None
        if photos:
            self.current = os.path.dirname(photos[0].path)
        refused = self._library.photos.refused_contents({photo.size for photo in photos}) if photos else {}
        for photo in photos:
            spec = None if photo.companion else wanted_pixels
            request = DecodeRequest(photo.path, spec, refused=refused.get(photo.size, ()))
            self._decoding[self._decoder.submit(request)] = (photo, spec)
        return len(photos)

    def _capacity(self, target: EmbeddingTarget | None) -> int:
        """How many photos may be under way: enough to keep everything busy, and no more than fit."""
        if target is None:
            return self._look_ahead
        fitting = self._look_ahead_bytes // _pixel_bytes(target.encoder.spec.pixel_spec)
        return max(1, min(max(self._look_ahead, 2 * target.batch_size), fitting))

    def _under_way(self) -> set[int]:
        reads = (*self._to_embed, *self._twins, *(self._batch.photos if self._batch else ()))
        ids = {read.pending.photo_id for read in reads}
        ids.update(photo.photo_id for photo, _ in self._decoding.values())
        return ids | self._outcomes.photo_ids() | self._refused.photo_ids()

    def _present(self, photos: Sequence[PendingPhoto]) -> list[PendingPhoto]:
        """Without those whose files were not there a moment ago, unless they were found elsewhere."""
        now = time.monotonic()
        self._vanished = {place: until for place, until in self._vanished.items() if until > now}
        return [photo for photo in photos if (photo.photo_id, photo.path) not in self._vanished]

    def _wait(self, patience: float) -> None:
        futures: list[Future[Any]] = [*self._decoding, *self._refused.futures()]
        if self._batch is not None:
            futures.append(self._batch.future)
        if futures:
            wait(futures, timeout=patience, return_when=FIRST_COMPLETED)

    def _collect_decoded(self) -> None:
        """A photo leaves `_decoding` only once its thumbnail is stored."""
        for failure in self._refused.collect():
            self._outcomes.refuse(failure)
        reads = []
        try:
            for future in [future for future in self._decoding if future.done()]:
                read = self._finish_decoding(future)
                del self._decoding[future]
                if read is not None:
                    reads.append(read)
        finally:
            self._sort_out(reads)

    def _finish_decoding(self, future: "Future[DecodedPhoto]") -> _Read | None:
        photo, spec = self._decoding[future]
        try:
            decoded = future.result()
        except CancelledError:
            return None  # we are closing: the row stays pending
        except MediaError as error:
            self._refuse(photo, error)
            return None
        self._keep_thumbnail(decoded)
        return _Read(photo, decoded, spec)

    def _refuse(self, photo: PendingPhoto, error: MediaError) -> None:
        """Its file may be gone, out of reach, known as bad, or bad: then other copies need not be tried."""
        if isinstance(error, FileAccessError) and not os.path.lexists(photo.path):
            self._vanished[photo.photo_id, photo.path] = time.monotonic() + _VANISHED_SECONDS
            self._on_vanished(photo)
        elif isinstance(error, FileAccessError | RefusedBeforeError):
            self._outcomes.refuse(PhotoFailure(photo.photo_id, photo.size, photo.mtime_ns, str(error)))
        else:
            self._refused.add(photo, str(error))

    def _keep_thumbnail(self, decoded: DecodedPhoto) -> None:
        try:
            self._thumbnails.write(decoded.content_key, decoded.thumbnail)
        except OSError as error:
            raise LibraryError(
                f"Thumbnails cannot be stored: {error.strerror}. Check the free space and the permissions of"
                " the library's folder; indexing then goes on by itself."
            ) from error

    def _sort_out(self, reads: Sequence[_Read]) -> None:
        """Only what no embedding exists for goes to the model."""
        if not reads:
            return
        target = self._target
        if target is None or not self.embeds:
            self._outcomes.put((read.indexed() for read in reads), target)
            return
        known = self._library.photos.reusable_embeddings(target.identity, [read.keys for read in reads])
        at_model = self._pixels_at_model() | self._outcomes.embedded_pixels()
        for read in reads:
            content, pixels = read.keys
            made_for_it = (
                read.decoded.pixels is not None and read.pixel_spec == target.encoder.spec.pixel_spec
            )
            if content in known or not made_for_it:  # decoded before the model came: embedded later
                self._outcomes.put([read.indexed()], target)
            elif pixels in at_model:
                self._twins.append(read)
            else:
                at_model.add(pixels)
                self._to_embed.append(read)

    def _pixels_at_model(self) -> set[str]:
        with_model = self._batch.photos if self._batch else ()
        return {read.decoded.pixel_key for read in (*self._to_embed, *with_model)}

    def _release_twins(self) -> None:
        """Once the first of equal pictures is stored, the others find its embedding."""
        if not self._twins or self._outcomes:
            return
        at_model = self._pixels_at_model()
        released = [read for read in self._twins if read.decoded.pixel_key not in at_model]
        self._twins = [read for read in self._twins if read.decoded.pixel_key in at_model]
        self._sort_out(released)

    # -- embedding

    def _start_batch(self) -> None:
        target = self._target
        if self._batch is not None or target is None or not self._to_embed:
            return
        if len(self._to_embed) < target.batch_size and self._decoding:
            return  # a full batch is worth waiting for while more is coming
        count = min(target.batch_size, len(self._to_embed))
        photos = tuple(self._to_embed.popleft() for _ in range(count))
        self._batch = _Batch(target, photos, target.encoder.submit_images([one.pixels for one in photos]))

    def _collect_batch(self) -> None:
        batch = self._batch
        if batch is None or not batch.future.done():
            return
        self._batch = None
        try:
            embeddings = batch.future.result()
            self._outcomes.put(_embedded(batch.target, batch.photos, embeddings), batch.target)
            self._model_failures = 0
        except CancelledError:
            self._outcomes.put((read.indexed() for read in batch.photos), batch.target)
        except CheckpointError as error:
            self._give_up(batch, error)
        except (EncoderError, ProcessDiedError) as error:
            self._rescue(batch, error)

    def _rescue(self, batch: _Batch, error: AppError) -> None:
        """After a failed batch, one by one: a picture the model cannot take must not hold up the others."""
        _log.warning("a batch of %d could not be embedded: %s", len(batch.photos), error)
        refused: list[PhotoFailure] = []
        for read in batch.photos:
            try:
                embeddings = batch.target.encoder.encode_images([read.pixels])
                self._outcomes.put(_embedded(batch.target, [read], embeddings), batch.target)
            except (EncoderError, ProcessDiedError) as single:
                refused.append(read.failure(f"The model failed on it: {single}"))
        if len(refused) == len(batch.photos) and not _takes_grey(batch.target, batch.photos[0]):
            self._note_model_failure(batch, error)
            return
        for failure in refused:
            self._outcomes.refuse(failure)

    def _note_model_failure(self, batch: _Batch, error: AppError) -> None:
        """It is the model, not the photos: they are handed out again while there is hope."""
        self._model_failures += 1
        if self._model_failures >= _MODEL_FAILURES:
            self._give_up(batch, error)
        else:
            self._to_embed.extendleft(reversed(batch.photos))

    def _give_up(self, batch: _Batch, error: AppError) -> None:
        """No more embedding until a model is chosen again."""
        self._model_failures = _MODEL_FAILURES
        self.message = str(error)
        self._outcomes.put((read.indexed() for read in batch.photos), batch.target)
        self._stop_embedding()

    def _stop_embedding(self) -> None:
        """What waits for a model is stored without; the queue hands it out again to the next one."""
        waiting: list[_Read] = [*self._to_embed, *self._twins, *(self._batch.photos if self._batch else ())]
        self._outcomes.put((read.indexed() for read in waiting), None)
        self._to_embed.clear()
        self._twins.clear()
        self._batch = None

    # -- storing

    def _write_outcomes(self) -> int:
        few = len(self._outcomes) < WRITE_AT_ONCE
        if few and self._decoding and time.monotonic() - self._written_at < _WRITE_SECONDS:
            return 0  # more is coming at once; write it together
        self._written_at = time.monotonic()
        return self._outcomes.write()


def _pixel_bytes(spec: PixelSpec) -> int:
    """What one photo takes while it waits for the model."""
    if spec.framing is Framing.NAFLEX:
        return spec.max_patches * spec.patch_size**2 * 3
    return spec.height * spec.width * 3


def _embedded(target: EmbeddingTarget, photos: Iterable[_Read], embeddings: Embeddings) -> list[IndexedPhoto]:
    provenance = target.encoder.provenance()
    return [
        read.indexed(NewEmbedding(*read.keys, vector, provenance))
        for read, vector in zip(photos, embeddings, strict=True)
    ]


def _takes_grey(target: EmbeddingTarget, like: _Read) -> bool:
    """Whether the model works at all: nobody's picture can be at fault when it refuses a plain grey one."""
    try:
        target.encoder.encode_images([np.full_like(like.pixels, _GREY)])
    except (EncoderError, ProcessDiedError) as error:
        _log.info("the model refuses a grey picture too: %s", error)
        return False
    return True
