"""Makes a model faster on this machine while it works: behind, once, in a process that gives way.

First the image tower is exported for OpenVINO; a GPU needs no export. When enough of the user's own photos
have come by, reduced precisions are compared on them. The encoder is told after each, and computes on as
before until then.
"""

import contextlib
import hashlib
import logging
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

import psutil

from app.embedding.checkpoint import Checkpoint
from app.embedding.devices import REFERENCE_DEVICE
from app.embedding.exported_tower import can_be_exported, export_image_tower, is_exported
from app.embedding.gpu_proof import prove_on_gpu
from app.embedding.openvino_proof import is_proven, prove
from app.embedding.pixels import Pixels
from app.embedding.proof import SAMPLE
from app.embedding.text_export import export_text_tower
from app.errors import AppError, CancelledError, EncoderError, ProcessDiedError
from app.service_process import ServiceProcess

_log = logging.getLogger(__name__)

WORTHWHILE = 32  # photos; for fewer, making the model faster takes longer than they do

_NICENESS = 10
_GIGABYTE = 1e9
_EXPORTING = "Making the model faster on this machine…"
_PROVING = "Comparing faster ways to run the model on your photos…"
_NOT_MADE = "The model could not be made faster on this machine: {reason}"


class Accelerator:
    """One for each encoder. Thread-safe; begins by itself once it pays."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        prove_precision: bool,
        lacks_gpu_proof: Callable[[], bool],
        on_faster: Callable[[], None],
        on_note: Callable[[], None],
    ) -> None:
        """`lacks_gpu_proof`: whether nothing was compared yet on the GPU that computes; asks the encoder.

        `on_faster`: there is a faster form to be loaded now. `on_note`: `note` is another now.
        """
        self._checkpoint = checkpoint
        self._proves = prove_precision
        self._lacks_gpu_proof = lacks_gpu_proof
        self._on_faster = on_faster
        self._on_note = on_note
        self._process = ServiceProcess(Workshop, (checkpoint,), name="workshop")
        self._changed = threading.Condition()
        self._sample: dict[bytes, Pixels] = {}
        self._thread: threading.Thread | None = None
        self._exportable = can_be_exported(checkpoint)
        self._finished = False
        self._note = ""

    @property
    def note(self) -> str:
        """What is being done, or why it could not be, for people."""
        return self._note

    def take(self, photos: Sequence[Pixels], device: str = REFERENCE_DEVICE) -> None:
        """Photos that a device has just embedded; the first ones are kept to compare on."""
        if device == REFERENCE_DEVICE and not self._exportable:
            return
        with self._changed:
            if self._finished:
                return
            for photo in photos:
                if len(self._sample) < SAMPLE:
                    self._sample.setdefault(hashlib.blake2b(photo.tobytes(), digest_size=16).digest(), photo)
            if self._thread is None and len(self._sample) >= WORTHWHILE:
                self._thread = threading.Thread(
                    target=self._run, args=(device,), name="acceleration", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Call off what is under way; the next program begins again."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()
        self._process.close(timeout=0)
        if self._thread is not None:
            self._thread.join()

    def _run(self, device: str) -> None:
        note = ""
        try:
            if device == REFERENCE_DEVICE:
                self._work_for_processor()
            else:
                self._work_for_gpu(device)
        except CancelledError:
            _log.debug("making the model faster was called off")
        except ProcessDiedError:
            note = _NOT_MADE.format(reason="its process ended unexpectedly; perhaps memory ran out.")
        except AppError as error:
            note = _NOT_MADE.format(reason=error)
        except OSError as error:
            note = _NOT_MADE.format(reason=f"{error.strerror or error}.")
        except Exception as error:  # noqa: BLE001 - a bug here must not stop what works without
            _log.exception("making the model faster failed")
            note = _NOT_MADE.format(reason=error)
        finally:
            with self._changed:
                self._finished = True
                self._sample.clear()
            self._process.stop(timeout=0)
        if note:
            _log.warning("%s", note)
        with contextlib.suppress(CancelledError):  # whoever is told asks the encoder, which may be closed
            self._say(note)

    def _work_for_processor(self) -> None:
        if not is_exported(self._checkpoint):
            _check_memory(self._checkpoint)
            self._say(_EXPORTING)
            self._process.call("export")
            self._on_faster()
        if not self._proves or is_proven(self._checkpoint):
            return
        self._process.stop(timeout=0)  # collecting may take long
        self._say("")
        self._prove()

    def _work_for_gpu(self, device: str) -> None:
        if self._proves and self._lacks_gpu_proof():
            self._prove(device)

    def _prove(self, *where: str) -> None:
        photos = self._collected()
        if photos is None:
            return
        if where:
            _check_memory(self._checkpoint)
        self._say(_PROVING)
        self._process.call("prove", photos, *where)
        self._on_faster()

    def _collected(self) -> list[Pixels] | None:
        """Enough photos, however long that takes; None when closed before."""
        with self._changed:
            self._changed.wait_for(lambda: self._finished or len(self._sample) >= SAMPLE)
            return None if self._finished else list(self._sample.values())

    def _say(self, note: str) -> None:
        if note != self._note:
            self._note = note
            self._on_note()


def _check_memory(checkpoint: Checkpoint) -> None:
    """The image tower's weights are there three times for a moment; both towers' files are about as much."""
    needed = checkpoint.weight_bytes
    free = psutil.virtual_memory().available
    if free < needed:
        raise EncoderError(
            f"it takes {needed / _GIGABYTE:.1f} GB of memory once, and {free / _GIGABYTE:.1f} GB are free."
        )


class Workshop:
    """What runs over there: it comes after whatever else the computer does."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        lowest = psutil.IDLE_PRIORITY_CLASS if sys.platform == "win32" else _NICENESS
        psutil.Process().nice(lowest)

    def export(self) -> None:
        with _readable_errors():
            export_image_tower(self._checkpoint)

    def prove(self, photos: list[Pixels], device: str = REFERENCE_DEVICE) -> None:
        with _readable_errors():
            if device == REFERENCE_DEVICE:
                prove(self._checkpoint, photos)
            else:
                prove_on_gpu(self._checkpoint, photos, device)

    def export_text(self) -> None:
        _check_memory(self._checkpoint)
        with _readable_errors():
            export_text_tower(self._checkpoint)


@contextlib.contextmanager
def _readable_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EncoderError(f"it cannot be written: {error.strerror or error}.") from error
