"""The half of a dual encoder that embeds pictures, loaded without the other's weights."""

import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Embeddings, Tower
from app.embedding.batch_trial import find_batch_size
from app.embedding.batches import free_device_memory, in_batches
from app.embedding.checkpoint import Checkpoint
from app.embedding.compiling import Compiled
from app.embedding.devices import REFERENCE, REFERENCE_DEVICE, Runtime
from app.embedding.pixels import ModelInputs, Pixels
from app.embedding.reasons import first_line
from app.embedding.torch_model import load_model, run_model
from app.embedding.transfer import Transfer, transfer_to

if TYPE_CHECKING:
    import torch


_log = logging.getLogger(__name__)

_BATCH = {"cpu": 8, "mps": 16, "cuda": 64}  # before, or where, nothing better is found by trying
_TRIES = 3  # runs that a size of batch is timed with


class ImageTower:
    """Embeds pictures. Thread-safe."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        model: Any,
        runtime: Runtime = REFERENCE,
        transfer: Transfer | None = None,
    ) -> None:
        self.runtime = runtime
        self.checkpoint = checkpoint
        self.model = model
        self.batch_size = _BATCH[runtime.device]
        self._compiled: Compiled | None = None
        self._transfer = transfer or transfer_to(runtime)
        spec = checkpoint.spec.pixel_spec
        self._inputs = ModelInputs(spec, checkpoint.normalisation, runtime, self._transfer)

    @property
    def call_size(self) -> int | None:
        """Pictures that one call should bring, for one batch to travel while another is computed.

        None where that makes no difference.
        """
        return None if self.runtime.device == REFERENCE_DEVICE else 2 * self.batch_size

    def is_compiled(self) -> bool:
        """Whether batches of the usual size go through compiled code by now."""
        return self._compiled is not None and self._compiled.in_use

    def compile_after(self, photos: int) -> None:
        """Compile for the size of batches as it is now, once so many photos were embedded."""
        self._compiled = Compiled(self.model, self.batch_size, photos)

    def move(self, runtime: Runtime) -> "ImageTower":
        """The same tower on another device or in another precision; this one must not be used afterwards."""
        return ImageTower(self.checkpoint, self.model.to(runtime.device, runtime.dtype), runtime)

    def probe(self) -> NDArray[np.float32]:
        """The embedding of one fixed picture, for comparing runtimes: noise, so that every weight counts."""
        return self.encode(self._noise(1))

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        """(n, dim) float32, not normalised. RuntimeError from torch when the device fails."""
        return self._transfer.fetch([self._begin(pictures)])

    def embed(self, pictures: Sequence[Pixels]) -> Embeddings:
        """Any number of pictures, at least one: the device computes one batch while the next is laid out.

        Raises EncoderError.
        """
        return in_batches(
            self._begin,
            pictures,
            self.batch_size,
            self.runtime,
            fetch=self._transfer.fetch,
            on_halved=self._shrink,
        )

    def find_batch_size(self) -> None:
        """By trying, on a GPU; on the processor small ones are as fast. Takes seconds, once."""
        if self.runtime.device != REFERENCE_DEVICE:
            try:
                self.try_batches()
            except (RuntimeError, MemoryError) as error:
                size = self.batch_size
                _log.warning("the size of batches could not be tried, %d it is: %s", size, first_line(error))

    def try_batches(self) -> None:
        """RuntimeError from torch when the device fails."""
        self.batch_size = find_batch_size(self.seconds_of, lambda: free_device_memory(self.runtime))

    def seconds_of(self, size: int, runs: int = _TRIES) -> float:
        """What one batch takes the device alone, its inputs being there. RuntimeError when it fails."""
        inputs = self._inputs.of(self._noise(size))
        self._run(inputs)  # the first run of a size prepares it
        self._transfer.wait()
        started = time.perf_counter()
        for _ in range(runs):
            self._run(inputs)
        self._transfer.wait()
        return (time.perf_counter() - started) / runs

    def _shrink(self, size: int) -> None:
        """For good: what did not fit will not fit the next time either."""
        self.batch_size = min(self.batch_size, size)
        self._compiled = None  # it is for batches that do not fit

    def _begin(self, pictures: Sequence[Pixels]) -> "torch.Tensor":
        """(n, dim) float32 on the device, which may still be at it."""
        embeddings = self._run(self._inputs.of(pictures))
        self._transfer.sent_batch()
        return embeddings

    def _run(self, inputs: "dict[str, torch.Tensor]") -> "torch.Tensor":
        output, compiled = self.checkpoint.family.outputs[Tower.IMAGE], self._compiled
        if compiled is not None:
            try:
                form = compiled.form_for(len(next(iter(inputs.values()))))
                if form is not None:
                    return run_model(form, inputs, output)
            except Exception as error:  # noqa: BLE001 - torch's compiler, Triton's, a C compiler: of any kind
                compiled.give_up(error)
        return run_model(self.model, inputs, output)

    def _noise(self, count: int) -> list[Pixels]:
        """Pictures as the model wants them."""
        spec = self.checkpoint.spec.pixel_spec
        height, width = spec.height, spec.width
        return list(np.random.default_rng(0).integers(0, 256, (count, height, width, 3), np.uint8))


def load_image_tower(checkpoint: Checkpoint) -> ImageTower:
    """Load the vision weights in float32 on the CPU. Raises CheckpointError when they do not fit."""
    return ImageTower(checkpoint, load_model(checkpoint, Tower.IMAGE))
