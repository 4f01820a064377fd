"""The photos of the library."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from app.domain.decisions import NO_DECISIONS, Kind
from app.domain.indexing import (
    FolderChanges,
    IndexedPhoto,
    KnownFile,
    PendingPhoto,
    PhotoFailure,
    StoredBatch,
)
from app.domain.photo import Folder, Photo, PhotoState, ProblemFile, Subfolder
from app.domain.query import SearchFilters
from app.domain.status import LibraryCounts
from app.domain.vectors import Labels
from app.library import photo_values, tree, words
from app.library.albums import ids_in_album
from app.library.cached_contents import places_of_contents
from app.library.changes import ChangeWriter, arrival_priority, mark_missing
from app.library.companions import CompanionRepository, companions_of
from app.library.counting import count_library, count_pending, count_shown, count_unembedded
from app.library.database import Database
from app.library.decision_rows import decide, decisions_of
from app.library.embeddings import find_model, keys_with_embedding, model_id
from app.library.filters import NO_FILTERS, SHOWN, in_tree, newest_first, shown
from app.library.forget import Purge
from app.library.indexing_queue import IndexingQueue
from app.library.labels import label_of, photos_of_labels
from app.library.left_out import note_left_out
from app.library.outcomes import OutcomeWriter, store_failures
from app.library.reattach import bequeath, bereaved
from app.library.refusals import Refused, forget_refusals, refused_contents
from app.library.remembered_labels import RememberedLabels
from app.library.schema import FavouriteRow, FolderRow, PhotoRow, PlaceRow
from app.library.sql import Ids, among, fetch_ids
from app.library.writer import LibraryWriter

_KNOWN = (
    PhotoRow.id,
    PhotoRow.relative_path,
    PhotoRow.size,
    PhotoRow.mtime_ns,
    PhotoRow.file_id,
    PhotoRow.state,
    PhotoRow.sidecar_mtime_ns,
)


class PhotoRepository:
    """Photos, what is decided about them, and the questions asked of them.

    A *shown* photo is ready or pending, in a watched folder, and no companion of another: only these are in
    answers to searches.
    """

    def __init__(self, database: Database, writer: LibraryWriter, companions: CompanionRepository) -> None:
        self._database = database
        self._writer = writer
        self._companions = companions
        self._queue = IndexingQueue(database, writer)
        self._labels = RememberedLabels(database, writer)

    # -- files

    def known_files(self, folder_id: int, below: str | None = None) -> list[KnownFile]:
        """All files of a folder, or of one of its subfolders with what is below, missing ones too."""
        return self._known(
            PhotoRow.folder_id == folder_id, *([in_tree(PhotoRow.relative_path, below)] if below else [])
        )

    def find(self, folder_id: int, relative_path: str) -> KnownFile | None:
        """The file at this path, missing or not."""
        found = self._known(PhotoRow.folder_id == folder_id, PhotoRow.relative_path == relative_path)
        return found[0] if found else None

    def owners(self, file_ids: Collection[str]) -> list[tuple[int, KnownFile]]:
        """(folder id, file) of all photos with these file ids, missing ones too. Looks through all photos."""
        statement = select(PhotoRow.folder_id, *_KNOWN).where(among(PhotoRow.file_id, file_ids))
        with self._database.read() as connection:
            return [(row[0], KnownFile(*row[1:])) for row in connection.execute(statement)]

    def find_below(self, folder_id: int, directory: str) -> list[KnownFile]:
        """The files anywhere below a directory ("" is the folder itself), missing ones too."""
        return self.known_files(folder_id, directory)

    def find_beside(self, folder_id: int, sidecar: str) -> list[KnownFile]:
        """The files that a sidecar may belong to: of "IMG.xmp" every IMG.*, of "IMG.JPG.xmp" IMG.JPG."""
        stem, path = sidecar[: sidecar.rfind(".")], PhotoRow.relative_path
        # In bytes, "/" follows ".": a range that the index of the paths knows.
        return self._known(
            PhotoRow.folder_id == folder_id,
            or_(path == stem, and_(path > f"{stem}.", path < f"{stem}/")),
        )

    def added_since(self, moment: float) -> list[KnownFile]:
        """The files of shown photos that were found since then, in all folders."""
        return self._known(SHOWN, PhotoRow.added_at >= moment)

    def apply_changes(self, changes: FolderChanges) -> None:
        """Write what a scan found out, in several short transactions; passed over when the folder is gone.

        Two rows never share a path: a row whose path was taken by a moved file becomes missing.
        """
        folder = self._folder(changes.folder_id)
        if folder is None:
            return
        known = self._last_id()
        ChangeWriter(self._writer, folder, urgent=changes.urgent).apply(changes)
        self._companions.regroup_changed(changes, known)

    def mark_missing(self, photo_ids: Sequence[int]) -> None:
        """Their files are gone: in the trash, for one."""
        self._writer.in_chunks(photo_ids, mark_missing, decision=True)
        self._companions.regroup(photo_ids)

    def bequeath(self, before: float) -> int:
        """Photos that vanished, but not after `before`, take the places of copies made shortly earlier.

        How many did: that is how file managers move to another drive.
        """
        with self._database.read() as connection:
            photo_ids = bereaved(connection, before)
        taken: list[int] = []
        self._writer.in_chunks(photo_ids, lambda connection, part: taken.append(bequeath(connection, part)))
        self._companions.regroup(photo_ids)
        return sum(taken)

    def places(self, content_keys: Collection[str]) -> dict[str, list[tuple[int, str]]]:
        """Where the photos with these contents are, or were: (folder_id, absolute path), missing ones too."""
        with self._database.read() as connection:
            return places_of_contents(connection, content_keys)

    def note_left_out(self, folder_id: int, photo_ids: Collection[int]) -> None:
        """Which of a folder's missing photos its rules leave out: these are not forgotten after 30 days."""
        note_left_out(self._database, self._writer, folder_id, photo_ids)

    # -- indexing

    def next_pending(
        self, limit: int, exclude: Collection[int] = (), offline: Collection[int] = ()
    ) -> list[PendingPhoto]:
        """Photos to read next, without those excluded and without folders that are `offline`.

        First what arrived while running, newest first, then the backlog in the order it was found.
        """
        return self._queue.next_pending(limit, exclude, offline)

    def next_unembedded(
        self, identity: str, limit: int, exclude: Collection[int] = (), offline: Collection[int] = ()
    ) -> list[PendingPhoto]:
        """Photos that were read but whose content has no embedding of this model."""
        return self._queue.next_unembedded(identity, limit, exclude, offline)

    def count_pending(self) -> int:
        """How many photos wait to be read."""
        with self._database.read() as connection:
            return count_pending(connection)

    def next_never_embedded(
        self, limit: int, exclude: Collection[int] = (), offline: Collection[int] = ()
    ) -> list[PendingPhoto]:
        """Photos that were read but that no model has embedded."""
        return self._queue.next_never_embedded(limit, exclude, offline)

    def count_unembedded(self, identity: str, offline: Collection[int] = ()) -> int:
        """How many photos were read but have no embedding of this model, without those `offline`."""
        with self._database.read() as connection:
            return count_unembedded(connection, model_id(connection, identity), offline)

    def reusable_embeddings(self, identity: str, keys: Sequence[tuple[str, str]]) -> frozenset[str]:
        """Of (content key, pixel key) pairs, the content keys that need no model.

        Their content has an embedding, or other content with the same pixels has one, which `store_indexed`
        copies when it is given None as embedding.
        """
        with self._database.read() as connection:
            contents, pixels = keys_with_embedding(
                connection, identity, [content for content, _ in keys], [pixel for _, pixel in keys]
            )
        return frozenset(content for content, pixel in keys if content in contents or pixel in pixels)

    def store_indexed(self, photos: Sequence[IndexedPhoto], identity: str | None) -> StoredBatch:
        """Write one batch in one transaction, embeddings under `identity` (None: there are none).

        A photo that vanished meanwhile is passed over; one whose file changed stays pending. A new file whose
        content is that of a missing photo takes over the missing photo's row, with all decisions. Raises
        LookupError for an identity that `EmbeddingRepository.ensure_model` was not told of.
        """
        with self._writer.transaction(computed=True) as connection:
            model = find_model(connection, identity) if identity else None
            if identity and model is None:
                raise LookupError(f"unknown model {identity}")
            outcomes = OutcomeWriter(connection, model)
            stored = outcomes.store(photos)
            self._companions.regroup_in(connection, outcomes.touched)  # dates are known now
            return stored

    def refused_contents(self, sizes: Collection[int]) -> Mapping[int, Refused]:
        """By size in bytes: contents that could not be read, with reasons. No file need be opened to ask."""
        with self._database.read() as connection:
            return refused_contents(connection, sizes)

    def store_failures(self, failures: Sequence[PhotoFailure]) -> None:
        """Note why photos could not be read; they are tried again when their file changes."""
        with self._writer.transaction(computed=True) as connection:
            store_failures(connection, failures)
            self._companions.regroup_in(connection, [failure.photo_id for failure in failures])

    # -- answers

    def get(self, photo_ids: Sequence[int] | Ids) -> list[Photo]:
        """Photos in the order asked for, in whatever state; ids that are gone are left out."""
        wanted = [int(photo_id) for photo_id in photo_ids]
        statement = (
            select(
                PhotoRow.__table__,
                FolderRow.path.label("folder_path"),
                FavouriteRow.photo_id.is_not(None).label("favourite"),
                PlaceRow.label.label("place"),
            )
            .join(FolderRow, FolderRow.id == PhotoRow.folder_id)
            .join(FavouriteRow, FavouriteRow.photo_id == PhotoRow.id, isouter=True)
            .join(PlaceRow, PlaceRow.id == PhotoRow.place_id, isouter=True)
            .where(among(PhotoRow.id, wanted))
        )
        with self._database.read() as connection:
            decided = decisions_of(connection, wanted)
            companions = companions_of(connection, wanted)
            found = {
                row.id: photo_values.photo(row, decided.get(row.id, NO_DECISIONS), companions.get(row.id, ()))
                for row in connection.execute(statement)
            }
        return [found[photo_id] for photo_id in wanted if photo_id in found]

    def ids(self, filters: SearchFilters = NO_FILTERS, *, by_date: bool = False) -> Ids:
        """All shown photos that the filters let through, newest first.

        Those of an album come in its own order, unless `by_date`.
        """
        statement = select(PhotoRow.id).where(*shown(filters))
        with self._database.read() as connection:
            if filters.album_id is not None and not by_date:
                return ids_in_album(connection, filters)
            return fetch_ids(connection, newest_first(statement, filters))[0]

    def ids_with_labels(self, identity: str, filters: SearchFilters = NO_FILTERS) -> tuple[Ids, Labels]:
        """All shown photos that have an embedding and that the filters let through: photo ids and labels.

        Ordered by label; photos of the same content share one. Not to be changed: they are remembered.
        """
        return self._labels.of(identity, filters)

    def photos_of_labels(
        self, identity: str, labels: Labels, filters: SearchFilters | None = None
    ) -> list[tuple[int, int]]:
        """(photo id, label) of the shown photos behind labels, in the order of the labels."""
        with self._database.read() as connection:
            model = model_id(connection, identity)
            return photos_of_labels(connection, model, labels, filters or NO_FILTERS)

    def label_of(self, photo_id: int, identity: str) -> int | None:
        """The label of a shown photo's embedding; None while it has none."""
        with self._database.read() as connection:
            return label_of(connection, model_id(connection, identity), photo_id)

    def search_words(
        self, text: str, filters: SearchFilters = NO_FILTERS, limit: int | None = None
    ) -> list[int]:
        """Shown photos that match every word of a text, best first. Any text is allowed.

        Words are looked for in file names, folder names, titles, captions, keywords, cameras, dates, places.
        """
        with self._database.read() as connection:
            return words.find(connection, text, filters, limit)

    def subfolders(self, folder_id: int, parent: str = "") -> tuple[Subfolder, ...]:
        """The direct children of `parent` ("" is the folder itself) that hold shown photos, by name."""
        with self._database.read() as connection:
            return tree.children(connection, folder_id, parent)

    def counts(self, identity: str | None = None) -> LibraryCounts:
        """The numbers of the whole library; `embedded` needs the identity of the current model."""
        with self._database.read() as connection:
            return count_library(connection, model_id(connection, identity))

    def count_shown(self, filters: SearchFilters = NO_FILTERS) -> int:
        """How many shown photos the filters let through."""
        known = self._labels.count(filters)
        if known is not None:
            return known
        with self._database.read() as connection:
            return count_shown(connection, filters)

    # -- problems and decisions

    def problems(self) -> tuple[ProblemFile, ...]:
        """The files of watched folders that could not be read, by path."""
        statement = (
            select(PhotoRow.id, FolderRow.path, PhotoRow.relative_path, PhotoRow.error)
            .join(FolderRow, FolderRow.id == PhotoRow.folder_id)
            .where(PhotoRow.state == PhotoState.PROBLEM, FolderRow.removed_at.is_(None))
            .order_by(FolderRow.path, PhotoRow.relative_path)
        )
        with self._database.read() as connection:
            return tuple(
                ProblemFile(row.id, photo_values.absolute_path(row.path, row.relative_path), row.error or "")
                for row in connection.execute(statement)
            )

    def retry(self, photo_ids: Sequence[int] | None = None) -> int:
        """Have problem files read again, all of them or these: how many."""
        problem = PhotoRow.state == PhotoState.PROBLEM
        if photo_ids is not None:
            problem &= among(PhotoRow.id, photo_ids)
        again = {"state": PhotoState.PENDING, "error": None, "priority": arrival_priority()}
        statement = update(PhotoRow).where(problem).values(**again).returning(PhotoRow.id)
        with self._writer.transaction(decision=True) as connection:
            retried = list(connection.execute(statement).scalars())
            forget_refusals(connection, retried)
        self._companions.regroup(retried)
        return len(retried)

    def set_favourite(self, photo_ids: Sequence[int], favourite: bool) -> None:
        """Decide whether photos are favourites; goes before all indexing."""
        self._writer.in_chunks(
            photo_ids,
            lambda connection, chunk: decide(connection, Kind.FAVOURITE, chunk, int(favourite)),
            decision=True,
        )

    def purge(self, older_than_days: float = 30) -> Labels:
        """Forget what was missing or removed for longer, and return the labels whose embeddings went with it.

        Photos that the user decided something about are kept.
        """
        return Purge(self._database, self._writer).run(older_than_days)

    def _last_id(self) -> int:
        with self._database.read() as connection:
            return connection.execute(select(func.coalesce(func.max(PhotoRow.id), 0))).scalar_one()

    def _folder(self, folder_id: int) -> Folder | None:
        statement = select(FolderRow.id, FolderRow.path).where(FolderRow.id == folder_id)
        with self._database.read() as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else Folder(row.id, row.path)

    def _known(self, *conditions: ColumnElement[bool]) -> list[KnownFile]:
        statement = select(*_KNOWN).where(*conditions)
        with self._database.read() as connection:
            return [KnownFile(*row) for row in connection.execute(statement)]
