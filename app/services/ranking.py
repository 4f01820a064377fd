"""Putting scored photos in order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Scores = NDArray[np.float32]
Classes = NDArray[np.int8]  # STRONG, POSSIBLE or WEAK

# How much of each list is fused. Fixed, so that a longer answer begins with the shorter one: a photo's points
# must not depend on how many photos were asked for.
FUSED_DEPTH = 500
MOST_STEPS = 4  # by which somebody can ask for fewer or more matches
_STEP_Z = 0.25  # how far the lines move with each
_NEARNESS = 0.1  # how much of a gap's width each unit of distance from the line costs
_RRF_K = 60  # as in the paper

STRONG, POSSIBLE, WEAK = range(3)  # classes of matches, best first


@dataclass(frozen=True, slots=True)
class Lines:
    """Where strong and possible matches begin. `parts`: strong ones end at the widest gap near their line."""

    strong: float
    possible: float
    parts: bool = False

    def moved(self, steps: int) -> "Lines":
        """More matches for positive steps, fewer for negative ones."""
        down = _STEP_Z * max(-MOST_STEPS, min(MOST_STEPS, steps))
        return replace(self, strong=self.strong - down, possible=self.possible - down)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Photo ids best first, with scores and classes; weak matches come after all others."""

    photo_ids: Ids
    scores: Scores
    classes: Classes

    def __len__(self) -> int:
        return len(self.photo_ids)

    @property
    def strong(self) -> int:
        """How many strong matches there are."""
        return int(np.count_nonzero(self.classes == STRONG))

    @property
    def matches(self) -> int:
        """How many, from the top, are strong or possible."""
        return int(np.count_nonzero(self.classes != WEAK))

    def first(self, limit: int | None) -> "Ranking":
        """The best of them."""
        if limit is None or len(self) <= limit:
            return self
        return self.at(np.arange(limit))

    def at(self, places: NDArray[np.int64]) -> "Ranking":
        """Those at some places, in that order."""
        return Ranking(self.photo_ids[places], self.scores[places], self.classes[places])


def unscored(photo_ids: Sequence[int] | Ids) -> Ranking:
    """Photos in an order that no score made; all of them strong."""
    ids = np.asarray(photo_ids, np.int64)
    return Ranking(ids, np.full(len(ids), np.nan, np.float32), np.zeros(len(ids), np.int8))


def rank(photo_ids: Ids, scores: Scores, lines: Lines) -> Ranking:
    """By score, ties by photo id, parted into strong, possible and weak."""
    order = _best_first(photo_ids, scores)
    ranked = scores[order]
    strong = _parted(ranked, lines) if lines.parts else _above(ranked, lines.strong)
    classes = np.full(len(ranked), WEAK, np.int8)
    classes[: max(strong, _above(ranked, lines.possible))] = POSSIBLE
    classes[:strong] = STRONG
    return Ranking(photo_ids[order], ranked, classes)


def _best_first(photo_ids: Ids, scores: Scores) -> NDArray[np.int64]:
    """As `np.lexsort((photo_ids, -scores))`, several times as fast: few scores are equal to any other."""
    order = np.argsort(-scores)
    ranked = scores[order]
    equal = ranked[1:] == ranked[:-1]
    tied = np.flatnonzero(np.append(equal, False) | np.append(False, equal))[: len(order)]
    among = order[tied]
    order[tied] = among[np.lexsort((photo_ids[among], -scores[among]))]
    return order


def _above(ranked: Scores, line: float) -> int:
    return int(np.searchsorted(-ranked, -line, side="right"))


def _parted(ranked: Scores, lines: Lines) -> int:
    """How many from the top stand apart: those above the widest gap between neighbouring scores.

    Photos that have all of what was asked for and photos that lack one thing of it lie close to any fixed
    line, but seldom close to each other. Gaps near the line count for more. Only the part that is always
    fused is looked at, so that a longer answer parts at the same place; where all of it is strong, the line
    decides.
    """
    top = ranked[:FUSED_DEPTH]
    if not len(top) or top[0] < lines.strong:
        return 0
    if len(top) == FUSED_DEPTH and top[-1] >= lines.strong:
        return _above(ranked, lines.strong)
    top = top[top > min(lines.possible, float(top[0]) - 1e-6)]
    below = np.append(top[1:], np.float32(lines.possible))
    worth = (top - below) - _NEARNESS * np.abs((top + below) / 2 - lines.strong)
    return int(np.argmax(worth)) + 1


def put_first(ranking: Ranking, photo_id: int) -> Ranking:
    """Move one photo to the top, if it is there: it is a strong match."""
    places = np.flatnonzero(ranking.photo_ids == photo_id)
    if not len(places):
        return ranking
    place = int(places[0])
    order = np.concatenate([[place], np.delete(np.arange(len(ranking)), place)])
    moved = ranking.at(order)
    moved.classes[0] = STRONG
    return moved


def fuse_names(ranking: Ranking, named: Sequence[int]) -> Ranking:
    """Fuse photos whose names match with those whose content does, by reciprocal rank fusion.

    Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning
    methods", SIGIR 2009: each list gives 1 / (60 + rank). What matches less stays below: a name that matches
    is a strong match whatever the picture shows.
    """
    if not named:
        return ranking
    strong_count = ranking.strong
    by_content = ranking.photo_ids[:strong_count].tolist()
    fused = _fuse([by_content[:FUSED_DEPTH], named[:FUSED_DEPTH]])
    strong = list(dict.fromkeys([*fused, *by_content[FUSED_DEPTH:], *named[FUSED_DEPTH:]]))
    rest = np.arange(strong_count, len(ranking))
    rest = rest[~np.isin(ranking.photo_ids[rest], strong)]
    photo_ids = np.concatenate([np.array(strong, np.int64), ranking.photo_ids[rest]])
    classes = np.concatenate([np.full(len(strong), STRONG, np.int8), ranking.classes[rest]])
    return Ranking(photo_ids, _looked_up(photo_ids, ranking), classes)


def in_order(ranking: Ranking, photo_ids: Ids) -> Ranking:
    """Strong and possible matches together in the order of `photo_ids`, as by date, then the weak ones."""
    place = _places(ranking.photo_ids, photo_ids)
    return ranking.at(np.lexsort((place, ranking.classes == WEAK)))


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
