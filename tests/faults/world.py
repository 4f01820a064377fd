"""A home with settings, a folder of photos and a library under test, indexed by a stand-in for the model."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from app.domain.health import HealthReport, Weight
from app.domain.media import DecodeRequest
from app.library.library import Library
from app.media.decode import decode_photo
from app.paths import LibraryPaths
from app.services.doctor import Doctor
from app.settings import Settings, SettingsStore
from tests.benchmarks.figures import Figure
from tests.fake_encoder import FakeEncoder
from tests.faults import stand_in
from tests.faults.indexing_process import IndexingProcess
from tests.homes import ROOT, environment_in, settings_file_in

COMMAND_SECONDS = 120.0
_EQUAL = 0.999  # cosine of an embedding with itself after rounding to float16


@dataclass
class World:
    """Everything of one case lies below `home`; the library may be put elsewhere."""

    home: Path
    seconds_a_photo: float = 0.0
    library: Path | None = None
    photos: int = 0
    seeds: dict[Path, int] = field(default_factory=dict)  # what each file holds

    def __post_init__(self) -> None:
        self.folder = self.home / "photos"
        self.folder.mkdir(parents=True)
        self.paths = LibraryPaths(self.library or self.home / "library")
        self.environment = environment_in(self.home) | stand_in.environment(self.seconds_a_photo)
        SettingsStore(settings_file_in(self.home)).save(Settings(checkpoint="stand-in", device="cpu"))

    def add_photos(self, count: int) -> None:
        for number in range(self.photos, self.photos + count):
            path = self.folder / f"{number % 9}" / f"photo {number}.jpg"
            draw(path, number)
            self.seeds[path] = number
        self.photos += count

    def start(self, *, seconds_a_photo: float | None = None) -> IndexingProcess:
        slower = {} if seconds_a_photo is None else stand_in.environment(seconds_a_photo)
        return IndexingProcess(
            self.paths.root,
            self.folder,
            self.environment | slower,
            self.home / "index.log",
            module="tests.faults.stand_in",
        )

    def command(self, *arguments: str, wrapped: Iterable[str] = ()) -> "subprocess.CompletedProcess[str]":
        """A command of the stand-in, to its end; `wrapped` goes before it."""
        module = ("-m", "tests.faults.stand_in", "--library", str(self.paths.root))
        return subprocess.run(
            [*wrapped, sys.executable, *module, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )

    def index(self) -> "subprocess.CompletedProcess[str]":
        return self.command("index", str(self.folder))

    def doctor(self) -> HealthReport:
        """Nobody else has the library open."""
        return Doctor(self.paths, alone=True).examine()

    def like(self, count: int) -> list[str]:
        """Favour some photos, as a user does: the content of each."""
        with opened(self.paths) as library:
            ids = [int(photo_id) for photo_id in library.photos.ids()]
            liked = [
                photo for photo in library.photos.get(ids[:: max(1, len(ids) // count)]) if photo.content_key
            ]
            library.photos.set_favourite([photo.photo_id for photo in liked], True)
        return [photo.content_key for photo in liked if photo.content_key]


@contextmanager
def opened(paths: LibraryPaths) -> Iterator[Library]:
    """The library as the next start finds it."""
    library = Library.open(paths.database)
    try:
        yield library
    finally:
        library.close()


def draw(path: Path, seed: int) -> None:
    """A small picture unlike every other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(blocks).resize((64, 48), Image.Resampling.NEAREST).save(path, "JPEG", quality=85)


def faults(report: HealthReport) -> list[str]:
    """What a doctor calls wrong."""
    return [
        f"{finding.part}: {finding.count} x {finding.text} {finding.examples}" for finding in report.faults
    ]


def differences(report: HealthReport) -> list[str]:
    """The same, and what is only not up to date: after an undisturbed run there is nothing of it."""
    harmless = ("changed or forgotten", "left behind half-written")  # cleared away by whoever asks for it
    notes = [
        f"{finding.part}: {finding.count} x {finding.text}"
        for finding in report.findings
        if finding.weight is Weight.NOTE and not any(words in finding.text for words in harmless)
    ]
    return faults(report) + notes


def liked_contents(paths: LibraryPaths) -> set[str]:
    """The content of every favourite."""
    with closing(sqlite3.connect(f"{paths.database.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        rows = connection.execute(
            "SELECT content_key FROM photos JOIN favourites ON photo_id = photos.id WHERE content_key NOTNULL"
        )
        return {key for (key,) in rows}


def wrong_photos(world: World) -> list[str]:
    """After an undisturbed run: every file is shown once, with its own content and embedding."""
    encoder = FakeEncoder(dim=stand_in.DIM)
    identity = encoder.spec.identity
    found: list[str] = []
    with opened(world.paths) as library:
        photos = library.photos.get(library.photos.ids())
        shown = [Path(photo.path) for photo in photos]
        found += [f"shown {shown.count(path)} times: {path}" for path in set(shown) if shown.count(path) > 1]
        found += [f"not shown: {path}" for path in world.seeds.keys() - set(shown)]
        found += [f"shown and not there: {path}" for path in set(shown) - world.seeds.keys()]
        for photo in photos:
            if not os.path.exists(photo.path):
                continue
            decoded = decode_photo(DecodeRequest(photo.path, encoder.spec.pixel_spec))
            label = library.photos.label_of(photo.photo_id, identity)
            if photo.content_key != decoded.content_key or label is None:
                known = "with another content" if photo.content_key else f"{photo.state}, not read"
                found.append(f"{'not embedded' if label is None else ''} {known}: {photo.path}")
                continue
            assert decoded.pixels is not None
            expected = encoder.encode_images([decoded.pixels])[0]
            stored = library.embeddings.vectors(identity, np.array([label]))[0]
            if float(expected @ stored) < _EQUAL:
                found.append(f"the embedding of another picture: {photo.path}")
    return found


def none_of(figure: str, found: list[str], unit: str, details: Mapping[str, object]) -> Figure:
    """A figure that has to be 0, with the first examples."""
    return Figure(figure, len(found), unit, "0", not found, {**details, "examples": found[:5]})
