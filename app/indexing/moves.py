"""Finds out which new file is which remembered one that moved; no file is opened for it."""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.domain.indexing import FoundFile, KnownFile
from app.domain.photo import PhotoState

FileKey = tuple[str, int, int]


class Told(Protocol):
    """What the system said of moves while they happened."""

    def moved_from(self, folder_id: int, path: str) -> str | None:
        """Where the file at this path was before; None when nothing was said of it."""
        ...

    def has_left(self, folder_id: int, path: str) -> bool:
        """Whether the file that was at this path was moved away."""
        ...


_CROWD = 64  # so many links to one file are paired in order: comparing all with all would take too long


class NothingTold:
    """Nobody watched."""

    def moved_from(self, folder_id: int, path: str) -> str | None:
        return None

    def has_left(self, folder_id: int, path: str) -> bool:
        return False


NOTHING_TOLD = NothingTold()


@dataclass(slots=True, eq=False)
class Origin:
    """A remembered file that is not at its place any more, or may not be the one that is there."""

    folder_id: int
    known: KnownFile
    key: FileKey | None
    replaced: bool = False  # a file with another id is at its place

    @property
    def fresh(self) -> bool:
        """It was there when somebody looked last."""
        return self.known.state is not PhotoState.MISSING


@dataclass(slots=True, eq=False)
class Newcomer:
    """A file at a path where this very file was not remembered."""

    folder_id: int
    file: FoundFile
    occupant: Origin | None = None  # what is remembered at its path


def file_key(file: FoundFile | KnownFile) -> FileKey | None:
    """What stays with a file that is moved; ids alone are given out again by some systems."""
    return None if file.file_id is None else (file.file_id, file.size, file.mtime_ns)


class Moves:
    """Pairs of a remembered and a new file: nobody is in two of them.

    What the system said while it happened counts most, then the file id, then a path that differs only in
    how it is spelled. Copies that nothing of this tells apart are told apart by content, once they were read.
    """

    def __init__(self, newcomers: Sequence[Newcomer], origins: Sequence[Origin], told: Told) -> None:
        self.origin: dict[Newcomer, Origin] = {}
        self.target: dict[Origin, Newcomer] = {}
        if newcomers and origins:
            self._pair_as_told(newcomers, origins, told)
            self._pair_by_id(newcomers, origins)
            self._pair_by_spelling(newcomers, origins)
            self._restore_occupants(newcomers, told)

    def _pair(self, newcomer: Newcomer, origin: Origin) -> None:
        if newcomer.occupant is not origin:
            self.origin[newcomer] = origin
            self.target[origin] = newcomer

    def _pair_as_told(self, newcomers: Sequence[Newcomer], origins: Sequence[Origin], told: Told) -> None:
        places = {(origin.folder_id, origin.known.relative_path): origin for origin in origins}
        for newcomer in newcomers:
            source = told.moved_from(newcomer.folder_id, newcomer.file.relative_path)
            origin = places.get((newcomer.folder_id, source)) if source is not None else None
            if origin is not None and origin not in self.target and _may_be(origin, newcomer.file):
                self._pair(newcomer, origin)

    def _pair_by_id(self, newcomers: Sequence[Newcomer], origins: Sequence[Origin]) -> None:
        """Only links to one file share a key; of these the nearest are paired."""
        groups = self._groups(newcomers, origins, lambda _, file: file_key(file), lambda origin: origin.key)
        for new, old in groups:
            if len(new) > _CROWD or len(old) > _CROWD:
                pairs = list(zip(new, old, strict=False))
            else:
                pairs = sorted(((one, other) for one in new for other in old), key=_nearness, reverse=True)
            for newcomer, origin in pairs:
                if newcomer not in self.origin and origin not in self.target:
                    self._pair(newcomer, origin)

    def _pair_by_spelling(self, newcomers: Sequence[Newcomer], origins: Sequence[Origin]) -> None:
        """Some systems hand over names composed, others decomposed, or in capitals, with new file ids."""
        groups = self._groups(
            newcomers,
            [origin for origin in origins if not origin.replaced],
            lambda folder_id, file: (folder_id, spelling(file.relative_path), file.size, file.mtime_ns),
            lambda origin: (
                origin.folder_id,
                spelling(origin.known.relative_path),
                origin.known.size,
                origin.known.mtime_ns,
            ),
        )
        for new, old in groups:
            if len(new) == len(old) == 1 and new[0].occupant is None:
                self._pair(new[0], old[0])

    def _groups(
        self,
        newcomers: Sequence[Newcomer],
        origins: Iterable[Origin],
        key_of_file: Callable[[int, FoundFile], object],
        key_of_origin: Callable[[Origin], object],
    ) -> list[tuple[list[Newcomer], list[Origin]]]:
        """Those not paired yet that have a key in common."""
        old: dict[object, list[Origin]] = defaultdict(list)
        for origin in origins:
            if origin not in self.target:
                old[key_of_origin(origin)].append(origin)
        old.pop(None, None)
        new: dict[object, list[Newcomer]] = defaultdict(list)
        if old:
            for newcomer in newcomers:
                key = key_of_file(newcomer.folder_id, newcomer.file)
                if key in old and newcomer not in self.origin:
                    new[key].append(newcomer)
        return [(new[key], old[key]) for key in new]

    def _restore_occupants(self, newcomers: Sequence[Newcomer], told: Told) -> None:
        """A file that was put over another takes its path, not its place in the library.

        Programs save by writing to a new name and renaming it over the old one: the row of the path stays,
        unless its own file went elsewhere too.
        """
        at_place = {newcomer.occupant: newcomer for newcomer in newcomers if newcomer.occupant is not None}
        doubtful = list(at_place.values())
        while doubtful:
            newcomer = doubtful.pop()
            occupant, origin = newcomer.occupant, self.origin.get(newcomer)
            if origin is None or occupant is None or occupant in self.target:
                continue
            if _yields(occupant, origin, told):
                continue
            del self.origin[newcomer]
            del self.target[origin]
            if origin in at_place:
                doubtful.append(at_place[origin])


def spelling(path: str) -> str:
    """Equal for paths that some file systems take for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _may_be(origin: Origin, file: FoundFile) -> bool:
    """Whether an id speaks against what was told: then it was told of a file that is gone again."""
    return origin.key is None or file.file_id is None or origin.key[0] == file.file_id


def _yields(occupant: Origin, arriving: Origin, told: Told) -> bool:
    """A photo that is missing, or on its way, makes room for one that was read, not for a new name."""
    if arriving.known.state is PhotoState.PENDING:
        return False
    return not occupant.fresh or told.has_left(occupant.folder_id, occupant.known.relative_path)


def _nearness(pair: tuple[Newcomer, Origin]) -> tuple[bool, bool, bool, int]:
    newcomer, origin = pair
    new, old = newcomer.file.relative_path.split("/"), origin.known.relative_path.split("/")
    same_folder = newcomer.folder_id == origin.folder_id
    shared = 0
    if same_folder:
        shared = next(
            (n for n, (one, other) in enumerate(zip(new[:-1], old[:-1], strict=False)) if one != other),
            min(len(new), len(old)) - 1,
        )
    return origin.fresh, new[-1] == old[-1], same_folder, shared
