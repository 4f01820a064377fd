"""A reduced precision is used only after it proved itself, on this machine and on the user's own photos.

Part of the first photos calibrates the 8-bit model. The rest is embedded in float32 and in every reduced
precision: of the same photo, the embeddings must point the same way, and of all photos, each must have the
same neighbours. The fastest precision that passes is used. What came out is kept beside the exports, so
that nothing is measured again, until processor, version or bar change.
"""

import contextlib
import io
import json
import logging
import os
import platform
import shutil
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.precision import PrecisionProof, PrecisionResult
from app.embedding.checkpoint import Checkpoint, open_checkpoint
from app.embedding.devices import physical_cores
from app.embedding.export import exports_of, smallest, write_export
from app.embedding.exported_tower import (
    PIXELS,
    ExportedImageTower,
    image_export,
    made_of,
    open_image_tower,
    probe_pictures,
)
from app.embedding.openvino_model import load_nncf, load_openvino, nncf_version, openvino_version, supports
from app.embedding.pixels import Pixels
from app.errors import CheckpointError, EncoderError

_log = logging.getLogger(__name__)

SAMPLE = 128  # photos
FEWEST = 40  # photos to compare: with fewer, everybody is everybody's neighbour

SMALLEST_COSINE = 0.995
SMALLEST_OVERLAP = 0.95
NEIGHBOURS = 10

_WORTH_IT = 1.1  # times as fast: for less, nothing is given up

_FILE = "precision.json"
_EVERY_THIRD = 3  # photo calibrates
_ROUNDS = 5
_BATCH = 8
_UNUSABLE = 0.9  # the cosine of probe pictures below which an 8-bit model is not even kept for comparing
_KEPT = [".*head.*", ".*visual_projection.*"]  # the attention pooling of SigLIP, the last layer of CLIP
_EIGHT_BIT = ("int8-dynamic", "int8")


def proof_of(source: str, naflex_patches: int | None = None) -> PrecisionProof | None:
    """What was measured before for the checkpoint at `source`; None when nothing was."""
    try:
        return read_proof(open_checkpoint(source, naflex_patches))
    except CheckpointError:
        return None


def read_proof(checkpoint: Checkpoint) -> PrecisionProof | None:
    """What was measured before; None when nothing was, or elsewhere, or with other versions."""
    try:
        kept = json.loads((exports_of(checkpoint) / _FILE).read_text(encoding="utf-8"))
        if kept["conditions"] != conditions(checkpoint):
            return None
        results = tuple(PrecisionResult(**result) for result in kept["results"])
        return PrecisionProof(kept["chosen"], kept["photos"], kept["day"], kept["processor"], results)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.warning("the precisions that were compared cannot be read: %s", error)
        return None


def prove(checkpoint: Checkpoint, sample: Sequence[Pixels]) -> PrecisionProof:
    """Make the 8-bit models, compare, store what came out, and keep the files of what is used.

    Needs the float32 export, and minutes. Raises EncoderError, OSError.
    """
    calibrating = [*sample[::_EVERY_THIRD]]
    comparing = [photo for number, photo in enumerate(sample) if number % _EVERY_THIRD]
    if len(comparing) < FEWEST:
        raise ValueError(f"{len(comparing)} photos prove nothing")
    full = _opened(checkpoint, "float32")
    expected = _embed(full, comparing)
    towers, measured = {"float32": full}, {}
    for precision in _candidates():
        tower = _try_to_make(checkpoint, precision, full, calibrating)
        if tower is not None:
            towers[precision] = tower
            measured[precision] = compare(expected, _embed(tower, comparing))
    seconds = _seconds_each(towers, comparing[:_BATCH])
    results = tuple(
        PrecisionResult(
            precision,
            cosine,
            overlap,
            seconds["float32"] / seconds[precision],
            cosine >= SMALLEST_COSINE and overlap >= SMALLEST_OVERLAP,
        )
        for precision, (cosine, overlap) in measured.items()
    )
    fast = [result for result in results if result.passed and result.speed >= _WORTH_IT]
    chosen = max(fast, key=lambda result: result.speed).precision if fast else "float32"
    proof = PrecisionProof(
        chosen, len(comparing), datetime.now().astimezone().date().isoformat(), processor(), results
    )
    _log.info("compared on %d photos: %s; %s is used", len(comparing), results, chosen)
    _store(checkpoint, proof)
    towers.clear()
    for precision in _EIGHT_BIT:
        if precision != chosen:
            shutil.rmtree(image_export(checkpoint, precision), ignore_errors=True)
    return proof


def compare(expected: NDArray[np.float32], found: NDArray[np.float32]) -> tuple[float, float]:
    """The smallest cosine, and the share of each one's nearest neighbours that stay the same, on average."""
    before, after = _nearest(expected), _nearest(found)
    shared = [len(set(one) & set(other)) / NEIGHBOURS for one, other in zip(before, after, strict=True)]
    return smallest(expected, found), float(np.mean(shared))


def processor() -> str:
    """The name of this machine's processor."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def conditions(checkpoint: Checkpoint) -> dict[str, Any]:
    """What a proof is true of."""
    return {
        "identity": checkpoint.spec.identity,
        "processor": processor(),
        "cores": physical_cores(),
        "openvino": openvino_version(),
        "nncf": nncf_version(),
        "bar": {"cosine": SMALLEST_COSINE, "overlap": SMALLEST_OVERLAP, "neighbours": NEIGHBOURS},
    }


def _store(checkpoint: Checkpoint, proof: PrecisionProof) -> None:
    folder = exports_of(checkpoint)
    kept = {
        "chosen": proof.chosen,
        "photos": proof.photos,
        "day": proof.day,
        "processor": proof.processor,
        "results": [{name: getattr(one, name) for name in one.__slots__} for one in proof.results],
        "conditions": conditions(checkpoint),
    }
    unfinished = folder / f"{_FILE}.{os.getpid()}"
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump(kept, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, folder / _FILE)


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
    return nncf.quantize(
        model,
        nncf.Dataset([{PIXELS: photo[None]} for photo in calibrating]),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(calibrating),
        # The little that is computed first and last stays as it is: everything goes through it. On the demo
        # model, calibrated with the wrong photos, the worst cosine was 0.968 without and 0.997 with this.
        ignored_scope=nncf.IgnoredScope(patterns=_KEPT, types=["Convolution"], validate=False),
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            # How far outliers move from activations into weights. nncf's own 0.95 gave a worst cosine of
            # 0.973 on photos and random weights, 0.7 gave 0.988, 0.5 and 0.3 gave 0.996.
            smooth_quant_alphas=nncf.AdvancedSmoothQuantParameters(matmul=0.3)
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


def _embed(tower: ExportedImageTower, photos: Sequence[Pixels]) -> NDArray[np.float32]:
    """(n, dim) unit rows."""
    rows = np.concatenate(
        [tower.encode(photos[start : start + _BATCH]) for start in range(0, len(photos), _BATCH)]
    )
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _seconds_each(towers: dict[str, ExportedImageTower], photos: Sequence[Pixels]) -> dict[str, float]:
    """Processor time of one batch, the least of several rounds in turns: others compute at the same time."""
    times: dict[str, list[float]] = {precision: [] for precision in towers}
    for _ in range(_ROUNDS):
        for precision, tower in towers.items():
            started = time.process_time()
            tower.encode(photos)
            times[precision].append(time.process_time() - started)
    return {precision: min(each) for precision, each in times.items()}


def _nearest(rows: NDArray[np.float32]) -> NDArray[np.int64]:
    """(n, NEIGHBOURS) numbers of the photos that are most like each, itself left out."""
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -np.inf)
    return np.argsort(-cosines, axis=1)[:, :NEIGHBOURS]
