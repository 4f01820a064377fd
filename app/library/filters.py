"""What makes a photo part of an answer."""

from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, exists, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute

from app.domain.conditions import Field
from app.domain.query import SearchFilters
from app.library.conditions import condition_on_photos
from app.library.schema import AlbumPhotoRow, EmbeddingRow, FavouriteRow, PhotoRow
from app.library.sql import no_index, watched

NO_FILTERS = SearchFilters()

# Literally, because only then SQLite uses the partial indexes that say the same.
SHOWN: ColumnElement[bool] = literal_column("photos.state IN ('ready', 'pending')")
_SHOWN_ROWS: ColumnElement[bool] = literal_column("+photos.state IN ('ready', 'pending')")  # without them
READ: ColumnElement[bool] = literal_column("photos.state = 'ready'")
PENDING: ColumnElement[bool] = literal_column("photos.state = 'pending'")
# Not the companion of another photo, as a raw file is of its JPEG.
ITEM: ColumnElement[bool] = literal_column("photos.companion_of IS NULL")


def shown(filters: SearchFilters = NO_FILTERS, *, found_otherwise: bool = False) -> list[ColumnElement[bool]]:
    """Conditions on `photos`: shown photos in watched folders, no companions, as the filters want it.

    `found_otherwise`: another condition leads to the rows, these only sift them.
    """
    column = no_index if found_otherwise else _as_it_is
    conditions = [_SHOWN_ROWS if _read_rows(filters) else SHOWN, ITEM, watched(PhotoRow.folder_id)]
    if filters.folder_id is not None:
        conditions.append(column(PhotoRow.folder_id) == filters.folder_id)
    if filters.subfolder:
        conditions.append(in_tree(column(PhotoRow.relative_path), filters.subfolder))
    if filters.favourites_only:
        conditions.append(column(PhotoRow.id).in_(select(FavouriteRow.photo_id)))
    if filters.album_id is not None:
        in_album = select(AlbumPhotoRow.photo_id).where(AlbumPhotoRow.album_id == filters.album_id)
        conditions.append(column(PhotoRow.id).in_(in_album))
    if filters.added_since is not None:
        conditions.append(column(PhotoRow.added_at) >= filters.added_since)
    may_lead = not found_otherwise
    conditions += [condition_on_photos(condition, may_lead=may_lead) for condition in filters.conditions]
    return conditions


def _read_rows(filters: SearchFilters) -> bool:
    """Whether every photo must be looked at itself: then one after the other, as they lie in the file.

    By an index that knows nothing of what is asked for, SQLite would look each of them up in turn, which
    takes twice as long.
    """
    led_to = (filters.folder_id, filters.album_id, filters.added_since)
    if filters.favourites_only or any(way is not None for way in led_to):
        return False
    fields = {condition.field for condition in filters.conditions}
    return bool(fields) and Field.DATE not in fields


def newest_first(
    statement: Select[*tuple[Any, ...]], filters: SearchFilters = NO_FILTERS
) -> Select[*tuple[Any, ...]]:
    """The order of the grid. What was added lately is expected to be few: sorted, not found by walking."""
    column = _as_it_is if filters.added_since is None else no_index
    return statement.order_by(column(PhotoRow.sort_time).desc(), PhotoRow.id.desc())


def in_tree(relative_path: SQLColumnExpression[str], directory: str) -> ColumnElement[bool]:
    """Files anywhere below a directory, as a range of bytes."""
    return (relative_path > f"{directory}/") & (relative_path < f"{directory}0")


def _as_it_is(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    return column.expression


def not_noted(model: int) -> tuple[ColumnElement[bool], ...]:
    """Ranges of `embedded_by` which together hold all photos not noted as embedded by this model.

    Apart, so that SQLite finds each in the index instead of walking all of it.
    """
    return PhotoRow.embedded_by.is_(None), PhotoRow.embedded_by < model, PhotoRow.embedded_by > model


def embedded(model: int) -> ColumnElement[bool]:
    """The photo's content has an embedding of this model."""
    return exists(EmbeddingRow.id).where(
        EmbeddingRow.model_id == model, EmbeddingRow.content_key == PhotoRow.content_key
    )
