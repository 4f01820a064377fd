"""Files that are one item: which photo each companion belongs to, kept right whenever files change.

`companion_of` says it. It follows from what else the table holds, so it can be worked out again at any time:
`regroup` does so for files that changed, in the transaction that changed them or soon after, and
`CompanionRepository.mend` for all that may be wrong after a crash.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from app.domain.companions import Companion, companion_kind
from app.domain.indexing import FolderChanges
from app.errors import AppError
from app.library.database import Database
from app.library.decision_rows import hand_over
from app.library.pairing import GroupFile, companions
from app.library.photo_values import absolute_path, local_moment
from app.library.schema import DECISIONS, FolderRow, PhotoRow, WithdrawalRow
from app.library.sql import among, json_list, no_index
from app.library.writer import LibraryWriter

_BLOCK = 4096
_PATHS_AT_ONCE = 500
_IDS: BindParameter[str] = bindparam("photo_ids")
_FILE, _ITEM = aliased(PhotoRow, name="file"), aliased(PhotoRow, name="item")
_TOUCHED, _OTHER = aliased(PhotoRow, name="touched"), aliased(PhotoRow, name="other")
_SHOWN_STATES = "('ready', 'pending')"


def _in_state(table: str, states: str) -> ColumnElement[bool]:
    """Literally, because only then SQLite uses the partial index that says the same."""
    condition: ColumnElement[bool] = literal_column(f"{table}.state IN {states}")
    return condition


def _present(table: str) -> ColumnElement[bool]:
    return _in_state(table, "('ready', 'pending', 'problem')")


def _same_name(one: Any, other: Any) -> ColumnElement[bool]:
    """Of one stem in one directory."""
    return and_(one.folder_id == other.folder_id, one.directory == other.directory, one.stem == other.stem)


class CompanionRepository:
    """Knows which files are shown with another, and whether raw files are among them."""

    def __init__(self, database: Database, writer: LibraryWriter) -> None:
        self._database = database
        self._writer = writer
        self._raw_apart = False
        self._left: list[int] = []  # to be regrouped, when the library can be written again

    @property
    def raw_apart(self) -> bool:
        """Raw files are photos by themselves."""
        return self._raw_apart

    def show_raw_apart(self, apart: bool) -> None:
        """Show raw files by themselves from now on, or with their photos; `mend` makes it so."""
        self._raw_apart = apart

    def of(self, photo_ids: Sequence[int]) -> tuple[Companion, ...]:
        """The files that are shown with these photos."""
        with self._database.read() as connection:
            found = companions_of(connection, photo_ids)
        return tuple(chain.from_iterable(found.values()))

    def mend(self) -> int:
        """Make all groups right: how many files changed. It reads first, and writes only what is wrong."""
        with self._database.read() as connection:
            left = _left_behind(connection)
        self.regroup(left)
        with self._database.read() as connection:
            suspects = _suspects(connection, with_all=self._raw_apart)
            wrong = [
                photo_id
                for start in range(0, len(suspects), _BLOCK)
                for photo_id in _differences(connection, suspects[start : start + _BLOCK], self._raw_apart)
            ]
        self.regroup(wrong)
        return len(left) + len(wrong)

    def regroup_changed(self, changes: FolderChanges, known: int) -> None:
        """Work the groups out again that changes touched; `known` is the last id there was before."""
        relocated = (*changes.changed, *changes.moved, *changes.returned)
        touched = [*changes.missing, *(photo_id for photo_id, _ in relocated)]
        with self._database.read() as connection:
            new = connection.execute(_new_rows(changes.folder_id, known)).scalars().all()
            if len(new) < len(changes.added):  # some were known by their paths, and missing
                touched += _at_paths(connection, changes)
        self.regroup([*touched, *new])

    def regroup(self, photo_ids: Sequence[int]) -> None:
        """Work the groups of these files out again, in transactions of their own."""
        left, self._left = self._left, []
        wanted = [*left, *photo_ids]
        try:
            self._writer.in_chunks(wanted, self.regroup_in)
        except AppError:
            self._left += wanted
            raise

    def regroup_in(self, connection: Connection, photo_ids: Sequence[int]) -> None:
        """The same within a transaction."""
        regroup(connection, photo_ids, raw_apart=self._raw_apart)


def regroup(connection: Connection, photo_ids: Sequence[int], *, raw_apart: bool) -> None:
    """Give photos their companions and free those whose photo went away.

    What the user decided goes with it: a freed file takes the decisions of a photo that is not shown any
    more, and a photo those of a file that becomes its companion.
    """
    freed = _free_left_behind(connection, photo_ids)
    changes = _differences(connection, [*photo_ids, *freed], raw_apart)
    if not changes:
        return
    connection.execute(_SET, [{"photo_id": photo_id, "item": item} for photo_id, item in changes.items()])
    decided = _decided(connection, changes)
    for photo_id, item in changes.items():
        if item is not None and photo_id in decided:
            hand_over(connection, photo_id, item)


def companions_of(connection: Connection, photo_ids: Collection[int]) -> Mapping[int, tuple[Companion, ...]]:
    """The files that are shown with photos; photos without any are left out."""
    statement = (
        select(_FILE.companion_of, _FILE.id, _FILE.name, _FILE.relative_path, FolderRow.path)
        .join(FolderRow, FolderRow.id == _FILE.folder_id)
        .where(among(_FILE.companion_of, photo_ids), _present("file"))
        .order_by(_FILE.relative_path)
    )
    found: dict[int, list[Companion]] = defaultdict(list)
    for row in connection.execute(statement):
        path = absolute_path(row.path, row.relative_path)
        found[row.companion_of].append(Companion(row.id, path, companion_kind(row.name)))
    return {photo_id: tuple(files) for photo_id, files in found.items()}


def _free_left_behind(connection: Connection, photo_ids: Sequence[int]) -> list[int]:
    """Free, of these files and their companions, those whose photo is not beside them any more."""
    left = [
        row
        for of_these in (among(_FILE.id, _IDS), among(_FILE.companion_of, _IDS))
        for row in connection.execute(_LEFT.where(of_these), {"photo_ids": json_list(photo_ids)})
    ]
    freed = list(dict.fromkeys(row.id for row in left))
    if freed:
        connection.execute(_SET, [{"photo_id": photo_id, "item": None} for photo_id in freed])
    heirs = {row.id: row.companion_of for row in left if row.present and row.item_gone}
    decided = _decided(connection, heirs.values())
    for photo_id, item in heirs.items():
        if item in decided:
            hand_over(connection, item, photo_id, keep=True)
    return freed


def _differences(connection: Connection, photo_ids: Sequence[int], raw_apart: bool) -> dict[int, int | None]:
    """For the groups of these files: who belongs to whom, where it differs from what is stored."""
    groups: dict[tuple[int, str, str], list[Any]] = defaultdict(list)
    for row in connection.execute(_GROUPS, {"photo_ids": json_list(photo_ids)}):
        groups[row.folder_id, row.directory, row.stem].append(row)
    differences: dict[int, int | None] = {}
    for rows in groups.values():
        belongs = companions([_group_file(row) for row in rows], raw_apart=raw_apart)
        differences.update(
            (row.id, belongs.get(row.id)) for row in rows if belongs.get(row.id) != row.companion_of
        )
    return differences


def _group_file(row: Any) -> GroupFile:
    return GroupFile(row.id, row.name, row.stem, bool(row.shown), local_moment(row))


def _decided(connection: Connection, photo_ids: Collection[int]) -> set[int]:
    """Those that the user decided something about, taking back included."""
    if not photo_ids:
        return set()
    ids = json_list(photo_ids)
    return {
        photo_id
        for rows in (*DECISIONS, WithdrawalRow)
        for photo_id in connection.execute(
            select(rows.photo_id).where(among(rows.photo_id, _IDS)), {"photo_ids": ids}
        ).scalars()
    }


def _suspects(connection: Connection, *, with_all: bool) -> list[int]:
    """Files that may belong together, or need not: several of one name by themselves, or all companions."""
    alone = _present("other") & _OTHER.companion_of.is_(None)
    several = (
        select(_OTHER.folder_id, _OTHER.directory, _OTHER.stem)
        .where(alone)
        .group_by(_OTHER.folder_id, _OTHER.directory, _OTHER.stem)
        .having(func.count() > 1)
        .subquery()
    )
    files = select(_FILE.id).join(several, _same_name(_FILE, several.c)).where(_present("file"))
    found = dict.fromkeys(connection.execute(files).scalars())
    if with_all:
        files = select(_FILE.id).where(_FILE.companion_of.is_not(None))
        found |= dict.fromkeys(connection.execute(files).scalars())
    return list(found)


def _new_rows(folder_id: int, known: int) -> Select[int]:
    return select(_FILE.id).where(_FILE.id > known, no_index(_FILE.folder_id) == folder_id)


def _at_paths(connection: Connection, changes: FolderChanges) -> list[int]:
    """The rows of added files; bytes do not travel as JSON, so these are asked for in parts."""
    paths = [file.relative_path for file in changes.added]
    return [
        photo_id
        for start in range(0, len(paths), _PATHS_AT_ONCE)
        for photo_id in connection.execute(
            select(PhotoRow.id).where(
                PhotoRow.folder_id == changes.folder_id,
                PhotoRow.relative_path.in_(paths[start : start + _PATHS_AT_ONCE]),
            )
        ).scalars()
    ]


def _left_behind(connection: Connection) -> list[int]:
    """Companions whose photo is not beside them any more."""
    return [row.id for row in connection.execute(_LEFT)]


_SET = update(PhotoRow).where(PhotoRow.id == bindparam("photo_id")).values(companion_of=bindparam("item"))
_LEFT = (
    select(
        _FILE.id,
        _FILE.companion_of,
        _present("file").label("present"),
        (~_in_state("item", _SHOWN_STATES)).label("item_gone"),
    )
    .join(_ITEM, _ITEM.id == _FILE.companion_of, isouter=True)
    .where(
        _FILE.companion_of.is_not(None),
        or_(
            _ITEM.id.is_(None),
            ~_present("file"),
            ~_in_state("item", _SHOWN_STATES),
            ~_same_name(_FILE, _ITEM),
        ),
    )
)
_GROUPS = (
    select(
        _FILE.id,
        _FILE.folder_id,
        _FILE.directory,
        _FILE.stem,
        _FILE.name,
        _FILE.taken_at,
        _FILE.taken_offset_minutes,
        _FILE.companion_of,
        _in_state("file", _SHOWN_STATES).label("shown"),
    )
    .join_from(_TOUCHED, _FILE, _same_name(_FILE, _TOUCHED) & _present("file"))
    .where(
        among(_TOUCHED.id, _IDS),
        _present("touched"),
        select(_OTHER.id)
        .where(_same_name(_OTHER, _TOUCHED), _OTHER.id != _TOUCHED.id, _present("other"))
        .exists(),
    )
    .distinct()
)
