"""What could be typed next into the search bar: names of filters, and values that are in this library."""

import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from app.domain.conditions import Condition, Field, Shape, SortOrder, Trait
from app.domain.suggestions import FilterValue, Suggestion
from app.library.library import Library
from app.library.place_words import fold
from app.services.query_language import OTHER_NAMES, format_condition
from app.services.query_tokens import token_at

_OFFERED = 12
_NAMES_FROM = 3  # letters of a word that may become the name of a filter; "is", "or" and "be" are words
_FRESH_SECONDS = 20.0  # indexing changes the library all the time, its folders and cameras seldom


class CompletionService:
    """Completes the word at the cursor. Thread-safe; asks the library, so not for the window's thread."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._values: dict[Field, tuple[int, float, tuple[FilterValue, ...]]] = {}

    def complete(self, text: str, cursor: int, *, wanted: bool = False) -> tuple[Suggestion, ...]:
        """See `complete`, with the values of this library."""
        return complete(text, cursor, self._values_of, wanted=wanted)

    def _values_of(self, field: Field) -> Sequence[FilterValue]:
        now, version = time.monotonic(), self._library.version
        with self._lock:
            known = self._values.get(field)
        if known is not None and (known[0] == version or now - known[1] < _FRESH_SECONDS):
            return known[2]
        values = self._library.values.of(field)
        with self._lock:
            self._values[field] = version, now, values
        return values


def complete(
    text: str, cursor: int, values_of: Callable[[Field], Sequence[FilterValue]], *, wanted: bool = False
) -> tuple[Suggestion, ...]:
    """What fits the word that ends at the cursor, the best first; nothing for plain words.

    `wanted`: somebody asked for it, so that all filters are offered where no word begins one.
    """
    typed = token_at(text, cursor)
    if typed.key is None:
        short = len(typed.word) < _NAMES_FROM
        if (short and not wanted) or (typed.word and typed.end != cursor):
            return ()
        return tuple(_names(typed.word, typed.start, typed.end, typed.minus))
    field = _field(typed.key)
    if field is None:
        return ()
    known = _FIXED.get(field) or values_of(Field.PLACE if field is Field.NEAR else field)
    if field is Field.NEAR:  # a country is too large to be near it, and so is its region
        known = [value for value in known if ", " in value.where]
    values = _fitting(known, typed.word)
    return tuple(
        Suggestion(
            typed.start,
            typed.end,
            typed.minus + _as_typed(typed.key, field, value.text),
            field,
            value.text,
            value.count,
            value.where,
        )
        for value in values
    )


def _names(word: str, start: int, end: int, minus: str) -> Iterable[Suggestion]:
    """Filters whose name begins so."""
    for field in Field:
        if field is Field.TEXT or (minus and field is Field.SORT):
            continue
        if field.value.startswith(word.casefold()):
            yield Suggestion(start, end, f"{minus}{field}:", field)
    for name, field in OTHER_NAMES.items():
        if word and name.startswith(word.casefold()):
            yield Suggestion(start, end, f"{minus}{name}:", field)


def _field(key: str) -> Field | None:
    name = key.casefold()
    return OTHER_NAMES.get(name) or next((field for field in Field if field == name), None)


def _fitting(values: Sequence[FilterValue], word: str) -> list[FilterValue]:
    """First those that begin so, then those with a word that does, then those that hold it anywhere."""
    wanted = fold(word)
    if not wanted:
        return list(values[:_OFFERED])
    ranks: list[list[FilterValue]] = [[], [], []]
    for value in values:
        folded = fold(value.text)
        place = folded.find(wanted)
        if place == 0:
            ranks[0].append(value)
            if len(ranks[0]) >= _OFFERED:
                break
        elif place > 0:
            ranks[1 if re.search(rf"\W{re.escape(wanted)}", folded) else 2].append(value)
    return [value for rank in ranks for value in rank][:_OFFERED]


def _as_typed(key: str, field: Field, value: str) -> str:
    """With the name of the filter that was typed, and quotation marks where the value needs them."""
    if field in _FIXED or field is Field.DATE or field is Field.TYPE:
        return f"{key}:{value}"
    written = format_condition(Condition(Field.KEYWORD, value))
    return f"{key}:{written.removeprefix('keyword:')}"


def _choices(values: Iterable[str]) -> tuple[FilterValue, ...]:
    return tuple(FilterValue(str(value), 0) for value in values)


_FIXED: dict[Field, tuple[FilterValue, ...]] = {
    Field.IS: _choices(Trait),
    Field.ORIENTATION: _choices(Shape),
    Field.SORT: _choices(SortOrder),
    Field.RATING: _choices(["5", ">=4", ">=3", "1..3", "0"]),
    Field.SIZE: _choices([">=24", ">=12", "<2"]),
}
