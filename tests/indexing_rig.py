"""A whole indexing worker over real folders: real library, real index, fake encoder, decoding in threads."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image

from app.domain.duplicates import Comparison, Fingerprint, Likeness
from app.domain.media import DecodedPhoto, DecodeRequest
from app.domain.photo import Folder, Photo, PhotoState
from app.domain.progress import IndexPhase, IndexProgress
from app.errors import CancelledError
from app.indexing.embedding_target import EmbeddingTarget, EmbeddingTargets
from app.indexing.folder_states import FolderStates
from app.indexing.surroundings import Surroundings
from app.indexing.throttle import Throttle
from app.indexing.vector_sync import synchronise
from app.indexing.worker import IndexingWorker
from app.library.library import Library
from app.media.decode import decode_photo, read_key
from app.media.decode_pool import DecodePool
from app.media.thumbnail_comparison import compare_copies, compare_moments, fingerprints_of
from app.media.thumbnails import ThumbnailStore
from app.vector_index.vector_store import VectorStore
from tests.fake_encoder import FakeEncoder

_PATIENCE_SECONDS = 20.0


def make_photo(path: Path, seed: int = 0, *, side: int = 48, quality: int = 85) -> Path:
    """A small JPEG; equal seeds give equal files, different ones different pictures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), np.uint8)
    Image.fromarray(blocks).resize((side, side), Image.Resampling.NEAREST).save(path, "JPEG", quality=quality)
    return path


def wait_for(condition: Callable[[], object], what: str, seconds: float = _PATIENCE_SECONDS) -> float:
    """Seconds until the condition holds; fails the test when it takes too long."""
    started = time.monotonic()
    pause = threading.Event()
    while not condition():
        assert time.monotonic() - started < seconds, f"waited {seconds:.0f} s in vain until {what}"
        pause.wait(0.01)
    return time.monotonic() - started


class ThreadDecoder:
    """Stands in for the pool of decoding processes: the same decoding, in threads; remembers what it read.

    While `hold` is cleared, decoding waits.
    """

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(2, thread_name_prefix="test-decoding")
        self.hold = threading.Event()
        self.hold.set()
        self.opened: list[str] = []
        self.efforts: list[tuple[int, int]] = []  # (photos at once, niceness) as asked for

    def submit(self, request: DecodeRequest, *, urgent: bool = False) -> "Future[DecodedPhoto]":
        return self._executor.submit(self._decode, request)

    def submit_fingerprints(self, thumbnails: Sequence[str]) -> "Future[list[Fingerprint | None]]":
        return self._executor.submit(fingerprints_of, thumbnails)

    def submit_copies(self, comparisons: Sequence[Comparison]) -> "Future[list[Likeness | None]]":
        return self._executor.submit(compare_copies, comparisons)

    def submit_moments(self, pairs: Sequence[tuple[str, str]]) -> "Future[list[float]]":
        return self._executor.submit(compare_moments, pairs)

    def be_considerate(self, *, photos_at_once: int, niceness: int) -> None:
        self.efforts.append((photos_at_once, niceness))

    def submit_key(self, path: str, size: int, mtime_ns: int) -> "Future[str | None]":
        return self._executor.submit(read_key, path, size, mtime_ns)

    def close(self) -> None:
        self.hold.set()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _decode(self, request: DecodeRequest) -> DecodedPhoto:
        if not self.hold.wait(_PATIENCE_SECONDS):
            raise CancelledError("held too long")
        self.opened.append(request.path)
        return decode_photo(request)


class Rig:
    """A worker that can be stopped and started again over the same library and folders."""

    def __init__(
        self,
        place: Path,
        decoder: ThreadDecoder | DecodePool | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        self.place = place
        self.library = Library.open(place / "library" / "library.db")
        self.thumbnails = ThumbnailStore(place / "library" / "thumbnails")
        self.states = FolderStates()
        self.decoder = decoder or ThreadDecoder()
        self.reports: list[IndexProgress] = []
        self.surroundings = surroundings
        self.worker = self._new_worker()
        self.target: EmbeddingTarget | None = None
        self._indexes: dict[str, VectorStore] = {}
        self._started = False

    @property
    def opened(self) -> list[str]:
        assert isinstance(self.decoder, ThreadDecoder)
        return self.decoder.opened

    @property
    def last(self) -> IndexProgress:
        return self.reports[-1]

    def add_folder(self, name: str = "photos") -> tuple[Folder, Path]:
        path = self.place / name
        path.mkdir(exist_ok=True)
        folder = self.library.folders.add(str(path))
        if self._started:
            self.worker.folders_changed()
        return folder, path

    def use(self, encoder: FakeEncoder | None, *, batch_size: int = 8) -> None:
        """What ModelService does when a model was chosen."""
        self.target = None if encoder is None else self._target(encoder, batch_size)
        self.worker.use(EmbeddingTargets(self.target))

    def start(self) -> None:
        self._started = True
        self.worker.start(self.reports.append)

    def restart(self) -> None:
        """End the worker and begin anew, as closing and opening the program does."""
        self.worker.stop()
        self.reports.clear()
        self.states = FolderStates()
        self.worker = self._new_worker()
        self.worker.use(EmbeddingTargets(self.target))
        self.start()

    def close(self) -> None:
        if isinstance(self.decoder, ThreadDecoder):
            self.decoder.hold.set()
        self.worker.stop()
        self.decoder.close()
        for index in self._indexes.values():
            index.close()
        self.library.close()

    # -- waiting

    def settle(self) -> None:
        """Wait until nothing is left to do."""
        assert self.worker.wait_until_idle(_PATIENCE_SECONDS), f"still {self.reports[-1:]}"

    def wait_for_photos(self, *names: str, seconds: float = _PATIENCE_SECONDS) -> float:
        """Wait until exactly these photos are there, ready, and embedded if there is a model."""
        return wait_for(lambda: self.names() == sorted(names) and self.all_done(), f"{names} are in", seconds)

    # -- looking

    def photos(self) -> list[Photo]:
        return self.library.photos.get(self.library.photos.ids())

    def names(self) -> list[str]:
        """Paths of the shown photos below the test's folder."""
        return sorted(photo.path.removeprefix(f"{self.place}/") for photo in self.photos())

    def photo(self, name: str) -> Photo:
        return next(photo for photo in self.photos() if photo.path == f"{self.place}/{name}")

    def all_done(self) -> bool:
        identity = self.target.identity if self.target else None
        counts = self.library.photos.counts(identity)
        unembedded = counts.photos - counts.embedded if self.target else 0
        ready = all(photo.state is PhotoState.READY for photo in self.photos())
        return ready and counts.pending == 0 and unembedded == 0

    def indexed(self) -> int:
        """Embeddings in the index of the current model."""
        assert self.target is not None
        return self.target.index.status().count

    def phases(self) -> set[IndexPhase]:
        return {report.phase for report in self.reports}

    def _new_worker(self) -> IndexingWorker:
        return IndexingWorker(
            self.library,
            cast(DecodePool, self.decoder),
            self.thumbnails,
            self.states,
            workers=2,
            throttle=Throttle(2, self.surroundings) if self.surroundings else None,
        )

    def _target(self, encoder: FakeEncoder, batch_size: int) -> EmbeddingTarget:
        spec = encoder.spec
        self.library.embeddings.ensure_model(spec)
        if spec.identity not in self._indexes:
            self._indexes[spec.identity] = VectorStore(self.place / "vectors", spec.identity, spec.dim)
        index = self._indexes[spec.identity]
        synchronise(self.library, index, spec.identity)
        return EmbeddingTarget(encoder, index, batch_size)
