"""The one place that constructs the services and connects them."""

import os
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.domain.vectors import VectorIndex
from app.embedding.encoder_process import open_encoder
from app.errors import LibraryError, LibraryOutdatedError
from app.gazetteer import VERSION, GazetteerProcess
from app.indexing.folder_states import FolderStates
from app.indexing.picture_cache import PictureCache
from app.indexing.place_keeper import PlaceKeeper
from app.indexing.worker import IndexingWorker
from app.library.library import Library
from app.media.decode_pool import DecodePool
from app.media.thumbnails import PreviewStore, ThumbnailStore
from app.paths import DemoPaths, LibraryPaths, exports_folder, resource
from app.services.decision_files import DecisionFileService
from app.services.decisions import DecisionService
from app.services.demo import DemoService
from app.services.downloads import ModelDownloadService
from app.services.duplicates import DuplicateService
from app.services.embedding_files import EmbeddingFileService
from app.services.fetch import PictureFetcher
from app.services.folders import FolderService
from app.services.history import HistoryService
from app.services.indexing import IndexingService
from app.services.kept_models import KeptModelService
from app.services.library import LibraryService
from app.services.library_lock import take_lock
from app.services.models import ModelParts, ModelService
from app.services.places import PlaceNames
from app.services.query_completion import CompletionService
from app.services.search import SearchService
from app.services.sidecars import SidecarService
from app.services.storage import StorageService
from app.settings import SettingsStore
from app.vector_index.index_process import open_index


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a window or a command line needs."""

    library: LibraryService
    folders: FolderService
    decisions: DecisionService
    duplicates: DuplicateService
    decision_files: DecisionFileService
    embedding_files: EmbeddingFileService
    sidecars: SidecarService
    search: SearchService
    history: HistoryService
    completion: CompletionService
    indexing: IndexingService
    models: ModelService
    kept_models: KeptModelService
    downloads: ModelDownloadService
    fetcher: PictureFetcher
    storage: StorageService
    settings: SettingsStore
    paths: LibraryPaths
    demo: DemoService | None = None  # None: this is a library of the user's own
    closing: ExitStack = field(default_factory=ExitStack, repr=False)

    def close(self) -> None:
        """Stop everything, in the right order; nothing computed is lost. Closing again does nothing."""
        self.closing.close()


def _open_index_process(folder: Path, identity: str, dim: int) -> VectorIndex:
    return open_index(folder, identity, dim)


def _open_index_to_read(folder: Path, identity: str, dim: int) -> VectorIndex:
    return open_index(folder, identity, dim, writable=False)


MODEL_PARTS = ModelParts(open_encoder, _open_index_process)
READING_PARTS = ModelParts(open_encoder, _open_index_to_read)


def open_services(
    paths: LibraryPaths,
    settings: SettingsStore,
    *,
    parts: ModelParts | None = None,
    exclusive: bool = True,
) -> Services:
    """Open the library and build the services; starts nothing that costs time.

    `exclusive` is for whoever writes: only one program at a time may, and it makes the library where there is
    none. A search from the command line writes nothing: it runs beside a window, and on a read-only drive.
    Raises LibraryError when the library cannot be opened, LibraryInUseError when another window has it.
    """
    parts = parts or (MODEL_PARTS if exclusive else READING_PARTS)
    with ExitStack() as closing:
        if exclusive:
            closing.callback(take_lock(paths).release)
            library = Library.open(paths.database)
        elif paths.database.exists():
            library = _open_to_read(paths)
        else:
            raise LibraryError(f"There is no library in {paths.root} yet. Begin with: photosift index FOLDER")
        closing.callback(library.close)
        services = _connect(library, paths, settings, parts, closing, for_indexing=exclusive)
        return replace(services, closing=closing.pop_all())


def open_demo(paths: DemoPaths, settings: SettingsStore, *, parts: ModelParts = MODEL_PARTS) -> Services:
    """The demonstration's library, made where there is none, with the model that comes with Photosift.

    From here on everything is as with any other library and model; what is missing of its pictures is drawn
    by `Services.demo`. Raises AppError like `open_services`.
    """
    choose_demo_model(settings)
    with ExitStack() as closing:
        services = open_services(paths.library, settings, parts=parts)
        closing.callback(services.close)
        _watch(paths.pictures, services.library)
        closing.pop_all()
    return replace(services, demo=DemoService(paths.pictures))


def choose_demo_model(settings: SettingsStore) -> None:
    """Whoever shows settings reads them after this. An update may have moved the model.

    Raises SettingsError.
    """
    chosen = settings.load()
    checkpoint = str(resource("demo/photosift-drawn-scenes"))
    if chosen.checkpoint != checkpoint:
        settings.save(chosen.model_copy(update={"checkpoint": checkpoint}))


def _watch(pictures: Path, library: LibraryService) -> None:
    try:
        pictures.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(f"The folder {pictures} cannot be made: {error.strerror}.") from error
    if not library.folders():
        library.add_folder(str(pictures))


def _connect(
    library: Library,
    paths: LibraryPaths,
    settings: SettingsStore,
    parts: ModelParts,
    closing: ExitStack,
    *,
    for_indexing: bool,
) -> Services:
    """What is put on `closing` last is closed first."""
    cores = os.cpu_count() or 1
    decoder = DecodePool(cores)
    closing.callback(decoder.close)
    states = FolderStates()
    thumbnails, previews = ThumbnailStore(paths.thumbnails), PreviewStore(paths.previews)
    pictures = PictureCache(library, thumbnails, previews, states, paths.root)
    gazetteer = GazetteerProcess()
    closing.callback(gazetteer.close)
    places = PlaceKeeper(library, gazetteer, VERSION)
    worker = IndexingWorker(library, decoder, thumbnails, states, cores, pictures=pictures, places=places)
    models = ModelService(
        library, paths.vectors, settings, parts, on_targets=worker.use, for_indexing=for_indexing
    )
    search = SearchService(library, models, decoder, PlaceNames(gazetteer), numbers=paths.vectors)
    closing.callback(search.close)
    closing.callback(models.close)
    worker.when_caught_up(models.take_over)
    downloads = ModelDownloadService(settings, models.use)
    closing.callback(downloads.close)
    closing.callback(worker.stop)
    sidecars = SidecarService(library)
    closing.callback(sidecars.close)

    def folders_changed() -> None:
        worker.folders_changed()
        sidecars.tell()  # they may have been switched on

    photos = LibraryService(
        library,
        states,
        decoder,
        paths,
        on_folders_changed=folders_changed,
        on_work=worker.wake,
        current_identity=lambda: models.identity,
        previews=previews,
    )
    decisions = DecisionService(library, on_said=sidecars.tell)
    return Services(
        library=photos,
        decisions=decisions,
        duplicates=DuplicateService(
            library,
            photos,
            decisions,
            decoder,
            thumbnails,
            current_target=lambda: models.target,
            writable=for_indexing,
        ),
        embedding_files=EmbeddingFileService(library),
        decision_files=DecisionFileService(library, paths.decisions, on_said=sidecars.tell),
        sidecars=sidecars,
        folders=FolderService(
            library,
            states,
            paths,
            on_folders_changed=folders_changed,
            on_rescan=worker.rescan,
        ),
        search=search,
        history=HistoryService(library, search.forget_texts),
        completion=CompletionService(library),
        indexing=IndexingService(worker),
        models=models,
        kept_models=KeptModelService(library, paths.vectors, exports_folder(), models, settings),
        downloads=downloads,
        fetcher=PictureFetcher(),
        storage=StorageService(paths, previews, pictures),
        settings=settings,
        paths=paths,
    )


def _open_to_read(paths: LibraryPaths) -> Library:
    """One that an older Photosift wrote is brought up to date first, when nobody has it."""
    try:
        return Library.open_to_read(paths.database)
    except LibraryOutdatedError:
        with take_lock(paths):
            Library.open(paths.database).close()
    return Library.open_to_read(paths.database)
