"""The measures of retrieval, over embeddings; numpy only.

Definitions:

- Recall at K as in "Deep Visual-Semantic Alignments" (Karpathy and Fei-Fei, CVPR 2015, section 4.1, whose
  splits of COCO and Flickr30k are used too): text to image, the share of captions whose own picture is among
  the K best; image to text, the share of pictures that have any of their own captions among the K best.
- Mean average precision over complete rankings as in GPR1200 (Schall et al., MMM 2022, arXiv 2111.13122).
  Its authors' code leaves the query among the pictures that are ranked, where it finds itself first, and
  published figures are made so. The stricter variant without the query stands beside it.
- Intervals: percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13)
  over whole clusters: a picture with its captions, or a group of pictures that belong together, since what
  belongs together is not independent.

Equal scores count against us: whatever scores as high as the right answer is taken to come before it. So a
model that gives everything the same embedding finds nothing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Embeddings

CUTS = (1, 5, 10)
RESAMPLES = 1000

_BLOCK_SCORES = 8_000_000  # at a time: 32 MB
_SEED = 20_100  # any; fixed, so that a report can be repeated to the digit
_PERCENTILES = (2.5, 97.5)

Ranks = NDArray[np.int64]  # 1 is best
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CaptionRanks:
    """Where the right answers came, both ways."""

    of_own_image: Ranks  # (captions,)
    of_best_caption: Ranks  # (images,); 0 where an image has no caption


def caption_ranks(images: Embeddings, captions: Embeddings, image_of: NDArray[np.int64]) -> CaptionRanks:
    """`image_of` names the picture of each caption by its row; block by block, never the whole matrix."""
    step = max(1, _BLOCK_SCORES // max(1, len(images)))
    starts = range(0, len(captions), step)
    of_own = np.zeros(len(captions), np.int64)
    best = np.full(len(images), -np.inf, np.float32)  # score of each picture's best own caption
    for start in starts:
        mine = image_of[start : start + step]
        scores = captions[start : start + step] @ images.T
        own = scores[np.arange(len(mine)), mine]
        of_own[start : start + step] = np.count_nonzero(scores >= own[:, None], axis=1)  # itself among them
        np.maximum.at(best, mine, own)
    before = np.zeros(len(images), np.int64)  # captions of other pictures
    for start in starts:
        mine = image_of[start : start + step]
        scores = captions[start : start + step] @ images.T
        scores[np.arange(len(mine)), mine] = -np.inf
        before += np.count_nonzero((scores >= best) & (scores > -np.inf), axis=0)
    described = np.zeros(len(images), bool)
    described[image_of] = True
    return CaptionRanks(of_own, np.where(described, before + 1, 0))


@dataclass(frozen=True, slots=True)
class AveragePrecisions:
    """Of each picture as a query; NaN where no other picture belongs to it."""

    with_query: Floats  # the query is ranked too, and comes first
    without_query: Floats


def average_precisions(images: Embeddings, groups: NDArray[np.int64]) -> AveragePrecisions:
    """Each picture looks for those of its group: the mean of precision at each right answer's rank."""
    step = max(1, _BLOCK_SCORES // max(1, len(images)))
    with_query, without = np.full(len(images), np.nan), np.full(len(images), np.nan)
    for start in range(0, len(images), step):
        block = images[start : start + step] @ images.T
        for offset, scores in enumerate(block):
            query = start + offset
            right = groups == groups[query]
            others = np.sort(scores[~right])
            right[query] = False
            if not right.any():
                continue
            found = np.sort(scores[right])[::-1]
            wrong_before = len(others) - np.searchsorted(others, found, side="left")
            place = np.arange(1, len(found) + 1)
            without[query] = np.mean(place / (place + wrong_before))
            further = (place + 1) / (place + 1 + wrong_before)
            with_query[query] = (1.0 + further.sum()) / (len(found) + 1)
    return AveragePrecisions(with_query, without)


@dataclass(frozen=True, slots=True)
class Totals:
    """What each cluster adds to a share: right answers, and questions."""

    right: Floats  # (clusters,)
    asked: Floats


def recall_totals(ranks: Ranks, clusters: NDArray[np.int64], count: int, cut: int) -> Totals:
    """Questions with their right answer among the `cut` best; those of rank 0 were not asked."""
    asked = ranks > 0
    return _totals(asked & (ranks <= cut), asked, clusters, count)


def mean_totals(values: Floats, clusters: NDArray[np.int64], count: int) -> Totals:
    """For the mean of the values that are numbers."""
    known = ~np.isnan(values)
    return _totals(np.where(known, values, 0.0), known, clusters, count)


def shares(totals: list[Totals]) -> Floats:
    """The share of right answers of each."""
    return np.array([each.right.sum() / each.asked.sum() for each in totals])


def resampled_shares(totals: list[Totals], *, times: int = RESAMPLES, seed: int = _SEED) -> Floats:
    """(times, n) shares, each row over as many clusters drawn with replacement, the same for all totals.

    NaN where no question was drawn.
    """
    right, asked = np.stack([each.right for each in totals]), np.stack([each.asked for each in totals])
    count = right.shape[1]
    generator = np.random.default_rng(seed)
    together = max(1, _BLOCK_SCORES // count)  # resamples that are summed up at a time
    parts = []
    for start in range(0, times, together):
        weights = np.stack(
            [
                np.bincount(generator.integers(0, count, count), minlength=count).astype(np.float64)
                for _ in range(min(together, times - start))
            ]
        )
        found, questions = weights @ right.T, weights @ asked.T
        parts.append(np.divide(found, questions, out=np.full_like(found, np.nan), where=questions > 0))
    return np.concatenate(parts)


def interval(drawn: Floats) -> tuple[float, float]:
    """Of 95 %, from the values of a share in its resamples."""
    low, high = np.nanpercentile(drawn, _PERCENTILES)
    return float(low), float(high)


def _totals(right: NDArray[Any], asked: NDArray[Any], clusters: NDArray[np.int64], count: int) -> Totals:
    """Summed up by cluster; as floats, because they are multiplied with weights."""
    return Totals(
        np.bincount(clusters, weights=right, minlength=count).astype(np.float64),
        np.bincount(clusters, weights=asked, minlength=count).astype(np.float64),
    )
