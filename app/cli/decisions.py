"""`photosift export decisions` and `photosift import decisions`: all decisions in one file."""

import argparse
from pathlib import Path

from app.bootstrap import Services
from app.cli.output import EXIT_OK, printable, say
from app.cli.session import open_session


def export_decisions(options: argparse.Namespace) -> int:
    """Reads only: may run beside a window."""
    path = Path(options.file).absolute()
    with open_session(options, exclusive=False) as services:
        count = services.decision_files.export_to(path)
    print(f"Decisions about {_photos(count)} are in {printable(str(path))}.")
    return EXIT_OK


def import_decisions(options: argparse.Namespace) -> int:
    """Merges; what is newer in the library stays."""
    with open_session(options, exclusive=True) as services:
        services.sidecars.subscribe(say)
        report = services.decision_files.import_from(Path(options.file).absolute())
        services.sidecars.finish()
    print(f"{_photos(report.photos)} found, {report.changed} of them changed.")
    if report.albums or report.searches:
        print(f"New: {report.albums} albums, {report.searches} saved searches.")
    if report.not_duplicates:
        print(f"New: {report.not_duplicates} pairs that are no duplicates.")
    if report.kept:
        print(f"{_photos(report.kept)} not here: what was decided about them is kept until they come.")
    return EXIT_OK


def keep_decisions(services: Services) -> None:
    """What the window does at its start: photos may have come that decisions were kept for."""
    services.sidecars.subscribe(say)
    services.decision_files.match_kept()
    services.decision_files.keep_weekly_copy()
    services.sidecars.tell()
    services.sidecars.finish()


def _photos(count: int) -> str:
    return "1 photo" if count == 1 else f"{count} photos"
