"""Which device runs the model, and on how many threads."""

import importlib.metadata
import logging
import os
import sys
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from app.domain.model import Provenance
from app.embedding.reasons import first_line

if TYPE_CHECKING:
    import torch

_log = logging.getLogger(__name__)

REFERENCE_DEVICE = "cpu"
_NAMES = {"cuda": "NVIDIA GPU", "mps": "Apple GPU", "cpu": "Processor (CPU)"}
_MISSING = {
    "cuda": "no usable NVIDIA driver was found",
    "mps": "this system has no Metal GPU that torch can use",
}
_GPU_DEVICES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")  # of NVIDIA, of Windows' Linux, of AMD


@dataclass(frozen=True, slots=True)
class Runtime:
    """Where and how precisely a tower computes."""

    device: str  # "cpu", "cuda", "mps"
    precision: str = "float32"  # the name of a torch dtype
    library: str = "torch"

    @property
    def provenance(self) -> Provenance:
        return Provenance(self.library, self.precision, self.device)

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


def possible_gpu() -> str | None:
    """The kind of GPU that this system could have, without asking torch; None where there is none."""
    return next((name for name in ("cuda", "mps") if _may_be_there(name)), None)


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


def installed_version(distribution: str) -> str:
    """Without importing it; "" where it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


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
    if device == REFERENCE_DEVICE:
        return None
    if device not in _NAMES:
        return "Photosift does not know it"
    if not _may_be_there(device):
        return _MISSING[device]
    import torch

    if not (torch.cuda if device == "cuda" else torch.backends.mps).is_available():
        return _MISSING[device]
    try:
        ones = torch.ones(8, 8, device=device)
        return None if float((ones @ ones).sum()) == 512.0 else "it computes wrong results"
    except (RuntimeError, NotImplementedError) as error:
        return first_line(error)


def _may_be_there(device: str) -> bool:
    """False where torch need not be asked: importing it takes seconds, and a processor does without."""
    if device == "mps":
        return sys.platform == "darwin"
    if sys.platform == "win32":
        return find_library("nvcuda") is not None
    return any(Path(place).exists() for place in _GPU_DEVICES)
