"""Queries that the user gave a name."""

import time

from sqlalchemy import delete, insert, select, update

from app.domain.decisions import SavedSearch
from app.library.database import Database
from app.library.schema import SavedSearchRow
from app.library.writer import LibraryWriter


class SavedSearchRepository:
    """Saved searches; what their JSON means, the services know."""

    def __init__(self, database: Database, writer: LibraryWriter) -> None:
        self._database = database
        self._writer = writer

    def all(self) -> tuple[SavedSearch, ...]:
        """By name."""
        statement = select(SavedSearchRow.id, SavedSearchRow.name, SavedSearchRow.query)
        with self._database.read() as connection:
            searches = [SavedSearch(*row) for row in connection.execute(statement)]
        return tuple(sorted(searches, key=lambda search: (search.name.casefold(), search.search_id)))

    def save(self, name: str, query: str) -> int:
        """Keep a query under a name; one of the same name is replaced: its id."""
        known = select(SavedSearchRow.id).where(SavedSearchRow.name == name)
        with self._writer.transaction(decision=True) as connection:
            search_id = connection.execute(known.limit(1)).scalar_one_or_none()
            if search_id is not None:
                connection.execute(
                    update(SavedSearchRow).where(SavedSearchRow.id == search_id).values(query=query)
                )
                return search_id
            statement = insert(SavedSearchRow).values(name=name, query=query, created_at=time.time())
            return int(connection.execute(statement.returning(SavedSearchRow.id)).scalar_one())

    def rename(self, search_id: int, name: str) -> None:
        """Give it another name."""
        with self._writer.transaction(decision=True) as connection:
            connection.execute(update(SavedSearchRow).where(SavedSearchRow.id == search_id).values(name=name))

    def delete(self, search_id: int) -> None:
        """Forget it."""
        with self._writer.transaction(decision=True) as connection:
            connection.execute(delete(SavedSearchRow).where(SavedSearchRow.id == search_id))
