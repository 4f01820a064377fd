"""The numbers of the library."""

import time
from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, func, select

from app.domain.photo import PhotoState
from app.domain.query import SearchFilters
from app.domain.status import LibraryCounts
from app.library.filters import ITEM, PENDING, READ, embedded, not_noted, shown
from app.library.schema import PhotoRow
from app.library.sql import among, watched

_RECENT_SECONDS = 30 * 86_400.0


def count_library(connection: Connection, model: int) -> LibraryCounts:
    """All numbers at one moment."""
    states = _states(connection)
    files = {state: both for state, (both, _) in states.items()}
    items = {state: both - companions for state, (both, companions) in states.items()}
    ready = items.get(PhotoState.READY, 0)
    return LibraryCounts(
        photos=ready + items.get(PhotoState.PENDING, 0),
        favourites=_count(connection, *shown(SearchFilters(favourites_only=True))),
        recent=_count(connection, *shown(SearchFilters(added_since=time.time() - _RECENT_SECONDS))),
        problems=files.get(PhotoState.PROBLEM, 0),
        pending=files.get(PhotoState.PENDING, 0),
        embedded=ready - count_unembedded(connection, model),
    )


def count_pending(connection: Connection) -> int:
    """How many files wait to be read, companions among them."""
    return _count(connection, PENDING, watched(PhotoRow.folder_id))


def count_unembedded(connection: Connection, model: int, offline: Collection[int] = ()) -> int:
    """How many photos were read whose content has no embedding of this model, without `offline` folders."""
    unembedded = [READ, ITEM, watched(PhotoRow.folder_id), ~embedded(model)]
    if offline:
        unembedded.append(~among(PhotoRow.folder_id, offline))
    return sum(_count(connection, others, *unembedded) for others in not_noted(model))


def count_shown(connection: Connection, filters: SearchFilters) -> int:
    """How many photos answers can hold."""
    return _count(connection, *shown(filters))


def _states(connection: Connection) -> dict[PhotoState, tuple[int, int]]:
    """How many files are in each state, and how many of them are companions."""
    statement = (
        select(PhotoRow.state, func.count(), func.count(PhotoRow.companion_of))
        .where(watched(PhotoRow.folder_id))
        .group_by(PhotoRow.state)
    )
    return {state: (files, companions) for state, files, companions in connection.execute(statement)}


def _count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(PhotoRow).where(*conditions)).scalar_one()
