"""Searching: words, pictures, both, or like this one."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from app.domain.media import Framing, PixelSpec
from app.domain.progress import CancelToken
from app.domain.query import QueryImage, QueryTerm, SearchFilters, SearchQuery, SearchResult, SortOrder
from app.domain.status import ModelState, ModelStatus
from app.errors import AppError, EncoderError, ProcessDiedError, VectorIndexError
from app.indexing.embedding_target import EmbeddingTarget
from app.library.library import Library
from app.media.decode_pool import DecodePool
from app.services.meaning import Meaning
from app.services.models import ModelService
from app.services.places import PlaceNames
from app.services.query_language import ParsedQuery, parse_query, understood
from app.services.ranking import FUSED_DEPTH, Ranking, fuse_names, in_order, unscored
from app.services.term_embeddings import TermEmbeddings
from app.services.tuning import SearchTuning, lines_key

_log = logging.getLogger(__name__)

_CHIP_SIZE = 96
_CHIP_SPEC = PixelSpec(Framing.SQUASH, 32, 32, 2)  # a query picture is decoded with some spec, model or not
_NAMES_ONLY = "so only names, folders and dates were searched."


class Stopwatch:
    """Milliseconds of the steps of one query."""

    def __init__(self) -> None:
        self.laps: list[tuple[str, float]] = []
        self._since = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps.append((name, (now - self._since) * 1000))
        self._since = now


class SearchService:
    """Answers queries. Without a model it still finds names and folders. Thread-safe.

    A query without terms is the library itself, by date, and is never cut to its limit. A complete answer
    begins with the photos of the one that its limit cut.
    """

    def __init__(
        self,
        library: Library,
        models: ModelService,
        decoder: DecodePool,
        places: PlaceNames | None = None,
        numbers: Path | None = None,
    ) -> None:
        self._library = library
        self._models = models
        self._decoder = decoder
        self._terms = TermEmbeddings(library, decoder)
        self._meaning = Meaning(library, self._terms, numbers)
        self._places = places or PlaceNames()
        self._total: tuple[tuple[int, SearchFilters], int] | None = None

    def search(self, query: SearchQuery, cancel: CancelToken | None = None) -> SearchResult:
        """Raises CancelledError when called off, MediaError for a picture that cannot be read.

        AppError when there is nothing to answer with: a picture, and no model.
        """
        with self._models.in_use():
            asked = understood(query, self.understand)
            found = self._search(asked, cancel or CancelToken())
        return replace(found, query=replace(query, sort=asked.sort))

    def _search(self, query: SearchQuery, cancel: CancelToken) -> SearchResult:
        watch = Stopwatch()
        cancel.check()
        if not query.terms and query.sort is SortOrder.UNUSUAL:
            return self._unusual(query, cancel, watch)
        if not query.terms:
            ids = self._library.photos.ids(query.filters)
            watch.lap("library")
            return _result(query, unscored(ids), len(ids), watch, complete=True)
        named = self._named(query)
        watch.lap("names")
        cancel.check()
        target, message = self._target_for(query.terms)
        if target is None:
            return self._by_name_alone(query, named, message, watch)
        try:
            return self._by_meaning(query, named, target, cancel, watch)
        except (EncoderError, ProcessDiedError, VectorIndexError) as error:
            if not _words(query.terms):
                raise
            _log.warning("searched by name alone: %s", error)
            return self._by_name_alone(query, named, str(error), watch)

    def count(self, query: SearchQuery, cancel: CancelToken) -> int | None:
        """How many photos an answer holds above its divider; None where a model would have to work for it.

        For numbers beside other things: no model is loaded or woken for them, and nothing is embedded.
        Raises CancelledError when called off.
        """
        asked = understood(query, self.understand)
        if not asked.terms:
            return self._library.photos.count_shown(asked.filters)
        with self._models.in_use():
            if not self._is_answered_from_memory(asked.terms):
                return None
            return self._search(replace(asked, sort=SortOrder.RELEVANCE, limit=None), cancel).weak_from

    def understand(self, text: str, *, at_once: bool = False) -> ParsedQuery:
        """Read what was typed into the search bar.

        With `at_once` it never waits, as the window's thread must not: the name of a place is a problem until
        a search has looked it up.
        """
        find_place = self._places.find_at_once if at_once else self._places.find
        return parse_query(text, datetime.now().astimezone().date(), find_place)

    def open_image(self, data: bytes, name: str = "") -> QueryImage:
        """Check that these bytes are a picture we can search with. Raises MediaError."""
        image = QueryImage(data, name)
        self.image_thumbnail(image)
        return image

    def image_thumbnail(self, image: QueryImage) -> bytes:
        """A small WebP for the chip. Raises MediaError."""
        return self._decoder.submit_query_image(image.data, _CHIP_SPEC, _CHIP_SIZE).result()[1]

    def tune(self, tuning: SearchTuning) -> None:
        """Search like this from now on."""
        self._meaning.tuning = tuning

    def forget_texts(self) -> None:
        """Forget the embeddings of what was searched for, on disk too. Raises LibraryError."""
        self._terms.forget_texts()

    def close(self) -> None:
        """Wait until nothing is being written any more."""
        self._terms.close()

    def _is_answered_from_memory(self, terms: Sequence[QueryTerm]) -> bool:
        """Whether all embeddings are known; without any model, whether names are all there is to search."""
        target = self._models.target
        if target is None:
            only_words = all(term.text is not None for term in terms)
            return only_words and self._models.status().state is ModelState.NONE
        return all(self._is_known(term, target) for term in terms)

    def _is_known(self, term: QueryTerm, target: EmbeddingTarget) -> bool:
        if term.text is not None:
            return all(
                self._terms.knows_text(text, target) for text in self._meaning.tuning.prompts(term.text)
            )
        of_photo = term.photo_id
        return of_photo is not None and self._library.photos.label_of(of_photo, target.identity) is not None

    # -- names

    def _named(self, query: SearchQuery) -> list[int]:
        words = _words(query.terms)
        return self._library.photos.search_words(words, query.filters, _depth(query)) if words else []

    def _by_name_alone(
        self, query: SearchQuery, named: Sequence[int], message: str, watch: Stopwatch
    ) -> SearchResult:
        ranking = unscored(named)
        return self._answer(query, ranking, watch, semantic=False, message=message)

    # -- meaning

    def _target_for(self, terms: Sequence[QueryTerm]) -> tuple[EmbeddingTarget | None, str]:
        """The model to ask; None with the reason when words must do without it. Pictures wait for it."""
        status, target = self._models.status(), self._models.target
        texts = [term.text for term in terms if term.text is not None]
        if target is not None:
            loaded = status.state is ModelState.READY
            if loaded or all(self._terms.knows_text(text, target) for text in texts):
                return target, ""
        if not _words(terms):
            raise AppError(f"Searching with a picture needs the model. {_what_to_do(status)}")
        return None, _why_names_only(status)

    def _by_meaning(
        self,
        query: SearchQuery,
        named: Sequence[int],
        target: EmbeddingTarget,
        cancel: CancelToken,
        watch: Stopwatch,
    ) -> SearchResult:
        embeddings = [self._meaning.embed(term, target) for term in query.terms]
        watch.lap("encode")
        cancel.check()
        try:
            ranking = self._meaning.ranked(query, embeddings, target, _depth(query), cancel)
        except ProcessDiedError as error:  # starts again from files that may be older than the library
            _log.info("the index is asked once more: %s", error)
            self._models.mend_index()
            ranking = self._meaning.ranked(query, embeddings, target, _depth(query), cancel)
        watch.lap("index")
        cancel.check()
        ranking, share = fuse_names(ranking, named), 1.0
        if query.sort is SortOrder.UNUSUAL:
            unusual, share = self._meaning.unusual(query.filters, target, cancel)
            ranking = in_order(ranking, unusual.photo_ids)
        found = self._answer(query, ranking, watch, message=_how_far(share))
        return replace(found, lines_key=lines_key(target.identity, query.terms), unfinished=share < 1.0)

    def _unusual(self, query: SearchQuery, cancel: CancelToken, watch: Stopwatch) -> SearchResult:
        """Those farthest from their neighbours first; a large library is measured over several answers."""
        target = self._models.target
        if target is None:
            message = f"A model tells which photos are unusual. {_what_to_do(self._models.status())}"
            return _result(query, unscored([]), 0, watch, complete=True, semantic=False, message=message)
        ranking, share = self._meaning.unusual(query.filters, target, cancel)
        watch.lap("index")
        total = self._count(query.filters)
        found = _result(query, ranking, total, watch, complete=True, message=_how_far(share))
        return replace(found, unfinished=share < 1.0)

    # -- answers

    def _answer(
        self,
        query: SearchQuery,
        ranking: Ranking,
        watch: Stopwatch,
        *,
        semantic: bool = True,
        message: str = "",
    ) -> SearchResult:
        """Sort as the query wants it and cut to its limit."""
        if query.sort is SortOrder.DATE:
            ranking = in_order(ranking, self._library.photos.ids(query.filters, by_date=True))
        total = self._count(query.filters)
        complete = query.limit is None or len(ranking) <= query.limit
        watch.lap("order")
        cut = ranking.first(query.limit)
        return _result(query, cut, total, watch, complete=complete, semantic=semantic, message=message)

    def _count(self, filters: SearchFilters) -> int:
        """How many photos the filters let through; counted anew only after the library changed."""
        key = (self._library.version, filters)
        known = self._total
        if known is None or known[0] != key:
            known = self._total = (key, self._library.photos.count_shown(filters))
        return known[1]


def _depth(query: SearchQuery) -> int | None:
    """How many of the best must be known to answer the query; None for all.

    One more than the limit tells whether it cuts anything; the fused part must be known whole; and what goes
    by date or otherwise must be known before it is sorted.
    """
    if query.limit is None or query.sort is not SortOrder.RELEVANCE:
        return None
    return max(query.limit, FUSED_DEPTH) + 1


def _words(terms: Sequence[QueryTerm]) -> str:
    """What names are searched for."""
    return " ".join(term.text for term in terms if term.text and term.weight > 0).strip()


def _how_far(share: float) -> str:
    """For people: how many photos their neighbours are known of."""
    return "" if share == 1.0 else f"{share:.0%} of the photos are compared with each other so far."


def _why_names_only(status: ModelStatus) -> str:
    if status.state is ModelState.FAILED:
        return f"{status.message} Until then only names, folders and dates are searched."
    if status.state is ModelState.LOADING:
        return f"The model is still loading, {_NAMES_ONLY}"
    return f"There is no model yet, {_NAMES_ONLY}"


def _what_to_do(status: ModelStatus) -> str:
    if status.state is ModelState.FAILED:
        return status.message
    if status.state is ModelState.LOADING:
        return "It is still loading: try again in a moment."
    return "Choose one in the settings."


def _result(
    query: SearchQuery,
    ranking: Ranking,
    total: int,
    watch: Stopwatch,
    *,
    complete: bool,
    semantic: bool = True,
    message: str = "",
) -> SearchResult:
    return SearchResult(
        query=query,
        photo_ids=ranking.photo_ids,
        scores=ranking.scores,
        weak_from=ranking.matches,
        classes=ranking.classes,
        total=total,
        complete=complete,
        semantic=semantic,
        message=message,
        timings_ms=tuple(watch.laps),
    )
