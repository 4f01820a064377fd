"""Homes for processes that tests start: nothing of the developer's own, and no network."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def environment_in(home: Path) -> dict[str, str]:
    """Variables for a process whose settings, library, logs and caches are to lie below `home`."""
    places = {
        "HOME": home,
        "USERPROFILE": home,
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_DATA_HOME": home / ".local/share",
        "XDG_STATE_HOME": home / ".local/state",
        "XDG_CACHE_HOME": home / ".cache",
        "HF_HOME": home / ".cache/huggingface",
    }
    return {**os.environ, **{name: str(place) for name, place in places.items()}, "HF_HUB_OFFLINE": "1"}


def settings_file_in(home: Path) -> Path:
    """Where a process in this home looks for its settings."""
    script = "from app.paths import settings_file; print(settings_file())"
    answer = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT, env=environment_in(home), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return Path(answer.stdout.strip())
