"""`photosift status`: print folders, counts and the model."""

import argparse
import json
import os
from typing import Any

from app.bootstrap import Services
from app.cli.output import EXIT_OK, printable, say
from app.cli.session import library_paths, open_session
from app.domain.photo import FolderStatus
from app.domain.precision import PrecisionProof
from app.domain.progress import ChangeProgress
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
    chosen = SettingsStore(settings_file(paths)).load()
    folders = services.library.folders() if services else ()
    change = services.kept_models.change() if services else None
    return {
        "library": printable(str(paths.root)),
        "model": chosen.checkpoint,
        "precision": _precision(chosen.precision, services.models.precision_proof() if services else None),
        "change": _change(change) if change else None,
        "photos": counts.photos,
        "waiting": counts.pending,
        "favourites": counts.favourites,
        "problems": counts.problems,
        "folders": [_folder(folder) for folder in folders],
    }


def _change(change: ChangeProgress) -> Report:
    """Of the model: the one before answers until then."""
    return {
        "to": printable(change.name),
        "embedded": change.done,
        "of": change.total,
        "photos_a_second": change.rate and round(change.rate, 1),
        "seconds_left": change.seconds_left and round(change.seconds_left),
    }


def _precision(wish: str, proof: PrecisionProof | None) -> str:
    """How pictures are computed, and what that rests on."""
    if wish != "auto":
        return f"{wish}, as the settings say"
    if proof is None:
        return "float32; faster ones are compared on the first photos"
    where = "" if proof.device == "cpu" else f" by {proof.processor}"
    measured = f"measured on {proof.photos} photos on {proof.day}{where}"
    if proof.result is None:
        return f"float32: no faster one was alike enough, {measured}"
    result = proof.result
    return (
        f"{result.precision}: cosine {result.cosine:.4f}, neighbours {result.overlap:.0%} alike, "
        f"{result.speed:.1f}x as fast as float32, {measured}"
    )


def _folder(status: FolderStatus) -> Report:
    return {
        "path": printable(status.folder.path),
        "there": os.path.isdir(status.folder.path),
        "photos": status.photo_count,
        "waiting": status.pending_count,
        "problems": status.problem_count,
    }


def _print(report: Report) -> None:
    for name in ("library", "model", "precision", "photos", "waiting", "favourites", "problems"):
        print(f"{name + ':':12}{'none chosen' if report[name] is None else report[name]}")
    if report["change"]:
        print(f"{'changing:':12}{_told(report['change'])}")
    for folder in report["folders"]:
        state = "" if folder["there"] else " (not there now)"
        print(f"{'folder:':12}{folder['path']}: {folder['photos']} photos{state}")


def _told(change: Report) -> str:
    """As in: to big-model: 400 of 1,000 photos embedded, 12 a second, about 1 minute left."""
    parts = [f"to {change['to']}: {change['embedded']:,} of {change['of']:,} photos embedded"]
    if change["photos_a_second"]:
        minutes = max(1, round(change["seconds_left"] / 60))
        parts.append(f"{change['photos_a_second']:g} a second")
        parts.append(f"about {minutes:,} {'minute' if minutes == 1 else 'minutes'} left")
    return ", ".join(parts) + ". Until then the model before answers."
