"""All decisions of a library, to take elsewhere; and those from elsewhere, to take in."""

import json
import time
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, delete, or_, select, union
from sqlalchemy.dialects.sqlite import insert

from app.domain.decision_records import AlbumPlace, AlbumRecord, PhotoRecord, SearchRecord, from_json, to_json
from app.domain.decisions import Kind
from app.domain.photo import PhotoState
from app.library.albums import put_photo, take_out, withdrawal_of
from app.library.database import Database
from app.library.decision_rows import merge, own
from app.library.schema import (
    DECISIONS,
    AlbumPhotoRow,
    AlbumRow,
    FolderRow,
    PhotoRow,
    SavedSearchRow,
    UnmatchedDecisionRow,
    WithdrawalRow,
)
from app.library.sql import among
from app.library.writer import LibraryWriter

_PAGE = 500


class DecisionArchive:
    """Reads decisions page by page, and merges others: of two about the same, the newer holds."""

    def __init__(self, database: Database, writer: LibraryWriter) -> None:
        self._database = database
        self._writer = writer

    # -- out

    def folders(self) -> list[str]:
        """The watched folders."""
        statement = select(FolderRow.path).where(FolderRow.removed_at.is_(None)).order_by(FolderRow.id)
        with self._database.read() as connection:
            return list(connection.execute(statement).scalars())

    def albums(self) -> list[AlbumRecord]:
        """All albums."""
        statement = select(AlbumRow.id, AlbumRow.name, AlbumRow.created_at).order_by(AlbumRow.id)
        with self._database.read() as connection:
            return [AlbumRecord(*row) for row in connection.execute(statement)]

    def searches(self) -> list[SearchRecord]:
        """All saved searches."""
        columns = (SavedSearchRow.name, SavedSearchRow.query, SavedSearchRow.created_at)
        with self._database.read() as connection:
            rows = connection.execute(select(*columns).order_by(SavedSearchRow.id))
            return [SearchRecord(*row) for row in rows]

    def photos(self) -> Iterator[PhotoRecord]:
        """All photos that something was decided about, and what waits for photos that are not here."""
        decided = union(
            *(select(rows.photo_id) for rows in DECISIONS), select(WithdrawalRow.photo_id)
        ).subquery()
        with self._database.read() as connection:
            photo_ids = connection.execute(select(decided.c.photo_id).order_by(decided.c.photo_id))
            wanted = list(photo_ids.scalars())
        for start in range(0, len(wanted), _PAGE):
            with self._database.read() as connection:
                yield from _records(connection, wanted[start : start + _PAGE])
        yield from self._kept_records()

    def photo_of_content(self, content_key: str) -> int | None:
        """A photo with this content, one that is there before one that is missing."""
        statement = (
            select(PhotoRow.id)
            .where(PhotoRow.content_key == content_key)
            .order_by((PhotoRow.state == PhotoState.MISSING).asc(), PhotoRow.id)
        )
        with self._database.read() as connection:
            return connection.execute(statement.limit(1)).scalar_one_or_none()

    def _kept_records(self) -> list[PhotoRecord]:
        with self._database.read() as connection:
            entries = connection.execute(select(UnmatchedDecisionRow.entry).order_by(UnmatchedDecisionRow.id))
            return [from_json(json.loads(entry)) for entry in entries.scalars()]

    # -- in

    def merge_albums(self, albums: Sequence[AlbumRecord]) -> tuple[dict[int, int], int]:
        """Their ids here, by their ids there, and how many are new. The same name is the same album."""
        ids: dict[int, int] = {}
        new = 0
        with self._writer.transaction(decision=True) as connection:
            for album in albums:
                known = _same_album(connection, album)
                if known is None:
                    new += 1
                    statement = insert(AlbumRow).values(name=album.name, created_at=album.created_at)
                    known = int(connection.execute(statement.returning(AlbumRow.id)).scalar_one())
                ids[album.album_id] = known
        return ids, new

    def merge_searches(self, searches: Sequence[SearchRecord]) -> int:
        """How many are new; one that differs from ours of the same name comes in under a longer one."""
        new = 0
        with self._writer.transaction(decision=True) as connection:
            rows = connection.execute(select(SavedSearchRow.name, SavedSearchRow.query))
            known = {(name, query) for name, query in rows}
            for search in searches:
                if (search.name, search.query) in known:
                    continue
                name = _free_name(search.name, {name for name, _ in known})
                if (name, search.query) in known:
                    continue
                known.add((name, search.query))
                values = {"name": name, "query": search.query, "created_at": search.created_at}
                connection.execute(insert(SavedSearchRow).values(**values))
                new += 1
        return new

    def merge_photos(self, records: Sequence[PhotoRecord]) -> tuple[int, int, int]:
        """How many photos were found here, how many of them changed, and how many records are kept."""
        found = changed = kept = 0

        def write(connection: Connection, chunk: Sequence[PhotoRecord]) -> None:
            nonlocal found, changed, kept
            for record in chunk:
                photo_id = _match(connection, record)
                if photo_id is None:
                    kept += 1
                    _keep(connection, record)
                else:
                    found += 1
                    changed += _merge(connection, photo_id, record)

        self._writer.in_chunks(records, write, decision=True)
        return found, changed, kept

    def match_kept(self) -> int:
        """Give photos that have come what was kept for them: how many."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(UnmatchedDecisionRow.id, UnmatchedDecisionRow.entry).where(_has_come())
            )
            waiting = [(row.id, from_json(json.loads(row.entry))) for row in rows]
        matched = 0

        def write(connection: Connection, chunk: Sequence[tuple[int, PhotoRecord]]) -> None:
            nonlocal matched
            for row_id, record in chunk:
                photo_id = _match(connection, record)
                if photo_id is not None:
                    matched += 1
                    _merge(connection, photo_id, record)
                    connection.execute(delete(UnmatchedDecisionRow).where(UnmatchedDecisionRow.id == row_id))

        self._writer.in_chunks(waiting, write, decision=True)
        return matched

    def count_kept(self) -> int:
        """How many records wait for their photos."""
        with self._database.read() as connection:
            return len(connection.execute(select(UnmatchedDecisionRow.id)).all())


def _records(connection: Connection, photo_ids: Sequence[int]) -> list[PhotoRecord]:
    statement = (
        select(PhotoRow.id, FolderRow.path, PhotoRow.relative_path, PhotoRow.content_key)
        .join(FolderRow, FolderRow.id == PhotoRow.folder_id)
        .where(among(PhotoRow.id, photo_ids))
        .order_by(PhotoRow.id)
    )
    said = {kind: own(connection, kind, photo_ids) for kind in Kind}
    places = _places(connection, photo_ids)
    return [
        PhotoRecord(
            row.path,
            row.relative_path,
            row.content_key,
            tuple((kind, said[kind][row.id]) for kind in Kind if row.id in said[kind]),
            tuple(places.get(row.id, ())),
        )
        for row in connection.execute(statement)
    ]


def _places(connection: Connection, photo_ids: Sequence[int]) -> dict[int, list[AlbumPlace]]:
    found: dict[int, list[AlbumPlace]] = {}
    inside = select(AlbumPhotoRow).where(among(AlbumPhotoRow.photo_id, photo_ids))
    for row in connection.execute(inside):
        place = AlbumPlace(row.album_id, row.position, row.decided_at)
        found.setdefault(row.photo_id, []).append(place)
    taken_out = select(WithdrawalRow).where(
        WithdrawalRow.what.startswith(withdrawal_of(0)[:-1]), among(WithdrawalRow.photo_id, photo_ids)
    )
    for gone in connection.execute(taken_out):
        album_id = int(gone.what.partition(":")[2])
        found.setdefault(gone.photo_id, []).append(AlbumPlace(album_id, 0.0, gone.decided_at, removed=True))
    return found


def _same_album(connection: Connection, album: AlbumRecord) -> int | None:
    """One that was made at the same moment was only renamed."""
    statement = (
        select(AlbumRow.id)
        .where(or_(AlbumRow.created_at == album.created_at, AlbumRow.name == album.name))
        .order_by((AlbumRow.created_at == album.created_at).desc(), AlbumRow.id)
        .limit(1)
    )
    return connection.execute(statement).scalar_one_or_none()


def _free_name(name: str, taken: set[str]) -> str:
    return name if name not in taken else f"{name} (imported)"


def _match(connection: Connection, record: PhotoRecord) -> int | None:
    """The photo a record is about: the same path, else the same content.

    A path that holds other content now counts only while the content is nowhere else.
    """
    at_path = connection.execute(
        select(PhotoRow.id, PhotoRow.content_key)
        .join(FolderRow, FolderRow.id == PhotoRow.folder_id)
        .where(FolderRow.path == record.folder_path, PhotoRow.relative_path == record.relative_path)
    ).one_or_none()
    if at_path is not None and (
        at_path.content_key is None or record.content_key in (None, at_path.content_key)
    ):
        return int(at_path.id)
    if record.content_key is not None:
        elsewhere = (
            select(PhotoRow.id)
            .where(PhotoRow.content_key == record.content_key)
            .order_by(
                (PhotoRow.relative_path == record.relative_path).desc(),
                (PhotoRow.state == PhotoState.MISSING).asc(),
                PhotoRow.id,
            )
            .limit(1)
        )
        photo_id = connection.execute(elsewhere).scalar_one_or_none()
        if photo_id is not None:
            return photo_id
    return None if at_path is None else int(at_path.id)


def _merge(connection: Connection, photo_id: int, record: PhotoRecord) -> bool:
    """Whether anything changed."""
    changed = False
    for kind, said in record.said:
        changed |= merge(connection, kind, photo_id, said)
    for place in record.places:
        changed |= _merge_place(connection, photo_id, place)
    return changed


def _merge_place(connection: Connection, photo_id: int, place: AlbumPlace) -> bool:
    known = next(
        (one for one in _places(connection, [photo_id]).get(photo_id, ()) if one.album_id == place.album_id),
        None,
    )
    if known is not None and (known.at >= place.at or known.removed == place.removed):
        return False
    if place.removed:
        take_out(connection, place.album_id, [photo_id], place.at)
        return known is not None
    put_photo(connection, place.album_id, photo_id, place.position, place.at)
    return True


def _keep(connection: Connection, record: PhotoRecord) -> None:
    """Until a photo of this path or content comes; what is kept already is merged by its time."""
    statement = select(UnmatchedDecisionRow.entry).where(
        UnmatchedDecisionRow.folder_path == record.folder_path,
        UnmatchedDecisionRow.relative_path == record.relative_path,
    )
    entry = connection.execute(statement).scalar_one_or_none()
    if entry is not None:
        record = _newer_of(from_json(json.loads(entry)), record)
    values = {
        "content_key": record.content_key,
        "entry": json.dumps(to_json(record)),
        "kept_at": time.time(),
    }
    connection.execute(
        insert(UnmatchedDecisionRow)
        .values(folder_path=record.folder_path, relative_path=record.relative_path, **values)
        .on_conflict_do_update(index_elements=["folder_path", "relative_path"], set_=values)
    )


def _newer_of(one: PhotoRecord, other: PhotoRecord) -> PhotoRecord:
    """Both records' decisions, of each kind and album the newer."""
    said = dict(one.said)
    for kind, value in other.said:
        if kind not in said or said[kind].at < value.at:
            said[kind] = value
    places = {place.album_id: place for place in one.places}
    for place in other.places:
        if place.album_id not in places or places[place.album_id].at < place.at:
            places[place.album_id] = place
    return PhotoRecord(
        other.folder_path,
        other.relative_path,
        other.content_key or one.content_key,
        tuple(said.items()),
        tuple(places.values()),
    )


def _has_come() -> ColumnElement[bool]:
    """A photo of the record's path or content is here."""
    by_content = select(PhotoRow.id).where(PhotoRow.content_key == UnmatchedDecisionRow.content_key).exists()
    by_path = (
        select(PhotoRow.id)
        .join(FolderRow, FolderRow.id == PhotoRow.folder_id)
        .where(
            FolderRow.path == UnmatchedDecisionRow.folder_path,
            PhotoRow.relative_path == UnmatchedDecisionRow.relative_path,
        )
        .exists()
    )
    return or_(by_content, by_path)
