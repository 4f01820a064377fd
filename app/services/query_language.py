"""The language of the search bar: words, "exact phrases", -excluded, field:value.

Any text is valid: what cannot be understood becomes a `Problem` that says where and why, and is never
silently searched for as something else. Parsing needs neither library nor model: the window may do it while
somebody types.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from difflib import get_close_matches

from app.domain.conditions import Condition, DateRange, Field
from app.domain.query import QueryTerm, SearchQuery
from app.services.query_date_words import LONGEST, date_in_words
from app.services.query_dates import date_meant, parse_dates
from app.services.query_parts import ParsedQuery, Part, PartKind, Problem
from app.services.query_tokens import LITERAL, escaped, meant, tokens, unescaped
from app.services.query_values import BadValueError, parse_value
from app.services.query_writing import format_condition, format_query, quoted_if_needed

__all__ = [
    "ParsedQuery",
    "Part",
    "PartKind",
    "Problem",
    "as_words",
    "format_condition",
    "format_query",
    "parse_query",
    "understood",
]

FindPlace = Callable[[str], tuple[float, float] | None]  # a place name to latitude and longitude

OTHER_NAMES = {"after": Field.DATE, "before": Field.DATE, "tag": Field.KEYWORD}
_FIELD_NAMES = [field.value for field in Field if field is not Field.TEXT]


def parse_query(text: str, today: date, find_place: FindPlace | None = None) -> ParsedQuery:
    """Understand a text. Without `find_place`, `near:` takes coordinates only."""
    parts = _in_one_order(_part(match, today, find_place) for match in tokens(text))
    return ParsedQuery(text, tuple(_with_dates(_joined(parts), text, today)))


def as_words(query: ParsedQuery, part: Part, today: date) -> str:
    """The text with a part that was only guessed as the words that it is made of."""
    text, end = query.text, part.end
    while True:
        found = parse_query(text, today).parts
        guess = next((one for one in found if one.guessed and part.start <= one.start < end), None)
        if guess is None:
            return text
        text = f"{text[: guess.start]}{LITERAL}{text[guess.start :]}"
        end += 1


def understood(query: SearchQuery, read: Callable[[str], ParsedQuery]) -> SearchQuery:
    """The same query with what its texts say taken apart: words, exclusions, conditions, the order.

    Texts with a negative weight are words to be excluded, whatever they look like.
    """
    terms: list[QueryTerm] = []
    conditions = list(query.filters.conditions)
    sort = query.sort
    for term in query.terms:
        if term.text is None or term.weight <= 0:
            terms.append(term)
            continue
        asked = read(term.text)
        if asked.words:
            terms.append(replace(term, text=asked.words))
        terms += [replace(term, text=words, weight=-term.weight) for words in asked.excluded]
        conditions += asked.conditions
        sort = asked.sort or sort
    filters = replace(query.filters, conditions=tuple(conditions))
    return replace(query, terms=tuple(terms), filters=filters, sort=sort)


# --- reading


def _part(match: re.Match[str], today: date, find_place: FindPlace | None) -> Part:
    start, end = match.span()
    negated = match["minus"] is not None
    if match["phrase"] is not None:
        return _phrase(match["phrase"], start, end, negated=negated, closed=bool(match["closed"]))
    if match["key"] is not None:
        value = unescaped(match["quoted"]) if match["quoted"] is not None else match["plain"]
        return _filter(match["key"], value, start, end, negated, today, find_place)
    word = match["word"]
    if negated and word:
        return Part(PartKind.EXCLUDED, start, end, meant(word))
    if negated and not match.string[end:].strip():  # elsewhere it is a dash between words
        hint = Problem("What must not be seen comes right after the minus, as in -people.", unfinished=True)
        return Part(PartKind.PROBLEM, start, end, problem=hint)
    return Part(PartKind.WORDS, start, end, meant(match.group()))


def _phrase(escaped: str, start: int, end: int, *, negated: bool, closed: bool) -> Part:
    phrase = " ".join(unescaped(escaped).split())
    if not phrase:
        problem = Problem("Put the exact words between the quotation marks.", unfinished=not closed)
        return Part(PartKind.PROBLEM, start, end, problem=problem)
    if negated:
        return Part(PartKind.EXCLUDED, start, end, phrase)
    return Part(PartKind.CONDITION, start, end, condition=Condition(Field.TEXT, phrase))


def _filter(
    key: str,
    value: str,
    start: int,
    end: int,
    negated: bool,
    today: date,
    find_place: FindPlace | None,
) -> Part:
    try:
        condition = _condition(key.casefold(), value.strip(), negated, today, find_place)
    except BadValueError as error:
        negatable = negated and error.instead and not error.instead.startswith(f"{Field.SORT}:")
        instead = f"-{error.instead}" if negatable else error.instead
        problem = Problem(str(error), instead, unfinished=error.unfinished or not value.strip())
        return Part(PartKind.PROBLEM, start, end, problem=problem)
    return Part(PartKind.CONDITION, start, end, condition=condition)


def _condition(name: str, value: str, negated: bool, today: date, find_place: FindPlace | None) -> Condition:
    field = OTHER_NAMES.get(name) or next((each for each in Field if each == name), None)
    if field is None:
        raise _unknown(name, value)
    if field is Field.SORT and negated:
        raise BadValueError("An order has no opposite: take the minus away.", f"{Field.SORT}:{value}")
    if field is not Field.DATE:
        return Condition(field, parse_value(field, value, find_place), negated)
    if name in ("after", "before") and ".." in value:
        raise BadValueError(f"{name}: takes one day, month or year.", f"date:{value}")
    days = parse_dates(value, today)
    if days is None:
        raise BadValueError(
            "Dates look like date:2019, date:2019-06, date:2019-06-01..2019-08-31 or date:yesterday.",
            _like(name, date_meant(value, today)),
        )
    return Condition(field, _side(name, days), negated)


def _side(name: str, days: DateRange) -> DateRange:
    """Neither `after:2019` nor `before:2019` holds a day of 2019."""
    try:
        if name == "after" and days.last is not None:
            return DateRange(days.last + timedelta(1), None)
        if name == "before" and days.first is not None:
            return DateRange(None, days.first - timedelta(1))
    except OverflowError as error:
        raise BadValueError("No calendar goes that far.") from error
    return days


def _unknown(name: str, value: str) -> BadValueError:
    close = get_close_matches(name, [*_FIELD_NAMES, *OTHER_NAMES], n=1, cutoff=0.6)
    if close:
        return BadValueError(f"There is no filter {name}:. Did you mean {close[0]}:?", _like(close[0], value))
    known = ", ".join(f"{each}:" for each in _FIELD_NAMES)
    return BadValueError(f"There is no filter {name}:. There are {known}.", f'"{escaped(f"{name}:{value}")}"')


def _like(name: str, value: str) -> str:
    """A filter that may have been meant; nothing without a value."""
    return f"{name}:{quoted_if_needed(value)}" if value else ""


def _in_one_order(parts: Iterable[Part]) -> Iterator[Part]:
    """Of several orders the first one holds, and the others say so."""
    first: Part | None = None
    for part in parts:
        if part.sort is None or first is None:
            first = first or (part if part.sort is not None else None)
            yield part
            continue
        problem = Problem(f"Photos come in one order at a time, and sort:{first.sort} comes first here.")
        yield replace(part, kind=PartKind.PROBLEM, condition=None, problem=problem)


def _joined(parts: Iterable[Part]) -> Iterator[Part]:
    """Words that follow each other are one part."""
    run: list[Part] = []
    for part in parts:
        if part.kind is PartKind.WORDS:
            run.append(part)
            continue
        if run:
            yield _run(run)
            run = []
        yield part
    if run:
        yield _run(run)


def _run(words: Sequence[Part]) -> Part:
    return Part(PartKind.WORDS, words[0].start, words[-1].end, " ".join(part.words for part in words))


def _with_dates(parts: Iterator[Part], text: str, today: date) -> Iterator[Part]:
    """Take dates in plain words, as "last summer", out of the words."""
    for part in parts:
        if part.kind is not PartKind.WORDS:
            yield part
            continue
        spans = [match.span() for match in re.finditer(r"\S+", text[part.start : part.end])]
        yield from _split_at_dates(text, [(part.start + a, part.start + b) for a, b in spans], today)


def _split_at_dates(text: str, spans: Sequence[tuple[int, int]], today: date) -> Iterator[Part]:
    pending: list[tuple[int, int]] = []
    place = 0
    while place < len(spans):
        ahead = [text[start:end] for start, end in spans[place : place + LONGEST]]
        found = date_in_words(ahead, today)
        if found is None:
            pending.append(spans[place])
            place += 1
            continue
        yield from _words_of(text, pending)
        pending = []
        taken, days = found
        start, end = spans[place][0], spans[place + taken - 1][1]
        yield Part(PartKind.CONDITION, start, end, condition=Condition(Field.DATE, days), guessed=True)
        place += taken
    yield from _words_of(text, pending)


def _words_of(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Part]:
    if spans:
        words = " ".join(meant(text[start:end]) for start, end in spans)
        yield Part(PartKind.WORDS, spans[0][0], spans[-1][1], words)
