"""A reduced precision is used only after it proved itself, on this machine and on the user's own photos.

The first photos are embedded in float32 and in every reduced precision that the device knows: of the same
photo, the embeddings must point the same way, and of all photos, each must have the same neighbours. The
fastest precision that passes is used. What came out is kept beside the exports, once for each kind of device,
so that nothing is measured again, until hardware, version or bar change.

Here is the bar, and what is stored. `openvino_proof` and `gpu_proof` measure.
"""

import contextlib
import json
import logging
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.precision import CompiledResult, PrecisionProof, PrecisionResult
from app.embedding.checkpoint import Checkpoint, open_checkpoint
from app.embedding.devices import REFERENCE_DEVICE, installed_version, physical_cores, possible_gpu
from app.embedding.export import exports_of, smallest
from app.embedding.openvino_model import nncf_version, openvino_version
from app.embedding.pixels import Pixels
from app.errors import CheckpointError

_log = logging.getLogger(__name__)

SAMPLE = 128  # photos
FEWEST = 40  # photos to compare: with fewer, everybody is everybody's neighbour

SMALLEST_COSINE = 0.995
SMALLEST_OVERLAP = 0.95
NEIGHBOURS = 10

_RECIPE = 2  # how 8-bit models are made; since 2 they cover the range of all calibrating photos
_GPU_RECIPE = 2  # since 2 compiled code is compared, too
WORTH_IT = 1.1  # times as fast: for less, nothing is given up

_ROUNDS = 5


def proof_of(
    source: str, naflex_patches: int | None = None, device: str = REFERENCE_DEVICE
) -> PrecisionProof | None:
    """What was measured for the checkpoint at `source` on a device; None when nothing was. Without torch.

    "auto" is a GPU if there may be one and something was measured on it, else the processor. Whether a GPU
    still is the one of the proof, only whoever computes on it can tell; the proof names it.
    """
    try:
        checkpoint = open_checkpoint(source, naflex_patches)
    except CheckpointError:
        return None
    if device == REFERENCE_DEVICE:
        return read_proof(checkpoint)
    gpu = possible_gpu() if device == "auto" else device
    proof = stored_proof(checkpoint, gpu, gpu_versions(checkpoint, gpu)) if gpu else None
    return read_proof(checkpoint) if proof is None and device == "auto" else proof


def read_proof(checkpoint: Checkpoint) -> PrecisionProof | None:
    """What was measured on the processor; None when nothing was, or elsewhere, or with other versions."""
    return stored_proof(checkpoint, REFERENCE_DEVICE, image_conditions(checkpoint))


def stored_proof(checkpoint: Checkpoint, device: str, wanted: Mapping[str, Any]) -> PrecisionProof | None:
    """The one of this device, if all that is `wanted` is among its conditions."""
    try:
        kept = json.loads(_file(checkpoint, device).read_text(encoding="utf-8"))
        if any(kept["conditions"].get(name) != value for name, value in wanted.items()):
            return None
        results = tuple(PrecisionResult(**result) for result in kept["results"])
        compiled = CompiledResult(**kept["compiled"]) if kept.get("compiled") else None
        return PrecisionProof(
            kept["chosen"], kept["photos"], kept["day"], kept["processor"], results, device, compiled
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        _log.warning("the precisions that were compared cannot be read: %s", error)
        return None


def store(checkpoint: Checkpoint, proof: PrecisionProof, measured_under: Mapping[str, Any]) -> None:
    """Keep it for the next time. Raises OSError."""
    path = _file(checkpoint, proof.device)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump({**asdict(proof), "conditions": dict(measured_under)}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)


def conclude(
    measured: Mapping[str, tuple[float, float]],
    seconds: Mapping[str, float],
    *,
    photos: int,
    device: str,
    hardware: str,
) -> PrecisionProof:
    """Judge precisions by cosine and overlap (`measured`) and by the time they need beside float32."""
    results = tuple(
        PrecisionResult(
            precision,
            cosine,
            overlap,
            seconds["float32"] / seconds[precision],
            passes(cosine, overlap),
        )
        for precision, (cosine, overlap) in measured.items()
    )
    fast = [result for result in results if result.passed and result.speed >= WORTH_IT]
    chosen = max(fast, key=lambda result: result.speed).precision if fast else "float32"
    _log.info("compared on %d photos: %s; %s is used on %s", photos, results, chosen, hardware)
    day = datetime.now().astimezone().date().isoformat()
    return PrecisionProof(chosen, photos, day, hardware, results, device)


def passes(cosine: float, overlap: float) -> bool:
    """Whether embeddings are as good as those of float32. NaN is not."""
    return cosine >= SMALLEST_COSINE and overlap >= SMALLEST_OVERLAP


def enough(photos: Sequence[Pixels]) -> Sequence[Pixels]:
    """The photos, if they are enough to compare on."""
    if len(photos) < FEWEST:
        raise ValueError(f"{len(photos)} photos prove nothing")
    return photos


def compare(expected: NDArray[np.float32], found: NDArray[np.float32]) -> tuple[float, float]:
    """The smallest cosine, and the share of each one's nearest neighbours that stay the same, on average."""
    before, after = _nearest(expected), _nearest(found)
    shared = [len(set(one) & set(other)) / NEIGHBOURS for one, other in zip(before, after, strict=True)]
    return smallest(expected, found), float(np.mean(shared))


def embed(
    encode: Callable[[Sequence[Pixels]], NDArray[np.float32]], photos: Sequence[Pixels], batch: int
) -> NDArray[np.float32]:
    """(n, dim) unit rows; NaN where a precision gives no direction."""
    rows = np.concatenate([encode(photos[start : start + batch]) for start in range(0, len(photos), batch)])
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def least_seconds(
    runs: Mapping[str, Callable[[], object]], clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """The least of several rounds, in turns: others compute at the same time."""
    times: dict[str, list[float]] = {precision: [] for precision in runs}
    for _ in range(_ROUNDS):
        for precision, run in runs.items():
            started = clock()
            run()
            times[precision].append(clock() - started)
    return {precision: min(each) for precision, each in times.items()}


def processor() -> str:
    """The name of this machine's processor."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def conditions(checkpoint: Checkpoint) -> dict[str, Any]:
    """What a comparison on the processor is true of."""
    return {
        "identity": checkpoint.spec.identity,
        "processor": processor(),
        "cores": physical_cores(),
        "openvino": openvino_version(),
        "nncf": nncf_version(),
        "bar": _bar(),
    }


def image_conditions(checkpoint: Checkpoint) -> dict[str, Any]:
    """What a proof of the image tower on the processor is true of."""
    return {**conditions(checkpoint), "recipe": _RECIPE}


def gpu_versions(checkpoint: Checkpoint, device: str) -> dict[str, Any]:
    """What a proof on a GPU is true of, as far as it can be told without torch."""
    return {
        "identity": checkpoint.spec.identity,
        "device": device,
        "torch": installed_version("torch"),
        "recipe": _GPU_RECIPE,
        "bar": _bar(),
    }


def _bar() -> dict[str, float]:
    return {"cosine": SMALLEST_COSINE, "overlap": SMALLEST_OVERLAP, "neighbours": NEIGHBOURS}


def _file(checkpoint: Checkpoint, device: str) -> Path:
    name = "precision.json" if device == REFERENCE_DEVICE else f"precision-{device}.json"
    return exports_of(checkpoint) / name


def _nearest(rows: NDArray[np.float32]) -> NDArray[np.int64]:
    """(n, NEIGHBOURS) numbers of the photos that are most like each, itself left out."""
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -np.inf)
    return np.argsort(-cosines, axis=1)[:, :NEIGHBOURS]
