"""An encoder without a neural network: deterministic, fast, and similar for similar pictures."""

import hashlib
import itertools
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from app.domain.media import Framing, PixelSpec
from app.domain.model import Embeddings, EncodedPhotos, ModelSpec, Provenance, Tower

_GRID = 8  # a picture is described by the mean colours of 8 x 8 cells
_COLOURS = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
}


class FakeEncoder:
    """Follows `ImageTextEncoder`: equal input gives equal embeddings, similar pictures similar ones.

    The name of a colour in a text lies near pictures of that colour, so searches have a right answer; other
    words get a direction of their own. Calls are counted; `failure` is raised by the next calls while set.
    """

    def __init__(self, *, dim: int = 64, revision: str = "fake-1", side: int = 32) -> None:
        self._spec = ModelSpec(
            checkpoint="fake",
            revision=revision,
            preprocessing="fake-1",
            family="siglip",
            dim=dim,
            pixel_spec=PixelSpec(Framing.SQUASH, height=side, width=side, resample=2),
            logit_scale=100.0,
            logit_bias=-10.0,
        )
        self._projection = np.random.default_rng(0).standard_normal((_GRID * _GRID * 3 + 1, dim))
        self._lock = threading.Lock()
        self.failure: Exception | None = None
        self.image_batches: list[int] = []  # length of each batch of pictures, in order of arrival
        self.texts: list[str] = []
        self.prepared: list[Tower] = []
        self.released: list[Tower | None] = []
        self.closed = False
        self.niceness: list[int] = []  # as asked for, in order
        self.unused_for: list[float] = []  # what `release_unused` was called with
        self.listeners: list[Callable[[], None]] = []
        self.noted = ""  # what `note` says

    @property
    def spec(self) -> ModelSpec:
        return self._spec

    @property
    def images_encoded(self) -> int:
        return sum(self.image_batches)

    def encode_images(self, pixels: Sequence[NDArray[np.uint8]], *, urgent: bool = False) -> Embeddings:
        self._raise_failure()
        with self._lock:
            self.image_batches.append(len(pixels))
        return self._unit([self._describe(picture) for picture in pixels])

    def submit_images(
        self, pixels: Sequence[NDArray[np.uint8]], *, urgent: bool = False
    ) -> "Future[Embeddings]":
        future: Future[Embeddings] = Future()
        try:
            future.set_result(self.encode_images(pixels, urgent=urgent))
        except Exception as error:  # noqa: BLE001 - the future carries it, as the real encoder's does
            future.set_exception(error)
        return future

    def submit_photos(self, pixels: Sequence[NDArray[np.uint8]]) -> "Future[EncodedPhotos]":
        future: Future[EncodedPhotos] = Future()
        try:
            future.set_result(EncodedPhotos(self.submit_images(pixels).result(), self.provenance()))
        except Exception as error:  # noqa: BLE001 - the future carries it, as the real encoder's does
            future.set_exception(error)
        return future

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        self._raise_failure()
        with self._lock:
            self.texts.extend(texts)
        return self._unit([self._read(text) for text in texts])

    def prepare(self, tower: Tower) -> None:
        self._raise_failure()
        self.prepared.append(tower)

    def provenance(self) -> Provenance:
        return Provenance(runtime="fake", precision="float32", device="cpu")

    def note(self) -> str:
        return self.noted

    def subscribe(self, listener: Callable[[], None]) -> None:
        self.listeners.append(listener)

    def release(self, tower: Tower | None = None) -> None:
        self.released.append(tower)

    def be_considerate(self, niceness: int) -> None:
        self.niceness.append(niceness)

    def release_unused(self, seconds: float) -> None:
        self.unused_for.append(seconds)

    def close(self) -> None:
        self.closed = True

    def _raise_failure(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _describe(self, picture: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Mean colours of a grid of cells, projected to `dim` numbers."""
        height, width, _ = picture.shape
        rows = np.linspace(0, height, _GRID + 1).astype(int)
        columns = np.linspace(0, width, _GRID + 1).astype(int)
        cells = [
            picture[top : max(bottom, top + 1), left : max(right, left + 1)].mean(axis=(0, 1))
            for top, bottom in itertools.pairwise(rows)
            for left, right in itertools.pairwise(columns)
        ]
        described = np.append(np.concatenate(cells) / 255 - 0.5, 0.1)  # the constant keeps grey off zero
        return np.asarray(described @ self._projection)

    def _read(self, text: str) -> NDArray[np.float64]:
        words = re.findall(r"\w+", text.lower()) or [""]
        return np.asarray(np.sum([self._direction(word) for word in words], axis=0))

    def _direction(self, word: str) -> NDArray[np.float64]:
        if word in _COLOURS:
            solid = np.full((_GRID, _GRID, 3), _COLOURS[word], np.uint8)
            return self._describe(solid)
        seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
        return np.random.default_rng(seed).standard_normal(self._spec.dim)

    def _unit(self, rows: Sequence[NDArray[np.float64]]) -> Embeddings:
        if not rows:
            return np.zeros((0, self._spec.dim), np.float32)
        matrix = np.stack(rows)
        return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True), np.float32)
