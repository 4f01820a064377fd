"""What users decide about photos, and how it goes together with what files say."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

Value = TypeVar("Value")

MOST_STARS = 5
LABELS = ("Red", "Yellow", "Green", "Blue", "Purple")  # as most programs write them into files
REJECTED = -1  # what XMP has instead of stars for a rejected photo


class Flag(StrEnum):
    """Chosen, or sorted out."""

    PICK = "pick"
    REJECT = "reject"


class Kind(StrEnum):
    """What can be decided about a photo; albums apart, of which it may be in many."""

    FAVOURITE = "favourite"
    RATING = "rating"
    FLAG = "flag"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Said(Generic[Value]):
    """A value and when it was given."""

    value: Value
    at: float  # POSIX seconds


@dataclass(frozen=True, slots=True)
class FileSays(Said[Value]):
    """What a file or its sidecar says; `at` is when the file was written."""

    noticed_at: float  # when we first read it


@dataclass(frozen=True, slots=True)
class Conflict(Generic[Value]):
    """The user said one thing and later found the file saying another."""

    file: Value
    own: Value


@dataclass(frozen=True, slots=True)
class Decisions:
    """What holds for one photo; conflicts are for the user to settle."""

    rating: int = 0  # stars
    flag: Flag | None = None
    label: str = ""
    rating_conflict: Conflict[int] | None = None
    label_conflict: Conflict[str] | None = None


NO_DECISIONS = Decisions()


def resolve(
    own: Said[Value] | None, file: FileSays[Value] | None, nothing: Value
) -> tuple[Value, Conflict[Value] | None]:
    """What holds, the newer of the two, and the conflict to show.

    Who decided after the file's value was known decided against it: no conflict, ours holds.
    """
    if own is None or file is None:
        said = own or file
        return (said.value if said else nothing), None
    if own.value == file.value:
        return own.value, None
    if own.at >= file.noticed_at:
        return own.value, None
    return (own.value if own.at >= file.at else file.value), Conflict(file.value, own.value)


@dataclass(frozen=True, slots=True)
class Album:
    """A collection the user put together, in an order of its own."""

    album_id: int
    name: str
    photo_count: int


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A query under a name; it is run anew whenever it is chosen."""

    search_id: int
    name: str
    query: str  # JSON, see app.services.saved_queries


@dataclass(frozen=True, slots=True)
class Before:
    """How a decision stood for one photo before it was changed."""

    photo_id: int
    own: int | str | None  # None: the user had not decided
    held: int | str  # what held, from whomever


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes a change of one kind back."""

    kind: Kind
    before: tuple[Before, ...]


@dataclass(frozen=True, slots=True)
class AlbumUndo:
    """What takes adding to or removing from an album back."""

    album_id: int
    added: tuple[int, ...] = ()  # photo ids
    removed: tuple[tuple[int, float], ...] = ()  # photo ids with their positions
