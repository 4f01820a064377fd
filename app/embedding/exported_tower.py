"""The image tower through OpenVINO: pixels in, embeddings out, without torch.

NaFlex stays with torch: its model resizes its position embeddings for each picture's own grid of patches in
Python, which an export would fix to the grid of the example.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.domain.media import Framing
from app.domain.model import Embeddings, Tower
from app.embedding.batches import in_batches
from app.embedding.checkpoint import Checkpoint
from app.embedding.devices import REFERENCE_DEVICE, Runtime
from app.embedding.export import Made, export_module, exports_of, is_made, open_export
from app.embedding.from_pixels import from_pixels
from app.embedding.openvino_model import OpenVinoModel
from app.embedding.pixels import Pixels, stacked
from app.embedding.towers import load_image_tower

PIXELS = "pixels"  # the input: (n, height, width, 3) uint8

_LARGEST_BATCH = 8
_PATIENCE = 0.5  # seconds; a picture that is searched for waits for the batch that is being computed


class ExportedImageTower:
    """Embeds pictures as `ImageTower` does."""

    call_size: int | None = None

    def __init__(self, checkpoint: Checkpoint, model: OpenVinoModel, precision: str) -> None:
        self.runtime = Runtime(REFERENCE_DEVICE, precision, "openvino")
        self._spec = checkpoint.spec.pixel_spec
        self._model = model
        started = time.perf_counter()
        self.probe()
        seconds = time.perf_counter() - started
        self.batch_size = max(1, min(_LARGEST_BATCH, int(_PATIENCE / seconds)))  # large ones are no faster

    def probe(self) -> NDArray[np.float32]:
        """The embedding of one fixed picture."""
        return self.encode(probe_pictures(self._spec.height, self._spec.width)[:1])

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        """(n, dim) float32, not normalised. RuntimeError from OpenVINO when it fails."""
        return self._model.run({PIXELS: stacked(pictures, self._spec)})

    def embed(self, pictures: Sequence[Pixels]) -> Embeddings:
        """Any number of pictures, at least one. Raises EncoderError."""
        return in_batches(self.encode, pictures, self.batch_size, self.runtime)


def can_be_exported(checkpoint: Checkpoint) -> bool:
    """Whether the image tower has a form without torch."""
    return checkpoint.spec.pixel_spec.framing is not Framing.NAFLEX


def is_exported(checkpoint: Checkpoint) -> bool:
    """Whether the export seems to be there; whether it is sound is seen when it is opened."""
    return can_be_exported(checkpoint) and is_made(image_export(checkpoint), made_of(checkpoint))


def export_image_tower(checkpoint: Checkpoint) -> None:
    """Load the tower through torch and write its export. Raises CheckpointError, EncoderError, OSError."""
    import torch

    spec = checkpoint.spec.pixel_spec
    probe = probe_pictures(spec.height, spec.width)
    tower = load_image_tower(checkpoint)
    expected = tower.encode(probe)  # before its first layer is another
    example = {PIXELS: torch.from_numpy(np.stack(probe))}
    export_module(
        from_pixels(tower), example, image_export(checkpoint), made_of(checkpoint), expected=expected
    )


def open_image_tower(checkpoint: Checkpoint, precision: str = "float32") -> ExportedImageTower | None:
    """None when there is no sound export for it. Raises EncoderError when OpenVINO cannot be used."""
    weights = "float32" if precision == "bfloat16" else precision
    model = open_export(image_export(checkpoint, weights), made_of(checkpoint, weights), precision)
    return ExportedImageTower(checkpoint, model, precision) if model is not None else None


def image_export(checkpoint: Checkpoint, precision: str = "float32") -> Path:
    """The folder of one export, there or not."""
    return exports_of(checkpoint) / f"image-{precision}"


def made_of(checkpoint: Checkpoint, precision: str = "float32") -> Made:
    """What that export is made of."""
    return Made(checkpoint.spec.identity, Tower.IMAGE, precision)


def probe_pictures(height: int, width: int) -> list[Pixels]:
    """Noise, so that every weight counts, and clouds, which are more like a photo."""
    dice = np.random.default_rng(0)
    noise = dice.integers(0, 256, (height, width, 3), np.uint8)
    coarse = dice.integers(0, 256, (-(-height // 16), -(-width // 16), 3), np.uint8)
    return [noise, np.ascontiguousarray(coarse.repeat(16, 0).repeat(16, 1)[:height, :width])]
