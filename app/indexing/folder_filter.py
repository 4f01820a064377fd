"""What of a folder counts, by names alone: the same answer for a scan and for an event of the watcher."""

import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from app.domain.folder_rules import FolderRules
from app.errors import FolderError
from app.media.formats import is_photo_name

MARKER = ".nomedia"  # a folder that holds such a file is not looked into: a custom of phones

_SYSTEM_FOLDERS = frozenset(
    name.casefold()
    for name in (
        "$RECYCLE.BIN",
        "System Volume Information",
        "lost+found",
        "@eaDir",  # Synology's own thumbnails
        "#recycle",
        "__MACOSX",
        "Photos Library.photoslibrary",
    )
)
_REMEMBERED = 10_000  # directories whose answer is kept


@dataclass(frozen=True, slots=True)
class Place:
    """A directory that may hold photos."""

    path: str  # relative to the folder, "" is the folder itself
    included: bool  # whether it, or one above it, is what the folder is limited to


class FolderFilter:
    """The rules of a folder, compiled. Thread-safe."""

    def __init__(self, rules: FolderRules) -> None:
        self._include = _Patterns(rules.include)
        self._exclude = _Patterns(rules.exclude)
        self._plain = not (rules.include or rules.exclude)
        self._videos = rules.videos
        self._top = Place("", not rules.include)
        self._places: dict[str, Place | None] = {}

    def enter(self, parent: Place, name: str) -> Place | None:
        """A directory inside a place; None when nothing in it counts."""
        if is_skipped(name):
            return None
        path = f"{parent.path}/{name}" if parent.path else name
        if self._plain:
            return Place(path, True)
        known = f"{_comparable(path)}/"
        if self._exclude.verdict(known):
            return None
        included = self._include.verdict(known)
        return Place(path, parent.included if included is None else included)

    def takes(self, place: Place, name: str) -> bool:
        """Whether a file of this name in a place is a photo of the folder."""
        if name.startswith(".") or not is_photo_name(name, self._videos):
            return False
        if self._plain:
            return True
        path = _comparable(f"{place.path}/{name}" if place.path else name)
        if self._exclude.verdict(path):
            return False
        included = self._include.verdict(path)
        return place.included if included is None else included

    def place(self, path: str) -> Place | None:
        """A directory by its relative path; None when it or one above it is left out."""
        if not path:
            return self._top
        if path not in self._places:
            parent, _, name = path.rpartition("/")
            above = self.place(parent)
            if len(self._places) >= _REMEMBERED:
                self._places.clear()
            self._places[path] = None if above is None else self.enter(above, name)
        return self._places[path]

    def takes_path(self, path: str) -> bool:
        """Whether a file counts, by its name and by those of the directories above it."""
        parent, _, name = path.rpartition("/")
        place = self.place(parent)
        return place is not None and self.takes(place, name)


@lru_cache(maxsize=64)
def folder_filter(rules: FolderRules) -> FolderFilter:
    """The filter of these rules, compiled once."""
    return FolderFilter(rules)


def is_marked(root: str, path: str) -> bool:
    """Whether a marker hides a directory by lying in it, or in one above it."""
    parts = path.split("/") if path else []
    above = ("/".join(parts[:count]) for count in range(len(parts) + 1))
    return any(os.path.lexists(os.path.join(root, one, MARKER)) for one in above)


def is_skipped(name: str) -> bool:
    """Hidden files and folders, and folders that systems keep for themselves, hold nobody's photos."""
    return name.startswith(".") or name.casefold() in _SYSTEM_FOLDERS


def check_patterns(patterns: Iterable[str]) -> None:
    """Raise FolderError when one of them means nothing."""
    for pattern in patterns:
        try:
            _Patterns((pattern,))
        except ValueError as error:
            raise FolderError(f"The pattern {pattern!r} cannot be understood.") from error


class _Patterns:
    """Patterns as in .gitignore. The directories above a path are asked about on their own."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._patterns = _compiled(lines) if (lines := tuple(lines)) else []

    def verdict(self, path: str) -> bool | None:
        """What the last pattern that means this very path says; a directory's ends with "/"."""
        for pattern, taken in self._patterns:
            match = pattern.match(path)
            if match is not None and _means_all_of(path, match):
                return taken
        return None


def _compiled(lines: tuple[str, ...]) -> list[tuple[re.Pattern[str], bool]]:
    """The last line first, each with what it says of a path that it matches."""
    from pathspec import GitIgnoreSpec  # most folders have no patterns: not at every start

    spec = GitIgnoreSpec.from_lines(_comparable(line) for line in lines)
    return [
        (re.compile(pattern.regex.pattern, re.IGNORECASE), bool(pattern.include))
        for pattern in reversed(list(spec.patterns))
        if pattern.regex is not None and pattern.include is not None
    ]


def _means_all_of(path: str, match: "re.Match[str]") -> bool:
    """Not only a directory above it. The group is pathspec's name for the slash after a directory."""
    if match.groupdict().get("ps_d") is not None:
        return match.end("ps_d") == len(path)
    inside = match.re.match(path, 0, len(path) - 1)  # "x/**" is what lies in x, not x itself
    return match.end() < len(path) or not path.endswith("/") or inside is not None


def _comparable(text: str) -> str:
    """Composed: macOS stores names decomposed, people type composed."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
