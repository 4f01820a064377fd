"""The table of ideas: what each gains or loses, question by question, with an interval.

Each question is answered with and without the idea, and the mean difference of average precision (or of F1)
is given with a bootstrap interval over the questions (Efron and Tibshirani 1993): where it holds zero, the
difference may be chance. "default" tells what Photosift does.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random
from unittest.mock import patch

import numpy as np

from app.domain.model import ModelSpec
from app.domain.query import QueryTerm
from app.services.calibration import Calibration, calibrate
from app.services.ranking import STRONG, WEAK, Ranking, Scores, fuse_names, unscored
from app.services.tuning import SearchTuning
from tests.benchmarks.figures import Figure
from tests.benchmarks.relevance_desk import Answer, Desk
from tests.benchmarks.relevance_queries import Need, Query, tagged

_RESAMPLED = 2000
_MARKED = ((1, 0), (1, 1), (3, 3))  # liked and disliked


def ideas(desk: Desk, queries: Sequence[Query], needs: Sequence[Need], rng: Random) -> Iterator[Figure]:
    """One line for each idea and measure."""
    before = [desk.ask(*query.terms) for query in queries]
    for name, tuning in (
        ("averaged prompts", SearchTuning(average_prompts=True)),
        ("hubness correction (NNN)", SearchTuning(correct_hubs=True)),
    ):
        desk.services.search.tune(tuning)
        after = [desk.ask(*query.terms) for query in queries]
        desk.services.search.tune(SearchTuning())
        yield from _both(name, queries, before, after, on=False)
    for hidden, name in (
        (0.0, "names repeat what pictures show"),
        (0.5, "names know what half of the pictures do not show"),
    ):
        values = _fused(desk, queries, rng, hidden=hidden)
        yield _line(f"fusion by rank (RRF), {name}", "average precision", *values, on=True)
    for liked, disliked in _MARKED:
        name = f"Rocchio, {liked} liked and {disliked} disliked"
        yield _line(name, "average precision", *_feedback(desk, needs, liked, disliked), on=True)


def without_band(desk: Desk, queries: Sequence[Query]) -> list[Answer]:
    """What a checkpoint would get that no band was measured for: calibration by the library alone."""

    def plainly(sample: Scores, spec: ModelSpec, *, of_text: bool) -> Calibration:
        return calibrate(sample, replace(spec, match_band=None), of_text=of_text)

    with patch("app.services.scoring.calibrate", plainly):
        return [desk.ask(*query.terms) for query in queries]


def _fused(
    desk: Desk, queries: Sequence[Query], rng: Random, *, hidden: float
) -> tuple[list[float], list[float]]:
    """Meaning alone or names alone, whichever is better, and both fused; only where names say something.

    `hidden` is the share of what is right that its picture does not show, so that only a name can tell.
    """
    meaning, names, fused = [], [], []
    for query in queries:
        found = [desk.ids[name] for name in tagged(query, desk.scenes, rng)]
        if not found:
            continue
        ranking = _unseen(desk, query, rng, hidden)
        for scores, one in (
            (meaning, ranking),
            (names, unscored(found)),
            (fused, fuse_names(ranking, found)),
        ):
            ranked = [desk.names[photo_id] for photo_id in one.photo_ids.tolist()]
            answer = Answer(ranked, frozenset(), frozenset())
            missed = len(query.relevant.difference(ranked))  # names find only what has them
            share = 1 - missed / len(query.relevant)
            scores.append(answer.average_precision(query.relevant) * share)
    better = meaning if np.mean(meaning) >= np.mean(names) else names
    return better, fused


def _unseen(desk: Desk, query: Query, rng: Random, hidden: float) -> Ranking:
    """The answer by meaning, some of what is right moved to where chance would put it."""
    answer = desk.ask(*query.terms)
    lost = [name for name in answer.ranked if name in query.relevant and rng.random() < hidden]
    kept = [name for name in answer.ranked if name not in lost]
    strong = [name for name in kept if name in answer.strong]
    rest = [name for name in kept if name not in answer.strong]
    for name in lost:
        rest.insert(rng.randint(0, len(rest)), name)
    ids = np.array([desk.ids[name] for name in [*strong, *rest]], np.int64)
    classes = np.array([STRONG] * len(strong) + [WEAK] * len(rest), np.int8)
    return Ranking(ids, np.arange(len(ids), 0, -1).astype(np.float32), classes)


def _feedback(
    desk: Desk, needs: Sequence[Need], liked: int, disliked: int
) -> tuple[list[float], list[float]]:
    """Words alone, and words with the first right and the first wrong ones of their answer marked."""
    before, after = [], []
    for need in needs:
        asked = QueryTerm(text=need.words)
        first = desk.ask(asked)
        right = [name for name in first.ranked[:40] if name in need.relevant][:liked]
        wrong = [name for name in first.ranked[:40] if name not in need.relevant][:disliked]
        rest = need.relevant.difference(right)
        if len(right) < liked or not rest:
            continue
        marked = [*(desk.like(name) for name in right), *(desk.like(name, -1.0) for name in wrong)]
        seen = [*right, *wrong]
        before.append(first.average_precision(rest, without=seen))
        after.append(desk.ask(asked, *marked).average_precision(rest, without=seen))
    return before, after


def _both(
    name: str, queries: Sequence[Query], before: Sequence[Answer], after: Sequence[Answer], *, on: bool
) -> Iterator[Figure]:
    measures: tuple[tuple[str, Callable[[Answer, Query], float]], ...] = (
        ("average precision", lambda answer, query: answer.average_precision(query.relevant)),
        ("F1 of strong matches", lambda answer, query: f1([answer.strong], [query.relevant])),
    )
    for measure, of in measures:
        values = [
            [of(answer, query) for answer, query in zip(side, queries, strict=True)]
            for side in (before, after)
        ]
        yield _line(name, measure, *values, on=on)


def _line(name: str, measure: str, before: Sequence[float], after: Sequence[float], *, on: bool) -> Figure:
    gains = np.asarray(after) - np.asarray(before)
    samples = np.random.default_rng(0).choice(gains, (_RESAMPLED, len(gains))).mean(axis=1)
    low, high = np.percentile(samples, [2.5, 97.5])
    details = {
        "without": float(np.mean(before)),
        "with": float(np.mean(after)),
        "interval_95": [round(float(low), 4), round(float(high), 4)],
        "better": int((gains > 1e-9).sum()),
        "worse": int((gains < -1e-9).sum()),
        "questions": len(gains),
        "chance": bool(low <= 0.0 <= high),
        "default": "on" if on else "off",
    }
    return Figure(f"relevance: {name}, {measure}", float(gains.mean()), "gain", "", None, details)


def f1(shown: Sequence[frozenset[str]], relevant: Sequence[frozenset[str]]) -> float:
    """Over all pairs of a question and a photo; 1 where nothing was to be shown and nothing was."""
    right = sum(len(mine & its) for mine, its in zip(shown, relevant, strict=True))
    whole = sum(map(len, shown)) + sum(map(len, relevant))
    return 2 * right / whole if whole else 1.0
