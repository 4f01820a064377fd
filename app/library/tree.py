"""The folders inside a watched folder, made up from the paths of its photos."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from app.domain.photo import Subfolder
from app.library.columns import printable_path
from app.library.filters import shown
from app.library.schema import PhotoRow


@dataclass(slots=True)
class _Tally:
    """What was counted of one subfolder so far."""

    photos: int = 0
    has_children: bool = False


def children(connection: Connection, folder_id: int, parent: str) -> tuple[Subfolder, ...]:
    """The direct children of `parent` that hold shown photos, in themselves or below, by name."""
    prefix = f"{parent}/" if parent else ""
    tallies: dict[str, _Tally] = {}
    for directory, count in _directories(connection, folder_id, prefix):
        name, deeper, _ = directory[len(prefix) :].partition("/")
        tally = tallies.setdefault(name, _Tally())
        tally.photos += count
        tally.has_children |= bool(deeper)
    found = (
        Subfolder(folder_id, prefix + name, printable_path(name), tally.photos, tally.has_children)
        for name, tally in tallies.items()
    )
    return tuple(sorted(found, key=lambda child: (child.name.casefold(), child.relative_path)))


def _directories(connection: Connection, folder_id: int, prefix: str) -> list[tuple[str, int]]:
    """All directories below the prefix that directly hold shown photos, with how many."""
    statement = (
        select(PhotoRow.directory, func.count())
        .where(*shown(), PhotoRow.folder_id == folder_id, PhotoRow.directory > prefix)
        .group_by(PhotoRow.directory)
    )
    if prefix:
        statement = statement.where(PhotoRow.directory < f"{prefix[:-1]}0")
    return [(directory, count) for directory, count in connection.execute(statement)]
