"""The path of photos from the queue into the library: decode, embed, store, overlapping each other."""

import os
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.domain.indexing import PendingPhoto, PhotoFailure
from app.domain.media import DecodedPhoto, DecodeRequest, Framing, PixelSpec
from app.errors import (
    CancelledError,
    FileAccessError,
    LibraryError,
    MediaError,
    ProcessDiedError,
    RefusedBeforeError,
)
from app.indexing.embedding_stage import EmbeddingStage
from app.indexing.embedding_target import EmbeddingTarget, EmbeddingTargets
from app.indexing.outcome_queue import WRITE_AT_ONCE, OutcomeQueue
from app.indexing.reads import Read
from app.indexing.refused import RefusedPhotos
from app.library.library import Library
from app.media.decode_pool import DecodePool
from app.media.thumbnails import ThumbnailStore

_WRITE_SECONDS = 0.25  # not more often than this while more is coming
_VANISHED_SECONDS = 10.0  # so long a photo whose file is not there is left alone: the folder is looked at
_LOOK_AHEAD_BYTES = 128_000_000  # of pixels that wait for the model

_Wanted = tuple[PendingPhoto, EmbeddingTarget | None]  # a photo, and the model that it is read for


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
        self._decoding: dict[Future[DecodedPhoto], _Wanted] = {}
        self._vanished: dict[tuple[int, str], float] = {}  # photo id and path -> until when it is left alone
        self._outcomes = OutcomeQueue(library, on_embedded)
        self._refused = RefusedPhotos(decoder)
        self._stage = EmbeddingStage(library, self._outcomes, self._largest_batch)
        self._written_at = 0.0
        self.current = ""  # the folder whose photos are read
        self.caught_up = False  # the model that is to answer lacks nothing that can be read

    @property
    def busy(self) -> bool:
        """Photos are under way."""
        return bool(self._decoding or self._refused or self._outcomes or any(self._stage.reads()))

    @property
    def computing(self) -> bool:
        """Something is with the decoding processes or a model."""
        return bool(self._decoding or self._stage.future)

    @property
    def message(self) -> str:
        """Why nothing is embedded, for people."""
        return self._stage.message

    @property
    def targets(self) -> EmbeddingTargets:
        return self._stage.targets

    def works(self, target: EmbeddingTarget | None) -> bool:
        """Whether a model is there and has not been given up."""
        return self._stage.works(target)

    def use(self, targets: EmbeddingTargets) -> None:
        """Embed with these from now on; what another one is working on is given up."""
        self._stage.use(targets)
        self.caught_up = False

    def has_work(self, offline: Collection[int]) -> bool:
        """Whether `step` would find photos to take in."""
        return bool(self._next(1, offline))

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
        self._stage.collect_batches()
        if embed:
            self._start_batch()  # at once: the model must not wait until thumbnails are written
        self._collect_decoded()
        if embed:
            self._start_batch()
        finished = self._write_outcomes()
        self._stage.release_twins()
        return PipelineNews(finished, bool(started or finished or self.busy))

    def drain(self, seconds: float) -> None:
        """Before stopping: store what is ready, and what the model is working on if it ends in time."""
        for future in self._decoding:
            future.cancel()
        self._decoding.clear()
        self._refused.drop()
        self._stage.drain(seconds)
        self._outcomes.write()

    # -- decoding

    def _refill(self, offline: Collection[int]) -> int:
        capacity = self._capacity()
        room = capacity - len(self._decoding) - self._stage.waiting - len(self._outcomes)
        if room < max(1, capacity // 4):
            return 0  # ask the database for several at a time
        wanted = self._next(room, offline)
        self.caught_up = len(wanted) < room and self._has_caught_up(wanted)
        if wanted:
            self.current = os.path.dirname(wanted[0][0].path)
        refused = self._library.photos.refused_contents({photo.size for photo, _ in wanted}) if wanted else {}
        for photo, target in wanted:
            request = DecodeRequest(
                photo.path,
                target.encoder.spec.pixel_spec if target is not None else None,
                refused=refused.get(photo.size, ()),
                pixels_only=photo.read_as is not None,
            )
            self._decoding[self._decoder.submit(request)] = (photo, target)
        return len(wanted)

    def _next(self, room: int, offline: Collection[int]) -> list[_Wanted]:
        """What to read next: what is new, then what the models lack."""
        photos, targets = self._library.photos, self._stage.targets
        first = targets.for_new if self.works(targets.for_new) else None
        found: list[_Wanted] = []

        def ask(
            more: Callable[[int, set[int], Collection[int]], Sequence[PendingPhoto]],
            target: EmbeddingTarget | None,
        ) -> None:
            if room > len(found):
                under_way = self._under_way() | {photo.photo_id for photo, _ in found}
                some = more(room - len(found) + len(self._vanished), under_way, offline)
                present = self._present(some)[: room - len(found)]
                found.extend((photo, None if photo.companion else target) for photo in present)

        ask(photos.next_pending, first)
        if targets.coming is not None:
            if first is targets.answering and first is not None:
                ask(photos.next_never_embedded, first)
            if self.works(targets.coming):
                ask(partial(photos.next_unembedded, targets.coming.identity), targets.coming)
        elif first is not None:
            ask(partial(photos.next_unembedded, first.identity), first)
        return found

    def _has_caught_up(self, wanted: Sequence[_Wanted]) -> bool:
        """Nothing is left to be read for the model that is to answer, and nothing of it is under way."""
        coming = self._stage.targets.coming
        if coming is None or not self.works(coming) or any(target is coming for _, target in wanted):
            return False
        decoding = coming.identity in self._read_for()
        return not (
            decoding or any(self._stage.reads(coming.identity)) or self._outcomes.holds_for(coming.identity)
        )

    def _capacity(self) -> int:
        """How many photos may be decoded or wait: enough to keep everything busy, and no more than fit."""
        targets = self._stage.targets.all
        if not targets:
            return self._look_ahead
        batch = max(map(self._stage.batch_size, targets))
        return max(1, min(max(self._look_ahead, 2 * batch), self._fitting()))

    def _fitting(self) -> int:
        """How many photos may take memory while they wait for a model."""
        specs = [target.encoder.spec.pixel_spec for target in self._stage.targets.all]
        return self._look_ahead_bytes // max(map(_pixel_bytes, specs))

    def _largest_batch(self) -> int:
        """While one is put together, the photos of the next must have room."""
        return self._fitting() // 2

    def _read_for(self) -> set[str]:
        """The identities of the models that photos are being decoded for."""
        return {target.identity for _, target in self._decoding.values() if target is not None}

    def _under_way(self) -> set[int]:
        ids = {read.pending.photo_id for read in self._stage.reads()}
        ids.update(photo.photo_id for photo, _ in self._decoding.values())
        return ids | self._outcomes.photo_ids() | self._refused.photo_ids()

    def _present(self, photos: Sequence[PendingPhoto]) -> list[PendingPhoto]:
        """Without those whose files were not there a moment ago, unless they were found elsewhere."""
        now = time.monotonic()
        self._vanished = {place: until for place, until in self._vanished.items() if until > now}
        return [photo for photo in photos if (photo.photo_id, photo.path) not in self._vanished]

    def _wait(self, patience: float) -> None:
        futures: list[Future[Any]] = [*self._decoding, *self._refused.futures()]
        if self._stage.future is not None:
            futures.append(self._stage.future)
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
            self._stage.take(reads)

    def _finish_decoding(self, future: "Future[DecodedPhoto]") -> Read | None:
        photo, target = self._decoding[future]
        try:
            decoded = future.result()
        except CancelledError:
            return None  # we are closing: the row stays pending
        except ProcessDiedError:  # no photo is to blame: it stays pending, too, and comes again
            del self._decoding[future]
            raise
        except MediaError as error:
            self._refuse(photo, error)
            return None
        if decoded.thumbnail:
            self._keep_thumbnail(decoded)
        return Read(photo, decoded, target)

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

    def _start_batch(self) -> None:
        self._stage.start_batch(self._read_for())

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
