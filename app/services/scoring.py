"""Scores of photos against the terms of a query, from the vector index."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.domain.query import QueryTerm, SearchFilters
from app.domain.vectors import Labels
from app.indexing.embedding_target import EmbeddingTarget
from app.library.library import Library
from app.services.calibration import calibrate
from app.services.combining import (
    ScoredTerm,
    beside_words,
    combined_lines,
    effective_weights,
    leave_some,
    positive_weight,
)
from app.services.hubness import Hubness
from app.services.ranking import Ranking, Scores, rank
from app.services.term_embeddings import Embedding

_MORE = 4  # where photos that are gone took places among the best, so many times as many are looked at


def scored_term(term: QueryTerm, embedding: Embedding, target: EmbeddingTarget) -> ScoredTerm:
    """Calibrated on a sample of the whole library."""
    sample = target.index.sample_scores(embedding)
    is_text = term.text is not None
    calibration = calibrate(sample, target.encoder.spec, of_text=is_text)
    return ScoredTerm(term.weight, embedding, calibration, is_text, is_brought=term.image is not None)


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
    hubness: Hubness | None = None,
) -> Ranking:
    """Every photo that the filters let through, by the weighted mean of its z-scores.

    `hubness` corrects the scores of words.
    """
    ids, labels = library.photos.ids_with_labels(target.identity, filters)
    combined, taken = np.zeros((2, len(ids)), np.float32)
    known = np.ones(len(ids), np.bool_)
    terms = beside_words(terms)
    weights = effective_weights(terms)
    for term, weight in zip(terms, weights, strict=True):
        scores, there = _scores_of(labels, term.embedding, target)
        if hubness is not None and term.is_text:
            scores = hubness.correct(scores, labels)
        part = np.float32(weight) * term.counted(term.calibration.z(scores))
        combined += part
        if weight < 0 and not term.is_text:
            taken -= part
        known &= there
    whole = np.float32(positive_weight(weights))
    combined, taken = combined[known] / whole, taken[known] / whole
    lines = leave_some(combined_lines(terms, weights), combined, taken)
    return rank(ids[known], combined, lines.moved(steps))


def _scores_of(
    labels: Labels, embedding: Embedding, target: EmbeddingTarget
) -> tuple[Scores, NDArray[np.bool_]]:
    """Exact scores in the order of `labels`, which ascend, and which of them the index has."""
    first = np.append(True, labels[1:] != labels[:-1])[: len(labels)]  # photos of the same content share one
    found = target.index.score(embedding, labels[first])
    if len(found.labels) == 0:
        return np.zeros(len(labels), np.float32), np.zeros(len(labels), np.bool_)
    if len(found.labels) == np.count_nonzero(first):
        return found.scores[np.cumsum(first) - 1], np.ones(len(labels), np.bool_)
    places = np.minimum(np.searchsorted(found.labels, labels), len(found.labels) - 1)
    return found.scores[places], found.labels[places] == labels
