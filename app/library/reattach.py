"""Knows photos again by their content: a file that was read takes up the row of one that vanished.

This is for what scans cannot tell: files that came from another drive, were copied before the original was
deleted, were edited while they moved, or are one of several identical copies.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, or_, select, update

from app.domain.indexing import IndexedPhoto
from app.domain.photo import PhotoState
from app.library.decision_rows import hand_over
from app.library.photo_values import absolute_path
from app.library.schema import FolderRow, PhotoRow
from app.library.sql import among
from app.library.word_index import reindexed

PLACE = ("folder_id", "relative_path", "directory", "name", "folder_words", "size", "mtime_ns", "file_id")
COPY_SECONDS = 86_400.0  # a copy made so shortly before its original vanished was a move
VANISHING_SECONDS = 10.0  # a file that vanished so shortly ago may only be on its way

# Photos that are only left out by the rules of their folder still have their files.
_GONE = (PhotoRow.state == PhotoState.MISSING) & ~PhotoRow.left_out
_CROWD = 256  # more vanished copies of one picture are not told apart
_OWN = frozenset(
    {"id", "added_at", "taken_on", "companion_of"}
)  # what a row keeps when another's file is its


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A photo as far as telling copies apart goes."""

    photo_id: int
    path: str  # absolute
    file_id: str | None
    content_key: str | None
    pixel_key: str | None
    added_at: float = 0.0
    missing_since: float = 0.0


def known_again(connection: Connection, read: Sequence[tuple[Row[Any], IndexedPhoto]]) -> dict[int, int]:
    """Which new row is which missing photo: id to id, each at most once.

    Of those of the same picture the file id counts most, then the name, then that the metadata is the same,
    too, then the nearest folder, then who vanished last. While folders are watched, a photo that just
    vanished is not given to a file of another name: its own may be about to turn up. `bequeath` does that.
    """
    new = [(row, photo) for row, photo in read if row.content_key is None]
    if not new:
        return {}
    contents = [photo.content_key for _, photo in new]
    pixels = [photo.pixel_key for _, photo in new]
    same = or_(among(PhotoRow.content_key, contents), among(PhotoRow.pixel_key, pixels))
    # What its folder leaves out is not gone: only the file itself, watched by another folder, is that photo.
    gone = ~PhotoRow.left_out | among(PhotoRow.file_id, [row.file_id for row, _ in new if row.file_id])
    missing = _candidates(connection, (PhotoRow.state == PhotoState.MISSING) & gone & same)
    if not missing:
        return {}
    paths = _paths(connection, [row.id for row, _ in new])
    arrivals = [
        _Candidate(row.id, paths[row.id], row.file_id, photo.content_key, photo.pixel_key)
        for row, photo in new
    ]
    urgent = {row.id for row, _ in new if row.priority < 0}
    settled_before = time.time() - VANISHING_SECONDS

    def fits(arrival: _Candidate, gone: _Candidate) -> bool:
        if _is_itself(arrival, gone):
            return True
        on_its_way = arrival.photo_id in urgent and gone.missing_since > settled_before
        return arrival.content_key == gone.content_key and not on_its_way

    return _assign(arrivals, missing, fits)


def overwritten(connection: Connection, read: Sequence[tuple[Row[Any], IndexedPhoto]]) -> dict[int, int]:
    """Known photos whose path now holds the very file of a missing one: id to id of the missing photo.

    Somebody moved one photo over another. The path keeps its row, and gets what was decided about the file.
    """
    changed = {
        (photo.content_key, row.file_id): row.id
        for row, photo in read
        if row.content_key not in (None, photo.content_key) and row.file_id is not None
    }
    if not changed:
        return {}
    same = among(PhotoRow.content_key, [content for content, _ in changed])
    missing = _candidates(connection, _GONE & same)
    found = {changed.get((one.content_key or "", one.file_id)): one.photo_id for one in missing}
    return {photo_id: gone for photo_id, gone in found.items() if photo_id is not None}


def take_up(connection: Connection, new: Row[Any], missing_id: int) -> None:
    """Give a new row's place and decisions to a missing photo; the new row is gone then."""
    hand_over(connection, new.id, missing_id)
    connection.execute(delete(PhotoRow).where(PhotoRow.id == new.id))
    place = {name: new._mapping[name] for name in PLACE}
    connection.execute(update(PhotoRow).where(PhotoRow.id == missing_id).values(**place))


def absorb(connection: Connection, photo_id: int, missing_id: int) -> None:
    """Hand a missing photo's decisions to the photo that holds its file, and forget it."""
    hand_over(connection, missing_id, photo_id)
    connection.execute(delete(PhotoRow).where(PhotoRow.id == missing_id))


def bereaved(connection: Connection, before: float) -> list[int]:
    """Missing photos of which a copy is there that came shortly before they vanished, or with it.

    `before` passes over those that vanished a moment ago: perhaps their files are just being saved.
    """
    gone, copy = PhotoRow.__table__.alias("gone"), PhotoRow.__table__.alias("copy")
    statement = select(gone.c.id).where(
        gone.c.folder_id.in_(select(FolderRow.id)),
        gone.c.state == PhotoState.MISSING,
        ~gone.c.left_out,
        ~gone.c.left_out,
        gone.c.missing_since.between(before - COPY_SECONDS, before),
        or_(copy.c.content_key == gone.c.content_key, copy.c.pixel_key == gone.c.pixel_key),
        copy.c.state == PhotoState.READY,
        ~copy.c.unread,
        copy.c.added_at > gone.c.added_at,
        copy.c.added_at.between(
            gone.c.missing_since - COPY_SECONDS, gone.c.missing_since + VANISHING_SECONDS
        ),
    )
    return list(connection.execute(statement.distinct()).scalars())


def bequeath(connection: Connection, photo_ids: Collection[int]) -> int:
    """Give missing photos the places of copies made shortly before they vanished: how many.

    That is how a file manager moves to another drive. Older copies are photos of their own.
    """
    gone = _candidates(connection, among(PhotoRow.id, photo_ids) & _GONE)
    ready = (PhotoRow.state == PhotoState.READY) & ~PhotoRow.unread
    same = or_(
        among(PhotoRow.content_key, {one.content_key for one in gone if one.content_key}),
        among(PhotoRow.pixel_key, {one.pixel_key for one in gone if one.pixel_key}),
    )
    heirs = _assign(_candidates(connection, ready & same), gone, _was_a_move)
    with reindexed(connection, [*heirs, *heirs.values()]):
        for copy, missing in heirs.items():
            _inherit(connection, copy, missing)
    return len(heirs)


def _was_a_move(copy: _Candidate, gone: _Candidate) -> bool:
    """Whoever moves by copying keeps the name; a file of another name has to come as the first one goes."""
    if _is_itself(copy, gone):
        earliest = gone.missing_since - COPY_SECONDS
    elif copy.content_key == gone.content_key:
        earliest = gone.missing_since - VANISHING_SECONDS
    else:
        return False
    latest = gone.missing_since + VANISHING_SECONDS
    return gone.added_at < copy.added_at and earliest <= copy.added_at <= latest


def _is_itself(new: _Candidate, gone: _Candidate) -> bool:
    """Of the same picture, with the same file id or name: then its metadata may differ."""
    same_file, same_name, *_ = _likeness(new, gone)
    return same_file or same_name


def _inherit(connection: Connection, copy_id: int, missing_id: int) -> None:
    table = PhotoRow.__table__
    columns = [one for one in table.c if one.computed is None and one.name not in _OWN]
    values = connection.execute(select(*columns).where(PhotoRow.id == copy_id)).one()._asdict()
    hand_over(connection, copy_id, missing_id)
    connection.execute(delete(PhotoRow).where(PhotoRow.id == copy_id))
    connection.execute(update(PhotoRow).where(PhotoRow.id == missing_id).values(**values))


# -- telling copies apart


def _candidates(connection: Connection, condition: ColumnElement[bool]) -> list[_Candidate]:
    statement = (
        select(
            PhotoRow.id,
            FolderRow.path,
            PhotoRow.relative_path,
            PhotoRow.file_id,
            PhotoRow.content_key,
            PhotoRow.pixel_key,
            PhotoRow.added_at,
            PhotoRow.missing_since,
        )
        .join(FolderRow, FolderRow.id == PhotoRow.folder_id)
        .where(condition)
    )
    return [
        _Candidate(
            row.id,
            absolute_path(row.path, _former_path(row.relative_path)),
            row.file_id,
            row.content_key,
            row.pixel_key,
            row.added_at,
            row.missing_since or 0.0,
        )
        for row in connection.execute(statement)
    ]


def _former_path(relative_path: str) -> str:
    """Where a photo was that made way for another: it waits below a name that no file can have."""
    return relative_path.partition("/")[2] if relative_path.startswith("\0") else relative_path


def _paths(connection: Connection, photo_ids: Collection[int]) -> Mapping[int, str]:
    statement = (
        select(PhotoRow.id, FolderRow.path, PhotoRow.relative_path)
        .join(FolderRow, FolderRow.id == PhotoRow.folder_id)
        .where(among(PhotoRow.id, photo_ids))
    )
    return {row.id: absolute_path(row.path, row.relative_path) for row in connection.execute(statement)}


def _assign(
    arrivals: Iterable[_Candidate],
    vanished: Sequence[_Candidate],
    fits: Callable[[_Candidate, _Candidate], bool] = lambda new, gone: True,
) -> dict[int, int]:
    """Pairs of the same content or picture that fit, the most alike first."""
    by_content: dict[str, list[_Candidate]] = defaultdict(list)
    by_pixels: dict[str, list[_Candidate]] = defaultdict(list)
    for gone in sorted(vanished, key=lambda one: one.missing_since, reverse=True):
        by_content[gone.content_key or ""].append(gone)
        by_pixels[gone.pixel_key or ""].append(gone)
    pairs = []
    for arrival in arrivals:
        same = by_content.get(arrival.content_key or "", [])[:_CROWD]
        alike = by_pixels.get(arrival.pixel_key or "", [])[:_CROWD]
        pairs += [
            (_likeness(arrival, gone), arrival.photo_id, gone.photo_id)
            for gone in {*same, *alike}
            if fits(arrival, gone)
        ]
    assigned: dict[int, int] = {}
    taken: set[int] = set()
    for _, new_id, gone_id in sorted(pairs, reverse=True):
        if new_id not in assigned and gone_id not in taken:
            assigned[new_id] = gone_id
            taken.add(gone_id)
    return assigned


def _likeness(new: _Candidate, gone: _Candidate) -> tuple[bool, bool, bool, int, float]:
    here, there = new.path.replace("\\", "/").split("/"), gone.path.replace("\\", "/").split("/")
    shared = 0
    while shared < min(len(here), len(there)) - 1 and here[shared] == there[shared]:
        shared += 1
    return (
        new.file_id is not None and new.file_id == gone.file_id,
        here[-1] == there[-1],
        new.content_key == gone.content_key,
        shared,
        gone.missing_since,
    )
