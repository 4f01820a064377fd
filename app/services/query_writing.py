"""Writing what was understood, so that it can be typed again."""

import re

from app.domain.conditions import Condition, DateRange, Field
from app.services.query_dates import format_dates
from app.services.query_parts import ParsedQuery, Part, PartKind
from app.services.query_tokens import escaped
from app.services.query_values import format_value


def format_query(query: ParsedQuery) -> str:
    """A plain text of the same meaning: words and what had a problem stay as they were typed."""
    return " ".join(_format_part(part, query.text) for part in query.parts)


def format_condition(condition: Condition) -> str:
    """One filter as it is typed."""
    minus = "-" if condition.negated else ""
    value = condition.value
    if condition.field is Field.TEXT:
        # A minus before a phrase excludes its meaning; the field's own name says that the text is meant.
        return f'{minus}text:"{escaped(str(value))}"' if minus else f'"{escaped(str(value))}"'
    text = format_dates(value) if isinstance(value, DateRange) else format_value(value)
    return f"{minus}{condition.field}:{quoted_if_needed(text)}"


def quoted_if_needed(value: str) -> str:
    """A value as it is typed after the colon of a filter."""
    return f'"{escaped(value)}"' if not value or re.search(r'[\s"\\]', value) else value


def _format_part(part: Part, text: str) -> str:
    if part.condition is not None:
        return format_condition(part.condition)
    if part.kind is PartKind.EXCLUDED:
        return _as_excluded(part.words)
    typed = text[part.start : part.end]
    return " ".join(typed.split()) if part.kind is PartKind.WORDS else typed


def _as_excluded(words: str) -> str:
    return f"-{words}" if re.fullmatch(r'[^\s"\\:-][^\s"\\:]*', words) else f'-"{escaped(words)}"'
