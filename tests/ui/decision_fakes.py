"""Decisions kept in dictionaries, for tests of the window."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from app.domain.decision_records import ImportReport
from app.domain.decisions import (
    NO_DECISIONS,
    Album,
    AlbumUndo,
    Before,
    Decisions,
    Flag,
    Kind,
    SavedSearch,
    Undo,
)
from app.domain.query import SearchQuery
from app.errors import LibraryError

if TYPE_CHECKING:
    from fakes import FakeLibraryService


class FakeDecisionService:
    """What is decided about the photos of a fake library; set `error` to have everything refused."""

    def __init__(self, library: "FakeLibraryService") -> None:
        self._library = library
        self._albums: dict[int, str] = {}
        self._searches: dict[int, tuple[str, SearchQuery]] = {}
        self._next = 1
        self.error: LibraryError | None = None

    def _decide(self, kind: Kind, photo_ids: Sequence[int], value: object) -> Undo:
        if self.error is not None:
            raise self.error
        self._library.record("decide", kind, tuple(photo_ids), value)
        known = self._library.decided
        before = []
        for photo_id in photo_ids:
            held: Decisions = known.get(photo_id, NO_DECISIONS)
            before.append(Before(photo_id, None, getattr(held, kind.value) or ""))
            known[photo_id] = replace(held, **{kind.value: value, **_settled(kind)})
        return Undo(kind, tuple(before))

    def rate(self, photo_ids: Sequence[int], stars: int) -> Undo:
        return self._decide(Kind.RATING, photo_ids, stars)

    def flag(self, photo_ids: Sequence[int], flag: Flag | None) -> Undo:
        return self._decide(Kind.FLAG, photo_ids, flag)

    def label(self, photo_ids: Sequence[int], label: str) -> Undo:
        return self._decide(Kind.LABEL, photo_ids, label)

    def undo(self, undo: Undo | AlbumUndo) -> None:
        self._library.record("undo", undo)
        if isinstance(undo, AlbumUndo):
            photos = self._library.albums.setdefault(undo.album_id, [])
            photos[:] = [n for n in photos if n not in undo.added] + [n for n, _ in undo.removed]
            return
        for before in undo.before:
            value = before.held or {Kind.RATING: 0, Kind.FLAG: None, Kind.LABEL: ""}[undo.kind]
            held = self._library.decided[before.photo_id]
            self._library.decided[before.photo_id] = replace(held, **{undo.kind.value: value})

    def use_what_the_file_says(self, kind: Kind, photo_ids: Sequence[int]) -> None:
        self._library.record("use_what_the_file_says", kind, tuple(photo_ids))
        for photo_id in photo_ids:
            held = self._library.decided[photo_id]
            conflict = held.rating_conflict if kind is Kind.RATING else held.label_conflict
            if conflict is not None:
                value = {kind.value: conflict.file, **_settled(kind)}
                self._library.decided[photo_id] = replace(held, **value)

    def albums(self) -> tuple[Album, ...]:
        return tuple(Album(n, name, len(self._library.albums[n])) for n, name in self._albums.items())

    def create_album(self, name: str, photo_ids: Sequence[int] = ()) -> int:
        album_id, self._next = self._next, self._next + 1
        self._albums[album_id] = name
        self._library.albums[album_id] = list(photo_ids)
        return album_id

    def rename_album(self, album_id: int, name: str) -> None:
        self._albums[album_id] = name

    def delete_album(self, album_id: int) -> None:
        self._albums.pop(album_id, None)
        self._library.albums.pop(album_id, None)

    def add_to_album(self, album_id: int, photo_ids: Sequence[int]) -> AlbumUndo:
        photos = self._library.albums[album_id]
        added = [photo_id for photo_id in photo_ids if photo_id not in photos]
        photos.extend(added)
        return AlbumUndo(album_id, added=tuple(added))

    def remove_from_album(self, album_id: int, photo_ids: Sequence[int]) -> AlbumUndo:
        photos = self._library.albums[album_id]
        removed = [(photo_id, float(photos.index(photo_id))) for photo_id in photo_ids if photo_id in photos]
        photos[:] = [photo_id for photo_id in photos if photo_id not in photo_ids]
        return AlbumUndo(album_id, removed=tuple(removed))

    def move_in_album(self, album_id: int, photo_ids: Sequence[int], before: int | None) -> None:
        photos = [n for n in self._library.albums[album_id] if n not in photo_ids]
        place = photos.index(before) if before in photos else len(photos)
        photos[place:place] = photo_ids
        self._library.albums[album_id][:] = photos

    def searches(self) -> tuple[SavedSearch, ...]:
        return tuple(SavedSearch(n, name, "{}") for n, (name, _) in self._searches.items())

    def save_search(self, name: str, query: SearchQuery) -> int:
        search_id, self._next = self._next, self._next + 1
        self._searches[search_id] = (name, query)
        return search_id

    def query_of(self, search: SavedSearch) -> SearchQuery:
        if self.error is not None:
            raise self.error
        return self._searches[search.search_id][1]

    def rename_search(self, search_id: int, name: str) -> None:
        self._searches[search_id] = (name, self._searches[search_id][1])

    def delete_search(self, search_id: int) -> None:
        self._searches.pop(search_id, None)


class FakeDecisionFileService:
    """Writes and reads nothing."""

    def __init__(self) -> None:
        self.report = ImportReport(photos=3, changed=2, kept=1)
        self.exported: list[Path] = []
        self.imported: list[Path] = []

    def export_to(self, path: Path) -> int:
        self.exported.append(path)
        return 3

    def import_from(self, path: Path) -> ImportReport:
        self.imported.append(path)
        return self.report

    def match_kept(self) -> int:
        return 0

    def keep_weekly_copy(self, today: date | None = None) -> Path | None:
        return None


class FakeSidecarService:
    """Has nothing to write; `report` says that something could not be written."""

    def __init__(self) -> None:
        self._on_problem: Callable[[str], None] | None = None

    @property
    def is_heard(self) -> bool:
        return self._on_problem is not None

    def subscribe(self, on_problem: Callable[[str], None]) -> None:
        self._on_problem = on_problem

    def report(self, text: str) -> None:
        assert self._on_problem is not None
        self._on_problem(text)

    def tell(self, photo_ids: Sequence[int] | None = None) -> None:
        pass


def _settled(kind: Kind) -> dict[str, None]:
    if kind is Kind.RATING:
        return {"rating_conflict": None}
    return {"label_conflict": None} if kind is Kind.LABEL else {}
