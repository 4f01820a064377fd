"""A pool of drawn training scenes on disk, so that drawing does not slow the training down."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.demo.drawing import draw, thing_places
from app.demo.scenes import DOMAINS, Scene, is_held_out, random_scene

SIDE = 112  # pixels, the model's input
PATCH = 16
GRID = SIDE // PATCH
SIBLINGS = 4  # scenes that differ in one or two attributes lie side by side: hard negatives for each other
_CHUNK = 500


def training_scene(rng: Random) -> Scene:
    """A scene that is not held out."""
    while is_held_out(scene := random_scene(rng)):
        pass
    return scene


def _sibling(scene: Scene, rng: Random) -> Scene:
    while True:
        names = rng.sample(list(DOMAINS), rng.randint(1, 2))
        changed = replace(scene, **{name: rng.choice(list(DOMAINS[name])) for name in names})
        if changed != scene and not is_held_out(changed):
            return changed


def pool_scenes(families: int, seed: int) -> list[Scene]:
    """Families of SIBLINGS scenes, one family after the other."""
    rng = Random(seed)
    scenes: list[Scene] = []
    for _ in range(families):
        base = training_scene(rng)
        scenes += [base, *(_sibling(base, rng) for _ in range(SIBLINGS - 1))]
    return scenes


def model_pixels(scene: Scene, seed: int) -> NDArray[np.uint8]:
    """The scene as the product would hand it to the model, drawn small because drawing large is slow.

    Sizes and aspect ratios vary, so that the model sees every sharpness that a JPEG's reduced-scale decoding
    and the squash to a square can leave.
    """
    picture = draw(scene, _frame(seed), seed, oversample=1)
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def thing_patches(scene: Scene, seed: int) -> NDArray[np.bool_]:
    """(GRID * GRID,) whether the middle of each patch of `model_pixels` lies on a thing."""
    width, height = _frame(seed)
    middles = (np.arange(GRID) + 0.5) / GRID
    covered = np.zeros((GRID, GRID), dtype=bool)
    for (x, foot), tall in thing_places(scene, seed):
        across = np.abs(middles - x) < 0.55 * tall * height / width
        down = (middles > foot - tall) & (middles < foot)
        covered |= down[:, None] & across[None, :]
    return covered.ravel()


def picture_seed(pool_seed: int, place: int) -> int:
    """The seed that the pool's picture at this place is drawn with."""
    return pool_seed * 1_000_000 + place


def _frame(seed: int) -> tuple[int, int]:
    rng = Random(seed)
    height = rng.randint(180, 330)
    return round(height * rng.choice((4 / 3, 4 / 3, 3 / 2))), height


def _draw_chunk(work: tuple[list[Scene], int]) -> NDArray[np.uint8]:
    scenes, first = work
    return np.stack([model_pixels(scene, first + place) for place, scene in enumerate(scenes)])


def draw_pool(scenes: list[Scene], file: Path, seed: int, processes: int) -> NDArray[np.uint8]:
    """All scenes, (n, SIDE, SIDE, 3), memory-mapped from `file`, drawn first when it is not there."""
    if not file.exists():
        unfinished = file.with_suffix(".part")
        shape = (len(scenes), SIDE, SIDE, 3)
        pixels = np.lib.format.open_memmap(unfinished, "w+", dtype=np.uint8, shape=shape)
        starts = range(0, len(scenes), _CHUNK)
        work = [(scenes[start : start + _CHUNK], picture_seed(seed, start)) for start in starts]
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            for start, chunk in zip(starts, pool.map(_draw_chunk, work), strict=True):
                pixels[start : start + len(chunk)] = chunk
        pixels.flush()
        unfinished.rename(file)
    pool: NDArray[np.uint8] = np.load(file, mmap_mode="r")
    return pool
