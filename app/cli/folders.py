"""What `photosift index` does with the folders themselves."""

import os
from collections.abc import Sequence

from app.bootstrap import Services
from app.cli.output import printable, say
from app.domain.photo import FolderState
from app.errors import FolderError
from app.services.folder_rules import is_watched


def add_folders(services: Services, folders: Sequence[str]) -> int:
    """How many were refused. One that is watched already, or lies in one that is, will be looked through."""
    refused = 0
    for folder in folders:
        watched = [status.folder for status in services.library.folders()]
        if os.path.isdir(folder) and is_watched(folder, watched):
            continue
        try:
            _add(services, folder)
        except FolderError as error:
            say(str(error))
            refused += 1
    return refused


def ask_about_vanished(services: Services) -> int:
    """Say which folders miss many photos, and how to remove them: how many folders there are."""
    asking = [status for status in services.library.folders() if status.state is FolderState.ASKING]
    for status in asking:
        say(f"{printable(status.folder.path)}: {status.message}")
    if asking:
        say("to remove them, run: photosift index --accept-removals")
    return len(asking)


def _add(services: Services, folder: str) -> None:
    """A folder with the photos of one that is not in its place is that one, moved."""
    twin = services.folders.offline_twin(os.path.abspath(folder)) if os.path.isdir(folder) else None
    if twin is None:
        services.library.add_folder(folder)
        return
    services.folders.locate(twin.folder_id, folder)
    old, new = printable(twin.path), printable(folder)
    say(f"{new} holds the photos of {old}, which is not there: it takes its place.")
