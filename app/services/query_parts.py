"""A text of the search bar, understood: its parts, and what each means."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.conditions import Condition, Field, SortOrder


class PartKind(StrEnum):
    """What a stretch of the text is."""

    WORDS = "words"  # meaning, and names
    EXCLUDED = "excluded"  # meaning that is not wanted
    CONDITION = "condition"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a part, for people; `instead` is what they may have meant, "" when nobody can tell.

    `unfinished`: more is probably being typed, so a hint is in order and no complaint.
    """

    message: str
    instead: str = ""
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the text, `text[start:end]`, and what it means.

    `guessed`: it was not written as a filter, but reads like one, as "last summer" does.
    """

    kind: PartKind
    start: int
    end: int
    words: str = ""  # of WORDS and EXCLUDED
    condition: Condition | None = None
    problem: Problem | None = None
    guessed: bool = False

    @property
    def sort(self) -> SortOrder | None:
        """The order, where it is one."""
        value = self.condition.value if self.condition is not None else None
        return value if isinstance(value, SortOrder) else None


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A text, understood. The parts are in the order of the text."""

    text: str
    parts: tuple[Part, ...] = ()

    @property
    def words(self) -> str:
        """What is to be seen, as one text for the model."""
        return " ".join(part.words for part in self.parts if part.kind is PartKind.WORDS)

    @property
    def excluded(self) -> tuple[str, ...]:
        """What must not be seen; each is a vector of its own."""
        return tuple(part.words for part in self.parts if part.kind is PartKind.EXCLUDED)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What a photo must be; the order is none of them."""
        return tuple(
            part.condition
            for part in self.parts
            if part.condition is not None and part.condition.field is not Field.SORT
        )

    @property
    def sort_part(self) -> Part | None:
        """The part that asks for an order."""
        return next((part for part in self.parts if part.sort is not None), None)

    @property
    def sort(self) -> SortOrder | None:
        """The order that is asked for; None where none is."""
        part = self.sort_part
        return part.sort if part is not None else None

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(part.problem for part in self.parts if part.problem is not None)

    def without(self, part: Part) -> str:
        """The text without one of its parts, as when its chip is closed."""
        return f"{self.text[: part.start].rstrip()} {self.text[part.end :].lstrip()}".strip()

    def with_instead(self, part: Part, instead: str) -> str:
        """The text with another one in the place of a part."""
        before, after = self.text[: part.start], self.text[part.end :]
        gap = " " if before and not before[-1].isspace() else ""
        behind = " " if after and not after[0].isspace() else ""
        return f"{before}{gap}{instead}{behind}{after}"
