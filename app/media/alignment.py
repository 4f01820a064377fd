"""Whether two pictures are one: laid over each other and compared part by part.

Hashes only propose. Here the frame of one picture is fitted into that of the other (Lucas and Kanade, "An
iterative image registration technique with an application to stereo vision", 1981, with gain and offset of
the brightness among the unknowns), and then every part has to look the same: another page of text, or
somebody who moved, tells two pictures apart. What is smaller than a part, `local_difference` looks for.
"""

from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from app.domain.duplicates import Likeness
from app.media.local_difference import detail_of

Floats = NDArray[np.float32]
Frame = NDArray[np.float64]  # (4,) left, right, top, bottom of one picture's frame in the other, 0 to 1

_ROUNDS = {32: 8, 64: 4, 128: 3}  # side in pixels: rounds of fitting at this size
_FINEST = 128
_PARTS = 8  # along each side
_PLAIN = 2.5  # of 255: a part that deviates less from its mean shows nothing
_SMALLEST = 0.75  # of a side: what a copy has kept at least
_OUTSIDE = 0.06  # so far a frame may reach beyond the other picture while it is fitted
_LONGEST_STEP = 0.05
_LEAST_GAIN = 0.2
_LEAST_ALIKE = 0.6  # of copies all are above 0.85

_MOMENT_SIDE, _MOMENT_PART, _MOMENT_REACH = 64, 16, 6  # pixels
_MOMENT_PLAIN = 4.0


class Greys:
    """A picture in grey as squares of three sizes: its proportions do not matter here."""

    def __init__(self, picture: Image.Image) -> None:
        self.grey = picture.convert("L")

    @cached_property
    def squares(self) -> dict[int, Floats]:
        """By side in pixels."""
        return {
            side: np.asarray(self.grey.resize((side, side), Image.Resampling.BOX), np.float32)
            for side in _ROUNDS
        }


def compare(outer: Greys, inner: Greys, start: tuple[float, float, float, float]) -> Likeness | None:
    """How alike two pictures are when `inner` is laid into `outer`, from a first guess where.

    None when it does not fit anywhere near.
    """
    frame = _fit(outer, inner, np.array(start))
    if frame is None:
        return None
    ours = _parts(_warp(outer.squares[_FINEST], frame))
    theirs = _parts(inner.squares[_FINEST])
    telling = np.minimum(ours.std(axis=1), theirs.std(axis=1)) > _PLAIN
    alike = _correlations(ours[telling], theirs[telling])
    left, right, top, bottom = frame.tolist()
    detail = detail_of(outer.grey, inner.grey, (left, right, top, bottom))
    return Likeness(
        frame=(left, right, top, bottom),
        telling=int(telling.sum()),
        least=float(alike.min()) if len(alike) else 0.0,
        worst=float(np.quantile(alike, 0.1)) if len(alike) else 0.0,
        middle=float(np.median(alike)) if len(alike) else 0.0,
        oddest=detail.oddest,
        unexplained=detail.unexplained,
        other_light=max(_other_light(ours, theirs), _other_light(theirs, ours)),
    )


def _other_light(ours: Floats, theirs: Floats) -> float:
    """How much, of 255, parts are darker or lighter than one curve for the whole picture makes them.

    Brightening follows a curve, clipped highlights, too; a sun that moved on does not.
    """
    powers = np.vander(ours.mean(axis=1).astype(np.float64) / 255, 4)
    light = theirs.mean(axis=1).astype(np.float64)
    curve = np.linalg.lstsq(powers, light)[0]
    return float(np.sqrt(((light - powers @ curve) ** 2).mean()))


def moment_likeness(first: Greys, second: Greys) -> float:
    """How alike two shots are when each part may have moved a little: the median correlation of the parts.

    A hand that shakes, or somebody who walks, moves parts by up to a tenth of the picture's side.
    """
    ours, theirs = first.squares[_MOMENT_SIDE], second.squares[_MOMENT_SIDE]
    places = sliding_window_view(theirs, (_MOMENT_PART, _MOMENT_PART))
    found = []
    for top in range(0, _MOMENT_SIDE, _MOMENT_PART):
        for left in range(0, _MOMENT_SIDE, _MOMENT_PART):
            part = ours[top : top + _MOMENT_PART, left : left + _MOMENT_PART].reshape(1, -1)
            if part.std() > _MOMENT_PLAIN:
                near = places[_around(top), _around(left)].reshape(-1, _MOMENT_PART**2)
                found.append(float(_correlations(near, part).max()))
    return float(np.median(found)) if found else 0.0


def _around(start: int) -> slice:
    return slice(max(0, start - _MOMENT_REACH), start + _MOMENT_REACH + 1)


def _fit(outer: Greys, inner: Greys, frame: Frame) -> Frame | None:
    """Where in `outer` the frame of `inner` lies; None when it leaves the bounds of a copy."""
    for side, rounds in _ROUNDS.items():
        source, target = outer.squares[side], inner.squares[side]
        for _ in range(rounds):
            step = _step(source, target, frame)
            if step is None:
                return None
            frame = frame + step
            left, right, top, bottom = frame
            beyond = max(-frame.min(), frame.max() - 1)
            if min(right - left, bottom - top) < _SMALLEST or beyond > _OUTSIDE:
                return None
        if _correlations(_warp(source, frame).reshape(1, -1), target.reshape(1, -1))[0] < _LEAST_ALIKE:
            return None  # nothing that finer pictures could mend
    return frame


def _step(source: Floats, target: Floats, frame: Frame) -> Frame | None:
    """How the frame has to move so that what is left of the difference grows smallest.

    None when brightness in one says nothing about brightness in the other.
    """
    warped = _warp(source, frame)
    side = len(target)
    share = np.linspace(0, 1, side, dtype=np.float32)
    down, across = np.gradient(warped)
    across *= side / (frame[1] - frame[0])
    down *= side / (frame[3] - frame[2])
    moves = (across * (1 - share), across * share, down * (1 - share[:, None]), down * share[:, None])
    unknowns = np.stack([*moves, warped, np.ones_like(warped)]).reshape(6, -1)
    lengths = np.linalg.norm(unknowns, axis=1, keepdims=True) + np.float32(1e-6)
    unknowns /= lengths
    normal = np.einsum("ik,jk->ij", unknowns, unknowns) + np.float32(1e-4) * np.eye(6, dtype=np.float32)
    solution = np.linalg.solve(normal, np.vecdot(unknowns, target.reshape(1, -1))) / lengths[:, 0]
    gain = float(solution[4])
    if gain < _LEAST_GAIN:
        return None
    step: Frame = np.clip(solution[:4].astype(np.float64) / gain, -_LONGEST_STEP, _LONGEST_STEP)
    return step


def _warp(source: Floats, frame: Frame) -> Floats:
    """The part of `source` inside the frame, at the size of `source`, by linear interpolation."""
    left, right, top, bottom = frame.tolist()
    above, share = _places(len(source), top, bottom)
    rows = source[above] * (1 - share[:, None]) + source[above + 1] * share[:, None]
    before, share = _places(len(source), left, right)
    return np.asarray(rows[:, before] * (1 - share) + rows[:, before + 1] * share, np.float32)


def _places(side: int, first: float, last: float) -> tuple[NDArray[np.int64], Floats]:
    """At equal distances from `first` to `last`: the pixels before, and how far behind them."""
    places = (first + (np.arange(side) + 0.5) / side * (last - first)) * side - 0.5
    places = np.clip(places, 0, side - 1)
    before = np.minimum(places.astype(np.int64), side - 2)
    return before, (places - before).astype(np.float32)


def _parts(square: Floats) -> Floats:
    """(parts, pixels)"""
    size = len(square) // _PARTS
    tiles = square.reshape(_PARTS, size, _PARTS, size).swapaxes(1, 2)
    return tiles.reshape(_PARTS**2, size * size)


def _correlations(ours: Floats, theirs: Floats) -> Floats:
    """(n,) normalised cross-correlation, row by row."""
    ours = ours - ours.mean(axis=1, keepdims=True)
    theirs = theirs - theirs.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    return np.asarray(np.vecdot(ours, theirs) / np.maximum(lengths, np.float32(1e-6)), np.float32)
