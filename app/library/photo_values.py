"""Translating between a photo's row and the values of the domain."""

import os
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Row, bindparam, case

from app.domain.companions import Companion
from app.domain.decisions import Decisions
from app.domain.indexing import FoundFile
from app.domain.media import PhotoMetadata, TakenFrom
from app.domain.photo import Folder, Photo
from app.library.columns import printable_path
from app.library.schema import PhotoRow

_COPIED = (  # columns named as the fields of PhotoMetadata, holding the same values
    "width",
    "height",
    "format",
    "orientation",
    "camera_make",
    "camera_model",
    "lens",
    "exposure_seconds",
    "f_number",
    "iso",
    "focal_length_mm",
    "latitude",
    "longitude",
    "altitude_m",
    "title",
    "caption",
    "keywords",
    "sidecar_mtime_ns",
)
_FILE_SAYS = {"rating": "file_rating", "label": "file_label"}  # our own decisions have tables of their own


def absolute_path(folder_path: str, relative_path: str) -> str:
    """The path to open: the library stores "/" between parts on every system."""
    return os.path.join(folder_path, relative_path.replace("/", os.sep))


def place_values(folder: Folder, relative_path: str) -> dict[str, Any]:
    """The columns that say where a file is."""
    directory, _, name = relative_path.rpartition("/")
    top = os.path.basename(folder.path.rstrip("/\\"))
    return {
        "folder_id": folder.folder_id,
        "relative_path": relative_path,
        "directory": directory,
        "name": printable_path(name),
        "folder_words": printable_path(f"{top}/{directory}" if directory else top),
    }


def file_values(file: FoundFile) -> dict[str, Any]:
    """The columns that tell one version of a file from another."""
    return {"size": file.size, "mtime_ns": file.mtime_ns, "file_id": file.file_id}


def metadata_values(metadata: PhotoMetadata, mtime_ns: int) -> dict[str, Any]:
    """The columns that hold what a photo says about itself."""
    taken_at = metadata.taken_at
    offset = taken_at.utcoffset() if taken_at else None
    return {
        **{name: getattr(metadata, name) for name in _COPIED},
        **{column: getattr(metadata, name) for name, column in _FILE_SAYS.items()},
        "taken_from": metadata.taken_from.value if metadata.taken_from else None,
        "taken_at": taken_at.replace(tzinfo=None).isoformat() if taken_at else None,
        "taken_offset_minutes": None if offset is None else round(offset.total_seconds() / 60),
        "sort_time": sort_time(mtime_ns, taken_at),
    }


def moments(metadata: PhotoMetadata, mtime_ns: int) -> dict[str, float]:
    """Values for `file_says`: when what the file says was written, and when it is noticed."""
    now = time.time()
    return {
        "written_at": min(max(mtime_ns, metadata.sidecar_mtime_ns or 0) / 1e9, now),  # not in the future
        "noticed_at": now,
    }


def file_says() -> dict[str, Any]:
    """The columns that say since when the file has its rating and label: they stay while those stay."""
    values: dict[str, Any] = {}
    for column in _FILE_SAYS.values():
        same = getattr(PhotoRow, column).is_not_distinct_from(bindparam(f"new_{column}"))
        for suffix, moment in (("at", "written_at"), ("noticed_at", "noticed_at")):
            kept = getattr(PhotoRow, f"{column}_{suffix}")
            values[f"{column}_{suffix}"] = case((same, kept), else_=bindparam(moment))
    return values


def kept_place() -> dict[str, Any]:
    """The columns of the place's name: they stay while the coordinates stay, and are looked up anew else."""
    same = PhotoRow.latitude.is_not_distinct_from(bindparam("new_latitude"))
    same &= PhotoRow.longitude.is_not_distinct_from(bindparam("new_longitude"))
    return {name: case((same, getattr(PhotoRow, name)), else_=None) for name in ("place_id", "place_by")}


def sort_time(mtime_ns: int, taken_at: datetime | None = None) -> float:
    """Seconds on the wall clock where the photo was taken, else on ours when the file was modified.

    Wall clocks, because people remember the evening wherever they were, and most cameras store no offset.
    """
    if taken_at is None:
        try:
            taken_at = datetime.fromtimestamp(mtime_ns / 1e9)  # noqa: DTZ006 - our wall clock is meant
        except (OverflowError, OSError, ValueError):  # a file dated beyond the years Python knows
            return mtime_ns / 1e9
    return taken_at.replace(tzinfo=UTC).timestamp()


def photo(row: Row[Any], decisions: Decisions, companions: tuple[Companion, ...] = ()) -> Photo:
    """A photo from its row, with `folder_path`, `favourite` and `place` joined to it."""
    return Photo(
        photo_id=row.id,
        folder_id=row.folder_id,
        path=absolute_path(row.folder_path, row.relative_path),
        size=row.size,
        mtime_ns=row.mtime_ns,
        state=row.state,
        content_key=row.content_key,
        metadata=None if row.width is None else _metadata(row),
        favourite=bool(row.favourite),
        error=row.error,
        decisions=decisions,
        companions=companions,
        place=row.place or "",
    )


def _metadata(row: Row[Any]) -> PhotoMetadata:
    return PhotoMetadata(
        **{name: row._mapping[name] for name in _COPIED},
        **{name: row._mapping[column] for name, column in _FILE_SAYS.items()},
        taken_at=local_moment(row),
        taken_from=TakenFrom(row.taken_from) if row.taken_from else None,
    )


def local_moment(row: Row[Any]) -> datetime | None:
    """When it was taken, from `taken_at` and `taken_offset_minutes`; aware when the offset is known."""
    if row.taken_at is None:
        return None
    taken_at = datetime.fromisoformat(row.taken_at)
    if row.taken_offset_minutes is None:
        return taken_at
    return taken_at.replace(tzinfo=timezone(timedelta(minutes=row.taken_offset_minutes)))
