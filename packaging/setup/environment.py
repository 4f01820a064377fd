"""Makes `.venv` ready to run Photosift, or its tests: system libraries, virtual environment, packages.

Standard library only, because nothing is installed yet. Does nothing when nothing has changed since the last
time: a stamp in the virtual environment remembers what it was made from.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from system_packages import SetupError, provide_system_packages

ROOT = Path(__file__).resolve().parents[2]
TORCH_INDEX = "PHOTOSIFT_TORCH_INDEX"


@dataclass(frozen=True)
class Environment:
    """The virtual environment of one checkout, and what it must be made from."""

    root: Path
    torch_index: str = ""
    windows: bool = os.name == "nt"

    @property
    def folder(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if self.windows else "bin/python")

    @property
    def stamp(self) -> Path:
        return self.folder / "photosift-setup.txt"

    def fingerprint(self) -> str:
        """Equal as long as nothing has to be installed again."""
        parts = [
            (self.root / "pyproject.toml").read_bytes(),
            str(self.root).encode(),
            self.torch_index.encode(),
        ]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def is_current(self, *, dev: bool) -> bool:
        """Whether the last complete set-up was this one; one for development serves running, too."""
        try:
            stamp = self.stamp.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return False
        sufficient = {self._stamp_text(dev=True), self._stamp_text(dev=dev)}
        return stamp in sufficient and self.python.exists()

    def write_stamp(self, *, dev: bool) -> None:
        self.stamp.write_text(self._stamp_text(dev=dev), encoding="utf-8")

    def _stamp_text(self, *, dev: bool) -> str:
        return f"{self.fingerprint()} {'dev' if dev else 'run'}\n"

    def requirement(self, name: str) -> str:
        """The line of pyproject.toml that pins this dependency."""
        project = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        requirements: list[str] = project["dependencies"]
        return next(line for line in requirements if line.startswith(f"{name}=="))

    def install_commands(self, *, dev: bool) -> list[list[str]]:
        """The pip lines, in order."""
        pip = [str(self.python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
        torch = [*pip, self.requirement("torch")]
        if self.torch_index:
            # Without its dependencies: they come from the usual index with the rest, so that this index
            # needs to hold nothing but torch itself.
            torch += ["--no-deps", "--index-url", self.torch_index]
        return [torch, [*pip, "--editable", f"{self.root}{'[dev]' if dev else ''}"]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Set up, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also install what the checks and tests need")
    dev = parser.parse_args(arguments).dev
    environment = Environment(ROOT, os.environ.get(TORCH_INDEX, ""))
    if environment.is_current(dev=dev):
        return 0
    try:
        provide_system_packages()
        set_up(environment, dev=dev)
    except SetupError as error:
        print(f"photosift: {error}", file=sys.stderr)
        return 1
    return 0


def set_up(environment: Environment, *, dev: bool) -> None:
    """Create the virtual environment where there is none, install, check, and remember it."""
    if not _works(environment.python):
        _run([sys.executable, "-m", "venv", "--clear", str(environment.folder)])
    # Portable machine code: the default compiles for this very processor, and a virtual machine or a shared
    # home folder may meet another one later.
    compile_settings = {"HNSWLIB_NO_NATIVE": "1"}
    for command in environment.install_commands(dev=dev):
        _run(command, compile_settings)
    _run([str(environment.python), "-c", "import hnswlib, PySide6.QtWidgets"])
    environment.write_stamp(dev=dev)


def _works(python: Path) -> bool:
    """Whether there is a virtual environment, and the Python it was made with is still there."""
    try:
        return (
            subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode
            == 0
        )
    except OSError:
        return False


def _run(command: Sequence[str], more_environment: Mapping[str, str] | None = None) -> None:
    print("photosift:", " ".join(command), flush=True)
    completed = subprocess.run(command, env={**os.environ, **(more_environment or {})}, check=False)
    if completed.returncode:
        raise SetupError(
            f"this step of the set-up failed; the reason is above:\n  {' '.join(command)}\n"
            "When it is mended, run the same make command again: it goes on from there."
        )


if __name__ == "__main__":
    sys.exit(main())
