"""Telling days that passed from a clock that jumped."""

import time

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.sqlite import insert

from app.library.schema import CalendarRow, FolderRow, PhotoRow

DAY = 86_400.0
_ONLY_ROW = 1
_GAP_DAYS = 7.0  # longer without us may be a holiday, or a clock set wrongly
_GRACE_DAYS = 7.0


def note_today(connection: Connection) -> bool:
    """Whether time passes as it should; called before photos are forgotten, about once a day.

    After a gap nothing is forgotten for a week, in which a clock can be put right. Where the clock was set
    back, what seems to happen in the future happened now.
    """
    now = time.time()
    row = connection.execute(select(CalendarRow.seen_at, CalendarRow.grace_until)).one_or_none()
    seen_at, grace_until = row if row is not None else (now, None)
    if now - seen_at > _GAP_DAYS * DAY:
        grace_until = now + _GRACE_DAYS * DAY
    elif now < seen_at - DAY or (grace_until is not None and now >= grace_until):
        grace_until = None
    values = {"seen_at": now, "grace_until": grace_until}
    connection.execute(
        insert(CalendarRow)
        .values(id=_ONLY_ROW, **values)
        .on_conflict_do_update(index_elements=["id"], set_=values)
    )
    if now < seen_at:
        connection.execute(update(PhotoRow).where(PhotoRow.missing_since > now).values(missing_since=now))
        connection.execute(update(FolderRow).where(FolderRow.removed_at > now).values(removed_at=now))
    return grace_until is None
