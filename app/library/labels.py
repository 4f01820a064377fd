"""Between photos and the labels of their embeddings; photos of the same content share one."""

from sqlalchemy import Connection, ScalarSelect, func, select

from app.domain.query import SearchFilters
from app.domain.vectors import Labels
from app.library.filters import NO_FILTERS, shown
from app.library.schema import EmbeddingRow, PhotoRow
from app.library.sql import Ids, among, fetch_ids, no_index

NO_LABEL = 0  # below all labels


def leave_few(filters: SearchFilters) -> bool:
    """Whether so few photos pass that the way to them is an index of their own."""
    return filters.favourites_only or bool(filters.subfolder) or filters.added_since is not None


def ids_with_labels(connection: Connection, model: int, filters: SearchFilters) -> tuple[Ids, Labels]:
    """Shown photos, each with its label or NO_LABEL, in no order."""
    # Where many pass, the index of contents has all that is needed.
    conditions = shown(filters, found_otherwise=not leave_few(filters))
    statement = select(PhotoRow.id, func.coalesce(_label(model), NO_LABEL)).where(*conditions)
    photo_ids, labels = fetch_ids(connection, statement)
    return photo_ids, labels


def photos_of_labels(
    connection: Connection, model: int, labels: Labels, filters: SearchFilters
) -> list[tuple[int, int]]:
    """(photo id, label) of the shown photos behind labels, in the order of the labels."""
    contents = select(EmbeddingRow.content_key, EmbeddingRow.id).where(
        no_index(EmbeddingRow.model_id) == model,
        among(EmbeddingRow.id, labels.tolist()),
    )
    label_of_content = {row.content_key: row.id for row in connection.execute(contents)}
    statement = select(PhotoRow.content_key, PhotoRow.id).where(
        among(PhotoRow.content_key, label_of_content), *shown(filters, found_otherwise=True)
    )
    photos: dict[int, list[int]] = {}
    for row in connection.execute(statement):
        photos.setdefault(label_of_content[row.content_key], []).append(row.id)
    return [(photo_id, label) for label in labels.tolist() for photo_id in photos.get(label, ())]


def label_of(connection: Connection, model: int, photo_id: int) -> int | None:
    """The label of a shown photo's embedding; None while it has none."""
    statement = select(_label(model)).select_from(PhotoRow).where(PhotoRow.id == photo_id, *shown(NO_FILTERS))
    return connection.execute(statement).scalar_one_or_none()


def _label(model: int) -> ScalarSelect[int]:
    """As a subquery, so that SQLite goes from photos to embeddings and not the other way round."""
    return (
        select(EmbeddingRow.id)
        .where(EmbeddingRow.model_id == model, EmbeddingRow.content_key == PhotoRow.content_key)
        .correlate(PhotoRow)
        .scalar_subquery()
    )
