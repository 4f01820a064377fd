"""Finding photos by the names of the places they were taken at.

The names of a place are kept once, however many photos were taken there: folded, one a line, and each word
with a space before it, so that looking for " lis" finds words that begin so, and "lis" any part of one. A
library knows some thousand places at most, and looking through them takes less time than an index would save.
"""

import unicodedata
from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, Select, func, literal_column, select

from app.library.schema import PhotoRow, PlaceRow
from app.library.sql import Ids, fetch_ids


def fold(text: str) -> str:
    """Without case, width and marks: "São" is "sao", and both are looked for alike."""
    marked = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(each for each in marked if unicodedata.category(each) != "Mn")
    return " ".join(unicodedata.normalize("NFKC", bare).split())


def names_text(names: Iterable[str]) -> str:
    """What is stored of the names of a place."""
    return "\n".join(dict.fromkeys(f" {fold(name)}" for name in names if fold(name)))


def taken_at(text: str) -> ColumnElement[bool]:
    """The photo's place has a name with this in it."""
    return PhotoRow.place_id.in_(_places(fold(text)))


def by_beginning(connection: Connection, term: str) -> Ids:
    """Photos taken at places with a word that begins so."""
    return _photos(connection, f" {fold(term)}")


def by_fragment(connection: Connection, term: str) -> Ids:
    """Photos taken at places with this anywhere in a name."""
    return _photos(connection, fold(term))


def _photos(connection: Connection, needle: str) -> Ids:
    if not needle.strip():
        return fetch_ids(connection, select(PhotoRow.id).where(PhotoRow.id < 0))[0]
    places = fetch_ids(connection, _places(needle))[0]
    placed: ColumnElement[bool] = literal_column(
        "photos.place_id IS NOT NULL"
    )  # literally, for the partial index
    known = select(PhotoRow.id).where(placed, PhotoRow.place_id.in_(places.tolist()))
    return fetch_ids(connection, known)[0]


def _places(needle: str) -> Select[int]:
    return select(PlaceRow.id).where(func.instr(PlaceRow.names, needle) > 0)
