"""What the search bar offers to be typed."""

from dataclasses import dataclass

from app.domain.conditions import Field


@dataclass(frozen=True, slots=True)
class FilterValue:
    """One value of a filter as it can be typed, how many photos have it, and where it is, if that helps."""

    text: str
    count: int
    where: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text that can take the place of `[start:end]` of what was typed.

    `field` and `value` tell what it means; without a value it is the name of a filter, whose value is to be
    typed next. `count`: photos that have it, 0 where nobody counted.
    """

    start: int
    end: int
    text: str
    field: Field
    value: str = ""
    count: int = 0
    where: str = ""

    @property
    def is_name(self) -> bool:
        return not self.value
