"""What is asked and what is answered."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from app.domain.conditions import Condition, SortOrder

__all__ = [
    "QueryImage",
    "QueryTerm",
    "Relevance",
    "SearchFilters",
    "SearchQuery",
    "SearchResult",
    "SortOrder",
]


@dataclass(frozen=True, slots=True)
class QueryImage:
    """A picture used as a query: the bytes of an encoded image file, and a name to show."""

    data: bytes = field(repr=False)
    name: str = ""


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """One part of a query: exactly one of text, image and photo_id is set. A negative weight excludes."""

    text: str | None = None
    image: QueryImage | None = None
    photo_id: int | None = None  # similar to this photo of the library
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class SearchFilters:
    """What a photo must be to be considered at all."""

    folder_id: int | None = None
    subfolder: str | None = None  # relative to the folder; photos in it and below
    favourites_only: bool = False
    added_since: float | None = None  # POSIX seconds
    album_id: int | None = None  # without terms, the album's own order is that of the answer
    conditions: tuple[Condition, ...] = ()  # all of them


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A whole query. Without terms it is the library itself, by date."""

    terms: tuple[QueryTerm, ...] = ()
    filters: SearchFilters = SearchFilters()
    sort: SortOrder = SortOrder.RELEVANCE
    limit: int | None = 500  # None: everything, in order


class Relevance(StrEnum):
    """How sure we are of a match."""

    STRONG = "strong"
    POSSIBLE = "possible"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Photos in the order to show them.

    `scores` are comparable within one result only; `weak_from` is the position of the first weak match, equal
    to the length when there is none. `classes` tells strong, possible and weak ones apart by the place in
    `Relevance`; without it all before `weak_from` are strong. `total` counts all photos that the filters let
    through.
    """

    query: SearchQuery
    photo_ids: NDArray[np.int64]
    scores: NDArray[np.float32]
    weak_from: int
    total: int
    complete: bool  # False: `limit` cut the list, ask again with limit=None
    semantic: bool  # False: the model was not there, so only names were searched
    message: str = ""  # for people: why it is less than they asked for
    timings_ms: tuple[tuple[str, float], ...] = ()
    classes: NDArray[np.int8] | None = None  # (n,)
    unfinished: bool = False  # ask again in a while: more was to be measured than one answer has time for
    lines_key: str = ""  # model and kind of query whose lines can be moved; "" when nothing was calibrated

    def relevance_at(self, row: int) -> Relevance:
        """How sure we are of the match in one row."""
        if self.classes is None:
            return Relevance.WEAK if row >= self.weak_from else Relevance.STRONG
        return tuple(Relevance)[int(self.classes[row])]

    @property
    def possible_from(self) -> int:
        """The first possible match where they follow the strong ones, as `weak_from` where they are mixed."""
        if self.classes is None:
            return self.weak_from
        strong = int(np.count_nonzero(self.classes == 0))
        return strong if not self.classes[:strong].any() else self.weak_from
