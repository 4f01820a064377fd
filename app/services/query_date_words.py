"""Dates in plain words, as people write them among other words: "last summer", "in May", "Christmas 2020".

What may as well be words stays words: "may", "spring flowers", "the last supper".
"""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from app.domain.conditions import DateRange
from app.services.query_dates import MONTHS, last_months, parse_dates

LONGEST = 7  # words: "during the last 3 weeks", "on the 3rd of June 2019"

_BEFORE = frozenset(
    "in from during on since at of im vom von aus am an seit während zu".split()  # noqa: SIM905
)
_ARTICLES = frozenset({"the", "der", "dem", "den"})
_IN = frozenset({"in", "im", "from", "vom", "aus", "during", "since", "seit"})
_SINCE = frozenset({"since", "seit"})
_FIRST_YEAR = 1900


def date_in_words(words: Sequence[str], today: date) -> tuple[int, DateRange] | None:
    """How many words from the first on are a date, and which days it means; None when they are none."""
    folded = [word.casefold().rstrip(",") for word in words]
    lead = 1 if folded and folded[0] in _BEFORE else 0
    for count in range(len(folded), lead, -1):
        days = _days(folded[lead:count], folded[0] if lead else "", today)
        if days is not None:
            return count, DateRange(days.first, None) if folded[0] in _SINCE else days
    return None


def _days(words: Sequence[str], before: str, today: date) -> DateRange | None:
    core = _without_fillers(words)
    if not core:
        return None
    if len(core) == 1:
        return _one_word(core[0], before, today, bare=len(words) == 1)
    value = " ".join(core)
    return None if ".." in value or _is_numeric(core) else parse_dates(value, today)


def _without_fillers(words: Sequence[str]) -> list[str]:
    """ "the summer of 2019" is "summer 2019", "3rd of June 2019" is "3rd June 2019"."""
    core = list(words[1:] if words and words[0] in _ARTICLES else words)
    return [
        word
        for word, after in pairwise([*core, ""])
        if word != "of" or not (after.isdecimal() or after in MONTHS)
    ]


def _one_word(word: str, before: str, today: date, *, bare: bool) -> DateRange | None:
    """ "yesterday", "2019" by itself; "in May" is the last one that began, while "may" is a word."""
    if _is_year(word, today):
        return parse_dates(word, today)
    if word in MONTHS:
        return last_months(MONTHS[word], 1, today, begun=True) if before in _IN and bare else None
    return parse_dates(word, today) if word.isalpha() else None


def _is_year(word: str, today: date) -> bool:
    return word.isascii() and word.isdecimal() and len(word) == 4 and _FIRST_YEAR <= int(word) <= today.year


def _is_numeric(words: Sequence[str]) -> bool:
    """ "2019-06 05" may be anything, a name of a file above all."""
    return not any(character.isalpha() for word in words for character in word)
