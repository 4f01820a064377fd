"""What part of the library the window looks at: the choice made in the sidebar."""

import time
from dataclasses import dataclass
from enum import StrEnum

from app.domain.query import SearchFilters

_RECENT_SECONDS = 30 * 24 * 3600


class ScopeKind(StrEnum):
    """The entries of the sidebar."""

    ALL = "all"
    FAVOURITES = "favourites"
    RECENT = "recent"
    UNUSUAL = "unusual"
    FOLDER = "folder"
    PROBLEMS = "problems"
    ALBUM = "album"
    SEARCH = "search"  # a saved one: chosen like an entry, but run instead of looked at


@dataclass(frozen=True, slots=True)
class Scope:
    """One entry of the sidebar, as a filter of searches."""

    kind: ScopeKind = ScopeKind.ALL
    folder_id: int | None = None
    subfolder: str = ""
    name: str = ""  # of the folder, album or search, for people
    album_id: int | None = None
    search_id: int | None = None

    @property
    def is_all(self) -> bool:
        return self.kind is ScopeKind.ALL

    def filters(self) -> SearchFilters:
        """The same as search filters, as of now."""
        if self.kind is ScopeKind.FAVOURITES:
            return SearchFilters(favourites_only=True)
        if self.kind is ScopeKind.RECENT:
            return SearchFilters(added_since=time.time() - _RECENT_SECONDS)
        if self.kind is ScopeKind.FOLDER:
            return SearchFilters(folder_id=self.folder_id, subfolder=self.subfolder or None)
        if self.kind is ScopeKind.ALBUM:
            return SearchFilters(album_id=self.album_id)
        return SearchFilters()
