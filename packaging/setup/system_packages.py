"""What Photosift needs from the system beneath Python: a compiler, headers, and the libraries of Qt.

On Debian and Ubuntu the missing packages are installed when we may (root, or sudo without a password);
everywhere else, and otherwise, one message names them all and the set-up stops.
"""

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path

# What the PySide6-Essentials wheel links to and does not bring along (objdump -p on QtCore, QtGui, QtWidgets,
# QtNetwork and the offscreen and xcb platforms), with the Debian package of each.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libbrotlidec.so.1": "libbrotli1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libzstd.so.1": "libzstd1",
}
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
FONT_SUFFIXES = {".ttf", ".otf", ".ttc"}


class SetupError(Exception):
    """The set-up cannot go on; the text says what to do."""


def provide_system_packages() -> None:
    """Install what is missing, or raise SetupError with everything that is."""
    if sys.platform == "darwin":
        _require_command_line_tools()
    elif sys.platform == "linux":
        missing = missing_packages()
        if missing:
            _install(missing)


def missing_packages(
    loads: Callable[[str], bool] | None = None, finds: Callable[[str], str | None] = shutil.which
) -> list[str]:
    """The Debian names of what this Linux lacks, in a fixed order."""
    loads = loads or _loads
    missing = [] if _python_is_complete() else _python_packages()
    if not any(map(finds, ("c++", "g++"))) or not any(map(finds, ("cc", "gcc"))):
        missing.append("g++")
    missing += [package for library, package in QT_LIBRARIES.items() if not loads(library)]
    if not _has_font():
        missing.append("fonts-dejavu-core")
    return missing


def _python_is_complete() -> bool:
    """Whether this Python can make virtual environments and compile extensions."""
    makes_environments = importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv")
    return bool(makes_environments) and Path(sysconfig.get_path("include"), "Python.h").exists()


def _python_packages() -> list[str]:
    """What completes the system's own Python; no package can complete another one."""
    if sys.base_prefix != "/usr":
        raise SetupError(
            f"the Python at {sys.base_prefix} lacks its headers (Python.h) or its venv module.\n"
            "hnswlib has to be compiled, so name a complete one: make run PYTHON=/path/to/python3"
        )
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return [f"python{version}-venv", f"python{version}-dev"]


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _has_font() -> bool:
    folders = [Path(folder).expanduser() for folder in FONT_FOLDERS]
    return any(path.suffix.lower() in FONT_SUFFIXES for folder in folders for path in folder.rglob("*"))


def _install(packages: Sequence[str]) -> None:
    """Install with apt-get where that is allowed. Raises SetupError otherwise."""
    prefix = _privilege()
    if shutil.which("apt-get") is None or prefix is None:
        raise SetupError(advice(packages))
    print("photosift: installing", " ".join(packages), flush=True)
    command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"]
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        completed = subprocess.run([*command, *arguments], check=False)
    if completed.returncode:  # a failed update alone may be an unrelated source
        raise SetupError(advice(packages))


def _privilege() -> list[str] | None:
    """What to put before apt-get; None when we may not install."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def advice(packages: Sequence[str]) -> str:
    """One message that names everything that is missing."""
    if shutil.which("apt-get"):
        return (
            "these system packages are missing. Install them, then run the same make command again:\n"
            f"  sudo apt-get install --no-install-recommends {' '.join(packages)}"
        )
    libraries = [library for library, package in QT_LIBRARIES.items() if package in packages]
    tools = [package for package in packages if package not in QT_LIBRARIES.values()]
    return (
        "these are missing on this system. Install them with your package manager, then run the same make "
        f"command again.\n  Debian calls them: {' '.join(packages)}"
        + (f"\n  shared libraries of Qt: {' '.join(libraries)}" if libraries else "")
        + (f"\n  tools: {' '.join(tools)}" if tools else "")
    )


def _require_command_line_tools() -> None:
    """hnswlib is compiled here; Apple's compiler comes with the command line tools."""
    if subprocess.run(["/usr/bin/xcode-select", "-p"], capture_output=True, check=False).returncode:
        raise SetupError(
            "Apple's command line tools are missing. Install them, then try again:\n  xcode-select --install"
        )
