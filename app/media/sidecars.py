"""XMP sidecars: the file beside a photo in which other programs keep what they know about it."""

import functools
import logging
import os
import stat
import time
from dataclasses import dataclass

from app.media.formats import is_sidecar_name, sidecar_keys
from app.media.xmp import LARGEST_SIDECAR, XmpValues, parse_xmp

_log = logging.getLogger(__name__)

_SETTLED_SECONDS = 3.0  # file systems count modification times in steps of up to two seconds


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a sidecar says, and which version of it said so."""

    path: str
    size: int
    mtime_ns: int
    values: XmpValues


def find_sidecar(photo: str) -> str | None:
    """The path of a photo's sidecar, whatever the case of its name; None where there is none.

    Costs one stat of the folder while nothing changes in it.
    """
    folder = os.path.dirname(photo)
    try:
        mtime_ns = os.stat(folder or ".").st_mtime_ns
        if time.time() - mtime_ns / 1e9 < _SETTLED_SECONDS:  # a listing may be stale and not look it
            return _common_spelling(photo)
        names = _names(folder, mtime_ns)
    except OSError as error:
        _log.debug("no sidecar looked for in %r: %s", folder, error)
        return None
    name = next((names[key] for key in sidecar_keys(photo) if key in names), None)
    return None if name is None else os.path.join(folder, name)


def read_sidecar(path: str) -> Sidecar | None:
    """A sidecar with its values, empty ones where it cannot be read or understood; None where it is gone."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    values = XmpValues()
    if stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_SIDECAR:
        try:
            with open(path, "rb") as file:
                values = parse_xmp(file.read(LARGEST_SIDECAR + 1), LARGEST_SIDECAR)
        except OSError as error:
            _log.info("sidecar %r not read: %s", path, error)
    return Sidecar(path, status.st_size, status.st_mtime_ns, values)


def _common_spelling(photo: str) -> str | None:
    stem = photo[: photo.rfind(".")]
    candidates = (f"{photo}.xmp", f"{photo}.XMP", f"{stem}.xmp", f"{stem}.XMP")
    return next((path for path in candidates if os.path.exists(path)), None)


@functools.lru_cache(maxsize=4)  # photos come folder by folder
def _names(folder: str, mtime_ns: int) -> dict[str, str]:
    """The sidecars of a folder as it was at that time, by their case-folded names."""
    with os.scandir(folder or ".") as entries:
        found = {entry.name.casefold(): entry.name for entry in entries if is_sidecar_name(entry.name)}
    _log.debug("%d sidecars in %r at %d", len(found), folder, mtime_ns)
    return found
