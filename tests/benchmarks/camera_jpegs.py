"""Twelve-megapixel JPEGs with the noise of a sensor, always the same, as a camera would have written them.

The pictures are those of the folder that PHOTOSIFT_TEST_PHOTOS names, else drawn from noise on every scale.
"""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE = (4000, 3000)
_QUALITY = 92
_BRIGHTNESS_NOISE, _COLOUR_NOISE = 5.0, 2.5  # standard deviations of 255: about ISO 400 of a phone
_SMALLEST = 200  # pixels; thumbnails and broken files make no photo

Pixels = NDArray[np.uint8]


def make_jpegs(folder: Path, count: int) -> list[Path]:
    """Write `count` different JPEGs into `folder`, which is made; equal arguments give equal files."""
    folder.mkdir(parents=True, exist_ok=True)
    noise = _noise()
    paths = []
    for number, picture in enumerate(islice(_pictures(), count)):
        path = folder / f"IMG_{number:04d}.jpg"
        shift = 37 * number  # the same noise lies elsewhere in every photo
        noisy = _with_noise(picture, np.roll(noise, (shift, 2 * shift), axis=(0, 1)))
        Image.fromarray(noisy).save(path, "JPEG", quality=_QUALITY, subsampling="4:2:0")
        paths.append(path)
    return paths


def make_small_jpegs(folder: Path, count: int) -> None:
    """The same pictures without noise and in a size that is made in a moment, for what nobody times."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(islice(_pictures(), count)):
        picture.resize((1000, 750)).save(folder / f"SMALL_{number:04d}.jpg", quality=_QUALITY)


def mean_megabytes(paths: list[Path]) -> float:
    """The mean size of the files, in millions of bytes."""
    return sum(path.stat().st_size for path in paths) / len(paths) / 1e6


def source() -> str:
    """What the pictures are, for a figure's details."""
    return "real photos, enlarged" if os.environ.get("PHOTOSIFT_TEST_PHOTOS") else "drawn"


def _noise() -> NDArray[np.int8]:
    """(height, width, 3) of SIZE: mostly of brightness, as sensors have it, a little of colour."""
    random = np.random.default_rng(11)
    shape = SIZE[::-1]
    brightness = random.standard_normal((*shape, 1), np.float32) * _BRIGHTNESS_NOISE
    colour = random.standard_normal((*shape, 3), np.float32) * _COLOUR_NOISE
    return np.clip(np.round(brightness + colour), -127, 127).astype(np.int8)


def _with_noise(picture: Image.Image, noise: NDArray[np.int8]) -> Pixels:
    pixels = np.asarray(picture.resize(SIZE, Image.Resampling.BICUBIC), np.int16)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def _pictures() -> Iterator[Image.Image]:
    """Without an end: what is there once, then mirrored, then the first again."""
    named = os.environ.get("PHOTOSIFT_TEST_PHOTOS")
    if not named:
        yield from _drawn()
    paths = sorted(path for path in Path(named or "").rglob("*") if path.suffix.lower() in {".jpg", ".jpeg"})
    while True:
        yield from (picture for path in paths if (picture := _opened(path)) is not None)
        mirrored = (_opened(path) for path in paths)
        yield from (picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for picture in mirrored if picture)


def _opened(path: Path) -> Image.Image | None:
    """None for files that are broken on purpose, or too small."""
    try:
        with Image.open(path) as image:
            picture = image.convert("RGB")
    except (OSError, SyntaxError, ValueError):
        return None
    return picture if min(picture.size) >= _SMALLEST else None


def _drawn() -> Iterator[Image.Image]:
    """Clouds of colour: noise on every scale, finer ones weaker, which is how brightness varies in photos."""
    random = np.random.default_rng(5)
    while True:
        canvas = np.zeros((750, 1000, 3), np.float32)
        for exponent in range(2, 9):
            side = 2**exponent
            octave = random.integers(0, 256, (side * 3 // 4, side, 3), np.uint8)
            layer = Image.fromarray(octave).resize((1000, 750), Image.Resampling.BICUBIC)
            canvas += (np.asarray(layer, np.float32) - 128) * (3.0 / side) ** 0.7
        yield Image.fromarray(_stretched(canvas))


def _stretched(canvas: NDArray[Any]) -> Pixels:
    return np.clip(128 + canvas * (60 / canvas.std()), 0, 255).astype(np.uint8)
