"""Finds the measurements of a package by name, runs them and prints one JSON object a line."""

import argparse
import ast
import importlib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, cast

from tests.benchmarks.figures import Figure


class Measurement(Protocol):
    """A module that measures something."""

    def run(self, quick: bool) -> Iterable[Figure]:
        """Yield figures as they become known; `quick` asks for a version under a minute."""
        ...


def measurements(package: Path) -> dict[str, str]:
    """Name and one line about each module of `package` that defines `run`, without importing any."""
    found = {}
    for path in sorted(package.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        if any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in tree.body):
            docstring = ast.get_docstring(tree) or ""
            found[path.stem] = docstring.partition("\n")[0]
    return found


def main(package: str, folder: Path, arguments: Sequence[str] | None = None) -> int:
    """The command line of `package`: 0 when no bar is missed, 1 when one is, 2 for misuse."""
    known = measurements(folder)
    options = _parse(package, known, arguments)
    if options.list:
        width = max(map(len, known), default=0)
        for name, description in known.items():
            print(f"{name:<{width}}  {description}")
        return 0
    if options.name not in known:
        names = ", ".join(known) or "none yet"
        print(f"There is no {options.name!r}. Known names: {names}.", file=sys.stderr)
        return 2
    measurement = cast(Measurement, importlib.import_module(f"{package}.{options.name}"))
    return _report(measurement.run(options.quick))


def _parse(package: str, known: dict[str, str], arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {package}", description=__doc__)
    parser.add_argument("name", nargs="?", help="what to measure: " + ", ".join(known))
    parser.add_argument("--list", action="store_true", help="name everything that can be measured")
    parser.add_argument("--quick", action="store_true", help="a small version, under a minute")
    options = parser.parse_args(arguments)
    if not options.list and options.name is None:
        parser.error("say what to measure, or --list")
    return options


def _report(figures: Iterable[Figure]) -> int:
    missed = False
    reported = False
    for figure in figures:
        print(figure.as_json(), flush=True)
        missed |= figure.holds is False
        reported = True
    if not reported:
        print("The measurement reported no figure.", file=sys.stderr)
    return 1 if missed or not reported else 0
