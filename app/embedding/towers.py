"""The half of a dual encoder that embeds pictures, loaded without the other's weights."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Tower
from app.embedding.checkpoint import Checkpoint
from app.embedding.devices import REFERENCE, Runtime
from app.embedding.pixels import Pixels, model_inputs
from app.embedding.torch_model import load_model, run_model

_BATCH = {"cpu": 8, "mps": 16, "cuda": 64}  # beyond these a batch gains nothing and only needs memory


class ImageTower:
    """Embeds pictures."""

    def __init__(self, checkpoint: Checkpoint, model: Any, runtime: Runtime = REFERENCE) -> None:
        self.runtime = runtime
        self.checkpoint = checkpoint
        self.model = model

    @property
    def batch_size(self) -> int:
        return _BATCH[self.runtime.device]

    def move(self, runtime: Runtime) -> "ImageTower":
        """The same tower on another device or in another precision; this one must not be used afterwards."""
        return ImageTower(self.checkpoint, self.model.to(runtime.device, runtime.dtype), runtime)

    def probe(self) -> NDArray[np.float32]:
        """The embedding of one fixed picture, for comparing runtimes: noise, so that every weight counts."""
        spec = self.checkpoint.spec.pixel_spec
        noise = np.random.default_rng(0).integers(0, 256, (spec.height, spec.width, 3), np.uint8)
        return self.encode([noise])

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        """(n, dim) float32, not normalised. RuntimeError from torch when the device fails."""
        checkpoint = self.checkpoint
        inputs = model_inputs(pictures, checkpoint.spec.pixel_spec, checkpoint.normalisation, self.runtime)
        return run_model(self.model, inputs, checkpoint.family.outputs[Tower.IMAGE])


def load_image_tower(checkpoint: Checkpoint) -> ImageTower:
    """Load the vision weights in float32 on the CPU. Raises CheckpointError when they do not fit."""
    return ImageTower(checkpoint, load_model(checkpoint, Tower.IMAGE))
