"""Moving duplicates to the trash: never the last one, never on the word of a sampled key alone."""

import os
from collections.abc import Sequence
from pathlib import Path

from app.domain.decisions import Flag
from app.domain.duplicates import Level, Removal, RemovalOutcome
from app.domain.photo import Photo
from app.library.library import Library
from app.services.decisions import DecisionService
from app.services.library import LibraryService

_BLOCK = 1 << 20
_CHANGED = "it is not the same file as the one that stays: one of them has changed since it was read"
_ONE_FILE = "it is the file that stays, under another name"
_NOTHING_STAYS = "the photo that is to stay is not there now"


class DuplicateRemoval:
    """Looks at the files once more before each goes. Belongs to one thread."""

    def __init__(self, library: Library, photos: LibraryService, decisions: DecisionService) -> None:
        self._library = library
        self._photos = photos
        self._decisions = decisions

    def remove(self, removals: Sequence[Removal], *, hand_on: bool) -> RemovalOutcome:
        """Move what was chosen to the trash.

        `hand_on`: what the user decided about a photo that goes is given to the one that stays; else such a
        photo is left where it is.
        """
        moved: list[int] = []
        failures: list[tuple[str, str]] = []
        left = 0
        for removal in removals:
            going = self._photos.photos(removal.removed)
            stays = _first_there(self._photos.photos(removal.kept))
            if stays is None:
                failures += [(photo.path, _NOTHING_STAYS) for photo in going]
                continue
            for photo in going:
                if not hand_on and self._is_decided(photo):
                    left += 1
                    continue
                reason = _why_not(photo, stays, removal.level)
                if reason:
                    failures.append((photo.path, reason))
                    continue
                if hand_on:
                    self._hand_on(photo, stays.photo_id)
                outcome = self._photos.move_to_trash([photo.photo_id])
                moved += outcome.moved
                failures += outcome.failures
        return RemovalOutcome(tuple(moved), left, tuple(failures))

    def count_decided(self, photo_ids: Sequence[int]) -> int:
        """About how many of these the user decided something."""
        return sum(map(self._is_decided, self._photos.photos(photo_ids)))

    def _is_decided(self, photo: Photo) -> bool:
        said = photo.decisions
        in_albums = bool(self._library.fingerprints.albums_of([photo.photo_id]))
        return bool(photo.favourite or said.rating or said.flag is Flag.PICK or said.label or in_albums)

    def _hand_on(self, photo: Photo, to: int) -> None:
        """First, so that nothing is lost whatever happens; what the other one has already stays."""
        theirs = self._photos.photos([to])[0]
        if photo.favourite and not theirs.favourite:
            self._photos.set_favourite([to], True)
        if photo.decisions.rating > theirs.decisions.rating:
            self._decisions.rate([to], photo.decisions.rating)
        if photo.decisions.flag is Flag.PICK and theirs.decisions.flag is None:
            self._decisions.flag([to], Flag.PICK)
        if photo.decisions.label and not theirs.decisions.label:
            self._decisions.label([to], photo.decisions.label)
        for album_id in self._library.fingerprints.albums_of([photo.photo_id]).get(photo.photo_id, []):
            self._decisions.add_to_album(album_id, [to])


def _first_there(kept: Sequence[Photo]) -> Photo | None:
    return next((photo for photo in kept if not photo.offline and os.path.exists(photo.path)), None)


def _why_not(photo: Photo, stays: Photo, level: Level) -> str:
    """Why a photo must not go although another stays: "" when it may."""
    if not os.path.exists(photo.path):
        return ""  # the trash itself says so
    try:
        if Path(photo.path).samefile(stays.path):
            return _ONE_FILE
        if level is Level.EXACT and not _same_bytes(photo.path, stays.path):
            return _CHANGED
    except OSError as error:
        return error.strerror or "it cannot be read now"
    return ""


def _same_bytes(path: str, other: str) -> bool:
    """Whether two files are equal from the first byte to the last. Raises OSError."""
    if os.path.getsize(path) != os.path.getsize(other):
        return False
    with open(path, "rb") as first, open(other, "rb") as second:
        while True:
            ours, theirs = first.read(_BLOCK), second.read(_BLOCK)
            if ours != theirs:
                return False
            if not ours:
                return True
