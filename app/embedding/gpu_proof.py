"""Compares the reduced precisions of a GPU, and compiled code, with float32 on the same GPU.

What came out is true of this GPU, its driver and this torch; another one measures again.
"""

import functools
import itertools
import logging
import platform
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.media import Framing
from app.domain.precision import CompiledResult, PrecisionProof
from app.embedding.batches import free_device_memory, out_of_memory
from app.embedding.checkpoint import Checkpoint
from app.embedding.compiling import forget_compiled, pays_after
from app.embedding.devices import Runtime
from app.embedding.pixels import Pixels
from app.embedding.proof import (
    WORTH_IT,
    compare,
    conclude,
    embed,
    enough,
    gpu_versions,
    least_seconds,
    passes,
    processor,
    store,
    stored_proof,
)
from app.embedding.reasons import first_line
from app.embedding.self_test import sound_tower
from app.embedding.towers import ImageTower, load_image_tower
from app.errors import EncoderError

_log = logging.getLogger(__name__)

_BATCH = 32  # the encoder's process has its own model on the same GPU
_NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def read_gpu_proof(checkpoint: Checkpoint, device: str) -> PrecisionProof | None:
    """What was measured on the GPU that is there now; None when nothing was. Asks torch which one it is."""
    return stored_proof(checkpoint, device, gpu_conditions(checkpoint, device))


def prove_on_gpu(checkpoint: Checkpoint, photos: Sequence[Pixels], device: str) -> PrecisionProof:
    """Compare, and store what came out. Raises EncoderError, OSError."""
    comparing = enough(photos)
    full = _float32(checkpoint, device)
    towers = {"float32": full}
    for precision in _candidates(device):
        tower = _try_to_load(checkpoint, Runtime(device, precision), comparing[:_BATCH])
        if tower is not None:
            towers[precision] = tower
    runs = {name: functools.partial(tower.encode, comparing[:_BATCH]) for name, tower in towers.items()}
    try:
        rows = {name: embed(tower.encode, comparing, _BATCH) for name, tower in towers.items()}
        seconds = least_seconds(runs)
    except (RuntimeError, MemoryError) as error:
        raise _failed(error) from error
    expected = rows.pop("float32")
    measured = {name: compare(expected, found) for name, found in rows.items()}
    proof = conclude(measured, seconds, photos=len(comparing), device=device, hardware=gpu_name(device))
    tower = towers[proof.chosen]
    del full, runs
    towers.clear()
    free_device_memory(tower.runtime)
    if _may_be_compiled(tower):
        proof = replace(proof, compiled=_try_to_compile(tower, comparing, expected))
    store(checkpoint, proof, gpu_conditions(checkpoint, device))
    return proof


def gpu_conditions(checkpoint: Checkpoint, device: str) -> dict[str, Any]:
    """What a proof on a GPU is true of."""
    return {**gpu_versions(checkpoint, device), "hardware": gpu_name(device), "driver": _driver(device)}


def gpu_name(device: str) -> str:
    """As its maker calls it; Apple's are named like the processor that they are part of."""
    if device != "cuda":
        return processor()
    import torch

    return str(torch.cuda.get_device_name())


def _driver(device: str) -> str:
    """The driver as far as it can be told, and what torch was built for."""
    import torch

    if device != "cuda":
        return platform.version()  # Apple's come with the system
    try:
        installed = _NVIDIA_DRIVER.read_text(encoding="utf-8").partition("\n")[0]
    except OSError:  # not Linux, or another maker's
        installed = platform.version()
    return f"{installed}, built for {torch.version.cuda or torch.version.hip}"


def _candidates(device: str) -> tuple[str, ...]:
    """What the device computes by itself: emulated, a precision is only slower."""
    if device != "cuda":
        return ("float16",)
    import torch

    half = torch.cuda.is_bf16_supported(including_emulation=False)
    return ("bfloat16", "float16") if half else ("float16",)


def _float32(checkpoint: Checkpoint, device: str) -> ImageTower:
    tower, reason = sound_tower(functools.partial(load_image_tower, checkpoint), Runtime(device))
    if tower.runtime.device != device:
        raise EncoderError(reason)
    return tower


def _try_to_load(checkpoint: Checkpoint, runtime: Runtime, warm_up: Sequence[Pixels]) -> ImageTower | None:
    """A precision that this device cannot compute, or has no memory for, is not compared."""
    try:
        tower = load_image_tower(checkpoint).move(runtime)
        tower.encode(warm_up)
    except (RuntimeError, NotImplementedError, MemoryError) as error:
        _log.warning("%s is not used on %s: %s", runtime.precision, runtime.device, first_line(error))
    else:
        return tower
    free_device_memory(runtime)
    return None


def _may_be_compiled(tower: ImageTower) -> bool:
    """NaFlex computes with the shapes of each picture: it would be compiled again and again."""
    fixed = tower.checkpoint.spec.pixel_spec.framing is not Framing.NAFLEX
    return tower.runtime.device == "cuda" and fixed


def _try_to_compile(
    tower: ImageTower, photos: Sequence[Pixels], expected: NDArray[np.float32]
) -> CompiledResult | None:
    """What it brings; None where it cannot be had.

    A lack of memory counts as that as well: half precision must not have to wait for it.
    """
    try:
        tower.find_batch_size()
        found = _compile(tower, photos)
    except (RuntimeError, MemoryError) as error:
        _log.warning("compiled code is not used: %s", first_line(error))
        return None
    if found is None or not tower.is_compiled():
        return None
    rows, needed, seconds = found
    cosine, overlap = compare(expected, rows)
    speed = seconds["plain"] / seconds["compiled"]
    worth_it = passes(cosine, overlap) and speed >= WORTH_IT
    saved = (seconds["plain"] - seconds["compiled"]) / tower.batch_size
    result = CompiledResult(cosine, overlap, speed, pays_after(needed, saved) if worth_it else 0)
    _log.info("compiled in %.1f s for batches of %d: %s", needed, tower.batch_size, result)
    return result


def _compile(
    tower: ImageTower, photos: Sequence[Pixels]
) -> tuple[NDArray[np.float32], float, dict[str, float]] | None:
    """Rows of the photos, seconds that compiling takes, and of a batch "plain" and "compiled".

    In batches as large as they will be, some photos twice. None without a working compiler; errors of the
    device pass through.
    """
    size = tower.batch_size
    whole_batches = list(itertools.islice(itertools.cycle(photos), -(-len(photos) // size) * size))
    batch = whole_batches[:size]
    tower.compile_after(0)
    tower.encode(batch)
    if not tower.is_compiled():  # perhaps there is nothing to forget either
        return None
    forget_compiled()
    started = time.perf_counter()
    tower.encode(batch)  # takes as long as it will in other programs, which find most of it on disk
    needed = time.perf_counter() - started
    rows = embed(tower.encode, whole_batches, size)[: len(photos)]
    both = {"plain": ImageTower(tower.checkpoint, tower.model, tower.runtime), "compiled": tower}
    seconds = least_seconds({name: functools.partial(one.encode, batch) for name, one in both.items()})
    return rows, needed, seconds


def _failed(error: Exception) -> EncoderError:
    if out_of_memory(error):
        return EncoderError(
            "the GPU has too little free memory to compare precisions; it stays with float32."
        )
    return EncoderError(f"the GPU failed: {first_line(error)}.")
