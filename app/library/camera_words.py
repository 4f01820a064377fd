"""Finding photos by any part of the names of their cameras and lenses.

There are few of these in a library, so they are gone through one by one: each is the next one in an index,
and the photos between two are passed over.
"""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute

from app.library.filters import ITEM, SHOWN
from app.library.place_words import fold
from app.library.schema import PhotoRow
from app.library.sql import Ids, among, fetch_ids

_MOST = 2000  # of one kind; a library with more has no cameras in these columns but something else


def by_fragment(connection: Connection, term: str) -> tuple[Ids, Ids]:
    """Photos of cameras, and photos with lenses, with this anywhere in the name."""
    wanted = fold(term)
    cameras = [
        name for name, maker in _all(connection, PhotoRow.camera_model) if wanted in fold(f"{maker} {name}")
    ]
    lenses = [name for name, _ in _all(connection, PhotoRow.lens) if wanted in fold(name)]
    return _photos(connection, PhotoRow.camera_model, cameras), _photos(connection, PhotoRow.lens, lenses)


def _all(connection: Connection, column: InstrumentedAttribute[str | None]) -> Iterator[tuple[str, str]]:
    """The values in their order, each with the maker of a camera that has it."""
    step = select(column, PhotoRow.camera_make).where(*_there(column)).order_by(column).limit(1)
    row = connection.execute(step).one_or_none()
    for _ in range(_MOST):
        if row is None:
            return
        yield row[0] or "", row[1] or ""
        row = connection.execute(step.where(column > row[0])).one_or_none()


def _photos(connection: Connection, column: InstrumentedAttribute[str | None], names: list[str]) -> Ids:
    return fetch_ids(connection, select(PhotoRow.id).where(*_there(column), among(column, names)))[0]


def _there(column: InstrumentedAttribute[str | None]) -> tuple[ColumnElement[bool], ...]:
    """Literally, because only then SQLite uses the partial indexes that say the same."""
    return SHOWN, ITEM, literal_column(f"photos.{column.key} IS NOT NULL")
