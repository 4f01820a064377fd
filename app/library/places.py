"""The places of photos in words: which are still to be looked up, and what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, bindparam, literal_column, select, update
from sqlalchemy.dialects.sqlite import insert

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
        self._ids: dict[tuple[str, int], int] = {}  # of places that were written, by key and version

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
        self._store_places({place.key: place for _, place in found if place is not None}, version)
        rows = [
            {
                "photo": photo.photo_id,
                "at_latitude": photo.point[0],
                "at_longitude": photo.point[1],
                "place": None if place is None else self._ids[place.key, version],
                "version": version,
            }
            for photo, place in found
        ]
        self._writer.in_chunks(rows, _note)

    def _store_places(self, places: Mapping[str, Place], version: int) -> None:
        """Make rows for places or bring them up to date, once for each version of the gazetteer."""
        new = [
            {"key": key, "label": place.label, "names": names_text(place.names)}
            for key, place in places.items()
            if (key, version) not in self._ids
        ]
        written: dict[str, int] = {}
        self._writer.in_chunks(new, lambda connection, part: written.update(_write(connection, part)))
        self._ids |= {(key, version): place_id for key, place_id in written.items()}


def _note(connection: Connection, rows: Sequence[Mapping[str, float | int | None]]) -> None:
    connection.execute(_PLACE, rows)


def _write(connection: Connection, rows: Sequence[Mapping[str, str]]) -> Mapping[str, int]:
    made = insert(PlaceRow)
    latest = {"label": made.excluded.label, "names": made.excluded.names}
    connection.execute(made.on_conflict_do_update(index_elements=["key"], set_=latest), rows)
    known = select(PlaceRow.key, PlaceRow.id).where(PlaceRow.key.in_([row["key"] for row in rows]))
    return {row.key: row.id for row in connection.execute(known)}


_PLACE = (
    update(PhotoRow)
    .where(
        PhotoRow.id == bindparam("photo"),
        PhotoRow.latitude == bindparam("at_latitude"),
        (PhotoRow.longitude == bindparam("at_longitude")) | PhotoRow.longitude.is_(None),
    )
    .values(place_id=bindparam("place"), place_by=bindparam("version"))
)
