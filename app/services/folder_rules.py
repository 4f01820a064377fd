"""Which folders may be watched."""

import os
from collections.abc import Iterable

from app.domain.photo import Folder
from app.errors import FolderError
from app.indexing.overlap import prefix_in


def check_new_folder(path: str, watched: Iterable[Folder], own_folder: str) -> None:
    """Raise FolderError with a text for people when `path` (absolute) is no folder to add.

    Folders may not overlap, or a photo would be in the library twice. A folder that contains watched ones
    takes them over; one that a watched folder leaves out may be watched by itself.
    """
    if not os.path.exists(path):
        raise FolderError(f"There is no folder {shown_path(path)}.")
    if not os.path.isdir(path):
        raise FolderError(f"{shown_path(path)} is a file, not a folder.")
    if not os.access(path, os.R_OK | os.X_OK):
        raise FolderError(f"The folder {shown_path(path)} cannot be read: check its permissions.")
    real = os.path.realpath(path)
    if _is_within(real, os.path.realpath(own_folder)):
        raise FolderError("This is where Photosift keeps its own files; choose a folder of photos.")
    for folder in watched:
        other = os.path.realpath(folder.path)
        if real == other:
            raise FolderError(f"{shown_path(path)} is watched already.")
        if prefix_in(folder, path) is not None:
            raise FolderError(
                f"{shown_path(path)} is watched already, as a part of {shown_path(folder.path)}."
            )


def is_watched(path: str, watched: Iterable[Folder]) -> bool:
    """Whether `path` is one of the watched folders or lies in a part of one that counts."""
    real = os.path.realpath(path)
    return any(
        real == os.path.realpath(folder.path) or prefix_in(folder, path) is not None for folder in watched
    )


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def shown_path(path: str) -> str:
    """Printable also when the name is no valid text."""
    return os.fsencode(path).decode("utf-8", "replace")
