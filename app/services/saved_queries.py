"""A query as it is saved: JSON that still means the same in another library."""

import base64
import binascii
import json
import time
from collections.abc import Mapping
from typing import Any

from app.domain.photo import Folder
from app.domain.query import QueryImage, QueryTerm, SearchFilters, SearchQuery, SortOrder
from app.errors import LibraryError
from app.library.library import Library

_RECENT_SECONDS = 30 * 86_400.0


class SavedQueries:
    """Translates queries: photos are named by their content, folders by their path."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def to_json(self, query: SearchQuery) -> str:
        """A query as text."""
        filters = query.filters
        folders = {folder.folder_id: folder.path for folder in self._library.folders.all()}
        where = {
            "folder": folders.get(filters.folder_id) if filters.folder_id is not None else None,
            "subfolder": filters.subfolder,
            "favourites": filters.favourites_only or None,
            "recent": filters.added_since is not None or None,
            "album": filters.album_id,
        }
        return json.dumps(
            {
                "version": 1,
                "terms": [self._term_to_json(term) for term in query.terms],
                "sort": query.sort.value,
                "where": {name: value for name, value in where.items() if value is not None},
            }
        )

    def from_json(self, text: str) -> SearchQuery:
        """The query again. Raises LibraryError when it cannot be asked here."""
        try:
            saved = json.loads(text)
            where = saved.get("where", {})
            terms = tuple(self._term_from_json(term) for term in saved["terms"])
            sort = SortOrder(saved.get("sort", SortOrder.RELEVANCE.value))
        except (ValueError, TypeError, LookupError, AttributeError, binascii.Error) as error:
            raise LibraryError(
                "This saved search cannot be understood. Delete it and save it anew."
            ) from error
        filters = SearchFilters(
            folder_id=self._folder(where["folder"]).folder_id if "folder" in where else None,
            subfolder=where.get("subfolder"),
            favourites_only=bool(where.get("favourites", False)),
            added_since=time.time() - _RECENT_SECONDS if where.get("recent") else None,
            album_id=where.get("album"),
        )
        return SearchQuery(terms, filters, sort)

    def _folder(self, path: str) -> Folder:
        for folder in self._library.folders.all():
            if folder.path == path:
                return folder
        raise LibraryError("The folder that this saved search looks in is not watched any more.")

    def _term_to_json(self, term: QueryTerm) -> dict[str, Any]:
        if term.text is not None:
            return {"text": term.text, "weight": term.weight}
        if term.image is not None:
            data = base64.b64encode(term.image.data).decode("ascii")
            return {"image": data, "name": term.image.name, "weight": term.weight}
        photos = self._library.photos.get([term.photo_id] if term.photo_id is not None else [])
        content_key = photos[0].content_key if photos else None
        return {"photo": term.photo_id, "content_key": content_key, "weight": term.weight}

    def _term_from_json(self, saved: dict[str, Any]) -> QueryTerm:
        weight = float(saved.get("weight", 1.0))
        if "text" in saved:
            return QueryTerm(text=str(saved["text"]), weight=weight)
        if "image" in saved:
            image = QueryImage(base64.b64decode(saved["image"], validate=True), str(saved.get("name", "")))
            return QueryTerm(image=image, weight=weight)
        return QueryTerm(photo_id=self._photo(int(saved["photo"]), saved.get("content_key")), weight=weight)

    def _photo(self, photo_id: int, content_key: str | None) -> int:
        """An id means the photo only while it has the same content; another library has other ids."""
        photos = self._library.photos.get([photo_id])
        if photos and content_key in (None, photos[0].content_key):
            return photo_id
        found = self._library.archive.photo_of_content(content_key) if content_key else None
        if found is None:
            raise LibraryError("The photo that this saved search compares with is not in the library.")
        return found


def with_albums(text: str, albums: Mapping[int, int]) -> str:
    """A saved query from another library: its album as it is called here."""
    saved = json.loads(text)
    where = saved.get("where", {})
    if where.get("album") in albums:
        where["album"] = albums[where["album"]]
        return json.dumps(saved)
    return text
