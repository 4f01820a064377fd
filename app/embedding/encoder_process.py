"""The encoder in a process of its own, which the window's process calls like a local one.

Importing torch there would freeze the window for hundreds of milliseconds at a time. Ending the process is
also the one way to give back everything that torch holds.
"""

import functools
import itertools
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Embeddings, EncodedPhotos, ImageTextEncoder, ModelSpec, Provenance, Tower
from app.embedding.accelerator import Accelerator
from app.embedding.checkpoint import Checkpoint, open_checkpoint
from app.embedding.devices import REFERENCE_DEVICE
from app.embedding.siglip import AUTOMATIC, Siglip2Encoder
from app.embedding.text_accelerator import TextAccelerator
from app.errors import EncoderError, ProcessDiedError
from app.service_process import ServiceProcess, come_after_others

# A lane per tower, so that a text never waits for a batch of pictures, and one for the picture that a search
# waits for: computing beside a batch takes a fraction of the time that waiting for the batch's end takes.
# A GPU gets photos from two lanes in turns: while one waits for its results, the other's are on their way.
_LANES = {
    "encode_query_images": "query images",
    "encode_images": "images",
    "encode_photos": "images",
    "encode_more_photos": "more images",
    "renew_images": "images",
    "prepare_images": "images",
    "provenance": "images",
    "encode_texts": "texts",
    "prepare_texts": "texts",
    "renew_texts": "texts",
    "lacks_text_export": "texts",
}

_PHOTO_LANES = ("encode_photos", "encode_more_photos")

_WORTHWHILE_BYTES = 64 << 20  # a model of less, as the demonstration's, answers in milliseconds anyhow

_DIED = "The model's process ended unexpectedly; perhaps memory ran out. It starts again when it is needed."


def open_encoder(
    source: str, device: str = "auto", naflex_patches: int | None = None, precision: str = AUTOMATIC
) -> "ProcessEncoder":
    """The encoder of the checkpoint at `source`, a folder or a hub id in the hub's cache.

    `naflex_patches`: see `describe_checkpoint`. Checks the checkpoint's files (some milliseconds) and starts
    nothing. Raises CheckpointError.
    """
    return ProcessEncoder(open_checkpoint(source, naflex_patches), device, precision)


class ProcessEncoder:
    """Follows `ImageTextEncoder`. Its process starts with the first call, also after it died or ended.

    What makes texts faster is made behind, and used once it is there; not when it is not to `accelerate`, so
    that all texts of a measurement are embedded in one way.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: str = "auto",
        precision: str = "float32",
        *,
        accelerate: bool = True,
    ) -> None:
        self._spec = checkpoint.spec
        self._accelerate = accelerate
        self._process = ServiceProcess(
            _EncoderService, (checkpoint, device, precision), name="encoder", lanes=_LANES
        )
        self._lock = threading.Lock()
        self._used: set[Tower] = set()
        self._image_used_at = 0.0
        self._device = REFERENCE_DEVICE  # as far as it is known
        self._photo_lanes = itertools.cycle(_PHOTO_LANES[:1])
        self._niceness = 0
        self._listeners: list[Callable[[], None]] = []
        self._accelerator = Accelerator(
            checkpoint,
            prove_precision=precision == AUTOMATIC,
            lacks_gpu_proof=self._lacks_gpu_proof,
            on_faster=self._renew_images,
            on_note=self._tell,
        )
        self._is_small = checkpoint.weight_bytes < _WORTHWHILE_BYTES
        self._text_accelerator = TextAccelerator(
            checkpoint, is_wanted=self._wants_text_export, on_faster=self._renew_texts
        )

    @property
    def spec(self) -> ModelSpec:
        return self._spec

    @property
    def pid(self) -> int | None:
        """The process that holds the model; None while there is none."""
        return self._process.pid

    def encode_images(self, pixels: Sequence[NDArray[np.uint8]], *, urgent: bool = False) -> Embeddings:
        return self.submit_images(pixels, urgent=urgent).result()

    def submit_images(
        self, pixels: Sequence[NDArray[np.uint8]], *, urgent: bool = False
    ) -> "Future[Embeddings]":
        self._note_use(Tower.IMAGE)
        if urgent:
            return self._submit("encode_query_images", list(pixels))
        return self._submit("encode_images", list(pixels), self._niceness)

    def submit_photos(self, pixels: Sequence[NDArray[np.uint8]]) -> "Future[EncodedPhotos]":
        self._note_use(Tower.IMAGE)
        photos = list(pixels)
        lane = next(self._photo_lanes)
        future: Future[EncodedPhotos] = self._submit(lane, photos, self._niceness)
        future.add_done_callback(functools.partial(self._learn_from, photos))
        return future

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        self._note_use(Tower.TEXT)
        future: Future[Embeddings] = self._submit("encode_texts", list(texts))
        embeddings = future.result()
        self._text_accelerator.begin()
        return embeddings

    def prepare(self, tower: Tower) -> None:
        self._note_use(tower)
        if tower is Tower.IMAGE:
            self._submit("prepare_images", self._niceness).result()
        else:
            self._submit("prepare_texts").result()
            self._text_accelerator.begin()

    def provenance(self) -> Provenance:
        self._note_use(Tower.IMAGE)
        future: Future[Provenance] = self._submit("provenance", self._niceness)
        return future.result()

    def note(self) -> str:
        """Why the model does not run where it should, for people; "" when it does or is not loaded."""
        notes = [str(self._submit("note").result()) if self._process.running else "", self._accelerator.note]
        return " ".join(filter(None, notes))

    def subscribe(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def release(self, tower: Tower | None = None) -> None:
        """Give one tower's memory back; when none is in use any more, the process ends."""
        with self._lock:
            self._used = self._used - {tower} if tower else set()
            last = not self._used
        if last:
            self._process.stop()
        elif self._process.running:
            self._submit("release", tower).result()

    def be_considerate(self, niceness: int) -> None:
        self._niceness = niceness

    def release_unused(self, seconds: float) -> None:
        with self._lock:
            unused = Tower.IMAGE in self._used and time.monotonic() - self._image_used_at >= seconds
        if unused:
            self.release(Tower.IMAGE)

    def close(self) -> None:
        """End the process; calls under way that take longer than a second more raise CancelledError."""
        self._process.close(timeout=1.0)
        self._accelerator.close()
        self._text_accelerator.close()

    def _learn_from(self, photos: list[NDArray[np.uint8]], answer: "Future[EncodedPhotos]") -> None:
        """On which device it computes, and what that device computes, which is to become faster."""
        if answer.cancelled() or answer.exception() is not None:
            return
        device = answer.result().provenance.device
        if device != self._device:
            self._device = device
            both = device != REFERENCE_DEVICE
            self._photo_lanes = itertools.cycle(_PHOTO_LANES if both else _PHOTO_LANES[:1])
        self._accelerator.take(photos, device)

    def _renew_images(self) -> None:
        """Where nothing is loaded, the next load finds the faster form by itself."""
        if self._process.running:
            self._submit("renew_images", self._niceness).result()
        self._tell()

    def _lacks_gpu_proof(self) -> bool:
        return bool(self._submit("lacks_image_proof").result())

    def _wants_text_export(self) -> bool | None:
        """None while something else is being made, or nothing runs that could tell."""
        if not self._accelerate or self._is_small:
            return False
        if self._accelerator.note or not self._process.running:
            return None
        return bool(self._submit("lacks_text_export").result())

    def _renew_texts(self) -> None:
        """Where only words are in use, a fresh process answers them, without torch in it."""
        with self._lock:
            used = set(self._used)
        if used == {Tower.TEXT}:
            self.release(Tower.TEXT)
            self.prepare(Tower.TEXT)
        elif Tower.TEXT in used and self._process.running:
            self._submit("renew_texts").result()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def _note_use(self, tower: Tower) -> None:
        with self._lock:
            self._used.add(tower)
            if tower is Tower.IMAGE:
                self._image_used_at = time.monotonic()

    def _submit(self, method: str, *arguments: Any) -> "Future[Any]":
        """A call over there; should the process end before it answers, the future says so in plain words."""
        translated: Future[Any] = Future()
        try:
            answer = self._process.submit(method, *arguments)
        except ProcessDiedError as error:
            raise EncoderError(_DIED) from error
        answer.add_done_callback(functools.partial(_pass_on, translated))
        translated.add_done_callback(functools.partial(_call_off, answer))
        return translated


def _pass_on(translated: "Future[Any]", answer: "Future[Any]") -> None:
    if not translated.set_running_or_notify_cancel():
        return
    error = answer.exception()
    if isinstance(error, ProcessDiedError):
        error = EncoderError(_DIED)
    if error is not None:
        translated.set_exception(error)
    else:
        translated.set_result(answer.result())


def _call_off(answer: "Future[Any]", translated: "Future[Any]") -> None:
    if translated.cancelled():
        answer.cancel()


class _EncoderService:
    """What runs over there: the encoder, with one method for each lane."""

    def __init__(self, checkpoint: Checkpoint, device: str, precision: str) -> None:
        # The hub's client must find itself offline when transformers imports it.
        os.environ["HF_HUB_OFFLINE"] = os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
        self._encoder = encoder = Siglip2Encoder(checkpoint, device, precision)
        self.encode_query_images = functools.partial(encoder.encode_images, urgent=True)
        self.encode_texts = encoder.encode_texts
        self.prepare_texts = functools.partial(encoder.prepare, Tower.TEXT)
        self.renew_texts = functools.partial(encoder.renew, Tower.TEXT)
        self.encode_more_photos = self.encode_photos
        self.lacks_text_export = encoder.lacks_text_export
        self.lacks_image_proof = encoder.lacks_image_proof
        self.note = encoder.note
        self.release = encoder.release

    def encode_images(self, pixels: list[NDArray[np.uint8]], niceness: int) -> Embeddings:
        come_after_others(niceness)
        return self._encoder.encode_images(pixels)

    def encode_photos(self, pixels: list[NDArray[np.uint8]], niceness: int) -> EncodedPhotos:
        come_after_others(niceness)
        return self._encoder.encode_photos(pixels)

    def renew_images(self, niceness: int) -> None:
        come_after_others(niceness)
        self._encoder.renew(Tower.IMAGE)

    def prepare_images(self, niceness: int) -> None:
        come_after_others(niceness)
        self._encoder.prepare(Tower.IMAGE)

    def provenance(self, niceness: int) -> Provenance:
        come_after_others(niceness)
        return self._encoder.provenance()

    def close(self) -> None:
        """End at once: nothing here needs saving, and unloading torch in order takes a second."""
        os._exit(0)


_PROTOCOL_CHECK: type[ImageTextEncoder] = ProcessEncoder  # mypy proves here that it follows the protocol
