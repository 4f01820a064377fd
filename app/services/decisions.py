"""What users decide about photos: stars, flags, labels, albums, saved searches, and taking it back."""

from collections.abc import Callable, Sequence

from app.domain.decisions import Album, AlbumUndo, Flag, Kind, SavedSearch, Undo
from app.domain.query import SearchQuery
from app.library.library import Library
from app.services.saved_queries import SavedQueries


class DecisionService:
    """Every decision may be made about many photos at once. Thread-safe."""

    def __init__(self, library: Library, *, on_said: Callable[[Sequence[int]], None]) -> None:
        """`on_said`: these photos got stars, a flag or a label, which sidecars may have to tell."""
        self._library = library
        self._queries = SavedQueries(library)
        self._on_said = on_said

    # -- photos

    def rate(self, photo_ids: Sequence[int], stars: int) -> Undo:
        """Give 1 to 5 stars, or take them away with 0."""
        return self._decide(Kind.RATING, photo_ids, stars)

    def flag(self, photo_ids: Sequence[int], flag: Flag | None) -> Undo:
        """Pick photos, reject them, or neither."""
        return self._decide(Kind.FLAG, photo_ids, flag.value if flag else "")

    def label(self, photo_ids: Sequence[int], label: str) -> Undo:
        """Give a colour label, or take it away with ""."""
        return self._decide(Kind.LABEL, photo_ids, label)

    def undo(self, undo: Undo | AlbumUndo) -> None:
        """Have everything be as it was before."""
        if isinstance(undo, AlbumUndo):
            self._library.albums.undo(undo)
        else:
            self._library.decisions.undo(undo)
            self._on_said([one.photo_id for one in undo.before])

    def use_what_the_file_says(self, kind: Kind, photo_ids: Sequence[int]) -> None:
        """Settle a conflict for the file."""
        self._library.decisions.forget_own(kind, photo_ids)

    def _decide(self, kind: Kind, photo_ids: Sequence[int], value: int | str) -> Undo:
        undo = self._library.decisions.decide(kind, photo_ids, value)
        self._on_said(photo_ids)
        return undo

    # -- albums

    def albums(self) -> tuple[Album, ...]:
        """By name."""
        return self._library.albums.all()

    def create_album(self, name: str, photo_ids: Sequence[int] = ()) -> int:
        """A new album with these photos in it: its id."""
        album_id = self._library.albums.create(name)
        self._library.albums.add(album_id, photo_ids)
        return album_id

    def rename_album(self, album_id: int, name: str) -> None:
        """Give it another name."""
        self._library.albums.rename(album_id, name)

    def delete_album(self, album_id: int) -> None:
        """The photos stay."""
        self._library.albums.delete(album_id)

    def add_to_album(self, album_id: int, photo_ids: Sequence[int]) -> AlbumUndo:
        """Put photos at its end; those in it already keep their places."""
        return self._library.albums.add(album_id, photo_ids)

    def remove_from_album(self, album_id: int, photo_ids: Sequence[int]) -> AlbumUndo:
        """Take photos out; they stay in the library."""
        return self._library.albums.remove(album_id, photo_ids)

    def move_in_album(self, album_id: int, photo_ids: Sequence[int], before: int | None) -> None:
        """Put photos before another one of the album, None: at its end."""
        self._library.albums.move(album_id, photo_ids, before)

    # -- saved searches

    def searches(self) -> tuple[SavedSearch, ...]:
        """By name."""
        return self._library.searches.all()

    def save_search(self, name: str, query: SearchQuery) -> int:
        """Keep a query under a name; one of that name is replaced."""
        return self._library.searches.save(name, self._queries.to_json(query))

    def query_of(self, search: SavedSearch) -> SearchQuery:
        """The query, to be asked now. Raises LibraryError when something it names is gone."""
        return self._queries.from_json(search.query)

    def rename_search(self, search_id: int, name: str) -> None:
        """Give it another name."""
        self._library.searches.rename(search_id, name)

    def delete_search(self, search_id: int) -> None:
        """Forget it."""
        self._library.searches.delete(search_id)
