"""All decisions in one JSON file: written, read, and kept weekly.

A line is one photo, so that a library of any size is written and read piece by piece.
"""

import json
import logging
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from app.domain.decision_records import (
    AlbumRecord,
    ImportReport,
    NotDuplicatesRecord,
    PhotoRecord,
    SearchRecord,
    from_json,
    not_duplicates_from_json,
    to_json,
)
from app.errors import AppError, DecisionFileError
from app.library.library import Library
from app.services.saved_queries import with_albums

_log = logging.getLogger(__name__)

FORMAT = "photosift decisions"
VERSION = 1
_KEPT_COPIES = 5
_WEEK = timedelta(days=7)
_COPY = re.compile(r"(\d{4}-\d{2}-\d{2})\.json")


@dataclass(slots=True)
class _Content:
    """What a file says."""

    albums: list[AlbumRecord] = field(default_factory=list)
    searches: list[SearchRecord] = field(default_factory=list)
    not_duplicates: list[NotDuplicatesRecord] = field(default_factory=list)
    photos: list[PhotoRecord] = field(default_factory=list)


class DecisionFileService:
    """Takes decisions out of the library and into it."""

    def __init__(self, library: Library, copies: Path, *, on_said: Callable[[], None]) -> None:
        """`copies`: the folder of the weekly copies. `on_said`: stars or labels came, for sidecars."""
        self._library = library
        self._copies = copies
        self._on_said = on_said

    def export_to(self, path: Path) -> int:
        """Write everything that was decided: about how many photos. Raises DecisionFileError."""
        try:
            return _replace(path, self._lines())
        except OSError as error:
            raise DecisionFileError(f"{path} cannot be written: {error.strerror}.") from error

    def import_from(self, path: Path) -> ImportReport:
        """Merge a file: of two decisions about the same the newer holds. Raises DecisionFileError.

        What is about photos that are not here waits for them.
        """
        content = _read(path)
        archive = self._library.archive
        albums, new_albums = archive.merge_albums(content.albums)
        new_searches = archive.merge_searches(
            [replace(search, query=with_albums(search.query, albums)) for search in content.searches]
        )
        found, changed, kept = archive.merge_photos(
            [_with_albums(record, albums) for record in content.photos]
        )
        not_duplicates = archive.merge_not_duplicates(content.not_duplicates)
        self._on_said()
        return ImportReport(found, changed, kept, new_albums, new_searches, not_duplicates)

    def match_kept(self) -> int:
        """Give photos that have come what an import kept for them: how many."""
        matched = self._library.archive.match_kept()
        if matched:
            self._on_said()
        return matched

    def keep_weekly_copy(self, today: date | None = None) -> Path | None:
        """Write a dated copy when the newest is a week old; five stay. Never raises for a fault of the world.

        A library without decisions writes none: it would push out copies that hold some.
        """
        today = today or datetime.now().astimezone().date()
        try:
            known = {day for day in _dated(self._copies) if day <= today}  # a clock that was wrong counts not
            if known and today < max(known) + _WEEK:
                return None
            if not self._has_decisions():
                return None
            self._copies.mkdir(
                exist_ok=True
            )  # not what is above it: the library's drive may have been pulled
            path = self._copies / f"{today.isoformat()}.json"
            _replace(path, self._lines())
            for old in sorted({*known, today})[:-_KEPT_COPIES]:
                (self._copies / f"{old.isoformat()}.json").unlink(missing_ok=True)
        except (OSError, AppError) as error:
            _log.info("no weekly copy of the decisions was kept: %s", error)
            return None
        return path

    def _has_decisions(self) -> bool:
        archive = self._library.archive
        said = archive.albums() or archive.searches() or archive.not_duplicates()
        return bool(said or next(archive.photos(), None))

    def _lines(self) -> Iterator[str]:
        """The file, piece by piece; one piece that ends in a comma or bracket is one photo."""
        archive = self._library.archive
        head = {
            "format": FORMAT,
            "version": VERSION,
            "exported_at": time.time(),
            "folders": archive.folders(),
            "albums": [
                {"album": album.album_id, "name": album.name, "created_at": album.created_at}
                for album in archive.albums()
            ],
            "saved_searches": [
                {"name": search.name, "query": json.loads(search.query), "created_at": search.created_at}
                for search in archive.searches()
            ],
            "not_duplicates": [asdict(record) for record in archive.not_duplicates()],
        }
        yield json.dumps(head, indent=1)[:-2] + ',\n "photos": ['
        separator = "\n  "
        for record in archive.photos():
            yield separator + json.dumps(to_json(record))
            separator = ",\n  "
        yield "\n ]\n}\n"


def _with_albums(record: PhotoRecord, albums: dict[int, int]) -> PhotoRecord:
    places = (
        replace(place, album_id=albums[place.album_id]) for place in record.places if place.album_id in albums
    )
    return replace(record, places=tuple(places))


def _replace(path: Path, pieces: Iterator[str]) -> int:
    """Write a file whole or not at all: how many photos it holds. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".tmp")
    try:
        count = -2  # head and tail
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            for piece in pieces:
                file.write(piece)
                count += 1
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return count


def _dated(folder: Path) -> set[date]:
    """The days of the copies that are there."""
    if not folder.is_dir():
        return set()
    matches = filter(None, (_COPY.fullmatch(name) for name in os.listdir(folder)))
    days = set()
    for match in matches:
        try:
            days.add(date.fromisoformat(match[1]))
        except ValueError:
            continue  # somebody's own file
    return days


def _read(path: Path) -> _Content:
    """Everything a file says, checked before anything of it is taken over."""
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise DecisionFileError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise DecisionFileError(
            f"{path} is damaged, or no file of decisions. Nothing was changed."
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise DecisionFileError(f"{path} is no file of decisions by Photosift. Nothing was changed.")
    if content.get("version") != VERSION:
        raise DecisionFileError(
            f"{path} was written by a newer Photosift. Update Photosift to import it; nothing was changed."
        )
    try:
        return _content(content)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise DecisionFileError(
            f"{path} holds something that is no decision: {error}. Nothing was changed."
        ) from error


def _content(content: dict[str, Any]) -> _Content:
    return _Content(
        [
            AlbumRecord(int(album["album"]), str(album["name"]), float(album["created_at"]))
            for album in content.get("albums", ())
        ],
        [
            SearchRecord(str(search["name"]), json.dumps(search["query"]), float(search["created_at"]))
            for search in content.get("saved_searches", ())
        ],
        [not_duplicates_from_json(entry) for entry in content.get("not_duplicates", ())],
        [from_json(entry) for entry in content.get("photos", ())],
    )
