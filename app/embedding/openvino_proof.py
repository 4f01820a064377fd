"""Compares the reduced precisions that OpenVINO computes on the processor, after making the models for them.

Needs the float32 export, nncf for 8-bit weights, and minutes: once, in a process that ends afterwards.
"""

import contextlib
import functools
import io
import logging
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from app.domain.precision import PrecisionProof
from app.embedding.checkpoint import Checkpoint
from app.embedding.devices import REFERENCE_DEVICE
from app.embedding.export import is_made, write_export
from app.embedding.exported_tower import (
    PIXELS,
    ExportedImageTower,
    image_export,
    made_of,
    open_image_tower,
    probe_pictures,
)
from app.embedding.openvino_model import load_nncf, load_openvino, supports
from app.embedding.pixels import Pixels
from app.embedding.proof import (
    compare,
    conclude,
    embed,
    enough,
    image_conditions,
    least_seconds,
    processor,
    read_proof,
    store,
)
from app.errors import EncoderError

_log = logging.getLogger(__name__)

_EVERY_THIRD = 3  # photo calibrates
_BATCH = 8
_UNUSABLE = 0.9  # the cosine of probe pictures below which an 8-bit model is not even kept for comparing
# The attention pooling of SigLIP and the last layer of CLIP: little work, and everything goes through it.
_KEPT = [".*head.*", ".*visual_projection.*"]
_EIGHT_BIT = ("int8-dynamic", "int8")


def prove(checkpoint: Checkpoint, sample: Sequence[Pixels]) -> PrecisionProof:
    """Make the 8-bit models, compare, store what came out, and keep the files of what is used.

    Part of the photos calibrates the 8-bit model and is not compared. Raises EncoderError, OSError.
    """
    calibrating = [*sample[::_EVERY_THIRD]]
    comparing = enough([photo for number, photo in enumerate(sample) if number % _EVERY_THIRD])
    full = _opened(checkpoint, "float32")
    expected = embed(full.encode, comparing, _BATCH)
    towers, measured = {"float32": full}, {}
    for precision in _candidates():
        tower = _try_to_make(checkpoint, precision, full, calibrating)
        if tower is not None:
            towers[precision] = tower
            measured[precision] = compare(expected, embed(tower.encode, comparing, _BATCH))
    seconds = _seconds_each(towers, comparing[:_BATCH])
    proof = conclude(measured, seconds, photos=len(comparing), device=REFERENCE_DEVICE, hardware=processor())
    towers.clear()
    for precision in _EIGHT_BIT:
        if precision != proof.chosen:
            shutil.rmtree(image_export(checkpoint, precision), ignore_errors=True)
    # Last: whoever is killed before leaves nothing behind.
    store(checkpoint, proof, image_conditions(checkpoint))
    return proof


def is_proven(checkpoint: Checkpoint) -> bool:
    """Whether precisions were compared here, and the model made for the one that is used is still there."""
    proof = read_proof(checkpoint)
    if proof is None:
        return False
    weights = proof.chosen if proof.chosen in _EIGHT_BIT else "float32"
    return is_made(image_export(checkpoint, weights), made_of(checkpoint, weights))


def _candidates() -> tuple[str, ...]:
    return tuple(name for name in ("bfloat16", *_EIGHT_BIT) if name != "bfloat16" or supports(name))


def _try_to_make(
    checkpoint: Checkpoint, precision: str, full: ExportedImageTower, calibrating: Sequence[Pixels]
) -> ExportedImageTower | None:
    """A precision that cannot be had, for whatever reason of its libraries, is not compared."""
    try:
        if precision in _EIGHT_BIT:
            _make(checkpoint, precision, full, calibrating)
        return _opened(checkpoint, precision)
    except EncoderError as error:
        _log.warning("%s is not used: %s", precision, error)
        return None


def _make(
    checkpoint: Checkpoint, precision: str, full: ExportedImageTower, calibrating: Sequence[Pixels]
) -> None:
    spec = checkpoint.spec.pixel_spec
    probe = np.stack(probe_pictures(spec.height, spec.width))
    with quiet():
        nncf = load_nncf()
        model = load_openvino().Core().read_model(image_export(checkpoint) / "model.xml")
        try:
            model = _QUANTISE[precision](nncf, model, calibrating)
        except Exception as error:
            raise EncoderError(f"nncf could not make the model smaller: {error}") from error
    folder, made = image_export(checkpoint, precision), made_of(checkpoint, precision)
    write_export(model, {PIXELS: probe}, full.encode(list(probe)), folder, made, _UNUSABLE)


def _weights_only(nncf: Any, model: Any, _: Sequence[Pixels]) -> Any:
    """8-bit weights; OpenVINO finds the scales of what is multiplied with them while it computes."""
    return nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_SYM)


def _calibrated(nncf: Any, model: Any, calibrating: Sequence[Pixels]) -> Any:
    """8-bit weights and activations, with scales learned from photos: the fastest."""
    from nncf.quantization.range_estimator import RangeEstimatorParametersSet

    return nncf.quantize(
        model,
        nncf.Dataset([{PIXELS: photo[None]} for photo in calibrating]),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(calibrating),
        ignored_scope=nncf.IgnoredScope(patterns=_KEPT, validate=False),
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            # How far outliers move from activations into weights. nncf's own 0.95 gave a worst cosine of
            # 0.973 on photos and random weights, 0.7 gave 0.988, 0.5 and 0.3 gave 0.996.
            smooth_quant_alphas=nncf.AdvancedSmoothQuantParameters(matmul=0.3),
            # The range that 8 bits cover is that of all photos. nncf's own, the mean of each photo's, cuts
            # off half of their extremes: the worst cosine of 1,600 photos was 0.9960 with it, 0.9987 without.
            activations_range_estimator_params=RangeEstimatorParametersSet.MINMAX,
        ),
    )


_QUANTISE: dict[str, Callable[[Any, Any, Sequence[Pixels]], Any]] = {
    "int8-dynamic": _weights_only,
    "int8": _calibrated,
}


@contextlib.contextmanager
def quiet() -> Any:
    """nncf draws tables and progress bars."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _opened(checkpoint: Checkpoint, precision: str) -> ExportedImageTower:
    tower = open_image_tower(checkpoint, precision)
    if tower is None:
        raise EncoderError(f"The model in {precision} is not there or is damaged.")
    return tower


def _seconds_each(towers: Mapping[str, ExportedImageTower], photos: Sequence[Pixels]) -> dict[str, float]:
    """Processor time of one batch: others compute at the same time."""
    runs = {precision: functools.partial(tower.encode, photos) for precision, tower in towers.items()}
    return least_seconds(runs, time.process_time)
