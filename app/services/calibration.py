"""What a cosine means: relevance of a score against the library's own distribution.

Cosines of one model live on another scale than those of the next, those between pictures on another than
those between words and pictures, and a rare query on another than a common one. So a score is judged by how
far it stands out among the scores that the same query gives to a sample of the whole library, and, for words,
by the model's own opinion of whether the pair can belong together at all.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.model import ModelSpec, Scoring
from app.services.ranking import Lines

# Photos that have what was asked for lie in the upper tail; 2.5 deviations leave one photo in 160 above the
# line in a library without any, if scores are normally distributed, and 3.5 one in 4,300. Of SigLIP 2's true
# pairs on COCO one in twenty lies below the first and one in three below the second.
POSSIBLE_Z = 2.5
STRONG_Z = 3.5
MINIMUM_SAMPLE = 200  # below it a distribution says little, and the floor decides where there is one
_FLOOR_PROBABILITY = 1e-4  # of the model's own sigmoid; about cosine 0.06 for SigLIP 2 So400m
_LIKELY_PROBABILITY = 1e-2  # about cosine 0.10: strong, where no distribution says more
_NO_FLOOR = -1.0  # every cosine may be a match
_USUAL_SPREAD = 0.05  # about the deviation of random pairs; keeps the terms of one query comparable
_NARROWEST_SPREAD = 0.02  # of words and pictures in CLIP; a few photos may by chance lie closer together
_SAME_PICTURE = 0.9  # pictures this near are variants of one, however few there are to compare with


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns scores of one term into z-scores, and says what they mean."""

    centre: float
    spread: float
    lines: Lines  # of z-scores

    def z(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Deviations above the middle of the library."""
        return np.asarray((scores - self.centre) / self.spread, np.float32)


def calibrate(sample: NDArray[np.float32], spec: ModelSpec, *, of_text: bool) -> Calibration:
    """Median and median absolute deviation of the sample: matches among it do not move them.

    The deviation is scaled by 1.4826, which makes it the standard deviation of a normal distribution
    (Rousseeuw and Croux 1993). Pictures have no floor: the model was never trained to judge pairs of them.
    """
    centre, spread = _middle(sample)
    if of_text and spec.match_band is not None:
        return _by_band(centre, max(spread, _NARROWEST_SPREAD), spec)
    floor = cosine_floor(spec) if of_text else _NO_FLOOR
    if len(sample) >= MINIMUM_SAMPLE and spread > 1e-6:  # else half of the library is one picture
        possible = max(POSSIBLE_Z, (floor - centre) / spread)
        return Calibration(centre, spread, Lines(max(STRONG_Z, possible), possible, parts=True))
    if floor > _NO_FLOOR:
        return _by_lines(_cosine(_log_odds(_LIKELY_PROBABILITY), spec), floor)
    return _by_few(centre, spread, of_text=of_text)


def cosine_floor(spec: ModelSpec) -> float:
    """The cosine at which the model's own sigmoid says one in ten thousand.

    p = sigmoid(cosine * scale + bias), so cosine = (log(p / (1 - p)) - bias) / scale. A model trained with a
    softmax (CLIP) has no probability of a single pair, and so no floor.
    """
    if spec.scoring is Scoring.SOFTMAX:
        return _NO_FLOOR
    return _cosine(_log_odds(_FLOOR_PROBABILITY), spec)


def _log_odds(probability: float) -> float:
    return math.log(probability / (1 - probability))


def _cosine(log_odds: float, spec: ModelSpec) -> float:
    return (log_odds - spec.logit_bias) / spec.logit_scale


def _by_band(centre: float, spread: float, spec: ModelSpec) -> Calibration:
    """What the model itself takes for a match, which holds however few photos there are."""
    assert spec.match_band is not None, "asked for only where there is one"
    strong = (_cosine(spec.match_band.strong, spec) - centre) / spread
    possible = (_cosine(spec.match_band.possible, spec) - centre) / spread
    return Calibration(centre, spread, Lines(strong, possible))


def _middle(sample: NDArray[np.float32]) -> tuple[float, float]:
    """Centre and deviation; nothing lies in the middle of nothing."""
    if not len(sample):
        return 0.0, 0.0
    centre = float(np.median(sample))
    return centre, 1.4826 * float(np.median(np.abs(sample - centre)))


def _by_few(centre: float, spread: float, *, of_text: bool) -> Calibration:
    """Without a floor, what stands out from the few photos there are is possible, as it is among many.

    Their deviation may be small by chance, so it counts as no smaller than usual. Of pictures, variants of
    the one asked for are strong even where all photos are.
    """
    least = _NARROWEST_SPREAD if of_text else _USUAL_SPREAD
    strong, possible = (centre + z * max(spread, least) for z in (STRONG_Z, POSSIBLE_Z))
    if of_text:
        return _by_lines(strong, possible)
    return _by_lines(min(strong, _SAME_PICTURE), min(possible, _SAME_PICTURE))


def _by_lines(strong: float, possible: float) -> Calibration:
    """The lines as cosines, at a z-score like those of a large library."""
    centre = possible - POSSIBLE_Z * _USUAL_SPREAD
    return Calibration(centre, _USUAL_SPREAD, Lines((strong - centre) / _USUAL_SPREAD, POSSIBLE_Z))
