"""What an examination of a library finds, in words for people."""

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """How much a finding matters."""

    NOTE = "note"  # put right by itself, or only untidy
    FAULT = "fault"  # something is not as it must be


class Part(StrEnum):
    """What of a library was examined."""

    DATABASE = "database"
    LOG = "write-ahead log"
    WORDS = "words"
    PHOTOS = "photos"
    EMBEDDINGS = "embeddings"
    MATRIX = "matrix"
    GRAPH = "graph"
    THUMBNAILS = "thumbnails"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of trouble, however often it was met."""

    part: Part
    weight: Weight
    count: int
    text: str  # what was found, and what it means
    mending: str = ""  # what mending does about it; "" when it can do nothing
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Everything that was found in one examination."""

    findings: tuple[Finding, ...] = ()
    photos: int = 0
    embeddings: int = 0
    thumbnails: int = 0

    @property
    def faults(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.weight is Weight.FAULT)

    @property
    def sound(self) -> bool:
        """Nothing is wrong; notes may remain."""
        return not self.faults
