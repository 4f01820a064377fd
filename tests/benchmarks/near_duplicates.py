"""Copies and bursts of 200 real photos among look-alikes: what is found, and how much of that is right.

`altered_photos` says how the copies, the bursts and the look-alikes are made. They are real files, indexed
by the product; the groups that it shows are taken apart into pairs. Precision: of the pairs found, those
that were made as copies (or shots of one burst). Recall: of the pairs made, those found.

Three runs differ in what proposes pairs: hashes and times alone, as without a model; and besides them the
embeddings of the demonstration's checkpoint, which knows drawn scenes only, and of a base-size one with
random weights. Neither was trained on photos, so the figures say that embeddings do no harm, not how much
they help. `--quick`: 24 photos, no base-size checkpoint.
"""

import itertools
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from PIL import Image

from app.bootstrap import Services, open_services
from app.domain.duplicates import DuplicateReport, Level
from app.domain.status import ModelState
from app.paths import LibraryPaths, resource
from app.settings import SettingsStore
from tests.benchmarks.altered_photos import Altered, distinct, write_altered
from tests.benchmarks.figures import Figure, skipped
from tests.benchmarks.reference_pictures import open_reference
from tests.checkpoints import cached_checkpoint

_PHOTOS, _QUICK_PHOTOS = 200, 24
_KINDS = ("everyday", "camera", "formats", "orientation")
_LARGEST = 40_000_000  # pixels
_PATIENCE_SECONDS = 3600.0
_NAMES = {Level.NEAR: "duplicates", Level.BURST: "bursts"}
_BARS = {Level.NEAR: (0.99, 0.95), Level.BURST: (0.9, 0.9)}

Pairs = set[tuple[str, str]]


def run(quick: bool) -> Iterator[Figure]:
    """Precision and recall of both levels, for each source of pairs."""
    root = os.environ.get("PHOTOSIFT_TEST_PHOTOS")
    if not root:
        for level, name in _NAMES.items():
            bar = "precision >= {}, recall >= {}".format(*_BARS[level])
            yield skipped(f"near_duplicates: {name}", bar, "PHOTOSIFT_TEST_PHOTOS names no real photos")
        return
    count = _QUICK_PHOTOS if quick else _PHOTOS
    with tempfile.TemporaryDirectory() as scratch:
        originals = distinct(_real_photos(Path(root)), count)
        altered = write_altered(Path(scratch) / "photos", originals, len(originals))
        services = open_services(
            LibraryPaths(Path(scratch) / "library"), SettingsStore(Path(scratch) / "settings.json")
        )
        try:
            services.library.add_folder(str(Path(scratch) / "photos"))
            services.indexing.start(lambda _: None)
            for source, checkpoint in _sources(quick):
                yield from _measure(services, source, checkpoint, altered, len(originals))
        finally:
            services.close()


def _sources(quick: bool) -> Iterator[tuple[str, str | None]]:
    yield "hashes and times alone", None
    yield "with the demo checkpoint", str(resource("demo/photosift-drawn-scenes"))
    if not quick:
        yield "with random base weights", str(cached_checkpoint(side=256, patch=32))


def _measure(
    services: Services, source: str, checkpoint: str | None, altered: Altered, originals: int
) -> Iterator[Figure]:
    if checkpoint is not None:
        _use(services, checkpoint)
    services.indexing.wait_until_idle(_PATIENCE_SECONDS)
    started = time.perf_counter()
    report = services.duplicates.find()
    details = {
        "originals": originals,
        "files": altered.files,
        "compared": report.photos,
        "embedded": services.library.counts().embedded if checkpoint else 0,
        "seconds": time.perf_counter() - started,
    }
    for level, made in ((Level.NEAR, altered.copies), (Level.BURST, altered.bursts)):
        yield from _figures(services, report, level, _pairs(made), f", {source}", details)


def _use(services: Services, checkpoint: str) -> None:
    """Until every photo is embedded by it, and it answers."""
    before = services.models.identity
    services.models.use(checkpoint, "cpu")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        status, counts = services.models.status(), services.library.counts()
        if status.state is ModelState.FAILED:
            raise RuntimeError(status.message)
        ready = status.state is ModelState.READY and counts.embedded == counts.photos
        if ready and services.models.identity not in (None, before):
            return
        time.sleep(0.2)
    raise RuntimeError(f"{checkpoint} did not embed all photos in time")


def _figures(
    services: Services,
    report: DuplicateReport,
    level: Level,
    made: Pairs,
    source: str,
    details: dict[str, float | int],
) -> Iterator[Figure]:
    found = _pairs(_names(services, group.photo_ids) for group in report.of(level))
    right = len(found & made)
    counts = {"pairs_made": len(made), "pairs_found": len(found), "groups": len(report.of(level))}
    values = (right / max(1, len(found)), right / max(1, len(made)))
    for what, value, bar in zip(("precision", "recall"), values, _BARS[level], strict=True):
        name = f"near_duplicates: {_NAMES[level]}, {what}{source}"
        yield Figure(name, value, "share of pairs", f">= {bar}", value >= bar, {**counts, **details})


def _names(services: Services, photo_ids: Sequence[int]) -> list[str]:
    return [os.path.basename(photo.path) for photo in services.library.photos(photo_ids)]


def _pairs(groups: Iterable[Sequence[str]]) -> Pairs:
    return {pair for group in groups for pair in itertools.combinations(sorted(group), 2)}


def _real_photos(root: Path) -> Iterator[Image.Image]:
    for kind in _KINDS:
        for path in sorted((root / kind).rglob("*")):
            if path.is_file() and (picture := _opened(path)) is not None:
                yield picture


def _opened(path: Path) -> Image.Image | None:
    """None for what is no picture, or broken, or so large that making copies of it takes minutes."""
    try:
        with Image.open(path) as header:
            if header.width * header.height > _LARGEST or header.mode.startswith(("I", "F")):
                return None
        return open_reference(path)
    except (OSError, SyntaxError, ValueError):
        return None
