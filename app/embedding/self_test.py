"""A device or precision is used only after it gave the embeddings that float32 on the CPU gives."""

import logging
from collections.abc import Callable
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.embedding.devices import REFERENCE, Runtime
from app.embedding.reasons import first_line

_log = logging.getLogger(__name__)

SMALLEST_COSINE = 0.999  # below it, another runtime's embeddings are another model's
REDUCED_COSINE = 0.97  # of noise, in a precision that is held against float32 elsewhere, on photos


class Movable(Protocol):
    """What the self-test needs of a tower."""

    def probe(self) -> NDArray[np.float32]:
        """The embedding of one fixed input."""
        ...

    def move(self: "_Tower", runtime: Runtime) -> "_Tower":
        """The same tower elsewhere."""
        ...


_Tower = TypeVar("_Tower", bound=Movable)


def sound_tower(load: Callable[[], _Tower], wanted: Runtime) -> tuple[_Tower, str]:
    """The tower on the wanted runtime, or on the next one that is right, and why it is another, or "".

    `load` gives the tower on the reference; it is called again after a failure, because half precision and
    broken devices do not give the weights back as they were. Errors of `load` pass through.
    """
    notes: list[str] = []
    for runtime in dict.fromkeys((wanted, Runtime(wanted.device))):
        tower = load()
        if runtime == REFERENCE:
            return tower, " ".join(notes)
        moved, reason = _try(tower, runtime)
        if moved is not None:
            return moved, " ".join(notes)
        notes.append(f"The model is not used on {runtime.device} in {runtime.precision}: {reason}.")
        _log.warning("%s", notes[-1])
        del tower
    return load(), " ".join(notes)


def agree(
    expected: NDArray[np.float32], found: NDArray[np.float32], smallest: float = SMALLEST_COSINE
) -> bool:
    """Whether every row points the same way. Shapes (n, dim); NaN never agrees."""
    products = (expected * found).sum(axis=1)
    lengths = np.linalg.norm(expected, axis=1) * np.linalg.norm(found, axis=1)
    return bool(np.all(products >= smallest * lengths)) and bool(np.all(lengths > 0))


def _try(tower: _Tower, runtime: Runtime) -> tuple[_Tower | None, str]:
    """The tower on `runtime` when it passes, else the reason why not."""
    expected = tower.probe()
    try:
        moved = tower.move(runtime)
        found = moved.probe()
    except (RuntimeError, NotImplementedError, MemoryError) as error:
        return None, first_line(error)
    smallest = SMALLEST_COSINE if runtime.precision == REFERENCE.precision else REDUCED_COSINE
    return (moved, "") if agree(expected, found, smallest) else (None, "its results are wrong")
