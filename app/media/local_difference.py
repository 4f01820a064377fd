"""Whether one small place differs more than the rest of two pictures that are laid over each other.

Two screenshots that differ in two digits are alike in all their large parts. Recompressing, resizing and
brightening change a picture everywhere about as much; another digit changes one place much more. Two forms
that were filled in otherwise differ in many places: there tiles that show much are not explained at all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
Frame = tuple[float, float, float, float]  # left, right, top, bottom of one picture's frame in the other
Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels

_SHARE = 0.9  # of the coarser picture's scale: so that two rasters that lie otherwise say the same
_TILE, _STEP = 8, 4  # pixels
_USUAL = 0.99  # of the tiles differ less than what is taken as usual
_NOISE = 2.0  # of 255: differs anywhere, and says nothing
_TELLING, _FEWEST_TELLING = 20.0, 20  # of 255: a tile that deviates so much from its mean; so many tiles
_MOST = 0.995  # of the tiles that tell something
_STIFF = 50.0  # against moves of a tile that nothing in it asks for
_SMALLEST = 2 * _TILE


@dataclass(frozen=True, slots=True)
class Detail:
    """How pictures differ in small places."""

    oddest: float = 0.0  # how many times the usual difference is that at the place where it is largest
    unexplained: float = 0.0  # of what tiles show that show much: the share that all but a few stay below


def detail_of(outer: Image.Image, inner: Image.Image, frame: Frame) -> Detail:
    """Of two grey pictures. `frame`: where in the outer one the inner one lies.

    Each tile is fitted for itself: moved by parts of a pixel, made lighter or darker.
    """
    ours, theirs = _on_one_raster(outer, inner, frame)
    if min(ours.shape) < _SMALLEST:
        return Detail()
    left = _left_over(ours, theirs)
    differing = np.sqrt((left**2).mean(axis=1))
    shown = np.maximum(_tiles(ours).std(axis=1), _tiles(theirs).std(axis=1))
    telling = shown > _TELLING
    return Detail(
        float(np.abs(left).max()) / (float(np.quantile(differing, _USUAL)) + _NOISE),
        float(np.quantile(differing[telling] / shown[telling], _MOST))
        if telling.sum() >= _FEWEST_TELLING
        else 0.0,
    )


def _on_one_raster(outer: Image.Image, inner: Image.Image, frame: Frame) -> tuple[Floats, Floats]:
    """What both show, at the same size."""
    left, right, top, bottom = frame
    width, height = right - left, bottom - top
    seen = (max(0.0, left), max(0.0, top), min(1.0, right), min(1.0, bottom))  # of the outer picture
    shown = ((seen[0] - left) / width, (seen[1] - top) / height, (seen[2] - left) / width)
    ours, theirs = _box(outer, seen), _box(inner, (*shown, (seen[3] - top) / height))
    across = min(ours[2] - ours[0], theirs[2] - theirs[0])
    down = min(ours[3] - ours[1], theirs[3] - theirs[1])
    size = (max(1, round(across * _SHARE)), max(1, round(down * _SHARE)))
    return _cut(outer, ours, size), _cut(inner, theirs, size)


def _box(picture: Image.Image, shares: Box) -> Box:
    left, top, right, bottom = (min(max(share, 0.0), 1.0) for share in shares)
    return left * picture.width, top * picture.height, right * picture.width, bottom * picture.height


def _cut(picture: Image.Image, box: Box, size: tuple[int, int]) -> Floats:
    return np.asarray(picture.resize(size, Image.Resampling.BICUBIC, box=box), np.float32)


def _left_over(ours: Floats, theirs: Floats) -> Floats:
    """(tiles, pixels) what of the second picture the first does not explain, tile by tile."""
    down, across = np.gradient(ours)
    explaining = np.stack((ours, across, down, np.ones_like(ours)))
    known = np.stack([_tiles(values) for values in explaining], axis=1)
    wanted = _tiles(theirs)
    normal = known @ known.swapaxes(1, 2) + np.diag(np.array([0.01, _STIFF, _STIFF, 0.01], np.float32))
    solution = np.linalg.solve(normal, known @ wanted[:, :, None])
    return np.asarray(wanted - (solution.swapaxes(1, 2) @ known)[:, 0], np.float32)


def _tiles(values: Floats) -> Floats:
    """(tiles, pixels) of tiles that overlap by half."""
    return sliding_window_view(values, (_TILE, _TILE))[::_STEP, ::_STEP].reshape(-1, _TILE**2)
