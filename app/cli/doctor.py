"""`photosift doctor`: examine the library, say what was found, mend it when asked."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from app.cli.output import EXIT_FAILED, EXIT_OK, printable, say
from app.cli.session import library_paths
from app.domain.health import Finding, HealthReport, Weight
from app.errors import LibraryError, LibraryInUseError
from app.paths import LibraryPaths
from app.services.doctor import Doctor
from app.services.library_lock import take_lock


def doctor(options: argparse.Namespace) -> int:
    """0 when the library is sound at the end, 1 when something is wrong with it."""
    paths = library_paths(options)
    if not paths.root.is_dir():
        raise LibraryError(f"There is no library in {paths.root} yet. Begin with: photosift index FOLDER")
    with _locked(paths, required=options.mend or options.restore) as alone:
        physician = Doctor(paths, alone=alone)
        if options.restore:
            _restore(physician)
        before = physician.examine(lambda step: say(f"looking at: {step}"))
        after = physician.mend(before) if options.mend and before.findings else None
    if options.json:
        print(json.dumps({"found": _as_json(before), "left": _as_json(after or before)}))
    else:
        _print(before, mended=after is not None)
        if after is not None:
            _print_rest(after)
    return EXIT_OK if (after or before).sound else EXIT_FAILED


@contextmanager
def _locked(paths: LibraryPaths, *, required: bool) -> Iterator[bool]:
    """Whether nobody else writes meanwhile. Looking goes on beside a window, and on a read-only drive."""
    try:
        lock = take_lock(paths)
    except LibraryInUseError as error:
        if required:
            raise
        say(f"{error} Looking at it meanwhile; changes under way may show up as notes.")
        yield False
    except LibraryError as error:
        if required:
            raise
        say(str(error))
        yield False
    else:
        with lock:
            yield True


def _restore(physician: Doctor) -> None:
    salvaged, copy = physician.restore()
    say(f"{salvaged.rows} entries were read from the library, {salvaged.from_copy} from an older copy of it")
    say(f"the library as it was is kept in {printable(str(salvaged.kept))}")
    if copy is not None:
        say(f"decisions were taken from {printable(str(copy))} too")
    if salvaged.damaged_tables:
        say(
            f"not everything could be read of: {', '.join(salvaged.damaged_tables)}. Photos that are lacking"
            " are taken in again by: photosift index"
        )


def _print(report: HealthReport, *, mended: bool) -> None:
    print(f"{report.photos} photos, {report.embeddings} embeddings, {report.thumbnails} thumbnails.")
    for finding in report.findings:
        print(f"{finding.weight}: {_in_words(finding)}")
        if finding.mending:
            print(f"    {finding.mending}" if mended else f"    With --mend: {finding.mending}")
    if not report.findings:
        print("Everything is as it should be.")
    elif report.sound:
        print("Nothing is wrong.")


def _in_words(finding: Finding) -> str:
    examples = f" For example: {', '.join(map(printable, finding.examples))}." if finding.examples else ""
    return f"{finding.count} x {finding.part}: {finding.text}{examples}"


def _print_rest(report: HealthReport) -> None:
    for finding in report.findings:
        if finding.weight is Weight.FAULT:
            print(f"not mended: {_in_words(finding)}")
    if report.sound:
        print("Mended. What is to be read or embedded again is done when Photosift next runs.")


def _as_json(report: HealthReport) -> dict[str, object]:
    return {"sound": report.sound, **asdict(report)}
