"""Putting scored photos in order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Scores = NDArray[np.float32]

# How much of each list is fused. Fixed, so that a longer answer begins with the shorter one: a photo's points
# must not depend on how many photos were asked for.
FUSED_DEPTH = 500
_NEARNESS = 0.15  # how much of a gap's width each unit of distance from the line costs
_RRF_K = 60  # as in the paper


@dataclass(frozen=True, slots=True)
class Ranking:
    """Photo ids best first, with scores; `strong` is how many of them, from the top, are strong matches."""

    photo_ids: Ids
    scores: Scores
    strong: int

    def __len__(self) -> int:
        return len(self.photo_ids)

    def first(self, limit: int | None) -> "Ranking":
        """The best of them."""
        if limit is None or len(self) <= limit:
            return self
        return Ranking(self.photo_ids[:limit], self.scores[:limit], min(self.strong, limit))


def unscored(photo_ids: Sequence[int] | Ids) -> Ranking:
    """Photos in an order that no score made; all of them strong."""
    ids = np.asarray(photo_ids, np.int64)
    return Ranking(ids, np.full(len(ids), np.nan, np.float32), len(ids))


def rank(
    photo_ids: Ids, scores: Scores, threshold: float, band: tuple[float, float] | None = None
) -> Ranking:
    """By score, ties by photo id; strong from the threshold on, or by where the scores part in the band."""
    order = np.lexsort((photo_ids, -scores))
    ranked = scores[order]
    strong = int(np.searchsorted(-ranked, -threshold, side="right"))
    return Ranking(photo_ids[order], ranked, strong if band is None else _parted(ranked, *band))


def _parted(ranked: Scores, possible: float, likely: float) -> int:
    """How many from the top stand apart: those above the widest gap between neighbouring scores.

    Photos that have all of what was asked for and photos that lack one thing of it lie close to any fixed
    line, but seldom close to each other. Gaps near `likely` count for more. Only the part that is always
    fused is looked at, so that a longer answer parts at the same place.
    """
    top = ranked[:FUSED_DEPTH]
    top = top[top > possible]
    if not len(top) or top[0] < likely:
        return 0
    below = np.append(top[1:], np.float32(possible))
    worth = (top - below) - _NEARNESS * np.abs((top + below) / 2 - likely)
    return int(np.argmax(worth)) + 1


def put_first(ranking: Ranking, photo_id: int) -> Ranking:
    """Move one photo to the top, if it is there."""
    places = np.flatnonzero(ranking.photo_ids == photo_id)
    if not len(places):
        return ranking
    place = int(places[0])
    order = np.concatenate([[place], np.delete(np.arange(len(ranking)), place)])
    strong = ranking.strong if place < ranking.strong else ranking.strong + 1
    return Ranking(ranking.photo_ids[order], ranking.scores[order], strong)


def fuse_names(ranking: Ranking, named: Sequence[int]) -> Ranking:
    """Fuse photos whose names match with those whose content does, by reciprocal rank fusion.

    Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning
    methods", SIGIR 2009: each list gives 1 / (60 + rank). Weak matches stay below: a name that matches is a
    strong match whatever the picture shows.
    """
    if not named:
        return ranking
    by_content = ranking.photo_ids[: ranking.strong].tolist()
    fused = _fuse([by_content[:FUSED_DEPTH], named[:FUSED_DEPTH]])
    strong = list(dict.fromkeys([*fused, *by_content[FUSED_DEPTH:], *named[FUSED_DEPTH:]]))
    weak = ranking.photo_ids[ranking.strong :]
    weak = weak[~np.isin(weak, strong)]
    photo_ids = np.concatenate([np.array(strong, np.int64), weak])
    return Ranking(photo_ids, _looked_up(photo_ids, ranking), len(strong))


def by_date(ranking: Ranking, newest_first: Ids) -> Ranking:
    """The strong matches by date, then the weak ones by date. `newest_first`: all photos in that order."""
    place = _places(ranking.photo_ids, newest_first)
    weak = np.arange(len(ranking)) >= ranking.strong
    order = np.lexsort((place, weak))
    return Ranking(ranking.photo_ids[order], ranking.scores[order], ranking.strong)


def _fuse(lists: Iterable[Sequence[int]]) -> list[int]:
    points: dict[int, float] = {}
    for ids in lists:
        for place, photo_id in enumerate(ids):
            points[photo_id] = points.get(photo_id, 0.0) + 1.0 / (_RRF_K + place + 1)
    return sorted(points, key=lambda photo_id: (-points[photo_id], photo_id))


def _looked_up(photo_ids: Ids, ranking: Ranking) -> Scores:
    """The scores of photos, NaN for those that have none."""
    if not len(ranking):
        return np.full(len(photo_ids), np.nan, np.float32)
    place = _places(photo_ids, ranking.photo_ids)
    known = place < len(ranking)
    return np.where(known, ranking.scores[np.where(known, place, 0)], np.float32(np.nan))


def _places(photo_ids: Ids, among: Ids) -> NDArray[np.int64]:
    """Where each id stands in `among`, its length when it does not."""
    if not len(among):
        return np.zeros(len(photo_ids), np.int64)
    by_id = np.argsort(among)
    found = np.minimum(np.searchsorted(among, photo_ids, sorter=by_id), len(among) - 1)
    return np.where(among[by_id[found]] == photo_ids, by_id[found], len(among))
