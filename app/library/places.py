"""The places of photos in words: which are still to be looked up, and what was found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, bindparam, insert, literal_column, or_, select, update

from app.domain.places import Place, Point
from app.library.database import Database
from app.library.place_words import names_text
from app.library.schema import PhotoRow, PlaceRow
from app.library.writer import LibraryWriter

_LOCATED: ColumnElement[bool] = literal_column(
    "photos.latitude IS NOT NULL"
)  # literally, for the partial index


@dataclass(frozen=True, slots=True)
class UnplacedPhoto:
    """A photo with coordinates whose place nobody looked up yet."""

    photo_id: int
    point: Point


class PlaceRepository:
    """Photos of one place share a row with its names."""

    def __init__(self, database: Database, writer: LibraryWriter) -> None:
        self._database = database
        self._writer = writer

    def unplaced(self, version: int, limit: int) -> list[UnplacedPhoto]:
        """Some photos that no gazetteer was asked about, or only one older than `version`."""
        columns = (PhotoRow.id, PhotoRow.latitude, PhotoRow.longitude)
        found: list[UnplacedPhoto] = []
        with self._database.read() as connection:
            # Apart, because only then SQLite finds both in the index.
            for waiting in (PhotoRow.place_by.is_(None), PhotoRow.place_by < version):
                statement = select(*columns).where(_LOCATED, waiting).limit(limit - len(found))
                found += [
                    UnplacedPhoto(row.id, (row.latitude, row.longitude or 0.0))
                    for row in connection.execute(statement)
                ]
        return found

    def store(self, found: Sequence[tuple[UnplacedPhoto, Place | None]], version: int) -> None:
        """Note the places of photos; one whose coordinates changed meanwhile stays unplaced."""
        self._writer.in_chunks(found, lambda connection, part: _store(connection, part, version))


def _store(connection: Connection, found: Sequence[tuple[UnplacedPhoto, Place | None]], version: int) -> None:
    place_ids = _ids_of(connection, {place for _, place in found if place is not None})
    connection.execute(
        _PLACE,
        [
            {
                "photo": photo.photo_id,
                "at_latitude": photo.point[0],
                "at_longitude": photo.point[1],
                "place": None if place is None else place_ids[place.key],
                "version": version,
            }
            for photo, place in found
        ],
    )


def _ids_of(connection: Connection, places: Iterable[Place]) -> Mapping[str, int]:
    """Rows for places, made or brought up to date."""
    ids: dict[str, int] = {}
    for place in places:
        values = {"label": place.label, "names": names_text(place.names)}
        known = connection.execute(select(PlaceRow.id).where(PlaceRow.key == place.key)).scalar_one_or_none()
        if known is None:
            made = insert(PlaceRow).values(key=place.key, **values).returning(PlaceRow.id)
            known = connection.execute(made).scalar_one()
        else:
            changed = or_(PlaceRow.label != values["label"], PlaceRow.names != values["names"])
            connection.execute(update(PlaceRow).where(PlaceRow.id == known, changed).values(**values))
        ids[place.key] = known
    return ids


_PLACE = (
    update(PhotoRow)
    .where(
        PhotoRow.id == bindparam("photo"),
        PhotoRow.latitude == bindparam("at_latitude"),
        (PhotoRow.longitude == bindparam("at_longitude")) | PhotoRow.longitude.is_(None),
    )
    .values(place_id=bindparam("place"), place_by=bindparam("version"))
)
