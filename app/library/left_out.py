"""Photos that are missing only because their folder leaves them out: their files may well be there."""

import time
from collections.abc import Collection
from functools import partial

from sqlalchemy import Connection, select, update

from app.domain.photo import PhotoState
from app.library.database import Database
from app.library.schema import PhotoRow
from app.library.sql import among
from app.library.writer import LibraryWriter


def note_left_out(
    database: Database, writer: LibraryWriter, folder_id: int, photo_ids: Collection[int]
) -> None:
    """Keep these missing photos of a folder for good, and count the days of all others."""
    statement = select(PhotoRow.id).where(
        PhotoRow.folder_id == folder_id, PhotoRow.state == PhotoState.MISSING, PhotoRow.left_out
    )
    with database.read() as connection:
        known = frozenset(connection.execute(statement).scalars())
    writer.in_chunks(sorted(frozenset(photo_ids) - known), partial(_mark, left_out=True))
    writer.in_chunks(sorted(known - frozenset(photo_ids)), partial(_mark, left_out=False))


def _mark(connection: Connection, photo_ids: Collection[int], left_out: bool) -> None:
    """The days begin anew when the rules let the photo in and its file is not there."""
    connection.execute(
        update(PhotoRow)
        .where(among(PhotoRow.id, photo_ids), PhotoRow.state == PhotoState.MISSING)
        .values(left_out=left_out, missing_since=time.time())
    )
