"""What else a filter could say: the opposite, the other choices, and what is near what was chosen."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from app.domain.conditions import (
    Circle,
    Condition,
    DateRange,
    Field,
    NumberRange,
    Value,
)
from app.services.query_dates import format_dates, whole_months
from app.services.query_parts import Part
from app.services.query_tokens import LITERAL
from app.services.query_values import CHOICES
from app.services.query_writing import format_condition

_KILOMETRES = (1.0, 5.0, 25.0, 100.0)


def alternatives(condition: Condition) -> tuple[Condition, ...]:
    """Other conditions on the same field; none where the values are those of the library."""
    found = [replace(condition, value=value) for value in _values(condition)]
    return tuple(each for each in found if each != condition)


def turned_round(part: Part) -> str:
    """What leaves out what the part asks for, or asks for what it leaves out, as it is typed."""
    condition = part.condition
    if condition is not None:
        return format_condition(replace(condition, negated=not condition.negated))
    words = part.words.split()
    return " ".join(word if _is_plain(word) else f"{LITERAL}{word}" for word in words)


def _is_plain(word: str) -> bool:
    """Whether a word is read as nothing else."""
    return word[0].isalnum() and ":" not in word


def _values(condition: Condition) -> Iterable[Value]:
    value = condition.value
    if condition.field in CHOICES:
        return tuple(CHOICES[condition.field])
    if condition.field is Field.RATING:
        return (*(NumberRange(stars, None) for stars in (5.0, 4.0, 3.0, 2.0, 1.0)), NumberRange(0, 0))
    if isinstance(value, Circle):
        return tuple(replace(value, kilometres=reach) for reach in _KILOMETRES)
    if isinstance(value, DateRange):
        return _dates(value)
    return ()


def _dates(days: DateRange) -> Iterable[DateRange]:
    """The same stretch before and after, and the whole month or year around it."""
    first, last = days.first, days.last
    if first is None or last is None:
        return
    length = len(format_dates(days))
    if length == len("2019"):
        yield from (
            whole_months(first.year + step, 1, 12) for step in (-1, 1) if 1 < first.year < date.max.year
        )
    elif length == len("2019-06"):
        before = first - timedelta(1) if first > date.min else first
        after = last + timedelta(1) if last < date.max else last
        yield from (whole_months(day.year, day.month, 1) for day in (before, after))
        yield whole_months(first.year, 1, 12)
    else:
        yield from _a_year_before(first, last)
        yield whole_months(first.year, first.month, 1)
        yield whole_months(first.year, 1, 12)


def _a_year_before(first: date, last: date) -> Iterable[DateRange]:
    """The summer before; nothing for a day that the year before did not have."""
    try:
        yield DateRange(first.replace(year=first.year - 1), last.replace(year=last.year - 1))
    except ValueError:
        return
