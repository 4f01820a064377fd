"""Finding photos by words: file names, folders, titles, captions, keywords, cameras, dates, places.

Words are found by their beginnings, and any part of a word by its fragments of three characters, which is
also how scripts without spaces are searched. Terms of one or two such characters scan the text.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import islice

import numpy as np
from sqlalchemy import Connection, or_, select

from app.domain.query import SearchFilters
from app.library import camera_words, place_words
from app.library.columns import plain
from app.library.filters import newest_first, shown
from app.library.schema import PhotoRow
from app.library.sql import Ids, among, fetch_ids
from app.library.word_index import FRAGMENTS, WORDS

_SCANNED = (PhotoRow.name, PhotoRow.folder_words, PhotoRow.title, PhotoRow.caption, PhotoRow.keywords)
_OWN_WORDS = "{name title caption keywords}"  # said about one photo, not about a whole folder or camera
_MOST_TERMS = 16
_LONGEST_TERM = 100
_SHORTEST_FRAGMENT = 3
_FEW = 2000  # as many are looked up one by one; above, walking through all photos is faster


def find(connection: Connection, words: str, filters: SearchFilters, limit: int | None) -> list[int]:
    """Photos that match every term: by words of their own, then by any words, then by fragments.

    Within each of the three the newest come first. Any text is valid: what looks like query syntax is
    searched for literally.
    """
    terms = list(split(words))
    found: dict[int, None] = {}
    for hits in (_by_own_words, _by_words, _by_fragments) if terms else ():
        found |= dict.fromkeys(_newest(connection, hits(connection, terms), filters).tolist())
        if limit is not None and len(found) >= limit:
            break
    return list(islice(found, limit))


def split(words: str) -> Iterator[str]:
    """The distinct terms of a text that can be searched for."""
    terms = dict.fromkeys(term[:_LONGEST_TERM] for term in plain(words).split())
    searchable = (term for term in terms if _has_words(term) or _has_fragments(term))
    yield from islice(searchable, _MOST_TERMS)


def _by_own_words(connection: Connection, terms: Sequence[str]) -> Ids:
    return _match_words(connection, f"{_OWN_WORDS} : ({_all_beginnings(terms)})")


def _by_words(connection: Connection, terms: Sequence[str]) -> Ids:
    """All of them in one question, which is quick; one by one only where one may be a place's."""
    hits = _match_words(connection, _all_beginnings(terms))
    places = [place_words.by_beginning(connection, term) for term in terms]
    if not any(map(len, places)):
        return hits
    each = (
        np.union1d(_match_words(connection, _beginning(term)), place)
        for term, place in zip(terms, places, strict=True)
    )
    return reduce(np.intersect1d, each)


def _by_fragments(connection: Connection, terms: Sequence[str]) -> Ids:
    """Terms may each be found in their own way. The longest first: a short one may read every photo."""
    longest, *others = sorted(terms, key=len, reverse=True)
    hits = _by_any_way(connection, longest)
    for term in others:
        if not len(hits):
            break
        hits = np.intersect1d(hits, _by_any_way(connection, term))
    return hits


def _by_any_way(connection: Connection, term: str) -> Ids:
    words = _match_words(connection, _beginning(term)) if _has_words(term) else np.empty(0, np.int64)
    if not _has_fragments(term):
        return np.union1d(words, place_words.by_beginning(connection, term))
    words = reduce(
        np.union1d,
        (words, place_words.by_fragment(connection, term), *camera_words.by_fragment(connection, term)),
    )
    if len(term) >= _SHORTEST_FRAGMENT:
        statement = select(FRAGMENTS.c.rowid).where(FRAGMENTS.c.photo_fragments.match(_quoted(term)))
    else:
        statement = select(PhotoRow.id).where(
            or_(*(text.contains(term, autoescape=True) for text in _SCANNED))
        )
    return np.union1d(words, fetch_ids(connection, statement)[0])


def _match_words(connection: Connection, query: str) -> Ids:
    return fetch_ids(connection, select(WORDS.c.rowid).where(WORDS.c.photo_words.match(query)))[0]


def _newest(connection: Connection, hits: Ids, filters: SearchFilters) -> Ids:
    """Those of the hits that are shown, newest first."""
    if len(hits) <= _FEW:
        hits = np.union1d(hits, _items_of(connection, hits))
        statement = newest_first(
            select(PhotoRow.id).where(*shown(filters, found_otherwise=True), among(PhotoRow.id, hits))
        )
        return fetch_ids(connection, statement)[0]
    photo_ids = fetch_ids(connection, newest_first(select(PhotoRow.id).where(*shown(filters)), filters))[0]
    return photo_ids[np.isin(photo_ids, hits)]


def _items_of(connection: Connection, hits: Ids) -> Ids:
    """The photos that companions among the hits belong to: who looks for "IMG_1.CR2" wants to see it."""
    item = PhotoRow.companion_of
    return fetch_ids(connection, select(item).where(among(PhotoRow.id, hits), item.is_not(None)))[0]


def _all_beginnings(terms: Sequence[str]) -> str:
    return " ".join(_beginning(term) for term in terms)


def _beginning(term: str) -> str:
    return f"{_quoted(term)} *"


def _quoted(term: str) -> str:
    """A term as an FTS5 string, in which nothing has a meaning of its own."""
    return '"' + term.replace('"', '""') + '"'


def _has_words(term: str) -> bool:
    """Whether unicode61 sees a word in it: a letter, a number, or a character for private use."""
    return any(category[0] in "LN" or category == "Co" for category in map(unicodedata.category, term))


def _has_fragments(term: str) -> bool:
    return len(term) >= _SHORTEST_FRAGMENT or not term.isascii()
