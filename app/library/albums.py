"""Albums: photos in an order that the user gives them."""

import time
from collections.abc import Sequence

from sqlalchemy import Connection, Select, delete, func, literal, select, update
from sqlalchemy.dialects.sqlite import insert

from app.domain.decisions import Album, AlbumUndo
from app.domain.query import SearchFilters
from app.library.database import Database
from app.library.filters import shown
from app.library.schema import AlbumPhotoRow, AlbumRow, PhotoRow, WithdrawalRow
from app.library.sql import Ids, among, fetch_ids
from app.library.writer import LibraryWriter


class AlbumRepository:
    """Albums and the photos in them. All writes go before whatever indexing writes."""

    def __init__(self, database: Database, writer: LibraryWriter) -> None:
        self._database = database
        self._writer = writer

    def all(self) -> tuple[Album, ...]:
        """By name, with how many shown photos each holds."""
        counts = (
            select(AlbumPhotoRow.album_id, func.count().label("photos"))
            .join(PhotoRow, PhotoRow.id == AlbumPhotoRow.photo_id)
            .where(*shown(found_otherwise=True))
            .group_by(AlbumPhotoRow.album_id)
            .subquery()
        )
        statement = select(AlbumRow.id, AlbumRow.name, func.coalesce(counts.c.photos, 0)).join(
            counts, counts.c.album_id == AlbumRow.id, isouter=True
        )
        with self._database.read() as connection:
            albums = [Album(*row) for row in connection.execute(statement)]
        return tuple(sorted(albums, key=lambda album: (album.name.casefold(), album.album_id)))

    def create(self, name: str) -> int:
        """A new album: its id. Names need not differ."""
        with self._writer.transaction(decision=True) as connection:
            statement = insert(AlbumRow).values(name=name, created_at=time.time()).returning(AlbumRow.id)
            return int(connection.execute(statement).scalar_one())

    def rename(self, album_id: int, name: str) -> None:
        """Give it another name."""
        with self._writer.transaction(decision=True) as connection:
            connection.execute(update(AlbumRow).where(AlbumRow.id == album_id).values(name=name))

    def delete(self, album_id: int) -> None:
        """The photos stay."""
        with self._writer.transaction(decision=True) as connection:
            connection.execute(delete(AlbumRow).where(AlbumRow.id == album_id))
            connection.execute(delete(WithdrawalRow).where(WithdrawalRow.what == withdrawal_of(album_id)))

    def add(self, album_id: int, photo_ids: Sequence[int]) -> AlbumUndo:
        """Put photos at the end, in this order; those in it already keep their places."""
        added: list[int] = []

        def write(connection: Connection, chunk: Sequence[int]) -> None:
            added.extend(add_photos(connection, album_id, chunk, time.time()))

        self._writer.in_chunks(photo_ids, write, decision=True)
        return AlbumUndo(album_id, added=tuple(added))

    def remove(self, album_id: int, photo_ids: Sequence[int]) -> AlbumUndo:
        """Take photos out; they stay in the library."""
        removed: list[tuple[int, float]] = []

        def write(connection: Connection, chunk: Sequence[int]) -> None:
            removed.extend(_remove(connection, album_id, chunk))

        self._writer.in_chunks(photo_ids, write, decision=True)
        return AlbumUndo(album_id, removed=tuple(removed))

    def move(self, album_id: int, photo_ids: Sequence[int], before: int | None) -> None:
        """Put photos of the album before another one of it, None: at the end; in the order given."""
        with self._writer.transaction(decision=True) as connection:
            order = [n for n in _in_order(connection, album_id).tolist() if n not in set(photo_ids)]
            place = order.index(before) if before in order else len(order)
            order[place:place] = photo_ids
            statement = update(AlbumPhotoRow).where(AlbumPhotoRow.album_id == album_id)
            for position, photo_id in enumerate(order):
                connection.execute(
                    statement.where(
                        AlbumPhotoRow.photo_id == photo_id, AlbumPhotoRow.position != position
                    ).values(position=position)
                )

    def undo(self, undo: AlbumUndo) -> None:
        """Have the album hold again what it held, in its order."""
        with self._writer.transaction(decision=True) as connection:
            _remove(connection, undo.album_id, undo.added)
            known = _known(connection, [photo_id for photo_id, _ in undo.removed])
            if _exists(connection, undo.album_id):
                now = time.time()
                places = [
                    (photo_id, position, now) for photo_id, position in undo.removed if photo_id in known
                ]
                put_photos(connection, undo.album_id, places)


def withdrawal_of(album_id: int) -> str:
    """What `withdrawals` calls taking a photo out of an album."""
    return f"album:{album_id}"


def add_photos(connection: Connection, album_id: int, photo_ids: Sequence[int], at: float) -> list[int]:
    """Put photos that are not in the album at its end: which ones. Passed over when the album is gone."""
    if not _exists(connection, album_id):
        return []
    there = set(
        connection.execute(
            select(AlbumPhotoRow.photo_id).where(
                AlbumPhotoRow.album_id == album_id, among(AlbumPhotoRow.photo_id, photo_ids)
            )
        ).scalars()
    )
    known = _known(connection, photo_ids)
    new = [photo_id for photo_id in dict.fromkeys(photo_ids) if photo_id in known - there]
    last = select(func.coalesce(func.max(AlbumPhotoRow.position), 0)).where(
        AlbumPhotoRow.album_id == album_id
    )
    first = float(connection.execute(last).scalar_one()) + 1
    put_photos(connection, album_id, [(photo_id, first + place, at) for place, photo_id in enumerate(new)])
    return new


def _exists(connection: Connection, album_id: int) -> bool:
    return connection.execute(select(AlbumRow.id).where(AlbumRow.id == album_id)).one_or_none() is not None


def _known(connection: Connection, photo_ids: Sequence[int]) -> set[int]:
    return set(connection.execute(select(PhotoRow.id).where(among(PhotoRow.id, photo_ids))).scalars())


def put_photos(connection: Connection, album_id: int, places: Sequence[tuple[int, float, float]]) -> None:
    """Give photos that are there their places in an album that is: (photo id, position, decided at)."""
    if not places:
        return
    rows = [
        {"album_id": album_id, "photo_id": photo_id, "position": position, "decided_at": at}
        for photo_id, position, at in places
    ]
    connection.execute(insert(AlbumPhotoRow).on_conflict_do_nothing(), rows)
    connection.execute(
        delete(WithdrawalRow).where(
            WithdrawalRow.what == withdrawal_of(album_id),
            among(WithdrawalRow.photo_id, [photo_id for photo_id, _, _ in places]),
        )
    )


def take_out(connection: Connection, album_id: int, photo_ids: Sequence[int], at: float) -> None:
    """Take photos out of an album, and remember that they were."""
    connection.execute(
        delete(AlbumPhotoRow).where(
            AlbumPhotoRow.album_id == album_id, among(AlbumPhotoRow.photo_id, photo_ids)
        )
    )
    known = select(PhotoRow.id, literal(withdrawal_of(album_id)), literal(at)).where(
        among(PhotoRow.id, photo_ids)
    )
    connection.execute(
        insert(WithdrawalRow)
        .from_select(["photo_id", "what", "decided_at"], known)
        .on_conflict_do_update(index_elements=["photo_id", "what"], set_={"decided_at": at})
    )


def ids_in_album(connection: Connection, filters: SearchFilters) -> Ids:
    """The shown photos of the filters' album, in its order."""
    statement = (
        select(PhotoRow.id)
        .join(AlbumPhotoRow, AlbumPhotoRow.photo_id == PhotoRow.id)
        .where(AlbumPhotoRow.album_id == filters.album_id, *shown(filters, found_otherwise=True))
    )
    return fetch_ids(connection, _by_position(statement))[0]


def _in_order(connection: Connection, album_id: int) -> Ids:
    """All photos of an album, those not shown too."""
    statement = select(AlbumPhotoRow.photo_id).where(AlbumPhotoRow.album_id == album_id)
    return fetch_ids(connection, _by_position(statement))[0]


def _by_position(statement: Select[int]) -> Select[int]:
    return statement.order_by(AlbumPhotoRow.position, AlbumPhotoRow.photo_id)


def _remove(connection: Connection, album_id: int, photo_ids: Sequence[int]) -> list[tuple[int, float]]:
    statement = select(AlbumPhotoRow.photo_id, AlbumPhotoRow.position).where(
        AlbumPhotoRow.album_id == album_id, among(AlbumPhotoRow.photo_id, photo_ids)
    )
    there = [(photo_id, position) for photo_id, position in connection.execute(statement)]
    take_out(connection, album_id, [photo_id for photo_id, _ in there], time.time())
    return there
