"""The eight ways to store a picture turned or mirrored, through decoding and model: all must mean the same.

The files are those of PHOTOSIFT_TEST_PHOTOS/orientation, two motifs with EXIF orientations 0 to 8 each. The
figure is the smallest cosine between any two embeddings of one motif. The control leaves the orientation out:
should that hold too, the checkpoint would not see how a picture lies. `--quick` takes the demo's checkpoint.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path

import numpy as np
from PIL import Image

from app.domain.media import DecodeRequest, PixelSpec
from app.domain.model import Embeddings
from app.embedding.encoder_process import ProcessEncoder, open_encoder
from app.media.decode_pool import DecodePool
from app.media.preparing import prepare_pixels
from app.paths import resource
from tests.benchmarks.figures import Figure, skipped
from tests.checkpoints import cached_checkpoint

_BAR = 0.99
_FIGURE = "orientation: smallest cosine within a motif"
_FILES = 18


def run(quick: bool) -> Iterator[Figure]:
    """A figure for each motif, and the control."""
    root = os.environ.get("PHOTOSIFT_TEST_PHOTOS")
    files = sorted(Path(root, "orientation").glob("*_?.jpg")) if root else []
    if len(files) != _FILES:
        yield skipped(_FIGURE, f">= {_BAR}", "PHOTOSIFT_TEST_PHOTOS has no orientation files", "cosine")
        return
    folder = resource("demo/photosift-drawn-scenes") if quick else cached_checkpoint()
    with closing(open_encoder(str(folder), "cpu", precision="float32")) as encoder:
        yield from _measure(encoder, files)


def _measure(encoder: ProcessEncoder, files: Sequence[Path]) -> Iterator[Figure]:
    for motif, group in groupby(files, lambda path: path.stem.partition("_")[0]):
        paths = list(group)
        smallest = _smallest_cosine(_embed(encoder, paths))
        details = {"files": len(paths), "checkpoint": encoder.spec.checkpoint}
        yield Figure(f"{_FIGURE}, {motif}", smallest, "cosine", f">= {_BAR}", smallest >= _BAR, details)
        control = _smallest_cosine(encoder.encode_images([_as_stored(path, encoder) for path in paths]))
        yield Figure(
            f"orientation control: left as stored, {motif}", control, "cosine", f"< {_BAR}", control < _BAR
        )


def _embed(encoder: ProcessEncoder, paths: Sequence[Path]) -> Embeddings:
    """Through the decoding processes, as indexing does."""
    spec: PixelSpec = encoder.spec.pixel_spec
    with closing(DecodePool(2)) as pool:
        futures = [pool.submit(DecodeRequest(str(path), spec)) for path in paths]
        pixels = [future.result().pixels for future in futures]
    return encoder.encode_images([each for each in pixels if each is not None])


def _as_stored(path: Path, encoder: ProcessEncoder) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with Image.open(path) as picture:
        return prepare_pixels(picture.convert("RGB"), encoder.spec.pixel_spec, picture.size)


def _smallest_cosine(embeddings: Embeddings) -> float:
    return float((embeddings @ embeddings.T).min())
