"""Copies and bursts of real photos as people's folders hold them, and photos that only look alike.

Every original is a real photo, at most 1600 px long, written as a JPEG with a camera and a time in its
EXIF.

Copies: resized to half; recompressed at quality 40; brightened by 30 %, highlights clipped; cropped by 10
%, in turn off one side, off width and height at a place by lot, and off each of the four sides. Every
second set of copies lost its EXIF, as messengers do it.

Bursts: no real ones with a free licence lie at hand, so the camera is moved instead. The picture is taken
as larger than the frame; each of four shots, one second apart, looks at it from another place (up to 3 % of
the side away), turned by up to 1.5 degrees, zoomed by up to 2 %, exposed differently by up to 8 %, with
sensor noise of its own; in every second burst something moves, too: an eighth of the frame comes from
elsewhere. What moved behind what, and hands that blur, are not simulated.

Look-alikes: the left and the right half of one photo by one camera in one second; pairs of drawn scenes of
equal attributes by one camera, a minute apart or without EXIF; what `look_alikes` draws: screenshots that
differ in two digits, forms, walls, night skies, one place minutes apart and in other light; and all other
pairs of photos, of which fours come from one camera within four seconds. The shots of a burst are no copies
of each other, and copies no burst.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from app.demo.drawing import draw
from app.demo.scenes import random_scene
from tests.benchmarks.look_alikes import write_look_alikes

_LONGEST = 1600
_QUALITY = 90
_CAMERAS = (("Canon", "EOS R5"), ("Apple", "iPhone 15"), ("NIKON", "Z 6"))
_FIRST = datetime(2021, 5, 1, 9, 0)  # noqa: DTZ001 - cameras know no zone
_BORDER = 0.06  # of each side: what a shot of a burst may look past the frame of the first
_MAKE, _MODEL, _EXIF, _TAKEN = 0x010F, 0x0110, 0x8769, 0x9003


@dataclass
class Altered:
    """What was written: file names that are one picture, and those that are one burst."""

    copies: list[list[str]] = field(default_factory=list)
    bursts: list[list[str]] = field(default_factory=list)
    files: int = 0


def write_altered(folder: Path, originals: Sequence[Image.Image], bursts: int) -> Altered:
    """All of it into `folder`: copies of every original, bursts of the first `bursts`, look-alikes."""
    folder.mkdir(parents=True, exist_ok=True)
    written = Altered()
    for number, original in enumerate(originals):
        picture = _fitted(original)
        written.copies.append(_write_copies(folder, number, picture))
        if number < bursts:
            written.bursts.append(_write_burst(folder, number, picture))
        _write_halves(folder, number, picture)
    _write_scenes(folder, len(originals) // 2)
    write_look_alikes(folder, [_fitted(original) for original in originals], _save_dated)
    written.files = sum(1 for _ in folder.iterdir())
    return written


def _write_copies(folder: Path, number: int, picture: Image.Image) -> list[str]:
    random_ = random.Random(number)
    taken = _FIRST + timedelta(hours=number // 4, seconds=number % 4)  # by fours within seconds
    exif = _exif(number // 4, taken)
    kept = exif if number % 2 else None
    width, height = picture.size
    half = picture.resize((width // 2, height // 2), Image.Resampling.LANCZOS)
    bright = ImageEnhance.Brightness(picture).enhance(1.3)
    box = _crop_box(number, width, height, random_)
    files = {
        f"{number:03d}-original.jpg": (picture, _QUALITY, exif),
        f"{number:03d}-resized.jpg": (half, 85, kept),
        f"{number:03d}-recompressed.jpg": (picture, 40, kept),
        f"{number:03d}-brightened.jpg": (bright, _QUALITY, kept),
        f"{number:03d}-cropped.jpg": (picture.crop(box), _QUALITY, kept),
    }
    for name, (copy, quality, tags) in files.items():
        _save(copy, folder / name, quality, tags)
    return list(files)


def _crop_box(number: int, width: int, height: int, random_: random.Random) -> tuple[int, int, int, int]:
    across, down = round(0.1 * width), round(0.1 * height)
    if number % 3 == 0:
        return random_.choice(
            [(across, 0, width, height), (0, 0, width - across, height), (0, down, width, height)]
        )
    if number % 3 == 1:
        left, top = random_.randint(0, across), random_.randint(0, down)
        return left, top, left + width - across, top + height - down
    return across, down, width - across, height - down


def _write_burst(folder: Path, number: int, picture: Image.Image) -> list[str]:
    random_ = random.Random(f"burst {number}")
    noise = np.random.default_rng(number)
    taken = _FIRST + timedelta(days=1000, hours=number)
    names = []
    for shot in range(4):
        frame = _shot(picture, random_, noise, first=shot == 0)
        if shot and number % 2:
            frame = _with_movement(frame, random_)
        name = f"{number:03d}-burst-{shot}.jpg"
        _save(frame, folder / name, _QUALITY, _exif(number, taken + timedelta(seconds=shot)))
        names.append(name)
    return names


def _shot(
    picture: Image.Image, random_: random.Random, noise: np.random.Generator, *, first: bool
) -> Image.Image:
    """The frame seen from a place of its own, with the exposure and the noise of its own."""
    width, height = picture.size
    much = 0.0 if first else 1.0
    angle = np.deg2rad(random_.uniform(-1.5, 1.5) * much)
    zoom = 1 + random_.uniform(-0.02, 0.02) * much
    middle = np.array([width, height]) * (0.5 + much * np.array([random_.uniform(-0.03, 0.03) for _ in "xy"]))
    turned = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    size = np.array([width, height]) * (1 - 2 * _BORDER)
    start = middle - turned @ (size / 2)
    matrix = (turned[0, 0], turned[0, 1], start[0], turned[1, 0], turned[1, 1], start[1])
    frame = picture.transform(
        (round(size[0]), round(size[1])), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC
    )
    exposed = np.asarray(frame, np.float32) * (1 + random_.uniform(-0.08, 0.08) * much)
    noisy = exposed + noise.normal(0, 4, (*exposed.shape[:2], 1))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def _with_movement(frame: Image.Image, random_: random.Random) -> Image.Image:
    """Something crossed the picture: a part of it is where it was not before."""
    width, height = frame.size
    part = (round(width * 0.35), round(height * 0.35))  # an eighth of the frame
    left, top = random_.randrange(width - part[0]), random_.randrange(height - part[1])
    moved = frame.crop((left, top, left + part[0], top + part[1]))
    changed = frame.copy()
    changed.paste(moved, (random_.randrange(width - part[0]), random_.randrange(height - part[1])))
    return changed


def _write_halves(folder: Path, number: int, picture: Image.Image) -> None:
    width, height = picture.size
    exif = _exif(number, _FIRST + timedelta(days=2000, hours=number))
    for name, box in (
        ("left", (0, 0, width // 2, height)),
        ("right", (width - width // 2, 0, width, height)),
    ):
        _save(picture.crop(box), folder / f"{number:03d}-half-{name}.jpg", _QUALITY, exif)


def _write_scenes(folder: Path, count: int) -> None:
    """Pairs of drawings that the same words describe, a minute apart; every second pair without EXIF."""
    random_ = random.Random(3)
    for number in range(count):
        scene = random_scene(random_)
        for seed in range(2):
            taken = _FIRST + timedelta(days=3000, hours=number, minutes=seed)
            exif = _exif(number, taken) if number % 2 else None
            _save(draw(scene, seed=seed), folder / f"{number:03d}-scene-{seed}.jpg", _QUALITY, exif)


def _save_dated(picture: Image.Image, path: Path, quality: int, number: int, second: int) -> None:
    """Of every second pair the camera's time is lost."""
    taken = _FIRST + timedelta(days=4000, hours=number, seconds=second)
    _save(picture, path, quality, _exif(number, taken) if number % 2 else None)


def _fitted(original: Image.Image) -> Image.Image:
    picture = original.convert("RGB")
    picture.thumbnail((_LONGEST, _LONGEST), Image.Resampling.LANCZOS)
    return picture


def _exif(number: int, taken: datetime) -> Image.Exif:
    exif = Image.Exif()
    exif[_MAKE], exif[_MODEL] = _CAMERAS[number % len(_CAMERAS)]
    exif.get_ifd(_EXIF)[_TAKEN] = taken.strftime("%Y:%m:%d %H:%M:%S")
    return exif


def _save(picture: Image.Image, path: Path, quality: int, exif: Image.Exif | None) -> None:
    picture.save(path, "JPEG", quality=quality, **({"exif": exif.tobytes()} if exif else {}))


def distinct(pictures: Iterator[Image.Image], count: int) -> list[Image.Image]:
    """The first `count` that show different things, small ones aside.

    The folder holds some pictures in many formats and orientations. What counts as the same here is plain and
    owes nothing to the product: 16 x 16 greys, normalised, turned and mirrored in all eight ways.
    """
    found: list[Image.Image] = []
    known: list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = []
    for picture in pictures:
        small = np.asarray(picture.convert("L").resize((16, 16), Image.Resampling.BOX), np.float64)
        spread = small.std()
        if min(picture.size) < 200 or spread < 2:
            continue
        normal = (small - small.mean()) / spread
        if any((normal * other).mean() > 0.95 for other in known):
            continue
        turned = [np.rot90(normal, turns) for turns in range(4)]
        known += [*turned, *(each.T for each in turned)]
        found.append(picture)
        if len(found) == count:
            break
    return found
