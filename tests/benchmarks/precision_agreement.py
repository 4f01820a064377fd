"""How much the embeddings of reduced precisions are like those of float32.

Each precision that this processor can compute is made and compared as the product does it before it uses one
(`app.embedding.openvino_proof`), on photos that calibrated nothing. The demo model is trained, its pictures
are drawn scenes that its training left out. The base model has its real size and random weights: a check of
plumbing alone, without a bar, since nothing that such weights find alike means anything.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from app.demo.drawing import draw
from app.domain.precision import PrecisionProof
from app.embedding.checkpoint import Checkpoint, open_checkpoint
from app.embedding.exported_tower import export_image_tower
from app.embedding.openvino_proof import prove
from app.embedding.pixels import Pixels
from app.embedding.proof import NEIGHBOURS, SAMPLE, SMALLEST_COSINE, SMALLEST_OVERLAP
from app.media.preparing import prepare_pixels
from app.paths import resource
from tests.benchmarks.demo_recall import held_out_scenes
from tests.benchmarks.figures import Figure
from tests.checkpoints import cached_checkpoint

_PRECISIONS = ("bfloat16", "int8-dynamic", "int8")
_SCENES, _QUICK_SCENES = 600, 180


def run(quick: bool) -> Iterator[Figure]:
    """600 scenes, 180 when quick, a third of which calibrates; the base model only when there is time."""
    with tempfile.TemporaryDirectory(prefix="photosift-precision-") as name:
        folder = Path(shutil.copytree(resource("demo/photosift-drawn-scenes"), Path(name) / "demo"))
        demo = open_checkpoint(str(folder))
        photos = drawn_photos(_QUICK_SCENES if quick else _SCENES, demo)
        yield from _figures("the demo model", _proof(demo, photos), judged=True)
        if not quick:
            folder = Path(shutil.copytree(cached_checkpoint("siglip2-fixres", "base"), Path(name) / "base"))
            base = open_checkpoint(str(folder))
            proof = _proof(base, drawn_photos(SAMPLE, base))
            yield from _figures("base-patch16-224 with random weights (plumbing)", proof, judged=False)


def drawn_photos(number: int, checkpoint: Checkpoint) -> list[Pixels]:
    """Scenes that no training saw, as the model wants them."""
    pictures = (draw(scene, seed=seed) for seed, scene in enumerate(held_out_scenes(number)))
    return [prepare_pixels(picture, checkpoint.spec.pixel_spec, picture.size) for picture in pictures]


def _proof(checkpoint: Checkpoint, photos: Sequence[Pixels]) -> PrecisionProof:
    export_image_tower(checkpoint)
    return prove(checkpoint, [np.ascontiguousarray(photo) for photo in photos])


def _figures(model: str, proof: PrecisionProof, *, judged: bool) -> Iterator[Figure]:
    results = {result.precision: result for result in proof.results}
    for precision in _PRECISIONS:
        name = f"precision_agreement {precision}, {model}"
        result = results.get(precision)
        if result is None:
            reason = {"reason": "this processor, or its libraries, cannot compute it"}
            yield Figure(name, None, "", "", None, reason)
            continue
        details = {
            "photos": proof.photos,
            "times_as_fast_as_float32": result.speed,
            "chosen": proof.chosen,
            "weights": "trained" if judged else "random",
        }
        for figure, value, bar in (
            (f"top-{NEIGHBOURS} overlap with float32", result.overlap, SMALLEST_OVERLAP),
            ("worst cosine to float32", result.cosine, SMALLEST_COSINE),
        ):
            holds = value >= bar if judged else None
            yield Figure(f"{name}: {figure}", value, "", f">= {bar}" if judged else "", holds, details)
