"""What sidecars still have to be told: decisions of the user that hold and that no file says yet."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, union, update

from app.domain.decisions import REJECTED, Flag, Kind
from app.domain.photo import PhotoState
from app.library.database import Database
from app.library.decision_rows import decisions_of, own
from app.library.photo_values import absolute_path
from app.library.schema import FlagRow, FolderRow, LabelRow, PhotoRow, RatingRow, WithdrawalRow
from app.library.sql import among
from app.library.writer import LibraryWriter

_PAGE = 256


@dataclass(frozen=True, slots=True)
class SidecarTask:
    """What the sidecar of one photo is to say; None: leave it."""

    photo_id: int
    folder_path: str
    path: str
    rating: int | None  # -1 is rejected
    label: str | None  # "" takes it out


class SidecarTasks:
    """Works out what to write, and notes what was written, so that it is not read as news."""

    def __init__(self, database: Database, writer: LibraryWriter) -> None:
        self._database = database
        self._writer = writer

    def decided(self, folder_ids: Sequence[int]) -> list[int]:
        """Photos of these folders that the user said something about that sidecars can hold."""
        kinds = [kind.value for kind in (Kind.RATING, Kind.FLAG, Kind.LABEL)]
        said = union(
            *(select(rows.photo_id) for rows in (RatingRow, FlagRow, LabelRow)),
            select(WithdrawalRow.photo_id).where(WithdrawalRow.what.in_(kinds)),
        ).subquery()
        statement = (
            select(PhotoRow.id)
            .join(said, said.c.photo_id == PhotoRow.id)
            .where(among(PhotoRow.folder_id, folder_ids))
            .order_by(PhotoRow.id)
        )
        with self._database.read() as connection:
            return list(connection.execute(statement).scalars())

    def tasks(self, photo_ids: Sequence[int], folder_ids: Sequence[int]) -> list[SidecarTask]:
        """For those of the photos that are read, in these folders, and say something else or nothing.

        A photo with a conflict waits until the user settles it: writing would hide what the file says.
        """
        found: list[SidecarTask] = []
        for start in range(0, len(photo_ids), _PAGE):
            with self._database.read() as connection:
                found += _tasks(connection, photo_ids[start : start + _PAGE], folder_ids)
        return found

    def note_written(self, task: SidecarTask, mtime_ns: int, at: float) -> None:
        """The sidecar says so now: neither news nor a conflict when it is read."""
        values: dict[str, object] = {"sidecar_mtime_ns": mtime_ns}
        for name, value in (("file_rating", task.rating), ("file_label", task.label)):
            if value is not None:
                values |= {name: value, f"{name}_at": at, f"{name}_noticed_at": at}
        with self._writer.transaction(decision=True) as connection:
            connection.execute(update(PhotoRow).where(PhotoRow.id == task.photo_id).values(**values))


def _tasks(connection: Connection, photo_ids: Sequence[int], folder_ids: Sequence[int]) -> list[SidecarTask]:
    statement = (
        select(
            PhotoRow.id,
            FolderRow.path,
            PhotoRow.relative_path,
            func.coalesce(PhotoRow.file_rating, 0).label("rating"),
            func.coalesce(PhotoRow.file_label, "").label("label"),
        )
        .join(FolderRow, FolderRow.id == PhotoRow.folder_id)
        .where(among(PhotoRow.id, photo_ids), among(PhotoRow.folder_id, folder_ids))
        .where(PhotoRow.state == PhotoState.READY)
    )
    rated, flagged, labelled = (
        own(connection, kind, photo_ids) for kind in (Kind.RATING, Kind.FLAG, Kind.LABEL)
    )
    decided = decisions_of(connection, photo_ids)
    found = []
    for row in connection.execute(statement):
        held = decided[row.id]
        rating: int | None = held.rating or (REJECTED if held.flag is Flag.REJECT else 0)
        if row.id not in rated | flagged or held.rating_conflict or rating == row.rating:
            rating = None
        label: str | None = held.label
        if row.id not in labelled or held.label_conflict or label == row.label:
            label = None
        if rating is not None or label is not None:
            path = absolute_path(row.path, row.relative_path)
            found.append(SidecarTask(row.id, row.path, path, rating, label))
    return found
