"""Makes an environment with open_clip beside the product's own, which has neither it nor what it needs.

    python packaging/mcip_reference/environment.py FOLDER

torch and Pillow are the product's, found through a .pth file, so that a difference in the vectors is a
difference in the model and never one between releases of torch. The rest comes without its dependencies:
some ten megabytes instead of a second torch with CUDA.
"""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

PACKAGES = ("open_clip_torch==3.3.0", "timm==1.0.31", "torchvision==0.28.0", "ftfy==6.3.1", "wcwidth==0.9.4")
_STAMP = "packages.txt"


def make(folder: Path) -> Path:
    """Install what is missing; the Python to run."""
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    stamp = folder / _STAMP
    wanted = "\n".join((sysconfig.get_path("purelib"), *PACKAGES))
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        venv.create(folder, clear=True, with_pip=False)
        site = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
        root = Path(__file__).parents[2]
        (Path(site) / "photosift.pth").write_text(f"{sysconfig.get_path('purelib')}\n{root}\n", "utf-8")
        pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--no-deps", *PACKAGES], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return python


if __name__ == "__main__":
    print(make(Path(sys.argv[1])))
