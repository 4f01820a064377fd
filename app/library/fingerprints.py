"""What pictures look like in a few bits, and which the user does not want to see as duplicates again."""

import time
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Row, delete, exists, or_, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import aliased

from app.domain.decisions import Flag
from app.domain.duplicates import Candidate, Fingerprint, Fingerprints
from app.domain.media import TakenFrom
from app.library.database import Database
from app.library.filters import READ, shown
from app.library.photo_values import local_moment
from app.library.schema import (
    DECISIONS,
    AlbumPhotoRow,
    FingerprintRow,
    FlagRow,
    NotDuplicateRow,
    PhotoRow,
)
from app.library.sql import among
from app.library.writer import LibraryWriter

_HASHES = np.dtype("<u8")
Pair = tuple[str, str]  # content keys, the smaller one first


class FingerprintRepository:
    """Fingerprints by content, and the photos to compare."""

    def __init__(self, database: Database, writer: LibraryWriter) -> None:
        self._database = database
        self._writer = writer

    def store(self, found: Sequence[tuple[str, Fingerprint]]) -> None:
        """Keep fingerprints by content key."""

        def write(connection: Connection, chunk: Sequence[tuple[str, Fingerprint]]) -> None:
            for content_key, fingerprint in chunk:
                store_fingerprint(connection, content_key, fingerprint)

        self._writer.in_chunks(found, write)

    def all(self, version: int, windows: int) -> Fingerprints:
        """Those of one version of the recipe, by content key."""
        statement = (
            select(FingerprintRow.content_key, FingerprintRow.hashes, FingerprintRow.sharpness)
            .where(FingerprintRow.version == version)
            .order_by(FingerprintRow.content_key)
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        hashes = np.frombuffer(b"".join(row.hashes for row in rows), _HASHES).reshape(len(rows), windows)
        sharpness = np.array([row.sharpness for row in rows], np.float64)
        return Fingerprints(tuple(row.content_key for row in rows), hashes, sharpness)

    def candidates(self) -> list[Candidate]:
        """All shown photos that were read, in the order of their ids. One that is a companion is none."""
        companion = aliased(PhotoRow)
        decided = or_(
            *(exists().where(row.photo_id == PhotoRow.id) for row in DECISIONS if row is not FlagRow),
            exists().where(FlagRow.photo_id == PhotoRow.id, FlagRow.flag == Flag.PICK.value),
        )
        statement = (
            select(
                *_READ_COLUMNS,
                decided.label("decided"),
                exists().where(companion.companion_of == PhotoRow.id).label("has_companion"),
            )
            .where(*shown(), READ, PhotoRow.content_key.is_not(None), PhotoRow.width.is_not(None))
            .order_by(PhotoRow.id)
        )
        with self._database.read() as connection:
            rows: Iterable[Row[Any]] = connection.execute(statement)
            return [_candidate(row) for row in rows]

    def there(self, photo_ids: Collection[int]) -> set[int]:
        """Those of the photos that are still shown."""
        statement = select(PhotoRow.id).where(among(PhotoRow.id, photo_ids), *shown(found_otherwise=True))
        with self._database.read() as connection:
            return set(connection.execute(statement).scalars())

    def albums_of(self, photo_ids: Collection[int]) -> dict[int, list[int]]:
        """The ids of the albums that photos are in."""
        statement = select(AlbumPhotoRow.photo_id, AlbumPhotoRow.album_id).where(
            among(AlbumPhotoRow.photo_id, photo_ids)
        )
        found: dict[int, list[int]] = {}
        with self._database.read() as connection:
            for photo_id, album_id in connection.execute(statement):
                found.setdefault(photo_id, []).append(album_id)
        return found

    def dismiss(self, pairs: Iterable[Pair]) -> None:
        """Never propose these pairs of contents again."""
        now = time.time()
        rows = [{"first": first, "second": second, "decided_at": now} for first, second in pairs]

        def write(connection: Connection, chunk: Sequence[dict[str, Any]]) -> None:
            connection.execute(insert(NotDuplicateRow).on_conflict_do_nothing(), list(chunk))

        self._writer.in_chunks(rows, write, decision=True)

    def take_back(self, pairs: Iterable[Pair]) -> None:
        """Propose these pairs again."""

        def write(connection: Connection, chunk: Sequence[Pair]) -> None:
            for first, second in chunk:
                both = (NotDuplicateRow.first == first) & (NotDuplicateRow.second == second)
                connection.execute(delete(NotDuplicateRow).where(both))

        self._writer.in_chunks(list(pairs), write, decision=True)

    def dismissed(self) -> set[Pair]:
        """All pairs of contents that the user does not want to see."""
        with self._database.read() as connection:
            rows = connection.execute(select(NotDuplicateRow.first, NotDuplicateRow.second))
            return {(row.first, row.second) for row in rows}


_READ_COLUMNS = (
    PhotoRow.id,
    PhotoRow.content_key,
    PhotoRow.name,
    PhotoRow.folder_id,
    PhotoRow.directory,
    PhotoRow.width,
    PhotoRow.height,
    PhotoRow.size,
    PhotoRow.format,
    PhotoRow.taken_at,
    PhotoRow.taken_offset_minutes,
    PhotoRow.taken_from,
    PhotoRow.camera_make,
    PhotoRow.camera_model,
    PhotoRow.mtime_ns,
    PhotoRow.file_rating,
    PhotoRow.file_label,
)


def _candidate(row: Row[Any]) -> Candidate:
    return Candidate(
        photo_id=row.id,
        content_key=row.content_key,
        name=row.name,
        directory=(row.folder_id, row.directory),
        width=row.width,
        height=row.height,
        size=row.size,
        format=row.format or "",
        taken_at=local_moment(row),
        by_camera=row.taken_from == TakenFrom.EXIF,
        camera=f"{row.camera_make or ''} {row.camera_model or ''}".strip(),
        mtime_ns=row.mtime_ns,
        decided=bool(row.decided or (row.file_rating or 0) > 0 or row.file_label),
        has_companion=bool(row.has_companion),
    )


# Of every photo, so it is put together once: that takes longer than its execution.
_STORE = insert(FingerprintRow)
_STORE = _STORE.on_conflict_do_update(
    index_elements=["content_key"],
    set_={name: _STORE.excluded[name] for name in ("version", "hashes", "sharpness")},
)


def store_fingerprint(connection: Connection, content_key: str, fingerprint: Fingerprint) -> None:
    """Keep the fingerprint of a content; a newer recipe's takes the place of an older one's."""
    values = {
        "content_key": content_key,
        "version": fingerprint.version,
        "hashes": fingerprint.hashes.astype(_HASHES).tobytes(),
        "sharpness": fingerprint.sharpness,
    }
    connection.execute(_STORE, values)


def forget_fingerprints(database: Database, writer: LibraryWriter) -> None:
    """Remove those of contents that no photo has any more."""
    unused: ColumnElement[bool] = ~exists().where(PhotoRow.content_key == FingerprintRow.content_key)
    with database.read() as connection:
        candidates = connection.execute(select(FingerprintRow.content_key).where(unused)).scalars().all()

    def remove(connection: Connection, chunk: Sequence[str]) -> None:
        connection.execute(delete(FingerprintRow).where(among(FingerprintRow.content_key, chunk), unused))

    writer.in_chunks(candidates, remove)
