"""Which folders may be watched."""

import os
from collections.abc import Iterable

from app.domain.photo import Folder
from app.errors import FolderError


def check_new_folder(path: str, watched: Iterable[Folder], own_folder: str) -> None:
    """Raise FolderError with a text for people when `path` (absolute) is no folder to add.

    Folders may not overlap: a photo would be in the library twice.
    """
    if not os.path.exists(path):
        raise FolderError(f"There is no folder {_shown(path)}.")
    if not os.path.isdir(path):
        raise FolderError(f"{_shown(path)} is a file, not a folder.")
    if not os.access(path, os.R_OK | os.X_OK):
        raise FolderError(f"The folder {_shown(path)} cannot be read: check its permissions.")
    real = os.path.realpath(path)
    if _is_within(real, os.path.realpath(own_folder)):
        raise FolderError("This is where Photosift keeps its own files; choose a folder of photos.")
    for folder in watched:
        other = os.path.realpath(folder.path)
        if real == other:
            raise FolderError(f"{_shown(path)} is watched already.")
        if _is_within(real, other):
            raise FolderError(f"{_shown(path)} is watched already, as a part of {_shown(folder.path)}.")
        if _is_within(other, real):
            raise FolderError(
                f"{_shown(path)} contains {_shown(folder.path)}, which is watched already."
                " Stop watching that one first; nothing it holds is lost."
            )


def is_watched(path: str, watched: Iterable[Folder]) -> bool:
    """Whether `path` is one of the watched folders or lies in one."""
    real = os.path.realpath(path)
    return any(_is_within(real, os.path.realpath(folder.path)) for folder in watched)


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _shown(path: str) -> str:
    """Printable also when the name is no valid text."""
    return os.fsencode(path).decode("utf-8", "replace")
