"""Writes the demo library: a few hundred drawn scenes as photos with dates, in folders by year and month."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from PIL import ExifTags, Image

from app.demo.drawing import draw
from app.demo.scenes import Daytime, Ground, Kind, Scene, Weather, is_held_out, random_scene
from app.domain.progress import CancelToken

PHOTOS = 360
_PER_KIND = PHOTOS // len(Kind)
_SEED = 2024
_YEARS = (2021, 2022, 2023, 2024)
_SIZES = ((800, 600), (800, 600), (900, 600))
_QUALITY = 90
_HOURS = {
    Daytime.SUNRISE: (6, 7),
    Daytime.DAY: (10, 16),
    Daytime.SUNSET: (19, 20),
    Daytime.NIGHT: (22, 23),
}
_MONTHS = {
    Ground.BEACH: (6, 8),
    Ground.SNOW: (1, 2),
    Ground.AUTUMN: (10, 11),
    Ground.BLOSSOM: (4, 5),
}
_OTHER_MONTHS = (5, 9)
_SNOW_MONTHS = (1, 3)


@dataclass(frozen=True, slots=True)
class DemoPhoto:
    """One photo of the demo library. Its name says nothing of what it shows: that is left to the search."""

    scene: Scene
    seed: int
    size: tuple[int, int]  # width, height
    taken_at: datetime

    @property
    def relative_path(self) -> Path:
        """Where it lies below the library's folder: year, month, and a camera's name for it."""
        return Path(f"{self.taken_at:%Y}") / f"{self.taken_at:%Y-%m}" / f"IMG_{self.seed:04}.jpg"


def demo_photos() -> list[DemoPhoto]:
    """The photos of the library, always the same; only scenes that the demo model never saw in training."""
    rng = Random(_SEED)
    return [
        _photo(_scene(kind, rng), place * _PER_KIND + number + 1, rng)
        for place, kind in enumerate(Kind)
        for number in range(_PER_KIND)
    ]


def write_demo_library(
    folder: Path,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    cancel: CancelToken | None = None,
) -> int:
    """Draw what is missing in `folder` and return how many photos were drawn.

    `on_progress` gets (done, total) after each photo. A photo is there complete or not at all, so a run that
    was broken off goes on where it stopped. Raises OSError when the folder cannot be written and
    CancelledError when called off.
    """
    photos, drawn = demo_photos(), 0
    for done, photo in enumerate(photos, start=1):
        if cancel is not None:
            cancel.check()
        path = folder / photo.relative_path
        if not path.exists():
            _write(photo, path)
            drawn += 1
        on_progress(done, len(photos))
    return drawn


def _scene(kind: Kind, rng: Random) -> Scene:
    while True:
        scene = random_scene(rng)
        if scene.kind is kind and is_held_out(scene):
            return scene


def _photo(scene: Scene, number: int, rng: Random) -> DemoPhoto:
    months = _MONTHS.get(scene.ground, _OTHER_MONTHS)
    if scene.weather is Weather.SNOWFALL and scene.ground not in _MONTHS:
        months = _SNOW_MONTHS
    taken_at = datetime(  # noqa: DTZ001 - a camera's clock knows no time zone
        rng.choice(_YEARS),
        rng.randint(*months),
        rng.randint(1, 28),
        rng.randint(*_HOURS[scene.daytime]),
        rng.randrange(60),
        rng.randrange(60),
    )
    return DemoPhoto(scene, number, rng.choice(_SIZES), taken_at)


def _write(photo: DemoPhoto, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")  # no picture's name, so that a watched folder passes it over
    picture = draw(photo.scene, photo.size, photo.seed)
    picture.save(unfinished, "JPEG", quality=_QUALITY, exif=_exif(photo))
    os.replace(unfinished, path)


def _exif(photo: DemoPhoto) -> Image.Exif:
    exif = Image.Exif()
    stamp = photo.taken_at.strftime("%Y:%m:%d %H:%M:%S")
    exif[ExifTags.Base.Make] = "Photosift"
    exif[ExifTags.Base.Model] = "Drawn scenes"
    exif[ExifTags.Base.DateTime] = stamp
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = stamp
    return exif
