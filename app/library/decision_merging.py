"""Taking in decisions from elsewhere, many at once: of two about the same, the newer holds."""

import json
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select
from sqlalchemy.dialects.sqlite import insert

from app.domain.decision_records import AlbumPlace, PhotoRecord, from_json, to_json
from app.domain.decisions import Kind, Said
from app.domain.photo import PhotoState
from app.library.albums import put_photos, take_out, withdrawal_of
from app.library.decision_rows import Value, own, store
from app.library.schema import (
    AlbumPhotoRow,
    AlbumRow,
    FolderRow,
    PhotoRow,
    UnmatchedDecisionRow,
    WithdrawalRow,
)
from app.library.sql import among

Matched = Sequence[tuple[int, PhotoRecord]]  # a photo's id and what is said about it


def match(connection: Connection, records: Sequence[PhotoRecord]) -> list[int | None]:
    """The photos that records are about: the same path, else the same content.

    A path that holds other content now counts only while the content is nowhere else.
    """
    at_paths, copies = _at_paths(connection, records), _of_contents(connection, records)
    return [
        _best(
            record,
            at_paths.get((record.folder_path, record.relative_path)),
            copies.get(record.content_key or "", []),
        )
        for record in records
    ]


def merge_records(connection: Connection, matched: Matched) -> int:
    """Take over what is newer than ours: how many photos changed."""
    changed: set[int] = set()
    photo_ids = [photo_id for photo_id, _ in matched]
    for kind in Kind:
        known = own(connection, kind, photo_ids)
        newer: dict[int, Said[Value]] = {}
        for photo_id, record in matched:
            said = dict(record.said).get(kind)
            ours = newer.get(photo_id) or known.get(photo_id)
            if said is not None and (ours is None or ours.at < said.at):
                newer[photo_id] = said
        store(connection, kind, newer)
        changed |= {
            photo_id
            for photo_id, said in newer.items()
            if photo_id not in known or known[photo_id].value != said.value
        }
    return len(changed | _merge_places(connection, matched))


def places_of(connection: Connection, photo_ids: Sequence[int]) -> dict[int, list[AlbumPlace]]:
    """The albums that photos are in, or were taken out of."""
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


def keep(connection: Connection, records: Sequence[PhotoRecord]) -> None:
    """Until photos of these paths or contents come; what is kept already is merged by its time."""
    if not records:
        return
    kept = _kept(connection, records)
    for record in records:
        key = (record.folder_path, record.relative_path)
        kept[key] = _newer_of(kept[key], record) if key in kept else record
    new = insert(UnmatchedDecisionRow)
    statement = new.on_conflict_do_update(
        index_elements=["folder_path", "relative_path"],
        set_={name: new.excluded[name] for name in ("content_key", "entry", "kept_at")},
    )
    rows = [
        {
            "folder_path": record.folder_path,
            "relative_path": record.relative_path,
            "content_key": record.content_key,
            "entry": json.dumps(to_json(record)),
            "kept_at": time.time(),
        }
        for record in kept.values()
    ]
    connection.execute(statement, rows)


def has_come() -> ColumnElement[bool]:
    """A photo of a kept record's path or content is here."""
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


def _at_paths(
    connection: Connection, records: Sequence[PhotoRecord]
) -> dict[tuple[str, str], tuple[int, str | None]]:
    statement = (
        select(FolderRow.path, PhotoRow.relative_path, PhotoRow.id, PhotoRow.content_key)
        .join(FolderRow, FolderRow.id == PhotoRow.folder_id)
        .where(
            FolderRow.path.in_({record.folder_path for record in records}),
            PhotoRow.relative_path.in_({record.relative_path for record in records}),
        )
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(statement)}


def _of_contents(connection: Connection, records: Sequence[PhotoRecord]) -> dict[str, list[Any]]:
    contents = {record.content_key for record in records if record.content_key is not None}
    columns = (PhotoRow.id, PhotoRow.content_key, PhotoRow.relative_path, PhotoRow.state)
    found: dict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(select(*columns).where(among(PhotoRow.content_key, contents))):
        found[str(row.content_key)].append(row)
    return found


def _best(record: PhotoRecord, at_path: tuple[int, str | None] | None, copies: Sequence[Any]) -> int | None:
    if at_path is not None and (at_path[1] is None or record.content_key in (None, at_path[1])):
        return at_path[0]
    if copies:
        return int(min(copies, key=lambda copy: _distance(copy, record)).id)
    return None if at_path is None else at_path[0]


def _distance(copy: Any, record: PhotoRecord) -> tuple[bool, bool, int]:
    """Of several copies, the one with the same path in its folder, then one that is there."""
    return copy.relative_path != record.relative_path, copy.state is PhotoState.MISSING, copy.id


def _merge_places(connection: Connection, matched: Matched) -> set[int]:
    """The photos that came into an album, or went."""
    places = places_of(connection, [photo_id for photo_id, _ in matched])
    known = {(photo_id, one.album_id): one for photo_id, ones in places.items() for one in ones}
    newer: dict[tuple[int, int], AlbumPlace] = {}
    for photo_id, record in matched:
        for place in record.places:
            key = (photo_id, place.album_id)
            ours = newer.get(key) or known.get(key)
            if ours is None or (ours.at < place.at and ours.removed != place.removed):
                newer[key] = place
    inside: dict[int, list[tuple[int, float, float]]] = defaultdict(list)
    for (photo_id, album_id), place in newer.items():
        if place.removed:
            take_out(connection, album_id, [photo_id], place.at)
        else:
            inside[album_id].append((photo_id, place.position, place.at))
    there = set(connection.execute(select(AlbumRow.id).where(among(AlbumRow.id, inside))).scalars())
    for album_id in there:
        put_photos(connection, album_id, inside[album_id])
    return {key[0] for key, place in newer.items() if not place.removed or key in known}


def _kept(connection: Connection, records: Sequence[PhotoRecord]) -> dict[tuple[str, str], PhotoRecord]:
    """What is kept for these paths already."""
    statement = select(UnmatchedDecisionRow.entry).where(
        UnmatchedDecisionRow.folder_path.in_({record.folder_path for record in records}),
        UnmatchedDecisionRow.relative_path.in_({record.relative_path for record in records}),
    )
    kept = [from_json(json.loads(entry)) for entry in connection.execute(statement).scalars()]
    wanted = {(record.folder_path, record.relative_path) for record in records}
    found = {(record.folder_path, record.relative_path): record for record in kept}
    return {key: record for key, record in found.items() if key in wanted}


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
