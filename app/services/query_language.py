"""The language of the search bar: words, "exact phrases", -excluded, field:value.

Any text is valid: what cannot be understood becomes a `Problem` that says where and why, and is never
silently searched for as something else. Parsing needs neither library nor model: the window may do it while
somebody types.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from difflib import get_close_matches
from enum import StrEnum

from app.domain.conditions import Condition, DateRange, Field
from app.domain.query import QueryTerm, SearchQuery
from app.services.query_dates import format_dates, parse_dates
from app.services.query_values import BadValueError, format_value, parse_value

FindPlace = Callable[[str], tuple[float, float] | None]  # a place name to latitude and longitude

_TOKEN = re.compile(
    r"""
    (?P<minus>-)?
    (?:
      "(?P<phrase>(?:[^"\\]|\\.|\\$)*)(?P<closed>"|$)
      | (?P<key>[^\W\d_]+):(?!//)(?:"(?P<quoted>(?:[^"\\]|\\.|\\$)*)(?:"|$)|(?P<plain>\S*))
      | (?P<word>\S*)
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_LONGEST_DATE = 3  # words of a date in plain words: "last 3 weeks"
_FIELD_NAMES = [field.value for field in Field if field is not Field.TEXT]
_OTHER_NAMES = {"after": Field.DATE, "before": Field.DATE, "tag": Field.KEYWORD, "place": Field.NEAR}


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
    """A stretch of the text, `text[start:end]`, and what it means."""

    kind: PartKind
    start: int
    end: int
    words: str = ""  # of WORDS and EXCLUDED
    condition: Condition | None = None
    problem: Problem | None = None


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
        return tuple(part.condition for part in self.parts if part.condition is not None)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(part.problem for part in self.parts if part.problem is not None)

    def without(self, part: Part) -> str:
        """The text without one of its parts, as when its chip is closed."""
        return f"{self.text[: part.start].rstrip()} {self.text[part.end :].lstrip()}".strip()


def parse_query(text: str, today: date, find_place: FindPlace | None = None) -> ParsedQuery:
    """Understand a text. Without `find_place`, `near:` takes coordinates only."""
    parts = [_part(match, today, find_place) for match in _tokens(text)]
    return ParsedQuery(text, tuple(_with_dates(_joined(parts), text, today)))


def understood(query: SearchQuery, read: Callable[[str], ParsedQuery]) -> SearchQuery:
    """The same query with what its texts say taken apart: words, exclusions, conditions.

    Texts with a negative weight are words to be excluded, whatever they look like.
    """
    terms: list[QueryTerm] = []
    conditions = list(query.filters.conditions)
    for term in query.terms:
        if term.text is None or term.weight <= 0:
            terms.append(term)
            continue
        asked = read(term.text)
        if asked.words:
            terms.append(replace(term, text=asked.words))
        terms += [replace(term, text=words, weight=-term.weight) for words in asked.excluded]
        conditions += asked.conditions
    return replace(query, terms=tuple(terms), filters=replace(query.filters, conditions=tuple(conditions)))


def format_query(query: ParsedQuery) -> str:
    """A plain text of the same meaning: what had a problem stays as it was typed."""
    return " ".join(_format_part(part, query.text) for part in query.parts)


def format_condition(condition: Condition) -> str:
    """One filter as it is typed."""
    minus = "-" if condition.negated else ""
    value = condition.value
    if condition.field is Field.TEXT:
        # A minus before a phrase excludes its meaning; the field's own name says that the text is meant.
        return f'{minus}text:"{_escaped(str(value))}"' if minus else f'"{_escaped(str(value))}"'
    text = format_dates(value) if isinstance(value, DateRange) else format_value(value)
    plain = text and not re.search(r'[\s"\\]', text)
    return f"{minus}{condition.field}:{text}" if plain else f'{minus}{condition.field}:"{_escaped(text)}"'


# --- reading


def _tokens(text: str) -> Iterator[re.Match[str]]:
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        match = _TOKEN.match(text, place)
        assert match is not None, "every character begins a token"
        yield match
        place = match.end()


def _part(match: re.Match[str], today: date, find_place: FindPlace | None) -> Part:
    start, end = match.span()
    negated = match["minus"] is not None
    if match["phrase"] is not None:
        return _phrase(match["phrase"], start, end, negated=negated, closed=bool(match["closed"]))
    if match["key"] is not None:
        value = _unescaped(match["quoted"]) if match["quoted"] is not None else match["plain"]
        return _filter(match["key"], value, start, end, negated, today, find_place)
    word = match["word"]
    if negated and word:
        return Part(PartKind.EXCLUDED, start, end, word)
    return Part(PartKind.WORDS, start, end, match.group())


def _phrase(escaped: str, start: int, end: int, *, negated: bool, closed: bool) -> Part:
    phrase = " ".join(_unescaped(escaped).split())
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
        problem = Problem(str(error), error.instead, unfinished=error.unfinished or not value.strip())
        return Part(PartKind.PROBLEM, start, end, problem=problem)
    return Part(PartKind.CONDITION, start, end, condition=condition)


def _condition(name: str, value: str, negated: bool, today: date, find_place: FindPlace | None) -> Condition:
    field = _OTHER_NAMES.get(name) or next((each for each in Field if each == name), None)
    if field is None:
        raise _unknown(name, value)
    if field is not Field.DATE:
        return Condition(field, parse_value(field, value, find_place), negated)
    if name in ("after", "before") and ".." in value:
        raise BadValueError(f"{name}: takes one day, month or year.", f"date:{value}")
    days = parse_dates(value, today)
    if days is None:
        raise BadValueError(
            "Dates look like date:2019, date:2019-06, date:2019-06-01..2019-08-31 or date:yesterday."
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
    close = get_close_matches(name, [*_FIELD_NAMES, *_OTHER_NAMES], n=1, cutoff=0.6)
    if close:
        return BadValueError(f"There is no filter {name}:. Did you mean {close[0]}:?", f"{close[0]}:{value}")
    known = ", ".join(f"{each}:" for each in _FIELD_NAMES)
    return BadValueError(
        f"There is no filter {name}:. There are {known}.", f'"{_escaped(f"{name}:{value}")}"'
    )


def _joined(parts: Sequence[Part]) -> Iterator[Part]:
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
        taken, days = _date_at(text, spans[place : place + _LONGEST_DATE], today)
        if days is None:
            pending.append(spans[place])
            place += 1
            continue
        yield from _words_of(text, pending)
        pending = []
        start, end = spans[place][0], spans[place + taken - 1][1]
        yield Part(PartKind.CONDITION, start, end, condition=Condition(Field.DATE, days))
        place += taken
    yield from _words_of(text, pending)


def _date_at(text: str, spans: Sequence[tuple[int, int]], today: date) -> tuple[int, DateRange | None]:
    """How many words from here on are a date; bare numbers are not, they may be anything."""
    for count in range(len(spans), 0, -1):
        words = text[spans[0][0] : spans[count - 1][1]]
        if words[0].isalpha() and ".." not in words:
            days = parse_dates(words, today)
            if days is not None:
                return count, days
    return 0, None


def _words_of(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Part]:
    if spans:
        words = " ".join(text[start:end] for start, end in spans)
        yield Part(PartKind.WORDS, spans[0][0], spans[-1][1], words)


# --- writing


def _format_part(part: Part, text: str) -> str:
    if part.condition is not None:
        return format_condition(part.condition)
    if part.kind is PartKind.EXCLUDED:
        return _as_excluded(part.words)
    return part.words if part.kind is PartKind.WORDS else text[part.start : part.end]


def _as_excluded(words: str) -> str:
    return f"-{words}" if re.fullmatch(r'[^\s"\\:-][^\s"\\:]*', words) else f'-"{_escaped(words)}"'


def _escaped(text: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", text)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
