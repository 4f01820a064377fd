"""Scores of photos against the terms of a query, from the vector index."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.query import QueryTerm, SearchFilters
from app.domain.vectors import Labels
from app.indexing.embedding_target import EmbeddingTarget
from app.library.library import Library
from app.services.calibration import Calibration, calibrate
from app.services.ranking import Lines, Ranking, Scores, rank
from app.services.term_embeddings import Embedding

_MORE = 4  # where photos that are gone took places among the best, so many times as many are looked at


@dataclass(frozen=True, slots=True)
class ScoredTerm:
    """One part of a query, ready to be compared with photos."""

    weight: float
    embedding: Embedding
    calibration: Calibration

    @classmethod
    def of(cls, term: QueryTerm, embedding: Embedding, target: EmbeddingTarget) -> "ScoredTerm":
        """Calibrated on a sample of the whole library."""
        sample = target.index.sample_scores(embedding)
        spec = target.encoder.spec
        return cls(term.weight, embedding, calibrate(sample, spec, of_text=term.text is not None))


def nearest(
    library: Library, target: EmbeddingTarget, term: ScoredTerm, wanted: int, steps: int = 0
) -> Ranking | None:
    """The `wanted` best of the whole library, fewer only when it has fewer. `steps`: see `Lines.moved`.

    None when so many of the nearest are gone, missing or removed, that looking at all is the way.
    """
    for k in (wanted, _MORE * wanted):
        found = target.index.search(term.embedding, k)
        pairs = library.photos.photos_of_labels(target.identity, found.labels)
        if len(pairs) >= wanted or len(found.labels) < k:
            score_of = dict(zip(found.labels.tolist(), found.scores.tolist(), strict=True))
            ids = np.array([photo_id for photo_id, _ in pairs], np.int64)
            scores = np.array([score_of[label] for _, label in pairs], np.float32)
            lines = term.calibration.lines.moved(steps)
            return rank(ids, term.calibration.z(scores), lines).first(wanted)
    return None


def exact(
    library: Library,
    target: EmbeddingTarget,
    terms: Sequence[ScoredTerm],
    filters: SearchFilters,
    steps: int = 0,
) -> Ranking:
    """Every photo that the filters let through, by the weighted mean of its z-scores.

    Scores of words and of pictures live on different scales; their z-scores do not. A negative term takes
    away from what may match it, and from nothing else: being unlike it makes no photo a match.
    """
    ids, labels = library.photos.ids_with_labels(target.identity, filters)
    combined = np.zeros(len(ids), np.float32)
    known = np.ones(len(ids), np.bool_)
    for term in terms:
        scores, there = _scores_of(labels, term.embedding, target)
        z = term.calibration.z(scores)
        counted = z if term.weight > 0 else np.where(z >= term.calibration.lines.possible, z, np.float32(0))
        combined += np.float32(term.weight) * counted
        known &= there
    combined /= np.float32(_positive_weight(terms))
    return rank(ids[known], combined[known], _lines(terms).moved(steps))


def _lines(terms: Sequence[ScoredTerm]) -> Lines:
    """Where matches of a combined score begin: the weighted means of the positive terms' own lines.

    Where there are none it is zero, which is what the negative terms leave alone.
    """
    positive = [term for term in terms if term.weight > 0]
    whole = _positive_weight(terms)
    return Lines(
        sum(term.weight * term.calibration.lines.strong for term in positive) / whole,
        sum(term.weight * term.calibration.lines.possible for term in positive) / whole,
        parts=any(term.calibration.lines.parts for term in positive),
    )


def _positive_weight(terms: Sequence[ScoredTerm]) -> float:
    return sum(term.weight for term in terms if term.weight > 0) or 1.0


def _scores_of(
    labels: Labels, embedding: Embedding, target: EmbeddingTarget
) -> tuple[Scores, NDArray[np.bool_]]:
    """Exact scores in the order of `labels`, and which of them the index has."""
    found = target.index.score(embedding, np.unique(labels))
    if len(found.labels) == 0:
        return np.zeros(len(labels), np.float32), np.zeros(len(labels), np.bool_)
    places = np.minimum(np.searchsorted(found.labels, labels), len(found.labels) - 1)
    return found.scores[places], found.labels[places] == labels
