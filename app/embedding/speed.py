"""How fast this machine would run a model, measured before there is one.

Nearly all the work of a vision transformer is matrix products, so one of the shape they have there, timed by
torch on the device that the encoder would choose, gives the floating point operations a second.
"""

import os
import time
from typing import TYPE_CHECKING

import psutil

from app.domain.download import DeviceSpeed
from app.embedding.devices import choose_device, use_physical_cores
from app.service_process import ServiceProcess

if TYPE_CHECKING:
    import torch

_ROWS, _INNER, _COLUMNS = 2048, 768, 3072  # eight pictures of 256 tokens through a base model's MLP
_WARM_UP, _SECONDS = 3, 0.4


def measure_speed(device: str = "auto") -> DeviceSpeed:
    """Time matrix products in a process of its own: some seconds, most of them for importing torch."""
    process = ServiceProcess(_Meter, name="speed")
    try:
        answer: DeviceSpeed = process.call("measure", device)
        return answer
    finally:
        process.close(timeout=0)


class _Meter:
    """What runs over there."""

    def measure(self, wanted: str) -> DeviceSpeed:
        import torch

        use_physical_cores()
        device, _ = choose_device(wanted)
        rate = _multiply(
            torch.rand(_ROWS, _INNER, device=device), torch.rand(_INNER, _COLUMNS, device=device)
        )
        return DeviceSpeed(device, rate / 1e9, _memory(device), os.cpu_count() or 1)


def _multiply(left: "torch.Tensor", right: "torch.Tensor") -> float:
    """Floating point operations a second: the fastest of short runs, which others disturbed least."""
    for _ in range(_WARM_UP):
        _wait(left @ right)
    fastest, until = float("inf"), time.perf_counter() + _SECONDS
    while time.perf_counter() < until:
        started = time.perf_counter()
        _wait(left @ right)
        fastest = min(fastest, time.perf_counter() - started)
    return 2 * _ROWS * _INNER * _COLUMNS / fastest


def _wait(product: "torch.Tensor") -> None:
    """A GPU computes behind our back until somebody asks for a value."""
    product[0, 0].item()


def _memory(device: str) -> int:
    import torch

    if device == "cuda":
        return int(torch.cuda.get_device_properties(0).total_memory)
    return int(psutil.virtual_memory().total)
