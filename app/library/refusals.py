"""Contents that could not be read: another file that holds one is not tried again.

What crashed a codec or kept it busy for twenty seconds once would do so for every copy of the file, and again
whenever one comes back from a drive. A newer Photosift tries again, and so does whoever asks for it.
"""

import time
from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from app import __version__
from app.library.schema import PhotoRow, RefusalRow
from app.library.sql import among

Refused = tuple[tuple[str, str], ...]  # (content key, reason) of contents of one size


def refused_contents(connection: Connection, sizes: Collection[int]) -> Mapping[int, Refused]:
    """By size in bytes, which tells nearly all files from those that were refused without opening them."""
    statement = select(RefusalRow.size, RefusalRow.content_key, RefusalRow.reason).where(
        among(RefusalRow.size, sizes), RefusalRow.version == __version__
    )
    found: dict[int, Refused] = defaultdict(tuple)
    for size, content_key, reason in connection.execute(statement):
        found[size] += ((content_key, reason),)
    return found


def note_refusal(connection: Connection, content_key: str, size: int, reason: str) -> None:
    """This content could not be read by this version of Photosift."""
    values = {"size": size, "reason": reason, "version": __version__, "refused_at": time.time()}
    connection.execute(
        insert(RefusalRow)
        .values(content_key=content_key, **values)
        .on_conflict_do_update(index_elements=["content_key"], set_=values)
    )


def forget_refusals(connection: Connection, photo_ids: Collection[int]) -> None:
    """These files are to be tried whatever is known of their content."""
    sizes = select(PhotoRow.size).where(among(PhotoRow.id, photo_ids))
    connection.execute(delete(RefusalRow).where(RefusalRow.size.in_(sizes)))
