"""When the sidecars of photos were written: a changed one has its photo's metadata read again."""

import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.domain.indexing import FoundFile
from app.media.formats import is_sidecar_name, sidecar_keys

_log = logging.getLogger(__name__)


def with_sidecars(files: Sequence[FoundFile], entries: Iterable["os.DirEntry[str]"]) -> list[FoundFile]:
    """The files of one directory with the times of their sidecars, which are among its entries."""
    times: dict[str, int] = {}
    for entry in entries:
        if is_sidecar_name(entry.name):
            try:
                times[entry.name.casefold()] = entry.stat().st_mtime_ns
            except OSError as error:
                _log.debug("no sidecar at %r: %s", entry.path, error)
    if not times:
        return list(files)
    return [replace(file, sidecar_mtime_ns=_time(file.relative_path, times)) for file in files]


def with_sidecar(file: FoundFile, root: str) -> FoundFile:
    """One file with the time of its sidecar, looked for on the disk."""
    from app.media.sidecars import find_sidecar  # brings an XML parser along, which no start needs

    sidecar = find_sidecar(os.path.join(root, file.relative_path))
    if sidecar is None:
        return file
    try:
        return replace(file, sidecar_mtime_ns=os.stat(sidecar).st_mtime_ns)
    except OSError as error:
        _log.debug("no sidecar at %r: %s", sidecar, error)
        return file


def _time(relative_path: str, times: dict[str, int]) -> int | None:
    return next((times[key] for key in sidecar_keys(relative_path) if key in times), None)
