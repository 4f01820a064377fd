"""Opening a library and handing out its repositories."""

import logging
from pathlib import Path

from app.errors import LibraryError
from app.library.albums import AlbumRepository
from app.library.companions import CompanionRepository
from app.library.database import Database
from app.library.decision_archive import DecisionArchive
from app.library.decisions import DecisionRepository
from app.library.embeddings import EmbeddingRepository
from app.library.filter_values import FilterValues
from app.library.fingerprints import FingerprintRepository
from app.library.folders import FolderRepository
from app.library.log_file import read_log
from app.library.migrate import check_revision, make_file, migrate
from app.library.models import ModelRepository
from app.library.photos import PhotoRepository
from app.library.places import PlaceRepository
from app.library.query_embeddings import QueryEmbeddingRepository
from app.library.saved_searches import SavedSearchRepository
from app.library.search_history import SearchHistory
from app.library.sidecar_tasks import SidecarTasks
from app.library.writer import LibraryWriter

_log = logging.getLogger(__name__)


class Library:
    """The library database. Every method of its repositories may be called from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = LibraryWriter(database)
        self.folders = FolderRepository(database, self._writer)
        self.companions = CompanionRepository(database, self._writer)
        self.photos = PhotoRepository(database, self._writer, self.companions)
        self.embeddings = EmbeddingRepository(database, self._writer)
        self.models = ModelRepository(database, self._writer)
        self.query_embeddings = QueryEmbeddingRepository(database, self._writer)
        self.decisions = DecisionRepository(database, self._writer)
        self.albums = AlbumRepository(database, self._writer)
        self.searches = SavedSearchRepository(database, self._writer)
        self.history = SearchHistory(database, self._writer)
        self.values = FilterValues(database)
        self.places = PlaceRepository(database, self._writer)
        self.archive = DecisionArchive(database, self._writer)
        self.sidecars = SidecarTasks(database, self._writer)
        self.fingerprints = FingerprintRepository(database, self._writer)

    @classmethod
    def open(cls, database: Path) -> "Library":
        """Open the file, made or migrated where needed; a copy is kept before an existing one is migrated.

        Raises LibraryTooNewError when a newer Photosift wrote it, LibraryError when it cannot be used.
        """
        try:
            database.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(
                f"The folder {database.parent} for the library cannot be made: {error.strerror}."
                " Choose another place for the library."
            ) from error
        make_file(database)
        _tell_of_damaged_log(database)
        connections = Database(database)
        try:
            migrate(connections)
        except BaseException:
            connections.close()
            raise
        return cls(connections)

    @classmethod
    def open_to_read(cls, database: Path) -> "Library":
        """Open the file and write nothing: beside a program that has it, and on a read-only drive.

        Raises LibraryTooNewError, LibraryOutdatedError when it must be migrated first, LibraryError.
        """
        connections = Database(database, read_only=True)
        try:
            check_revision(connections)
        except BaseException:
            connections.close()
            raise
        return cls(connections)

    @property
    def version(self) -> int:
        """Counts committed writes that can change what a search returns; starts at 0 at every opening."""
        return self._writer.version

    def compact(self) -> None:
        """Give the room of what was deleted back to the disk. Raises LibraryError."""
        self._database.compact()

    def close(self) -> None:
        """Close all connections and fold the write-ahead log into the file."""
        self._database.close()


def _tell_of_damaged_log(database: Path) -> None:
    """Now or never: once it is opened, SQLite folds back what it can read of the log and drops the rest."""
    lost = read_log(database).lost_commits
    if lost:
        _log.warning(
            "the write-ahead log of %s is damaged: the last %d changes before the program ended are lost."
            " Photos among them are taken in again by themselves; look whether your last decisions are there",
            database,
            lost,
        )
