"""How decisions lie in their tables: deciding, taking back, merging, handing on to another photo.

A decision that holds is a row in the table of its kind. One that was taken back is a row in `withdrawals`, so
that an older copy of it, or what the file says, does not bring it in again.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, literal, select
from sqlalchemy.dialects.sqlite import insert

from app.domain.decisions import Decisions, FileSays, Flag, Kind, Said, resolve
from app.library.schema import (
    AlbumPhotoRow,
    FavouriteRow,
    FlagRow,
    LabelRow,
    PhotoRow,
    RatingRow,
    WithdrawalRow,
)
from app.library.sql import among

Value = int | str


@dataclass(frozen=True, slots=True)
class Table:
    """Where the decisions of one kind are kept."""

    rows: type[FavouriteRow] | type[RatingRow] | type[FlagRow] | type[LabelRow]
    column: str | None  # that holds the value; None: being there is all there is to say
    nothing: Value  # the value of a photo nobody decided about


TABLES = {
    Kind.FAVOURITE: Table(FavouriteRow, None, 0),
    Kind.RATING: Table(RatingRow, "stars", 0),
    Kind.FLAG: Table(FlagRow, "flag", ""),
    Kind.LABEL: Table(LabelRow, "label", ""),
}


def decide(
    connection: Connection, kind: Kind, photo_ids: Sequence[int], value: Value, at: float | None = None
) -> None:
    """Decide the same for photos; `nothing` takes the decision back. Ids that are gone are passed over."""
    table, at = TABLES[kind], time.time() if at is None else at
    if value == table.nothing:
        _withdraw(connection, kind, photo_ids, at)
        return
    values: dict[str, Value | float] = {"decided_at": at}
    if table.column is not None:
        values[table.column] = value
    known = select(PhotoRow.id, *map(literal, values.values())).where(among(PhotoRow.id, photo_ids))
    statement = insert(table.rows).from_select(["photo_id", *values], known)
    connection.execute(statement.on_conflict_do_update(index_elements=["photo_id"], set_=values))
    _forget_withdrawals(connection, kind, photo_ids)


def clear(connection: Connection, kind: Kind, photo_ids: Sequence[int]) -> None:
    """As if the user had never decided: what the file says holds."""
    rows = TABLES[kind].rows
    connection.execute(delete(rows).where(among(rows.photo_id, photo_ids)))
    _forget_withdrawals(connection, kind, photo_ids)


def own(connection: Connection, kind: Kind, photo_ids: Sequence[int]) -> dict[int, Said[Value]]:
    """What the user decided, taking back included; photos without a decision are left out."""
    table = TABLES[kind]
    value = literal(1) if table.column is None else getattr(table.rows, table.column)
    decided = select(table.rows.photo_id, value, table.rows.decided_at)
    withdrawn = select(WithdrawalRow.photo_id, WithdrawalRow.decided_at)
    found: dict[int, Said[Value]] = {
        photo_id: Said(table.nothing, at)
        for photo_id, at in connection.execute(
            withdrawn.where(WithdrawalRow.what == kind.value, among(WithdrawalRow.photo_id, photo_ids))
        )
    }
    statement = decided.where(among(table.rows.photo_id, photo_ids))
    found.update((photo_id, Said(said, at)) for photo_id, said, at in connection.execute(statement))
    return found


def merge(connection: Connection, kind: Kind, photo_id: int, said: Said[Value]) -> None:
    """Take over a decision from elsewhere unless ours is as new."""
    known = own(connection, kind, [photo_id]).get(photo_id)
    if known is None or known.at < said.at:
        store(connection, kind, {photo_id: said})


def store(connection: Connection, kind: Kind, decisions: Mapping[int, Said[Value]]) -> None:
    """Write decisions about photos that are there, each with its own value and time."""
    table = TABLES[kind]
    held = {photo_id: said for photo_id, said in decisions.items() if said.value != table.nothing}
    taken_back = [photo_id for photo_id in decisions if photo_id not in held]
    if held:
        names = ["decided_at", *([table.column] if table.column else [])]
        new = insert(table.rows)
        statement = new.on_conflict_do_update(
            index_elements=["photo_id"], set_={name: new.excluded[name] for name in names}
        )
        rows = [
            {"photo_id": photo_id, "decided_at": said.at, table.column or "": said.value}
            for photo_id, said in held.items()
        ]
        connection.execute(statement, [{name: row[name] for name in ("photo_id", *names)} for row in rows])
        _forget_withdrawals(connection, kind, list(held))
    for photo_id in taken_back:
        _withdraw(connection, kind, [photo_id], decisions[photo_id].at)


def hand_over(connection: Connection, source: int, target: int, *, keep: bool = False) -> None:
    """Give all decisions of one photo to another that takes its place; where both have one, the newer.

    With `keep` the first has them too, for when it is back.
    """
    for kind in Kind:
        said = own(connection, kind, [source]).get(source)
        if said is not None:
            merge(connection, kind, target, said)
            if not keep:
                clear(connection, kind, [source])
    places = select(
        AlbumPhotoRow.album_id, literal(target), AlbumPhotoRow.position, AlbumPhotoRow.decided_at
    ).where(AlbumPhotoRow.photo_id == source)
    connection.execute(
        insert(AlbumPhotoRow)
        .from_select(["album_id", "photo_id", "position", "decided_at"], places)
        .on_conflict_do_nothing()
    )
    if not keep:
        connection.execute(delete(AlbumPhotoRow).where(AlbumPhotoRow.photo_id == source))


def decisions_of(connection: Connection, photo_ids: Sequence[int]) -> dict[int, Decisions]:
    """What holds for photos, from the user and from files; photos without any are left out."""
    return {row.id: _decisions(row) for row in connection.execute(_SAID.where(among(PhotoRow.id, photo_ids)))}


def _withdraw(connection: Connection, kind: Kind, photo_ids: Sequence[int], at: float) -> None:
    rows = TABLES[kind].rows
    connection.execute(delete(rows).where(among(rows.photo_id, photo_ids)))
    known = select(PhotoRow.id, literal(kind.value), literal(at)).where(among(PhotoRow.id, photo_ids))
    connection.execute(
        insert(WithdrawalRow)
        .from_select(["photo_id", "what", "decided_at"], known)
        .on_conflict_do_update(index_elements=["photo_id", "what"], set_={"decided_at": at})
    )


def _forget_withdrawals(connection: Connection, kind: Kind, photo_ids: Sequence[int]) -> None:
    condition = (WithdrawalRow.what == kind.value) & among(WithdrawalRow.photo_id, photo_ids)
    connection.execute(delete(WithdrawalRow).where(condition))


def _withdrawn(kind: Kind) -> Any:
    """When a decision of this kind was taken back."""
    return (
        select(WithdrawalRow.decided_at)
        .where(WithdrawalRow.photo_id == PhotoRow.id, WithdrawalRow.what == kind.value)
        .correlate(PhotoRow)
        .scalar_subquery()
    )


def _saying() -> Select[*tuple[Any, ...]]:
    return (
        select(
            PhotoRow.id,
            RatingRow.stars,
            RatingRow.decided_at.label("stars_at"),
            _withdrawn(Kind.RATING).label("no_stars_at"),
            FlagRow.flag,
            _withdrawn(Kind.FLAG).label("no_flag_at"),
            LabelRow.label,
            LabelRow.decided_at.label("label_at"),
            _withdrawn(Kind.LABEL).label("no_label_at"),
            PhotoRow.file_rating,
            PhotoRow.file_rating_at,
            PhotoRow.file_rating_noticed_at,
            PhotoRow.file_label,
            PhotoRow.file_label_at,
            PhotoRow.file_label_noticed_at,
        )
        .join(RatingRow, RatingRow.photo_id == PhotoRow.id, isouter=True)
        .join(FlagRow, FlagRow.photo_id == PhotoRow.id, isouter=True)
        .join(LabelRow, LabelRow.photo_id == PhotoRow.id, isouter=True)
    )


def _decisions(row: Row[Any]) -> Decisions:
    own_rating = _said(row.stars, row.stars_at, row.no_stars_at, 0)
    own_label = _said(row.label, row.label_at, row.no_label_at, "")
    rating, rating_conflict = resolve(own_rating, _file_rating(row), 0)
    label, label_conflict = resolve(own_label, _file_label(row), "")
    flag = Flag(row.flag) if row.flag else None
    if flag is None and row.no_flag_at is None and (row.file_rating or 0) < 0:
        flag = Flag.REJECT
    return Decisions(rating, flag, label, rating_conflict, label_conflict)


def _said(value: Any, at: float | None, taken_back_at: float | None, nothing: Any) -> Said[Any] | None:
    if value is not None and at is not None:
        return Said(value, at)
    return None if taken_back_at is None else Said(nothing, taken_back_at)


def _file_rating(row: Row[Any]) -> FileSays[int] | None:
    """A rejected photo has no stars: that is told as a flag."""
    if row.file_rating is None:
        return None
    return FileSays(max(0, row.file_rating), row.file_rating_at or 0.0, row.file_rating_noticed_at or 0.0)


def _file_label(row: Row[Any]) -> FileSays[str] | None:
    if not row.file_label:
        return None
    return FileSays(row.file_label, row.file_label_at or 0.0, row.file_label_noticed_at or 0.0)


_SAID = _saying()
