"""`photosift status`: print folders, counts and the model."""

import argparse
import json
import os
from typing import Any

from app.bootstrap import Services
from app.cli.output import EXIT_OK, printable, say
from app.cli.session import library_paths, open_session
from app.domain.photo import FolderStatus
from app.domain.status import LibraryCounts
from app.paths import LibraryPaths, settings_file
from app.settings import SettingsStore

Report = dict[str, Any]


def status(options: argparse.Namespace) -> int:
    """Reads only; a library that is not there yet is empty, and is not made for it."""
    paths = library_paths(options)
    if paths.database.exists():
        with open_session(options, exclusive=False) as services:
            report = _report(paths, services)
    else:
        say(f"there is no library in {paths.root} yet. Begin with: photosift index FOLDER")
        report = _report(paths, None)
    if options.json:
        print(json.dumps(report))
    else:
        _print(report)
    return EXIT_OK


def _report(paths: LibraryPaths, services: Services | None) -> Report:
    counts = services.library.counts() if services else LibraryCounts()
    folders = services.library.folders() if services else ()
    return {
        "library": printable(str(paths.root)),
        "model": SettingsStore(settings_file(paths)).load().checkpoint,
        "photos": counts.photos,
        "waiting": counts.pending,
        "favourites": counts.favourites,
        "problems": counts.problems,
        "folders": [_folder(folder) for folder in folders],
    }


def _folder(status: FolderStatus) -> Report:
    return {
        "path": printable(status.folder.path),
        "there": os.path.isdir(status.folder.path),
        "photos": status.photo_count,
        "waiting": status.pending_count,
        "problems": status.problem_count,
    }


def _print(report: Report) -> None:
    for name in ("library", "model", "photos", "waiting", "favourites", "problems"):
        print(f"{name + ':':12}{'none chosen' if report[name] is None else report[name]}")
    for folder in report["folders"]:
        state = "" if folder["there"] else " (not there now)"
        print(f"{'folder:':12}{folder['path']}: {folder['photos']} photos{state}")
