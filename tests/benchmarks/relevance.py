"""Whether matches are matches, whether it is said when there is none, and what each idea gains: drawn scenes.

The library holds scenes that training never saw, others than those that lines and weights were found on
(seeds 11 to 14). Queries name one to six attributes; a hundred more name what no scene of the library has. A
photo is a match when it has all that was named. F1 is over all pairs of a query and a photo (micro); beside
it stands the mean over queries (macro), for which a query without an answer counts 1 when nothing strong was
shown. Once more without the demo model's own band: that is what other checkpoints get.
"""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np

from app.domain.query import QueryTerm
from tests.benchmarks.figures import Figure
from tests.benchmarks.relevance_desk import Answer, Desk, open_desk
from tests.benchmarks.relevance_ideas import f1, ideas, without_band
from tests.benchmarks.relevance_queries import (
    Need,
    Pictured,
    Query,
    absent,
    needs,
    negative,
    pictured,
    plain,
)

SEED = 4242


def run(quick: bool) -> Iterable[Figure]:
    """Draw and index the library with the demo's model, then ask."""
    number, each = (200, 10) if quick else (500, 100)
    rng = Random(SEED)
    details = {"scenes": number, "seed": SEED}
    with open_desk(number, SEED) as desk:
        present, missing = list(plain(desk.scenes, each, rng)), list(absent(desk.scenes, each, rng))
        queries = [*present, *missing]
        answers = [desk.ask(*query.terms) for query in queries]
        yield _cut("F1 of the cut between strong and weak", queries, answers, details, bar=not quick)
        generic = without_band(desk, queries)
        yield _cut("the same for a model without a band", queries, generic, details, bar=False)
        hits = [answer.hit(query.relevant) for answer, query in zip(answers, present, strict=False)]
        yield _recall("plain", hits, details)
        yield _recall("negative", [_hit(desk, query) for query in negative(desk.scenes, each, rng)], details)
        asked = list(pictured(desk.scenes, each, rng))
        yield _recall("image and text", [_hit_pictured(desk, one) for one in asked], details)
        wishes = list(needs(desk.scenes, rng))
        yield _recall("feedback", list(_hits_marked(desk, wishes)), details)
        yield from ideas(desk, present, wishes[:: 8 if quick else 1], rng)


def _cut(
    name: str, queries: Sequence[Query], answers: Sequence[Answer], details: dict[str, int], *, bar: bool
) -> Figure:
    """A hundred queries without an answer are part of the bar, so a quick run cannot judge it."""
    relevant = [query.relevant for query in queries]
    strong = [answer.strong for answer in answers]
    value = f1(strong, relevant)
    nothing = [not answer.strong for answer, its in zip(answers, relevant, strict=True) if not its]
    matches = [answer.strong | answer.possible for answer in answers]
    more = {
        **details,
        "queries": len(queries),
        "without_answer": len(nothing),
        "interval_95": _interval(strong, relevant),
        "macro_f1": statistics.fmean(f1([mine], [its]) for mine, its in zip(strong, relevant, strict=True)),
        "nothing_strong_for_nothing": statistics.fmean(nothing),
        "precision": _share(strong, relevant, sum(map(len, strong))),
        "recall": _share(strong, relevant, sum(map(len, relevant))),
        "recall_with_possible": _share(matches, relevant, sum(map(len, relevant))),
        "f1_with_possible": f1(matches, relevant),
    }
    holds = value >= 0.8 if bar else None
    return Figure(f"relevance: {name}", value, "F1", ">= 0.8" if bar else "", holds, more)


def _share(shown: Sequence[frozenset[str]], relevant: Sequence[frozenset[str]], whole: int) -> float:
    return sum(len(mine & its) for mine, its in zip(shown, relevant, strict=True)) / max(1, whole)


def _interval(strong: Sequence[frozenset[str]], relevant: Sequence[frozenset[str]]) -> list[float]:
    """Of the micro F1, by bootstrap over the queries."""
    counts = np.array(
        [(len(mine & its), len(mine) + len(its)) for mine, its in zip(strong, relevant, strict=True)]
    )
    drawn = np.random.default_rng(0).integers(0, len(counts), (2000, len(counts)))
    right, whole = counts[drawn].sum(axis=1).T
    return [round(float(value), 3) for value in np.percentile(2 * right / np.maximum(whole, 1), [2.5, 97.5])]


def _hit(desk: Desk, query: Query) -> bool:
    return desk.ask(*query.terms).hit(query.relevant)


def _hit_pictured(desk: Desk, asked: Pictured) -> bool:
    folder = Path(desk.services.library.photos([desk.ids[asked.picture]])[0].path)
    image = desk.services.search.open_image(folder.read_bytes(), asked.picture)
    answer = desk.ask(QueryTerm(text=asked.words), QueryTerm(image=image))
    return answer.hit(asked.relevant, without=[asked.picture])


def _hits_marked(desk: Desk, wishes: Sequence[Need]) -> Iterator[bool]:
    """Whether the first five hold another right one after one right and one wrong photo were marked."""
    for need in wishes:
        asked = QueryTerm(text=need.words)
        first = desk.ask(asked).ranked[:40]
        right = next((name for name in first if name in need.relevant), None)
        wrong = next((name for name in first if name not in need.relevant), None)
        if right is None or wrong is None or len(need.relevant) < 2:
            continue
        answer = desk.ask(asked, desk.like(right), desk.like(wrong, -1.0))
        yield answer.hit(need.relevant - {right}, without=[right, wrong])


def _recall(name: str, hits: Sequence[bool], details: dict[str, int]) -> Figure:
    more = {**details, "queries": len(hits)}
    return Figure(f"relevance: {name} queries, R@5", statistics.fmean(hits), "share", "", None, more)
