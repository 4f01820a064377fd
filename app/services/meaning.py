"""Searching by meaning: the model's part of an answer."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from app.domain.progress import CancelToken
from app.domain.query import QueryTerm, SearchFilters, SearchQuery
from app.indexing.embedding_target import EmbeddingTarget
from app.library.library import Library
from app.services.hubness import Hubness
from app.services.ranking import Ranking, put_first, unscored
from app.services.scoring import exact, nearest, scored_term
from app.services.term_embeddings import Embedding, TermEmbeddings
from app.services.tuning import SearchTuning, lines_key
from app.services.unusual import UnusualPhotos

_NO_FILTERS = SearchFilters()
_MEASURING_SECONDS = 1.5  # of one answer; the next goes on


class Meaning:
    """Ranks photos by what they show. Thread-safe.

    `folder` is where numbers about photos are kept, beside the vectors; None: nowhere.
    """

    def __init__(self, library: Library, terms: TermEmbeddings, folder: Path | None) -> None:
        self._library = library
        self._terms = terms
        self._folder = folder
        self._hubness: Hubness | None = None
        self._unusual: UnusualPhotos | None = None
        self._measuring = threading.Lock()
        self.tuning = SearchTuning()

    def embed(self, term: QueryTerm, target: EmbeddingTarget) -> Embedding:
        """Raises MediaError for a picture that cannot be read, EncoderError when the model fails."""
        prompts = self.tuning.prompts(term.text) if term.text is not None else ()
        if len(prompts) < 2:
            return self._terms.of(term, target)
        mean = np.mean([self._terms.of(QueryTerm(text=text), target) for text in prompts], axis=0)
        return np.asarray(mean / np.linalg.norm(mean), np.float32)

    def ranked(
        self,
        query: SearchQuery,
        embeddings: Sequence[Embedding],
        target: EmbeddingTarget,
        depth: int | None,
        cancel: CancelToken,
    ) -> Ranking:
        """The best `depth` where the whole library is asked for, else all."""
        terms = [
            scored_term(term, embedding, target)
            for term, embedding in zip(query.terms, embeddings, strict=True)
        ]
        steps = self.tuning.steps.get(lines_key(target.identity, query.terms), 0)
        hubness = self._measured_hubness(target, cancel) if self.tuning.correct_hubs else None
        ranking = None
        alone = len(terms) == 1 and terms[0].weight > 0
        if depth is not None and query.filters == _NO_FILTERS and alone and hubness is None:
            ranking = nearest(self._library, target, terms[0], depth, steps)
        if ranking is None:
            ranking = exact(self._library, target, terms, query.filters, steps, hubness)
        like = query.terms[0].photo_id
        if like is not None and alone:
            ranking = put_first(ranking, like)  # before its copies, which are as near
        return ranking

    def unusual(
        self, filters: SearchFilters, target: EmbeddingTarget, cancel: CancelToken
    ) -> tuple[Ranking, float]:
        """Photos by how far they are from their neighbours, and the share of the library measured so far."""
        with self._measuring:
            if self._unusual is None or self._unusual.identity != target.identity:
                self._unusual = UnusualPhotos(self._folder, target.identity)
            unusual = self._unusual
            share = unusual.measure(target.index, _MEASURING_SECONDS, cancel)
            ids, labels = self._library.photos.ids_with_labels(target.identity, filters)
            numbers = unusual.of(labels)
        order = np.lexsort((ids, -numbers))  # what was not measured yet is last
        ranking = unscored(ids[order])
        ranking.scores[:] = numbers[order]
        return ranking, share

    def _measured_hubness(self, target: EmbeddingTarget, cancel: CancelToken) -> Hubness:
        with self._measuring:
            if self._hubness is None or self._hubness.identity != target.identity:
                self._hubness = Hubness(self._folder, target.identity)
            self._hubness.measure(target, _MEASURING_SECONDS, cancel)
            return self._hubness
