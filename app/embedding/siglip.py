"""SigLIP 2, SigLIP and CLIP through transformers, in this process.

Importing torch and transformers takes seconds, so it happens when the first tower loads, and the window uses
this class in a process of its own (`app.embedding.encoder_process`).
"""

import functools
import gc
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Embeddings, EncodedPhotos, ModelSpec, Provenance, Tower
from app.embedding.batches import free_device_memory, in_batches
from app.embedding.checkpoint import Checkpoint
from app.embedding.devices import REFERENCE, REFERENCE_DEVICE, Runtime, choose_device
from app.embedding.exported_text import ExportedTextTower, open_exported_text, text_export_is_needed
from app.embedding.exported_tower import ExportedImageTower, is_exported, open_image_tower
from app.embedding.gpu_proof import read_gpu_proof
from app.embedding.proof import read_proof
from app.embedding.self_test import sound_tower
from app.embedding.text_tower import TextTower, load_text_tower
from app.embedding.towers import ImageTower, load_image_tower
from app.embedding.transfer import before_batches
from app.errors import CheckpointError, EncoderError

_log = logging.getLogger(__name__)

_T = TypeVar("_T")

AUTOMATIC = "auto"  # the fastest precision that proved itself

_FASTER_FAILED = "The faster form of the model failed and is not used: {reason}"

_TEXT_BATCH = {"cpu": 16, "mps": 64, "cuda": 256}


class Siglip2Encoder:
    """Follows `ImageTextEncoder` for the checkpoints of `app.embedding.families`.

    Thread-safe. A tower loads at its first use, without the other one's weights. `device` is "auto", "cuda",
    "mps" or "cpu"; `precision` a torch dtype or "auto", the fastest that proved itself. A device or precision
    that fails, or whose embeddings are not those of float32 on the CPU, is given up with a logged reason.
    """

    def __init__(self, checkpoint: Checkpoint, device: str = "auto", precision: str = "float32") -> None:
        self._checkpoint = checkpoint
        self._device = device
        self._precision = precision
        self._locks = {tower: threading.Lock() for tower in Tower}
        self._image: ImageTower | ExportedImageTower | None = None
        self._exports_work = True
        self._reduced_works = True
        self._text: TextTower | ExportedTextTower | None = None
        self._notes: list[str] = []

    @property
    def spec(self) -> ModelSpec:
        return self._checkpoint.spec

    def encode_images(self, pixels: Sequence[NDArray[np.uint8]], *, urgent: bool = False) -> Embeddings:
        """(n, dim) float32, L2-normalised. Calls run side by side; on a GPU, `urgent` ones come first."""
        if not urgent:
            return self.encode_photos(pixels).embeddings
        with before_batches(self._image_tower().runtime):
            return self.encode_photos(pixels).embeddings

    def encode_photos(self, pixels: Sequence[NDArray[np.uint8]]) -> EncodedPhotos:
        """The same, with how just these were computed."""
        tower = self._image_tower()
        try:
            return self._encode(pixels, tower)
        except EncoderError as error:
            if not self._step_back(tower, str(error)):
                raise
        return self._encode(pixels, self._image_tower())

    def submit_images(
        self, pixels: Sequence[NDArray[np.uint8]], *, urgent: bool = False
    ) -> "Future[Embeddings]":
        """Computes at once: only the process of `ProcessEncoder` works beside the caller."""
        return _done(functools.partial(self.encode_images, pixels, urgent=urgent))

    def submit_photos(self, pixels: Sequence[NDArray[np.uint8]]) -> "Future[EncodedPhotos]":
        """Computes at once, like `submit_images`."""
        return _done(functools.partial(self.encode_photos, pixels))

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """(n, dim) float32, L2-normalised."""
        if not texts:
            return self._none()
        tower = self._text_tower()
        try:
            return _embed_texts(tower, texts)
        except EncoderError as error:
            if isinstance(tower, TextTower):
                raise
            self._give_exports_up(str(error))
        return _embed_texts(self._text_tower(), texts)

    def prepare(self, tower: Tower) -> None:
        """Load one tower and run it once, since the first run is several times slower than the next."""
        if tower is Tower.IMAGE:
            self._image_tower().probe()
        else:
            self._text_tower().probe()

    def provenance(self) -> Provenance:
        """How pictures are embedded; loads the image tower unless the answer is certain without."""
        if self._image is None and self._runtime == REFERENCE:
            return (self._exported_runtime() or REFERENCE).provenance
        return self._image_tower().runtime.provenance

    def note(self) -> str:
        """Why the model does not run where or how it was asked to, for people; "" when it does."""
        return " ".join(self._notes)

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Nothing changes behind the caller's back in this process."""

    def renew(self, tower: Tower) -> None:
        """Load it again: there may be a faster form of it now."""
        self.release(tower)
        self.prepare(tower)

    def lacks_text_export(self) -> bool:
        """Whether texts are embedded by torch only because nobody has made the exports for this machine."""
        with self._locks[Tower.TEXT]:
            if self._precision != AUTOMATIC or not self._may_be_exported:
                return False
            return isinstance(self._text, TextTower) or text_export_is_needed(self._checkpoint)

    def lacks_image_proof(self) -> bool:
        """Whether a GPU computes in float32 only because nobody has compared its precisions."""
        return self._may_be_reduced and read_gpu_proof(self._checkpoint, self._runtime.device) is None

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

    def _encode(
        self, pixels: Sequence[NDArray[np.uint8]], tower: ImageTower | ExportedImageTower
    ) -> EncodedPhotos:
        if not pixels:
            return EncodedPhotos(self._none(), tower.runtime.provenance)
        embeddings = tower.embed(pixels)
        return EncodedPhotos(embeddings, tower.runtime.provenance, tower.call_size)

    def _image_tower(self) -> ImageTower | ExportedImageTower:
        with self._locks[Tower.IMAGE]:
            if self._image is None:
                self._image = self._exported_image_tower()
            if self._image is None:
                self._image = self._torch_image_tower()
            return self._image

    def _torch_image_tower(self) -> ImageTower:
        """On a GPU, in the way that proved itself there."""
        proof = read_gpu_proof(self._checkpoint, self._runtime.device) if self._may_be_reduced else None
        wanted = replace(self._runtime, precision=proof.chosen) if proof else self._runtime
        tower, note = sound_tower(self._loader(load_image_tower), wanted)
        self._remember(note)
        tower.find_batch_size()
        if proof and proof.compiled and proof.compiled.photos and tower.runtime == wanted:
            tower.compile_after(proof.compiled.photos)
        return tower

    @property
    def _may_be_reduced(self) -> bool:
        automatic = self._precision == AUTOMATIC and self._reduced_works
        return automatic and self._runtime.device != REFERENCE_DEVICE

    def _exported_image_tower(self) -> ExportedImageTower | None:
        """None when there is no export yet, or none that works."""
        runtime = self._exported_runtime()
        if runtime is None:
            return None
        for precision in dict.fromkeys((runtime.precision, REFERENCE.precision)):
            try:
                tower = self._loader(functools.partial(open_image_tower, precision=precision))()
            except EncoderError as error:
                self._remember(str(error))
                continue
            if tower is not None:
                return tower
        return None

    def _exported_runtime(self) -> Runtime | None:
        """How the image tower's exports would be run; None where they are not to be."""
        if not self._may_be_exported or not is_exported(self._checkpoint):
            return None
        proof = read_proof(self._checkpoint) if self._precision == AUTOMATIC else None
        return Runtime(REFERENCE_DEVICE, proof.chosen if proof else REFERENCE.precision, "openvino")

    def _step_back(self, tower: ImageTower | ExportedImageTower, reason: str) -> bool:
        """Go on with a form of the model that is slower and surer, if there is one."""
        if isinstance(tower, ExportedImageTower):
            self._give_exports_up(reason)
            return True
        is_plain = tower.runtime.precision == REFERENCE.precision and not tower.is_compiled()
        if self._precision != AUTOMATIC or is_plain:
            return False
        _log.warning("%s failed, float32 goes on: %s", tower.runtime.precision, reason)
        self._remember(_FASTER_FAILED.format(reason=reason))
        self._reduced_works = False
        with self._locks[Tower.IMAGE]:
            if self._image is tower:
                self._image = None
        return True

    def _give_exports_up(self, reason: str) -> None:
        """Until this process ends, torch does their work."""
        _log.warning("the exported model failed, torch goes on: %s", reason)
        self._remember(_FASTER_FAILED.format(reason=reason))
        self._exports_work = False
        self._image = self._text = None

    def _text_tower(self) -> TextTower | ExportedTextTower:
        with self._locks[Tower.TEXT]:
            if self._text is None:
                self._text = self._exported_text_tower()
            if self._text is None:
                self._text, note = sound_tower(self._loader(load_text_tower), self._runtime)
                self._remember(note)
            return self._text

    def _exported_text_tower(self) -> ExportedTextTower | None:
        """None when there is no export yet, or none that works."""
        if not self._may_be_exported:
            return None
        precision = None if self._precision == AUTOMATIC else self._precision
        try:
            return self._loader(functools.partial(open_exported_text, precision=precision))()
        except EncoderError as error:
            self._remember(str(error))
            return None

    @property
    def _may_be_exported(self) -> bool:
        wished = self._precision in (AUTOMATIC, REFERENCE.precision) and self._exports_work
        return wished and self._runtime == REFERENCE

    def _loader(self, load: Callable[[Checkpoint], _T]) -> Callable[[], _T]:
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
        return Runtime(device, REFERENCE.precision if self._precision == AUTOMATIC else self._precision)

    def _remember(self, note: str) -> None:
        if note and note not in self._notes:
            self._notes.append(note)


def _embed_texts(tower: TextTower | ExportedTextTower, texts: Sequence[str]) -> Embeddings:
    with before_batches(tower.runtime):
        return in_batches(tower.encode, texts, _TEXT_BATCH[tower.runtime.device], tower.runtime)


def _done(work: Callable[[], _T]) -> "Future[_T]":
    """A future of what is computed here and now."""
    future: Future[_T] = Future()
    try:
        future.set_result(work())
    except Exception as error:  # noqa: BLE001 - whoever asks the future gets it
        future.set_exception(error)
    return future
