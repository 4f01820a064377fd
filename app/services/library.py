"""Managing the library: folders, photos, favourites, problems, thumbnails."""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from send2trash import TrashPermissionError, send2trash

from app.domain.companions import Companion
from app.domain.media import DecodeRequest
from app.domain.photo import Folder, FolderState, FolderStatus, Photo, ProblemFile, Subfolder
from app.domain.status import LibraryCounts, TrashOutcome
from app.errors import FileAccessError
from app.indexing.folder_states import FolderStates
from app.library.folders import FolderCounts
from app.library.library import Library
from app.media.decode_pool import DecodePool
from app.media.thumbnails import PreviewStore, ThumbnailStore
from app.paths import LibraryPaths
from app.services.folder_rules import check_new_folder

_log = logging.getLogger(__name__)


class LibraryService:
    """What a user does with folders and photos."""

    def __init__(
        self,
        library: Library,
        states: FolderStates,
        decoder: DecodePool,
        paths: LibraryPaths,
        *,
        on_folders_changed: Callable[[], None],
        on_work: Callable[[], None],
        current_identity: Callable[[], str | None],
        previews: PreviewStore | None = None,
    ) -> None:
        self._library = library
        self._states = states
        self._decoder = decoder
        self._root = str(paths.root)
        self._thumbnails = ThumbnailStore(paths.thumbnails)
        self._previews = previews or PreviewStore(paths.previews)
        self._on_folders_changed = on_folders_changed
        self._on_work = on_work
        self._current_identity = current_identity

    def folders(self) -> tuple[FolderStatus, ...]:
        """All folders with state and counts."""
        counts = self._library.folders.counts()
        return tuple(
            self._status(folder, counts.get(folder.folder_id, FolderCounts()))
            for folder in self._library.folders.all()
        )

    def add_folder(self, path: str) -> Folder:
        """Watch a folder and begin to index it; it takes over watched folders that it contains.

        Raises FolderError when it cannot be read or watched.
        """
        absolute = os.path.abspath(path)
        check_new_folder(absolute, self._library.folders.all(), self._root)
        folder = self._library.folders.add(absolute)
        self._states.set(folder.folder_id, FolderState.SCANNING)
        self._on_folders_changed()
        return folder

    def remove_folder(self, folder_id: int) -> None:
        """Stop watching. The files stay where they are; what we knew is kept 30 days."""
        self._library.folders.remove(folder_id)
        self._on_folders_changed()

    def subfolders(self, folder_id: int, parent: str = "") -> tuple[Subfolder, ...]:
        """The direct children of `parent`, by name."""
        return self._library.photos.subfolders(folder_id, parent)

    def photos(self, photo_ids: Sequence[int]) -> tuple[Photo, ...]:
        """In the order asked for; ids that are gone are left out. For pages of about a hundred."""
        offline = self._states.offline()
        return tuple(
            replace(photo, offline=True) if photo.folder_id in offline else photo
            for photo in self._library.photos.get(photo_ids)
        )

    def counts(self) -> LibraryCounts:
        """The numbers of the sidebar."""
        return self._library.photos.counts(self._current_identity())

    def problems(self) -> tuple[ProblemFile, ...]:
        """The files that could not be read, with reasons."""
        return self._library.photos.problems()

    def retry_problems(self, photo_ids: Sequence[int] | None = None) -> None:
        """Read these problem files again (None: all of them)."""
        self._library.photos.retry(photo_ids)
        self._on_work()

    def set_favourite(self, photo_ids: Sequence[int], favourite: bool) -> None:
        """Decide whether photos are favourites."""
        self._library.photos.set_favourite(photo_ids, favourite)

    def companions(self, photo_ids: Sequence[int]) -> tuple[Companion, ...]:
        """The raw files and films that go with photos wherever these go."""
        return self._library.companions.of(photo_ids)

    def move_to_trash(self, photo_ids: Sequence[int]) -> TrashOutcome:
        """Move files with their companions to the system's trash, one by one; never deletes.

        A companion stays where it is when its photo could not be moved.
        """
        moved: list[int] = []
        with_them: list[int] = []
        failures: list[tuple[str, str]] = []
        for photo in self.photos(photo_ids):
            reason = _trash(photo.path, offline=photo.offline)
            if reason:
                failures.append((photo.path, reason))
                continue
            moved.append(photo.photo_id)
            for companion in photo.companions:
                reason = _trash(companion.path, offline=photo.offline)
                if reason:
                    failures.append((companion.path, reason))
                else:
                    with_them.append(companion.photo_id)
        self._library.photos.mark_missing([*moved, *with_them])
        return TrashOutcome(tuple(moved), tuple(failures))

    def thumbnail(self, photo: Photo) -> bytes | None:
        """WebP, 512 px at most; made again when lost; None while there is none to be had.

        That is before the photo was read, and while its folder is offline and none is stored. Raises
        MediaError when it was lost and the file cannot be read either.
        """
        if photo.content_key is None:
            return None
        stored = self._thumbnails.read(photo.content_key)
        if stored is not None or photo.offline:
            return stored
        decoded = self._decoder.submit(DecodeRequest(photo.path), urgent=True).result()
        _keep(self._thumbnails, decoded.content_key, decoded.thumbnail)
        return decoded.thumbnail

    def preview(self, photo: Photo) -> bytes:
        """An upright picture of 1600 px at most, WebP, made when first looked at. Raises MediaError."""
        stored = self._previews.read(photo.content_key) if photo.content_key else None
        if stored is not None:
            return stored
        if photo.offline:
            raise FileAccessError("The drive or folder of this photo is not there now.")
        preview = self._decoder.submit_preview(photo.path).result()
        if photo.content_key:
            _keep(self._previews, photo.content_key, preview)
        return preview

    def _status(self, folder: Folder, counts: FolderCounts) -> FolderStatus:
        state, message = self._states.get(folder.folder_id)
        vanished = self._states.vanished(folder.folder_id)
        return FolderStatus(folder, state, counts.photos, counts.pending, counts.problems, message, vanished)


def _keep(store: ThumbnailStore | PreviewStore, content_key: str, data: bytes) -> None:
    """Store a picture that is shown in any case."""
    try:
        store.write(content_key, data)
    except OSError as error:
        _log.warning("a picture is not kept and will be made again: %s", error)


def _trash(path: str, *, offline: bool) -> str:
    """Move one file to the trash: "" when done, else the reason for people."""
    if offline:
        return "its drive or folder is not there now"
    try:
        send2trash(path)
    except FileNotFoundError:
        return "the file is no longer there"
    except TrashPermissionError:
        return "its drive has no trash, and Photosift does not delete"
    except OSError as error:
        _log.info("not moved to the trash: %r: %s", path, error)
        return error.strerror or "the system refused"
    return ""
