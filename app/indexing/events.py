"""Turns what the watcher collected into changes of the library."""

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from app.domain.indexing import FolderChanges, FoundFile, KnownFile
from app.domain.photo import Folder, PhotoState
from app.indexing.moves import NOTHING_TOLD, FileKey, Told, file_key, spelling
from app.indexing.reconcile import FolderView, reconcile
from app.indexing.scanner import FolderScanner, ScanOutcome, found_file
from app.indexing.touched import PathChange
from app.library.library import Library
from app.media.formats import is_sidecar_name

_TRACE_SECONDS = 10.0


@dataclass(slots=True)
class _Seen:
    """One folder's files at the touched paths: as they are, and as remembered."""

    files: dict[str, FoundFile] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    known: dict[str, KnownFile] = field(default_factory=dict)

    def view(self, folder: Folder) -> FolderView:
        files, unreadable = tuple(self.files.values()), tuple(self.unreadable)
        outcome = ScanOutcome(folder.folder_id, folder.path, None, files, unreadable)
        return FolderView(outcome, tuple(self.known.values()))

    def drop_phantoms(self, folder: Folder) -> None:
        """Some file systems find one file under several spellings of its name: only the listed one counts."""
        spelled: dict[str, list[str]] = defaultdict(list)
        for path in self.files:
            spelled[spelling(path)].append(path)
        listings: dict[str, frozenset[str]] = {}
        for paths in spelled.values():
            if len(paths) > 1:
                for path in paths:
                    if not _is_listed(folder.path, path, listings):
                        del self.files[path]

    def vanished(self) -> list[KnownFile]:
        """Remembered as present, and not there."""
        return [
            known
            for path, known in self.known.items()
            if path not in self.files and known.state is not PhotoState.MISSING
        ]

    def new(self) -> list[FoundFile]:
        """There, and not remembered."""
        return [file for path, file in self.files.items() if path not in self.known]


class EventTranslator:
    """Asks the disk and the library about touched paths. Runs on the worker's thread."""

    def __init__(self, library: Library, scanner: FolderScanner, told: Told = NOTHING_TOLD) -> None:
        self._library = library
        self._scanner = scanner
        self._told = told
        self._traces = _Traces()
        self._hidden: set[int] = set()

    def take_hidden(self) -> set[int]:
        """Folders in which a marker now hides photos: a scan notes that these are not gone."""
        hidden, self._hidden = self._hidden, set()
        return hidden

    def changes(
        self, touched: Iterable[PathChange], folders: Mapping[int, Folder]
    ) -> tuple[FolderChanges, ...]:
        """What is different at these paths. A file that moved is recognised, also to another folder."""
        seen: dict[int, _Seen] = defaultdict(_Seen)
        for change in self._with_sources(self._photos_of_sidecars(outermost(touched))):
            folder = folders.get(change.folder_id)
            if folder is not None and os.path.isdir(folder.path):
                self._look(change, folder, seen[folder.folder_id])
        for folder_id, part in seen.items():
            part.drop_phantoms(folders[folder_id])
        self._traces.join(seen, folders)
        self._traces.leave(seen)
        views = [part.view(folders[key]) for key, part in seen.items()]
        return reconcile(views, told=self._told, urgent=True)

    def _with_sources(self, touched: Iterable[PathChange]) -> Iterator[PathChange]:
        """The other ends of moves count too, of all in a chain, though they settle a moment later."""
        seen: set[PathChange] = set()
        for change in touched:
            link: PathChange | None = change
            while link is not None and link not in seen:
                seen.add(link)
                yield link
                source = (
                    None if link.is_directory else self._told.moved_from(link.folder_id, link.relative_path)
                )
                link = None if source is None else replace(link, relative_path=source)

    def _photos_of_sidecars(self, touched: Iterable[PathChange]) -> Iterator[PathChange]:
        """Whoever touches a sidecar means its photo."""
        for change in touched:
            if change.is_directory or not is_sidecar_name(change.relative_path):
                yield change
                continue
            for known in self._library.photos.find_beside(change.folder_id, change.relative_path):
                yield replace(change, relative_path=known.relative_path)

    def _look(self, change: PathChange, folder: Folder, seen: _Seen) -> None:
        folder_id, path, rules = folder.folder_id, change.relative_path, folder.rules
        if change.is_directory:
            outcome = self._scanner.scan(folder_id, folder.path, below=path or None, rules=rules)
            known = self._library.photos.find_below(folder_id, path)
            if outcome.hidden and any(one.state is not PhotoState.MISSING for one in known):
                self._hidden.add(folder_id)
        else:
            outcome = self._scanner.find(folder_id, folder.path, path, rules)
            one = self._library.photos.find(folder_id, path)
            known = [] if one is None else [one]
        seen.files.update((file.relative_path, file) for file in outcome.files)
        seen.unreadable.extend(outcome.unreadable)
        seen.known.update((one.relative_path, one) for one in known)
        for placeholder in outcome.placeholders:
            seen.known.pop(placeholder, None)  # nothing is concluded from what is not on this computer


class _Traces:
    """Files that came or went a moment ago.

    The two halves of a move between folders are told by two watches, in any order and up to a second apart.
    Whichever comes later finds the earlier one here, and `reconcile` sees both.
    """

    def __init__(self) -> None:
        self._gone: dict[FileKey, tuple[float, int, KnownFile]] = {}
        self._come: dict[FileKey, tuple[float, int, FoundFile]] = {}

    def join(self, seen: dict[int, _Seen], folders: Mapping[int, Folder]) -> None:
        """Show again what belongs to the halves seen now."""
        self._forget_old()
        vanished = {key for part in seen.values() for one in part.vanished() if (key := file_key(one))}
        new = {key for part in seen.values() for one in part.new() if (key := file_key(one))}
        for key in vanished & self._come.keys():
            _, folder_id, file = self._come.pop(key)
            folder = folders.get(folder_id)
            if folder is not None and found_file(folder.path, file.relative_path) == file:
                seen[folder_id].files[file.relative_path] = file
                seen[folder_id].known.pop(file.relative_path, None)  # its new row makes way for the old one
        for key in new & self._gone.keys():
            _, folder_id, known = self._gone.pop(key)
            if folder_id in folders:
                seen[folder_id].known.setdefault(
                    known.relative_path, replace(known, state=PhotoState.MISSING)
                )

    def leave(self, seen: Mapping[int, _Seen]) -> None:
        """Remember what came and went now."""
        now = time.monotonic()
        for folder_id, part in seen.items():
            for known in part.vanished():
                if key := file_key(known):
                    self._gone[key] = (now, folder_id, known)
            for file in part.new():
                if key := file_key(file):
                    self._come[key] = (now, folder_id, file)

    def _forget_old(self) -> None:
        before = time.monotonic() - _TRACE_SECONDS
        self._gone = {key: trace for key, trace in self._gone.items() if trace[0] >= before}
        self._come = {key: trace for key, trace in self._come.items() if trace[0] >= before}


def _is_listed(root: str, relative: str, listings: dict[str, frozenset[str]]) -> bool:
    """Whether every part of a path is spelled as its directory lists it."""
    directory = root
    for name in relative.split("/"):
        if directory not in listings:
            try:
                listings[directory] = frozenset(os.listdir(directory))
            except OSError:
                return False
        if name not in listings[directory]:
            return False
        directory = os.path.join(directory, name)
    return True


def outermost(touched: Iterable[PathChange]) -> Sequence[PathChange]:
    """Without what lies below a directory that is looked through as a whole."""
    changes = list(touched)
    directories = {(one.folder_id, one.relative_path) for one in changes if one.is_directory}

    def is_covered(change: PathChange) -> bool:
        parts = change.relative_path.split("/")
        above = chain([""], ("/".join(parts[:count]) for count in range(1, len(parts))))
        return change.relative_path != "" and any((change.folder_id, path) in directories for path in above)

    return [change for change in changes if not is_covered(change)]
