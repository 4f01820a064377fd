"""How the parts of the program present their state."""

from dataclasses import dataclass
from enum import StrEnum


class ModelState(StrEnum):
    """Whether the model can answer."""

    NONE = "none"  # no checkpoint chosen yet
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """The model as the window shows it."""

    state: ModelState
    name: str = ""
    device: str = ""  # "cpu", "cuda", "mps"; empty until it is known
    runtime: str = ""  # "torch", "openvino"; of pictures, like the precision
    precision: str = ""  # "float32", "bfloat16", "int8", "int8-dynamic"
    message: str = ""  # for people, when it failed or falls back
    coming: str = ""  # the model that is to answer once it has embedded the library


@dataclass(frozen=True, slots=True)
class LibraryCounts:
    """Numbers of the sidebar."""

    photos: int = 0  # ready or pending, shown in the grid
    favourites: int = 0
    recent: int = 0  # added in the last 30 days
    problems: int = 0
    pending: int = 0
    embedded: int = 0  # photos that the current model can find


@dataclass(frozen=True, slots=True)
class TrashOutcome:
    """What moving to the trash did."""

    moved: tuple[int, ...]  # photo ids, without their companions
    failures: tuple[tuple[str, str], ...] = ()  # (path, reason for people)
