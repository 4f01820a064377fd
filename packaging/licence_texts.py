"""Collects the licence texts of all installed components, for a bundle: `licence_texts.py FOLDER`."""

import importlib.metadata
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

_LICENCE_FILE = re.compile(r"licen[cs]e|copying|notice|authors", re.IGNORECASE)


def components(distribution: str = "photosift") -> list[importlib.metadata.Distribution]:
    """Everything that `distribution` pulls in on this system, without the extras, by name."""
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = _requirements(importlib.metadata.distribution(distribution))
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # needed on another system or Python only
        waiting += _requirements(found[name])
    return [found[name] for name in sorted(found)]


def licence_files(component: importlib.metadata.Distribution) -> Iterator[Path]:
    """The texts in the component's metadata folder."""
    for file in component.files or []:
        if ".dist-info" in file.parts[0] and _LICENCE_FILE.search(file.name):
            yield Path(str(component.locate_file(file)))


def collect(folder: Path) -> list[str]:
    """Copy all texts below `folder`; returns the components that bring none."""
    without = []
    for component in components():
        name = _normal(component.name)
        texts = list(licence_files(component))
        for number, text in enumerate(texts):
            target = folder / name / (f"{number}-{text.name}" if number else text.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(text, target)
        if not texts:
            without.append(name)
    return without


def _requirements(distribution: importlib.metadata.Distribution) -> list[str]:
    lines = [line for line in distribution.requires or [] if "extra ==" not in line]
    return [_normal(re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]) for line in lines]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("Without a text of their own:", ", ".join(collect(Path(sys.argv[1]))) or "none")
