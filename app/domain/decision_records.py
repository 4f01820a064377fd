"""Decisions on their way to another library: without ids of photos, which mean nothing there."""

from dataclasses import dataclass
from typing import Any

from app.domain.decisions import Kind, Said


@dataclass(frozen=True, slots=True)
class AlbumPlace:
    """A photo's place in an album, or that it was taken out."""

    album_id: int
    position: float
    at: float
    removed: bool = False


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """What was decided about one photo, and what it is recognised by."""

    folder_path: str  # absolute; paths may hold surrogates for undecodable bytes
    relative_path: str
    content_key: str | None
    said: tuple[tuple[Kind, Said[int | str]], ...] = ()
    places: tuple[AlbumPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class AlbumRecord:
    """An album; its id is that of the library it comes from."""

    album_id: int
    name: str
    created_at: float


@dataclass(frozen=True, slots=True)
class SearchRecord:
    """A saved search."""

    name: str
    query: str  # JSON
    created_at: float


@dataclass(frozen=True, slots=True)
class NotDuplicatesRecord:
    """Two contents that are not to be proposed as duplicates; twice the same: its copies are to stay."""

    first: str  # content keys, the smaller one first
    second: str
    decided_at: float


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did."""

    photos: int = 0  # found here
    changed: int = 0  # of these, how many had older decisions or none
    kept: int = 0  # not found here: their decisions wait for them
    albums: int = 0  # new ones
    searches: int = 0  # new ones
    not_duplicates: int = 0  # new pairs


def to_json(record: PhotoRecord) -> dict[str, Any]:
    """A record as JSON has it."""
    entry: dict[str, Any] = {
        "folder": record.folder_path,
        "path": record.relative_path,
        "content_key": record.content_key,
    }
    for kind, said in record.said:
        entry[kind.value] = {"value": said.value, "decided_at": said.at}
    if record.places:
        entry["albums"] = [
            {"album": place.album_id, "position": place.position, "decided_at": place.at}
            | ({"removed": True} if place.removed else {})
            for place in record.places
        ]
    return entry


def from_json(entry: Any) -> PhotoRecord:
    """The record again. Raises ValueError, TypeError or LookupError when it is none."""
    said = tuple((kind, _said(kind, entry[kind.value])) for kind in Kind if entry.get(kind.value) is not None)
    places = tuple(
        AlbumPlace(
            int(place["album"]),
            float(place.get("position", 0)),
            float(place["decided_at"]),
            bool(place.get("removed", False)),
        )
        for place in entry.get("albums", ())
    )
    content_key = entry.get("content_key")
    return PhotoRecord(
        _text(entry["folder"]),
        _text(entry["path"]),
        None if content_key is None else _text(content_key),
        said,
        places,
    )


def not_duplicates_from_json(entry: Any) -> NotDuplicatesRecord:
    """The record again. Raises ValueError, TypeError or LookupError when it is none."""
    first, second = sorted((_text(entry["first"]), _text(entry["second"])))
    return NotDuplicatesRecord(first, second, float(entry["decided_at"]))


def _said(kind: Kind, entry: Any) -> Said[int | str]:
    value = entry["value"]
    if kind in (Kind.FAVOURITE, Kind.RATING):
        if not isinstance(value, int) or not 0 <= value <= 5:
            raise ValueError(f"{value!r} is no {kind.value}")
        value = int(value)
    elif not isinstance(value, str) or (kind is Kind.FLAG and value not in ("", "pick", "reject")):
        raise ValueError(f"{value!r} is no {kind.value}")
    return Said(value, float(entry["decided_at"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
