"""Forgetting what nothing refers to any more."""

import time
from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np
from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select

from app.domain.photo import PhotoState
from app.domain.vectors import Labels
from app.library.calendar import DAY, note_today
from app.library.database import Database
from app.library.fingerprints import forget_fingerprints
from app.library.schema import DECISIONS, EmbeddingRow, FolderRow, PhotoRow
from app.library.sql import among
from app.library.word_index import reindexed
from app.library.writer import LibraryWriter


class Purge:
    """Removes what can be removed: rows that the user decided something about stay for good."""

    def __init__(self, database: Database, writer: LibraryWriter) -> None:
        self._database = database
        self._writer = writer

    def run(self, older_than_days: float) -> Labels:
        """Forget photos that are missing, or in folders removed, for longer, and embeddings without a photo.

        Returns the labels of the removed embeddings, ascending.
        """
        with self._writer.transaction() as connection:
            time_passes = note_today(connection)
        if time_passes:
            before = time.time() - older_than_days * DAY
            self._remove(PhotoRow, _forgotten_photo(before))
            empty = ~exists().where(PhotoRow.folder_id == FolderRow.id)
            self._remove(FolderRow, (FolderRow.removed_at < before) & empty)
        forget_fingerprints(self._database, self._writer)
        unused = ~exists().where(PhotoRow.content_key == EmbeddingRow.content_key)
        return np.array(sorted(self._remove(EmbeddingRow, unused)), np.int64)

    def _remove(
        self, rows: type[PhotoRow] | type[FolderRow] | type[EmbeddingRow], condition: ColumnElement[bool]
    ) -> list[int]:
        """Look for candidates without keeping anybody from writing; each is checked again when removed."""
        with self._database.read() as connection:
            candidates = connection.execute(select(rows.id).where(condition)).scalars().all()
        removed: list[int] = []

        def remove(connection: Connection, chunk: Sequence[int]) -> None:
            statement = delete(rows).where(among(rows.id, chunk), condition).returning(rows.id)
            with reindexed(connection, chunk) if rows is PhotoRow else nullcontext():
                removed.extend(connection.execute(statement).scalars())

        self._writer.in_chunks(candidates, remove)
        return removed


def _forgotten_photo(before: float) -> ColumnElement[bool]:
    removed = select(FolderRow.id).where(FolderRow.removed_at < before)
    gone = or_(
        (PhotoRow.state == PhotoState.MISSING) & ~PhotoRow.left_out & (PhotoRow.missing_since < before),
        PhotoRow.folder_id.in_(removed),
    )
    for decision in DECISIONS:
        gone &= ~exists().where(decision.photo_id == PhotoRow.id)
    return gone
