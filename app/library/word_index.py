"""The full-text tables over the words of `photos`, and keeping them in step with it.

`photo_words` splits text into words (unicode61, diacritics removed) and finds them by their beginnings;
`photo_fragments` holds every three characters in a row and finds any part of a word. Both are FTS5 tables
that read their text from `photos` and hold only the index. Triggers could keep them in step, but SQLite has
FTS5 write out what it gathered at every statement of a trigger: ten times slower than one for many photos.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import (
    Connection,
    Insert,
    Integer,
    TableClause,
    Text,
    bindparam,
    column,
    insert,
    literal,
    select,
    table,
)

from app.library.schema import PhotoRow
from app.library.sql import among, json_list

_FRAGMENT_TEXTS = ("name", "folder_words", "title", "caption", "keywords")
_WORD_TEXTS = (*_FRAGMENT_TEXTS, "camera_make", "camera_model", "lens", "taken_on")

# The column named as its table takes queries and commands.
WORDS = table("photo_words", column("rowid", Integer), column("photo_words", Text), *map(column, _WORD_TEXTS))
FRAGMENTS = table(
    "photo_fragments",
    column("rowid", Integer),
    column("photo_fragments", Text),
    *map(column, _FRAGMENT_TEXTS),
)
_INDEXES = ((WORDS, _WORD_TEXTS), (FRAGMENTS, _FRAGMENT_TEXTS))


def _adding(index: TableClause, texts: tuple[str, ...]) -> Insert:
    photos = PhotoRow.__table__.c
    rows = select(photos.id, *(photos[name] for name in texts)).where(_CHOSEN)
    return insert(index).from_select(["rowid", *texts], rows)


def _removing(index: TableClause, texts: tuple[str, ...]) -> Insert:
    """FTS5 has to be told the old text to find its words."""
    photos = PhotoRow.__table__.c
    rows = select(literal("delete"), photos.id, *(photos[name] for name in texts)).where(_CHOSEN)
    return insert(index).from_select([index.name, "rowid", *texts], rows)


_CHOSEN = among(PhotoRow.id, bindparam("photo_ids"))
_ADD = [_adding(*index) for index in _INDEXES]
_REMOVE = [_removing(*index) for index in _INDEXES]


@contextmanager
def reindexed(connection: Connection, photo_ids: Collection[int]) -> Iterator[None]:
    """Every write that may change the words of photos, or delete photos, happens in such a block."""
    for statement in _REMOVE:
        connection.execute(statement, {"photo_ids": json_list(photo_ids)})
    yield
    add(connection, photo_ids)


def add(connection: Connection, photo_ids: Collection[int]) -> None:
    """Take up the words of new photos; ids without a photo are passed over."""
    for statement in _ADD:
        connection.execute(statement, {"photo_ids": json_list(photo_ids)})


def rebuild(connection: Connection) -> None:
    """Make both indexes anew from `photos`."""
    for index, _ in _INDEXES:
        connection.execute(insert(index).values({index.name: "rebuild"}))


def check(connection: Connection) -> None:
    """Raises DatabaseError when an index does not say what `photos` says."""
    for index, _ in _INDEXES:
        connection.exec_driver_sql(
            f"INSERT INTO {index.name} ({index.name}, rank) VALUES ('integrity-check', 1)"
        )
