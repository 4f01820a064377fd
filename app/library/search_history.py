"""What people searched for, on this machine only."""

import time
from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert

from app.library.columns import plain
from app.library.database import Database
from app.library.schema import SearchHistoryRow
from app.library.writer import LibraryWriter

_KEPT = 200
_APART = 0.001  # seconds between two texts at the least


class SearchHistory:
    """Texts that were searched for, the latest first; none is kept twice."""

    def __init__(self, database: Database, writer: LibraryWriter) -> None:
        self._database = database
        self._writer = writer

    def recent(self, limit: int) -> tuple[str, ...]:
        """The latest."""
        statement = select(SearchHistoryRow.text).order_by(*_LATEST_FIRST).limit(limit)
        with self._database.read() as connection:
            return tuple(connection.execute(statement).scalars())

    def remember(self, texts: Sequence[str]) -> None:
        """Put texts at the head, the last one first; the oldest are forgotten beyond some hundred.

        The head is later than everything there, also when the clock was put back or is coarse.
        """
        kept = select(SearchHistoryRow.id).order_by(*_LATEST_FIRST).limit(_KEPT)
        with self._writer.transaction(decision=True) as connection:
            latest = connection.execute(select(func.max(SearchHistoryRow.used_at))).scalar_one() or 0.0
            for text in texts:
                latest = max(time.time(), latest + _APART)
                again = insert(SearchHistoryRow).values(text=text, used_at=latest)
                connection.execute(
                    again.on_conflict_do_update(
                        index_elements=["text"], set_={"used_at": again.excluded.used_at}
                    )
                )
            connection.execute(delete(SearchHistoryRow).where(SearchHistoryRow.id.not_in(kept)))

    def forget(self, text: str) -> None:
        """Take one out."""
        with self._writer.transaction(decision=True) as connection:
            connection.execute(delete(SearchHistoryRow).where(SearchHistoryRow.text == plain(text)))

    def clear(self) -> None:
        """Take all out."""
        with self._writer.transaction(decision=True) as connection:
            connection.execute(delete(SearchHistoryRow))


_LATEST_FIRST = (SearchHistoryRow.used_at.desc(), SearchHistoryRow.id.desc())
