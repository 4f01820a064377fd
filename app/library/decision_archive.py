"""All decisions of a library, to take elsewhere; and those from elsewhere, to take in."""

import json
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, delete, or_, select, union
from sqlalchemy.dialects.sqlite import insert

from app.domain.decision_records import (
    AlbumRecord,
    NotDuplicatesRecord,
    PhotoRecord,
    SearchRecord,
    from_json,
)
from app.domain.decisions import Kind
from app.domain.photo import PhotoState
from app.library.database import Database
from app.library.decision_merging import has_come, keep, match, merge_records, places_of
from app.library.decision_rows import own
from app.library.schema import (
    DECISIONS,
    AlbumRow,
    FolderRow,
    NotDuplicateRow,
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

    def not_duplicates(self) -> list[NotDuplicatesRecord]:
        """All pairs of contents that are not to be proposed as duplicates."""
        columns = (NotDuplicateRow.first, NotDuplicateRow.second, NotDuplicateRow.decided_at)
        with self._database.read() as connection:
            rows = connection.execute(select(*columns).order_by(*columns[:2]))
            return [NotDuplicatesRecord(*row) for row in rows]

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

    def merge_not_duplicates(self, records: Sequence[NotDuplicatesRecord]) -> int:
        """How many pairs are new. They need no photos here: who comes with this content is known then."""
        new = 0

        def write(connection: Connection, chunk: Sequence[NotDuplicatesRecord]) -> None:
            nonlocal new
            for record in chunk:
                statement = insert(NotDuplicateRow).values(
                    first=record.first, second=record.second, decided_at=record.decided_at
                )
                new += connection.execute(statement.on_conflict_do_nothing()).rowcount

        self._writer.in_chunks(records, write, decision=True)
        return new

    def merge_photos(self, records: Sequence[PhotoRecord]) -> tuple[int, int, int]:
        """How many photos were found here, how many of them changed, and how many records are kept."""
        found = changed = kept = 0

        def write(connection: Connection, chunk: Sequence[PhotoRecord]) -> None:
            nonlocal found, changed, kept
            matches = match(connection, chunk)
            pairs = list(zip(matches, chunk, strict=True))
            matched = [(photo_id, record) for photo_id, record in pairs if photo_id is not None]
            strangers = [record for photo_id, record in pairs if photo_id is None]
            changed += merge_records(connection, matched)
            keep(connection, strangers)
            found += len(matched)
            kept += len(strangers)

        self._writer.in_chunks(records, write, decision=True)
        return found, changed, kept

    def match_kept(self) -> int:
        """Give photos that have come what was kept for them: how many."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(UnmatchedDecisionRow.id, UnmatchedDecisionRow.entry).where(has_come())
            )
            waiting = [(row.id, from_json(json.loads(row.entry))) for row in rows]
        matched = 0

        def write(connection: Connection, chunk: Sequence[tuple[int, PhotoRecord]]) -> None:
            nonlocal matched
            found = match(connection, [record for _, record in chunk])
            pairs = [(photo_id, one) for photo_id, one in zip(found, chunk, strict=True) if photo_id]
            merge_records(connection, [(photo_id, record) for photo_id, (_, record) in pairs])
            rows = [row_id for _, (row_id, _) in pairs]
            connection.execute(delete(UnmatchedDecisionRow).where(among(UnmatchedDecisionRow.id, rows)))
            matched += len(pairs)

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
    places = places_of(connection, photo_ids)
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
