"""`photosift duplicates`: print groups of photos that are copies of each other, or shots of one moment."""

import argparse
import json
import sys

from tqdm import tqdm

from app.bootstrap import Services
from app.cli.output import EXIT_NOTHING, EXIT_OK, printable, say
from app.cli.session import open_session
from app.domain.duplicates import DuplicateGroup, DuplicateProgress, DuplicateStep, Level
from app.domain.photo import Photo

_STEPS = {
    DuplicateStep.LOOKING: "looking at photos",
    DuplicateStep.GATHERING: "gathering pairs",
    DuplicateStep.COMPARING: "comparing",
}
_TITLES = {
    Level.EXACT: "the same file",
    Level.NEAR: "the same picture",
    Level.BURST: "one moment",
}


def duplicates(options: argparse.Namespace) -> int:
    """Reads only, so it may run beside a window; nothing is ever moved or deleted."""
    levels = (Level.BURST,) if options.bursts else (Level.EXACT, Level.NEAR)
    with open_session(options, exclusive=False) as services, _Bar() as bar:
        report = services.duplicates.find(bar.show, levels=levels)
        bar.close()
        for group in report.groups:
            _print_group(services, group, in_json=options.json)
        if report.unseen:
            say(f"{report.unseen} photos could not be compared: open Photosift once to have them looked at")
        return EXIT_OK if report.groups else EXIT_NOTHING


def _print_group(services: Services, group: DuplicateGroup, *, in_json: bool) -> None:
    photos = services.library.photos(group.photo_ids)
    if in_json:
        print(json.dumps({"level": str(group.level), "photos": [_as_json(group, one) for one in photos]}))
        return
    print(f"{_TITLES[group.level]}, {len(photos)} photos, {group.spare_bytes / 1e6:.1f} MB to spare")
    for photo in photos:
        size = f"{photo.metadata.width} x {photo.metadata.height}" if photo.metadata else ""
        mark = " " if photo.photo_id in group.spare else "*"
        print(f"  {mark} {size:>13} {photo.size / 1e6:6.1f} MB  {printable(photo.path)}")


def _as_json(group: DuplicateGroup, photo: Photo) -> dict[str, object]:
    metadata = photo.metadata
    taken_at = metadata.taken_at if metadata else None
    return {
        "path": printable(photo.path),
        "size": photo.size,
        "width": metadata.width if metadata else None,
        "height": metadata.height if metadata else None,
        "taken_at": taken_at.isoformat() if taken_at else None,
        "keep": photo.photo_id not in group.spare,
    }


class _Bar:
    """How far the search is, on a terminal."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._step: DuplicateStep | None = None

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def show(self, progress: DuplicateProgress) -> None:
        if not sys.stderr.isatty():
            return
        if self._bar is None or progress.step is not self._step:
            self.close()
            self._step = progress.step
            self._bar = tqdm(desc=_STEPS[progress.step], unit="", leave=False)
        self._bar.total = progress.total
        self._bar.n = progress.done
        self._bar.refresh()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
