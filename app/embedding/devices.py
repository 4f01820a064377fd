"""Which device runs the model, and on how many threads."""

import logging
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    import torch

_log = logging.getLogger(__name__)

REFERENCE_DEVICE = "cpu"
_NAMES = {"cuda": "NVIDIA GPU", "mps": "Apple GPU", "cpu": "Processor (CPU)"}


@dataclass(frozen=True, slots=True)
class Runtime:
    """Where and how precisely a tower computes."""

    device: str  # "cpu", "cuda", "mps"
    precision: str = "float32"  # the name of a torch dtype

    @property
    def dtype(self) -> "torch.dtype":
        import torch

        return getattr(torch, self.precision)  # type: ignore[no-any-return]


REFERENCE = Runtime(REFERENCE_DEVICE)  # what every other runtime is compared with before it is used


def device_choices() -> tuple[tuple[str, str], ...]:
    """(name for settings, text for people) of what this system could have, automatic choice first.

    Asks nothing of torch, so the window may call it; whether a device works is seen when the model loads.
    """
    possible = ["mps", "cpu"] if sys.platform == "darwin" else ["cuda", "cpu"]
    return (("auto", "Automatic (the fastest that works)"), *((name, _NAMES[name]) for name in possible))


def choose_device(wanted: str) -> tuple[str, str]:
    """The device for a wish ("auto", "cuda", "mps", "cpu"), and why it is another than wished, or ""."""
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", REFERENCE_DEVICE) if _reason_against(name) is None), ""
    reason = _reason_against(wanted)
    if reason is None:
        return wanted, ""
    note = f"The {_NAMES.get(wanted, wanted)} cannot be used: {reason}. The processor (CPU) is used instead."
    _log.warning("%s", note)
    return REFERENCE_DEVICE, note


def use_physical_cores() -> None:
    """Let torch compute on as many threads as there are cores."""
    import torch

    torch.set_num_threads(physical_cores())


def physical_cores() -> int:
    """The cores that this process may use; two threads of one core only share it."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(usable, psutil.cpu_count(logical=False) or usable))


def _reason_against(device: str) -> str | None:
    """Why the device cannot compute, found by computing on it: drivers are often there but too old."""
    import torch

    if device == REFERENCE_DEVICE:
        return None
    if device == "cuda" and not torch.cuda.is_available():
        return "no usable NVIDIA driver was found"
    if device == "mps" and not torch.backends.mps.is_available():
        return "this system has no Metal GPU that torch can use"
    if device not in _NAMES:
        return "Photosift does not know it"
    try:
        ones = torch.ones(8, 8, device=device)
        return None if float((ones @ ones).sum()) == 512.0 else "it computes wrong results"
    except (RuntimeError, NotImplementedError) as error:
        return str(error).partition("\n")[0]
