"""Which values the filters of the search bar can take here: what is in the library, with how many photos.

Each is one walk along an index, without a look at the photos themselves.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Text,
    cast,
    func,
    literal_column,
    select,
    type_coerce,
)

from app.domain.conditions import Field
from app.domain.suggestions import FilterValue
from app.library.columns import printable_path
from app.library.conditions import type_of
from app.library.database import Database
from app.library.filters import ITEM, SHOWN
from app.library.schema import AlbumPhotoRow, AlbumRow, FolderRow, PhotoRow, PlaceRow

_DAY = 86_400
_FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC)


class FilterValues:
    """Asked by `Field`; those whose values are numbers or choices of ours have none here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, field: Field) -> tuple[FilterValue, ...]:
        """All values of a field, those that most photos have first."""
        gather = _GATHERERS.get(field)
        if gather is None:
            return ()
        with self._database.read() as connection:
            return tuple(gather(connection))


def _folders(connection: Connection) -> Iterable[FilterValue]:
    """Each folder by its own name, counted with what is in the folders below."""
    roots = {
        row.id: printable_path(os.path.basename(row.path.rstrip("/\\")))
        for row in connection.execute(
            select(FolderRow.id, FolderRow.path).where(FolderRow.removed_at.is_(None))
        )
    }
    statement = (
        select(PhotoRow.folder_id, PhotoRow.directory, func.count())
        .where(SHOWN, ITEM)
        .group_by(PhotoRow.folder_id, PhotoRow.directory)
    )
    counts: Counter[str] = Counter()
    where: dict[str, str] = {}
    for folder_id, directory, count in connection.execute(statement):
        if folder_id not in roots:
            continue
        parts = [roots[folder_id], *(part for part in printable_path(directory).split("/") if part)]
        for depth, name in enumerate(parts):
            where.setdefault(name, " / ".join(parts[:depth]))
        counts.update(dict.fromkeys(parts, count))
    return [FilterValue(name, count, where[name]) for name, count in counts.most_common() if name]


def _cameras(connection: Connection) -> Iterable[FilterValue]:
    """Models, and makers by themselves where they have several."""
    make, model = PhotoRow.camera_make, PhotoRow.camera_model
    statement = select(make, model, func.count()).where(SHOWN, ITEM, _there("camera_model"))
    models: Counter[str] = Counter()
    makers: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for maker, name, count in connection.execute(statement.group_by(make, model)):
        models[_with_maker(maker or "", name or "")] += count
        makers[maker or ""] += count
        kinds[maker or ""] += 1
    several = {maker: count for maker, count in makers.items() if maker and kinds[maker] > 1}
    return _counted(models + Counter(several))


def _with_maker(maker: str, model: str) -> str:
    """Makers put their name into the model or leave it out."""
    first = maker.split()[0].casefold() if maker.split() else ""
    return model if not first or model.casefold().startswith(first) else f"{maker} {model}"


def _lenses(connection: Connection) -> Iterable[FilterValue]:
    lens = PhotoRow.lens
    statement = select(lens, func.count()).where(SHOWN, ITEM, _there("lens")).group_by(lens)
    return _counted(Counter({name: count for name, count in connection.execute(statement) if name}))


def _keywords(connection: Connection) -> Iterable[FilterValue]:
    """Photos that were tagged together have the same list: there are far fewer lists than photos."""
    lists = type_coerce(PhotoRow.keywords, Text())  # as they are stored
    statement = select(lists, func.count()).where(SHOWN, ITEM, _there("keywords")).group_by(lists)
    counts: Counter[str] = Counter()
    for words, count in connection.execute(statement):
        counts.update(dict.fromkeys(json.loads(words or "[]"), count))
    return _counted(counts)


def _types(connection: Connection) -> Iterable[FilterValue]:
    """Files that belong to others count as well: a raw file beside its JPEG is found by its type."""
    statement = select(PhotoRow.format, func.count()).where(_there("format")).group_by(PhotoRow.format)
    counts: Counter[str] = Counter()
    for name, count in connection.execute(statement):
        kind = type_of(name or "")
        if kind is not None:
            counts[kind.value] += count
    return _counted(counts)


def _dates(connection: Connection) -> Iterable[FilterValue]:
    """Years and their months, the latest first."""
    day = cast(PhotoRow.sort_time / _DAY, Integer)
    statement = select(day, func.count()).where(SHOWN, ITEM).group_by(day)
    counts: Counter[str] = Counter()
    for number, count in connection.execute(statement):
        try:
            month = (_FIRST_DAY + timedelta(days=number)).strftime("%Y-%m")
        except OverflowError:  # a file dated beyond the years Python knows
            continue
        counts.update({month: count, month[:4]: count})
    years = sorted((text for text in counts if len(text) == 4), reverse=True)
    months = sorted((text for text in counts if len(text) > 4), reverse=True)
    return [FilterValue(text, counts[text]) for text in (*years, *months)]


def _places(connection: Connection) -> Iterable[FilterValue]:
    """Towns, regions and countries."""
    placed: ColumnElement[bool] = literal_column("photos.place_id IS NOT NULL")
    tally = (
        select(PhotoRow.place_id, func.count().label("photos"))
        .where(placed)
        .group_by(PhotoRow.place_id)
        .subquery()
    )
    statement = select(PlaceRow.label, tally.c.photos).join(tally, tally.c.place_id == PlaceRow.id)
    counts: Counter[str] = Counter()
    where: dict[str, str] = {}
    for label, count in connection.execute(statement):
        parts = label.split(", ")
        counts.update(dict.fromkeys(parts, count))
        for depth, name in enumerate(parts):
            where.setdefault(name, ", ".join(parts[depth + 1 :]))
    return [FilterValue(name, count, where[name]) for name, count in counts.most_common()]


def _albums(connection: Connection) -> Iterable[FilterValue]:
    statement = (
        select(AlbumRow.name, func.count(AlbumPhotoRow.photo_id))
        .join(AlbumPhotoRow, AlbumPhotoRow.album_id == AlbumRow.id, isouter=True)
        .group_by(AlbumRow.id)
    )
    counts: Counter[str] = Counter()
    for name, count in connection.execute(statement):
        counts[name] += count
    return _counted(counts)


def _there(column: str) -> ColumnElement[bool]:
    """Literally, because only then SQLite uses the partial indexes that say the same."""
    return literal_column(f"photos.{column} IS NOT NULL")


def _counted(counts: Counter[str]) -> Iterable[FilterValue]:
    return [FilterValue(text, count) for text, count in counts.most_common() if text.strip()]


_GATHERERS: dict[Field, Callable[[Connection], Iterable[FilterValue]]] = {
    Field.FOLDER: _folders,
    Field.CAMERA: _cameras,
    Field.LENS: _lenses,
    Field.KEYWORD: _keywords,
    Field.TYPE: _types,
    Field.DATE: _dates,
    Field.PLACE: _places,
    Field.ALBUM: _albums,
}
