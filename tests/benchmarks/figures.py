"""What a benchmark or a fault test reports: one figure, its bar, and whether the bar holds.

A module that measures something lives in `tests/benchmarks` or `tests/faults` and exposes
`run(quick: bool) -> Iterable[Figure]`; the first line of its docstring says what it measures.
"""

import importlib.metadata
import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import psutil

_GIGABYTE = 1024**3


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value beside the bar it is held against."""

    figure: str
    value: float | str | None
    unit: str
    bar: str  # as the issue words it: "<= 1.5 s beyond a bare window"; "" for a figure without one
    holds: bool | None  # None: could not be judged on this machine, reported as "skipped"
    details: Mapping[str, Any] = field(default_factory=dict)  # sizes, repeats, spread: JSON values

    def as_json(self) -> str:
        """One line: the figure, then its details, then the machine."""
        line = {
            "figure": self.figure,
            "value": _rounded(self.value),
            "unit": self.unit,
            "bar": self.bar,
            "holds": "skipped" if self.holds is None else self.holds,
            **{name: _rounded(value) for name, value in self.details.items()},
            "machine": machine(),
        }
        return json.dumps(line, ensure_ascii=False)


def skipped(figure: str, bar: str, reason: str, unit: str = "") -> Figure:
    """A figure that this machine cannot produce, with the reason."""
    return Figure(figure, None, unit, bar, None, {"reason": reason})


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` % of the values do not exceed (nearest rank)."""
    if not values:
        raise ValueError("a percentile needs at least one value")
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)  # rounded up
    return ordered[min(len(ordered), max(1, int(rank))) - 1]


def spread(values: Sequence[float]) -> dict[str, float | int]:
    """Median, quartile-like percentiles and extremes, for a figure's details."""
    return {
        "repeats": len(values),
        "min": min(values),
        "median": statistics.median(values),
        "p95": percentile(values, 95),
        "p99": percentile(values, 99),
        "max": max(values),
    }


@cache
def machine() -> dict[str, str | int | float]:
    """The machine and the versions that a figure depends on."""
    return {
        "cpu": _cpu_name(),
        "cores": _usable_cores(),
        "memory_gb": round(psutil.virtual_memory().total / _GIGABYTE, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: _version(name) for name in ("torch", "transformers", "PySide6-Essentials", "hnswlib")},
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _usable_cores() -> int:
    """The cores this process may use; containers are often given fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _rounded(value: Any) -> Any:
    """Six significant digits: more would only pretend precision."""
    return float(f"{value:.6g}") if isinstance(value, float) else value
