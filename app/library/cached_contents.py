"""Whether what is cached for a content could be made again."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import Connection, select

from app.library.photo_values import absolute_path
from app.library.schema import FolderRow, PhotoRow
from app.library.sql import among


def places_of_contents(
    connection: Connection, content_keys: Collection[str]
) -> dict[str, list[tuple[int, str]]]:
    """(folder_id, absolute path) of each photo with one of these contents, whatever its state."""
    statement = (
        select(PhotoRow.content_key, PhotoRow.folder_id, FolderRow.path, PhotoRow.relative_path)
        .join_from(PhotoRow, FolderRow, FolderRow.id == PhotoRow.folder_id)
        .where(among(PhotoRow.content_key, content_keys))
    )
    places = defaultdict(list)
    for row in connection.execute(statement):
        places[row.content_key].append((row.folder_id, absolute_path(row.path, row.relative_path)))
    return dict(places)
