"""What users decide about a watched folder: its rules, its place, and what becomes of vanished photos."""

import os
from collections.abc import Callable

from app.domain.folder_rules import FolderRules, RulesPreview
from app.domain.indexing import KnownFile
from app.domain.photo import Folder, PhotoState
from app.errors import FolderError
from app.indexing.folder_filter import FolderFilter, check_patterns, folder_filter
from app.indexing.folder_looks import has_entries
from app.indexing.folder_states import FolderStates
from app.indexing.recognition import is_same_folder, share_there
from app.library.library import Library
from app.paths import LibraryPaths
from app.services.folder_rules import check_new_folder, shown_path


class FolderService:
    """The settings of folders, and the questions that only a person can answer."""

    def __init__(
        self,
        library: Library,
        states: FolderStates,
        paths: LibraryPaths,
        *,
        on_folders_changed: Callable[[], None],
        on_rescan: Callable[[int | None], None],
    ) -> None:
        self._library = library
        self._states = states
        self._root = str(paths.root)
        self._on_folders_changed = on_folders_changed
        self._on_rescan = on_rescan

    # -- rules

    def rules(self, folder_id: int) -> FolderRules:
        """What the folder leaves out. Raises FolderError when it is not watched any more."""
        return self._folder(folder_id).rules

    def set_rules(self, folder_id: int, rules: FolderRules) -> None:
        """Take effect at once: photos leave and come back without being read again.

        Raises FolderError, and changes nothing, when a pattern cannot be understood.
        """
        check_patterns((*rules.include, *rules.exclude))
        self._library.folders.set_rules(folder_id, rules)
        self._on_folders_changed()

    def preview_rules(self, folder_id: int, rules: FolderRules) -> RulesPreview:
        """How many photos these rules would leave out. Raises FolderError like `set_rules`."""
        check_patterns((*rules.include, *rules.exclude))
        now, then = folder_filter(self.rules(folder_id)), FolderFilter(rules)
        known = [one for one in self._library.photos.known_files(folder_id) if _is_of(now, one)]
        return RulesPreview(len(known), sum(not then.takes_path(one.relative_path) for one in known))

    # -- photos whose files are gone

    def remove_vanished(self, folder_id: int | None = None) -> None:
        """The photos that are asked about may go (None: of every folder)."""
        every = [folder.folder_id for folder in self._library.folders.all()]
        self._states.allow_removal(every if folder_id is None else [folder_id])
        self._on_rescan(folder_id)

    def keep_vanished(self, folder_id: int) -> None:
        """The photos that are asked about stay, until the program ends or even more are gone."""
        self._states.keep(folder_id)
        self._on_rescan(folder_id)

    # -- folders that are elsewhere now

    def offline_twin(self, path: str) -> Folder | None:
        """The watched folder that is not in its place and whose files are at `path`."""
        for folder in self._library.folders.all():
            if self._is_there(folder):
                continue
            if is_same_folder(path, self._library.photos.known_files(folder.folder_id)):
                return folder
        return None

    def locate(self, folder_id: int, path: str) -> Folder:
        """The folder is at `path` now: nothing is read or embedded again.

        Raises FolderError when it is still where it was, or when its photos are not at `path`.
        """
        folder, absolute = self._folder(folder_id), os.path.abspath(path)
        if self._is_there(folder):
            raise FolderError(f"{shown_path(folder.path)} is still there. Add the other folder beside it.")
        others = [one for one in self._library.folders.all() if one.folder_id != folder_id]
        check_new_folder(absolute, others, self._root)
        known = self._library.photos.known_files(folder_id)
        if known and not is_same_folder(absolute, known):
            found = round(100 * share_there(absolute, known))
            raise FolderError(
                f"{shown_path(absolute)} does not hold the photos of {shown_path(folder.path)}: {found} % of"
                " those looked for are there. Choose the folder that they lie in now."
            )
        moved = self._library.folders.moves.relocate(folder, absolute)
        self._on_folders_changed()
        return moved

    def _is_there(self, folder: Folder) -> bool:
        """Not when its drive is away, even if something else is in its place."""
        return folder.folder_id not in self._states.offline() and has_entries(folder.path)

    def _folder(self, folder_id: int) -> Folder:
        folder = self._library.folders.get(folder_id)
        if folder is None:
            raise FolderError("This folder is not watched any more.")
        return folder


def _is_of(names: FolderFilter, known: KnownFile) -> bool:
    """Whether a file is there, or missing only because the rules leave it out."""
    return known.state is not PhotoState.MISSING or not names.takes_path(known.relative_path)
