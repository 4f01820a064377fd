"""Files that belong to another photo: a camera's raw file, the film of a Live Photo."""

from dataclasses import dataclass
from enum import StrEnum

# fmt: off
RAW_SUFFIXES = frozenset({
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc", ".mef", ".mos",
    ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
})
# fmt: on
FILM_SUFFIXES = frozenset({".mov"})


class CompanionKind(StrEnum):
    """What a file is to the photo it belongs to."""

    RAW = "raw"
    FILM = "film"  # the moving part of a Live Photo
    PICTURE = "picture"  # the same shot in another format


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that is shown with a photo and not by itself."""

    photo_id: int  # its own
    path: str  # absolute
    kind: CompanionKind


def companion_kind(name: str) -> CompanionKind:
    """What a companion of this name is."""
    suffix = suffix_of(name)
    if suffix in RAW_SUFFIXES:
        return CompanionKind.RAW
    return CompanionKind.FILM if suffix in FILM_SUFFIXES else CompanionKind.PICTURE


def suffix_of(name: str) -> str:
    """The end of a name from its last dot, in lower case."""
    return name[name.rfind(".") :].lower()
