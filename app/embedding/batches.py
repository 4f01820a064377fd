"""Runs a tower over any number of inputs, in batches that fit into memory, and checks what comes out."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Embeddings
from app.embedding.devices import REFERENCE_DEVICE, Runtime
from app.embedding.reasons import first_line
from app.errors import EncoderError

_log = logging.getLogger(__name__)

_Input = TypeVar("_Input")
_Part = TypeVar("_Part")


def _in_one(parts: list[Any]) -> NDArray[np.float32]:
    return np.asarray(np.concatenate(parts), np.float32)


def in_batches(
    encode: Callable[[Sequence[_Input]], _Part],
    inputs: Sequence[_Input],
    size: int,
    runtime: Runtime,
    *,
    fetch: Callable[[list[_Part]], NDArray[np.float32]] = _in_one,
    on_halved: Callable[[int], None] = lambda size: None,
) -> Embeddings:
    """(n, dim) float32 rows of unit length, n >= 1; batches of at most `size`, halved when memory runs out.

    `encode` may only begin to compute; `fetch` then makes rows of what it gave. `on_halved` hears of sizes
    that had to be made smaller.
    Raises EncoderError when the device fails, one input alone does not fit, or a result is no direction.
    """
    parts: list[_Part] = []
    done = 0
    while done < len(inputs):
        batch = inputs[done : done + size]
        embeddings = _attempt(encode, batch, runtime)
        if embeddings is None:
            size = (len(batch) + 1) // 2
            on_halved(size)
            free_device_memory(runtime)
            _log.warning("memory ran out on %s; going on with batches of %d", runtime.device, size)
        else:
            parts.append(embeddings)
            done += len(batch)
    try:
        rows = fetch(parts)
    except (RuntimeError, MemoryError) as error:
        raise _failed(error, runtime) from error
    return _unit_rows(rows, runtime)


def _attempt(
    encode: Callable[[Sequence[_Input]], _Part], batch: Sequence[_Input], runtime: Runtime
) -> _Part | None:
    """The embeddings, or None when the batch is too large for the memory and can be made smaller."""
    try:
        return encode(batch)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise _failed(error, runtime) from error
        if len(batch) == 1:
            raise EncoderError(
                f"The model does not fit into the memory of this device ({runtime.device}). Close other "
                "programs, or choose a smaller model or another device in the settings."
            ) from error
    return None


def _failed(error: Exception, runtime: Runtime) -> EncoderError:
    return EncoderError(f"The model failed on this device ({runtime.device}): {first_line(error)}")


def out_of_memory(error: Exception) -> bool:
    """CUDA has a class for it; the CPU and MPS say it in words."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in words or "can't allocate memory" in words


def free_device_memory(runtime: Runtime) -> None:
    if runtime.device == REFERENCE_DEVICE:
        return
    import torch

    if runtime.device == "cuda":
        torch.cuda.empty_cache()
    elif runtime.device == "mps":
        torch.mps.empty_cache()


def _unit_rows(embeddings: NDArray[np.float32], runtime: Runtime) -> Embeddings:
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not lengths.all():
        raise EncoderError(
            f"The model gave no usable numbers on this device ({runtime.device}, {runtime.precision}). "
            "Choose another device in the settings, or download the model again."
        )
    return np.asarray(embeddings / lengths, np.float32)
