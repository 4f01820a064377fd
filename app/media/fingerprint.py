"""What a picture looks like in a few bits, so that copies of it are found without opening files again.

A perceptual hash after pHash (Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions",
2010): the signs of the lowest frequencies of the grey picture. Brightness and contrast leave these signs
alone. It is taken of the whole picture and of windows into it: a copy that was cropped looks like one of
them.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.domain.duplicates import Fingerprint
from app.media.preparing import fit_within

FINGERPRINT_VERSION = 1

_SIDE = 96  # pixels of the grey square that hashes are made from
_FREQUENCIES = 11  # 0 to 10 along each side: the lower triangle of their square holds the mean and 65 more
_BITS = 64
_SHARPNESS_SIDE = 512  # pictures are this long when their sharpness is compared

# What a copy may have kept of a side: all of it, all but a tenth, all but a tenth at both ends.
_ALL, _TENTH, _FIFTH = (
    ((0.0, 1.0),),
    ((0.0, 0.9), (0.1, 1.0), (0.05, 0.95)),
    ((0.1, 0.9), (0.0, 0.8), (0.2, 1.0)),
)
_KEPT = (*_ALL, *_TENTH, *_FIFTH)

Floats = NDArray[np.float32]
Window = tuple[float, float, float, float]  # left, right, top, bottom, from 0 to 1


def _windows() -> list[Window]:
    """The whole first; both sides cropped about as much, or one of them alone."""
    pairs = [(across, down) for part in (_TENTH, _FIFTH) for across in part for down in part]
    pairs += [pair for kept in _KEPT[1:] for pair in ((kept, _ALL[0]), (_ALL[0], kept))]
    return [(*_ALL[0], *_ALL[0]), *((*across, *down) for across, down in pairs)]


WINDOWS = tuple(_windows())


def fingerprint(picture: Image.Image) -> Fingerprint:
    """Of an upright RGB picture of any size."""
    grey = picture.convert("L")
    square = np.asarray(grey.resize((_SIDE, _SIDE), Image.Resampling.BOX), np.float32)
    return Fingerprint(FINGERPRINT_VERSION, _hashes(square), _sharpness(grey))


def _hashes(square: Floats) -> NDArray[np.uint64]:
    """(windows,) for each, which of its 64 lowest frequencies but the mean are above their median."""
    waves = _waves()
    all_frequencies = waves @ square @ waves.T
    lowest = all_frequencies[_places()]  # (windows, 64)
    bits = np.packbits(lowest > np.median(lowest, axis=1, keepdims=True), axis=1)
    return bits.view(">u8").astype(np.uint64).reshape(-1)


@cache
def _waves() -> Floats:
    """(what may be kept of a side x frequencies, side): the discrete cosine transforms of these parts."""
    return np.concatenate([_cosines(first, last) for first, last in _KEPT])


def _cosines(first: float, last: float) -> Floats:
    edges = np.clip(np.linspace(0, 1, _SIDE + 1), first, last)
    weights = np.diff(edges)
    middles = ((edges[1:] + edges[:-1]) / 2 - first) / (last - first)
    waves = np.cos(np.pi * np.arange(_FREQUENCIES)[:, None] * middles[None, :])
    return np.asarray(waves * weights, np.float32)


@cache
def _places() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns, each (windows, 64), of the frequencies that make a window's hash, lowest first."""
    size = np.arange(_FREQUENCIES)
    order = np.argsort((size[:, None] + size[None, :]).ravel(), kind="stable")[1 : _BITS + 1]
    down, across = np.divmod(order, _FREQUENCIES)
    parts = [(_KEPT.index((top, bottom)), _KEPT.index((left, right))) for left, right, top, bottom in WINDOWS]
    starts = np.array(parts) * _FREQUENCIES
    return starts[:, :1] + down, starts[:, 1:] + across


def _sharpness(grey: Image.Image) -> float:
    """The variance of the Laplacian (Pech-Pacheco and others, "Diatom autofocusing", ICPR 2000)."""
    size = fit_within(grey.size, _SHARPNESS_SIDE)
    pixels = np.asarray(grey if size == grey.size else grey.resize(size, Image.Resampling.BOX), np.float32)
    if min(pixels.shape) < 3:
        return 0.0
    inner = pixels[1:-1, 1:-1]
    laplacian = pixels[:-2, 1:-1] + pixels[2:, 1:-1] + pixels[1:-1, :-2] + pixels[1:-1, 2:] - 4 * inner
    return float(laplacian.var())
