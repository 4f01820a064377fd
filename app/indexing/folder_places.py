"""Where watched folders are: in one another, or on a drive that is mounted elsewhere now."""

import logging
import os
from collections.abc import Mapping

from app.domain.photo import Folder, VolumePlace
from app.indexing.overlap import Overlap, can_be_absorbed, find_overlaps, joined_rules, with_part_apart
from app.indexing.recognition import is_same_folder
from app.indexing.volumes import places_now
from app.library.library import Library

_log = logging.getLogger(__name__)

_PHOTOS_A_STEP = 500


class FolderPlaces:
    """Sorts out overlaps and follows drives. Belongs to the worker's thread.

    A folder that contains another takes over its photos, step by step; whatever a step leaves is found again
    by the next start, because the two still overlap.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._overlap: Overlap | None = None
        self._volumes: dict[int, VolumePlace] = {}

    @property
    def absorbing(self) -> bool:
        """A folder gives its photos to another: no scan or event may be taken in meanwhile."""
        return self._overlap is not None

    def folders(self) -> dict[int, Folder]:
        """The watched folders, each without the parts of it that are watched by themselves."""
        folders = {folder.folder_id: folder for folder in self._library.folders.all()}
        self._volumes = dict(self._library.folders.volumes())
        self._overlap = None
        for overlap in find_overlaps(
            list(folders.values()), (*folders.values(), *self._library.folders.removed())
        ):
            if can_be_absorbed(overlap):
                if self._overlap is None or len(overlap.outer.path) < len(self._overlap.outer.path):
                    self._overlap = overlap
            elif overlap.inner.folder_id in folders:
                outer = folders[overlap.outer.folder_id]
                folders[outer.folder_id] = with_part_apart(outer, overlap.prefix)
        return folders

    def absorb_some(self) -> bool:
        """Go on with a takeover; True when it has ended, and the list of folders is another."""
        overlap = self._overlap
        if overlap is None:
            return False
        moves = self._library.folders.moves
        if moves.absorb_some(overlap.inner, overlap.outer, overlap.prefix, _PHOTOS_A_STEP):
            return False
        moves.finish_absorbing(overlap.inner, overlap.outer, joined_rules(overlap))
        _log.info("folder %d took over folder %d", overlap.outer.folder_id, overlap.inner.folder_id)
        self._overlap = None
        return True

    def volume(self, folder_id: int) -> VolumePlace | None:
        """The drive that a folder was on when it was last looked through."""
        return self._volumes.get(folder_id)

    def note_volume(self, folder_id: int, place: VolumePlace | None) -> None:
        """The folder was found on this drive."""
        if place is not None and place != self._volumes.get(folder_id):
            self._library.folders.set_volume(folder_id, place)
            self._volumes[folder_id] = place

    def follow(self, folder_id: int, watched: Mapping[int, Folder]) -> bool:
        """Look for a folder that is not there where its drive is mounted now; True when it was found."""
        place, folder = self._volumes.get(folder_id), self._library.folders.get(folder_id)
        if place is None or folder is None:
            return False
        taken = {os.path.realpath(one.path) for one in watched.values()}
        for path in places_now(place):
            if not os.path.isdir(path) or os.path.realpath(path) in taken:
                continue
            if is_same_folder(path, self._library.photos.known_files(folder_id)):
                self._library.folders.moves.relocate(folder, path)
                _log.info("folder %d was found at %r", folder_id, path)
                return True
        return False
