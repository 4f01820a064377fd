"""SigLIP 2, SigLIP and CLIP through transformers, in this process.

Importing torch and transformers takes seconds, so it happens when the first tower loads, and the window uses
this class in a process of its own (`app.embedding.encoder_process`).
"""

import functools
import gc
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Embeddings, ModelSpec, Provenance, Tower
from app.embedding.batches import free_device_memory, in_batches
from app.embedding.checkpoint import Checkpoint
from app.embedding.devices import REFERENCE, Runtime, choose_device
from app.embedding.self_test import sound_tower
from app.embedding.text_tower import TextTower, load_text_tower
from app.embedding.towers import ImageTower, load_image_tower
from app.errors import CheckpointError

_AnyTower = TypeVar("_AnyTower", ImageTower, TextTower)

_IMAGE_BATCH = {"cpu": 8, "mps": 16, "cuda": 64}  # beyond these a batch gains nothing and only needs memory
_TEXT_BATCH = {"cpu": 16, "mps": 64, "cuda": 256}


class Siglip2Encoder:
    """Follows `ImageTextEncoder` for the checkpoints of `app.embedding.families`.

    Thread-safe. A tower loads at its first use, without the other one's weights. `device` is "auto", "cuda",
    "mps" or "cpu"; `precision` a torch dtype. A device or precision that fails, or whose embeddings are not
    those of float32 on the CPU, is given up with a logged reason.
    """

    def __init__(self, checkpoint: Checkpoint, device: str = "auto", precision: str = "float32") -> None:
        self._checkpoint = checkpoint
        self._device = device
        self._precision = precision
        self._locks = {tower: threading.Lock() for tower in Tower}
        self._image: ImageTower | None = None
        self._text: TextTower | None = None
        self._notes: list[str] = []

    @property
    def spec(self) -> ModelSpec:
        return self._checkpoint.spec

    def encode_images(self, pixels: Sequence[NDArray[np.uint8]], *, urgent: bool = False) -> Embeddings:
        """(n, dim) float32, L2-normalised. Calls run side by side, so `urgent` changes nothing here."""
        if not pixels:
            return self._none()
        tower = self._image_tower()
        return in_batches(tower.encode, pixels, _IMAGE_BATCH[tower.runtime.device], tower.runtime)

    def submit_images(
        self, pixels: Sequence[NDArray[np.uint8]], *, urgent: bool = False
    ) -> "Future[Embeddings]":
        """Computes at once: only the process of `ProcessEncoder` works beside the caller."""
        future: Future[Embeddings] = Future()
        try:
            future.set_result(self.encode_images(pixels, urgent=urgent))
        except Exception as error:  # noqa: BLE001 - whoever asks the future gets it
            future.set_exception(error)
        return future

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """(n, dim) float32, L2-normalised."""
        if not texts:
            return self._none()
        tower = self._text_tower()
        return in_batches(tower.encode, texts, _TEXT_BATCH[tower.runtime.device], tower.runtime)

    def prepare(self, tower: Tower) -> None:
        """Load one tower and run it once, since the first run is several times slower than the next."""
        if tower is Tower.IMAGE:
            self._image_tower().probe()
        else:
            self._text_tower().probe()

    def provenance(self) -> Provenance:
        """How pictures are embedded; loads the image tower unless the answer is certain without."""
        runtime = self._runtime
        if runtime != REFERENCE:
            runtime = self._image_tower().runtime
        return Provenance("torch", runtime.precision, runtime.device)

    def note(self) -> str:
        """Why the model does not run where or how it was asked to, for people; "" when it does."""
        return " ".join(self._notes)

    def release(self, tower: Tower | None = None) -> None:
        """Give the memory of one tower, or of both, back; a call that is running keeps it until its end."""
        if tower in (None, Tower.IMAGE):
            self._image = None
        if tower in (None, Tower.TEXT):
            self._text = None
        gc.collect()
        if "_runtime" in self.__dict__:  # else nothing has been on any device
            free_device_memory(self._runtime)

    def close(self) -> None:
        self.release()

    def _none(self) -> Embeddings:
        return np.zeros((0, self.spec.dim), np.float32)

    def _image_tower(self) -> ImageTower:
        with self._locks[Tower.IMAGE]:
            if self._image is None:
                self._image, note = sound_tower(self._loader(load_image_tower), self._runtime)
                self._remember(note)
            return self._image

    def _text_tower(self) -> TextTower:
        with self._locks[Tower.TEXT]:
            if self._text is None:
                self._text, note = sound_tower(self._loader(load_text_tower), self._runtime)
                self._remember(note)
            return self._text

    def _loader(self, load: Callable[[Checkpoint], _AnyTower]) -> Callable[[], _AnyTower]:
        """Loads only what the spec describes: files that changed since are another model."""
        if not self._checkpoint.is_unchanged():
            folder = self._checkpoint.folder
            raise CheckpointError(f"The model in {folder} has changed. Choose it again in the settings.")
        return functools.partial(load, self._checkpoint)

    @functools.cached_property
    def _runtime(self) -> Runtime:
        """The runtime to try; the self-test of each tower may still refuse it."""
        device, note = choose_device(self._device)
        self._remember(note)
        return Runtime(device, self._precision)

    def _remember(self, note: str) -> None:
        if note and note not in self._notes:
            self._notes.append(note)
