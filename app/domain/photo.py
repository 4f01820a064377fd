"""Photos and folders as the rest of the program sees them."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.companions import Companion
from app.domain.decisions import NO_DECISIONS, Decisions
from app.domain.folder_rules import NO_RULES, FolderRules
from app.domain.media import PhotoMetadata


class PhotoState(StrEnum):
    """Where a photo stands on its way into the library."""

    PENDING = "pending"  # found, waiting to be read
    READY = "ready"  # read: thumbnail and metadata are there, the embedding may still be to come
    PROBLEM = "problem"  # could not be read; `error` says why
    MISSING = "missing"  # the file vanished; kept for 30 days


class FolderState(StrEnum):
    """What a watched folder is doing."""

    WATCHING = "watching"
    SCANNING = "scanning"
    OFFLINE = "offline"  # its root is not there: an unplugged drive
    PROBLEM = "problem"  # cannot be read or watched; `message` says why
    ASKING = "asking"  # many of its files are gone: the user is to say whether their photos are, too


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder the user asked us to watch."""

    folder_id: int
    path: str  # absolute
    rules: FolderRules = NO_RULES


@dataclass(frozen=True, slots=True)
class VolumePlace:
    """Where a folder is on its drive or network share, wherever that is mounted."""

    volume_id: str
    path: str  # absolute, from the root of the volume


@dataclass(frozen=True, slots=True)
class FolderStatus:
    """A folder with its state and counts, for the sidebar."""

    folder: Folder
    state: FolderState
    photo_count: int
    pending_count: int
    problem_count: int
    message: str = ""
    vanished_count: int = 0  # photos that the user is asked about, while the state is ASKING


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of the library."""

    photo_id: int
    folder_id: int
    path: str  # absolute; may hold surrogates for undecodable bytes
    size: int
    mtime_ns: int
    state: PhotoState
    content_key: str | None
    metadata: PhotoMetadata | None  # None until it was read
    favourite: bool = False
    error: str | None = None
    offline: bool = False
    decisions: Decisions = NO_DECISIONS
    companions: tuple[Companion, ...] = ()  # its raw file, or the film of a Live Photo
    place: str = ""  # where it was taken, in words


@dataclass(frozen=True, slots=True)
class ProblemFile:
    """A file that could not be read, with the reason for people."""

    photo_id: int
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Subfolder:
    """A folder inside a watched folder, for the lazily loaded tree."""

    folder_id: int
    relative_path: str  # "" is the watched folder itself
    name: str
    photo_count: int  # photos in it and below
    has_children: bool
