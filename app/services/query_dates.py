"""Dates as people type them: 2019, 2019-06, 2019-06..2019-08, "last summer", "letzten Sommer"."""

import calendar
import re
from collections.abc import Callable
from datetime import date, timedelta

from app.domain.conditions import DateRange

_Span = Callable[[date, int], DateRange]  # from today, so many of them back

_ISO = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_AGO = re.compile(r"(?:last|past|letzten?) (\d{1,3}) (day|week|month|year|tag|woche|monat|jahr)(?:e?n?|s)?")
_SEASONS = {
    "spring": 3,
    "summer": 6,
    "autumn": 9,
    "fall": 9,
    "winter": 12,
    "frühling": 3,
    "sommer": 6,
    "herbst": 9,
}
_MONTHS = {
    name: number
    for names in (
        "january february march april may june july august september october november december",
        "januar februar märz april mai juni juli august september oktober november dezember",
    )
    for number, name in enumerate(names.split(), 1)
}
_LAST = ("last", "letzten", "letzter", "letztes", "letzte", "vorigen", "voriges", "vorige")
_THIS = ("this", "diesen", "dieser", "dieses", "diese")
_DAYS_IN = {"day": 1, "tag": 1, "week": 7, "woche": 7, "month": 30, "monat": 30, "year": 365, "jahr": 365}


def parse_dates(text: str, today: date) -> DateRange | None:
    """What days a value of `date:` means; None when it means none.

    Seasons are those of the northern half of the earth, whole months: summer is June to August, and winter
    belongs to the year of its December.
    """
    value = " ".join(text.casefold().split())
    if ".." in value:
        first, _, last = value.partition("..")
        return _between(first.strip(), last.strip(), today)
    return _span(value, today)


def format_dates(days: DateRange) -> str:
    """The shortest text that `parse_dates` reads as these days."""
    first, last = days.first, days.last
    if first is None or last is None:
        return f"{first.isoformat() if first else ''}..{last.isoformat() if last else ''}"
    for text in (f"{first.year:04}", f"{first.year:04}-{first.month:02}", first.isoformat()):
        if _span(text, first) == days:
            return text
    return f"{first.isoformat()}..{last.isoformat()}"


def _between(first: str, last: str, today: date) -> DateRange | None:
    start = _span(first, today) if first else None
    end = _span(last, today) if last else None
    if (first and start is None) or (last and end is None) or (start is None and end is None):
        return None
    found = DateRange(start.first if start else None, end.last if end else None)
    if found.first is not None and found.last is not None and found.first > found.last:
        return None
    return found


def _span(value: str, today: date) -> DateRange | None:
    for read in (_iso, _relative, _ago, _season_or_month):
        try:
            found = read(value, today)
        except (ValueError, OverflowError):  # a day that no calendar has, or one before its beginning
            return None
        if found is not None:
            return found
    return None


def _iso(value: str, today: date) -> DateRange | None:
    match = _ISO.fullmatch(value)
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None, "the pattern has a year"
    if month is None:
        return DateRange(date(year, 1, 1), date(year, 12, 31))
    if day is None:
        return _months(year, month, 1)
    return DateRange(date(year, month, day), date(year, month, day))


def _relative(value: str, today: date) -> DateRange | None:
    span, back = _RELATIVE.get(value, (None, 0))
    return span(today, back) if span else None


def _ago(value: str, today: date) -> DateRange | None:
    match = _AGO.fullmatch(value)
    if match is None:
        return None
    days = int(match.group(1)) * _DAYS_IN[match.group(2)]
    return DateRange(today - timedelta(days), today)


def _season_or_month(value: str, today: date) -> DateRange | None:
    """ "last summer", "this june", "summer 2019", "juni 2019"."""
    words = value.split()
    if len(words) != 2:
        return None
    which, name = (words[0], words[1]) if words[0] in _LAST + _THIS else (words[1], words[0])
    start, length = (_SEASONS[name], 3) if name in _SEASONS else (_MONTHS.get(name), 1)
    if start is None:
        return None
    if which.isascii() and which.isdecimal() and len(which) == 4:
        return _months(int(which), start, length)
    if which in _THIS:
        return _months(today.year, start, length)
    return _last_time(start, length, today) if which in _LAST else None


def _last_time(start: int, length: int, today: date) -> DateRange:
    """The last one that is over; one that is going on is "this"."""
    found = _months(today.year, start, length)
    assert found.last is not None, "a span of months has an end"
    return found if found.last < today else _months(today.year - 1, start, length)


def _months(year: int, start: int, length: int) -> DateRange:
    if not 1 <= start <= 12:
        raise ValueError("no such month")
    end_year, end_month = year + (start + length - 2) // 12, (start + length - 2) % 12 + 1
    return DateRange(
        date(year, start, 1), date(end_year, end_month, calendar.monthrange(end_year, end_month)[1])
    )


def _week(today: date, back: int) -> DateRange:
    monday = today - timedelta(today.weekday() + 7 * back)
    return DateRange(monday, monday + timedelta(6))


def _month(today: date, back: int) -> DateRange:
    month = today.year * 12 + today.month - 1 - back
    return _months(month // 12, month % 12 + 1, 1)


def _year(today: date, back: int) -> DateRange:
    return DateRange(date(today.year - back, 1, 1), date(today.year - back, 12, 31))


def _day(today: date, back: int) -> DateRange:
    day = today - timedelta(back)
    return DateRange(day, day)


def _relative_texts() -> dict[str, tuple[_Span, int]]:
    texts: dict[str, tuple[_Span, int]] = {}
    for span, names in _SPANS:
        for back, words in enumerate((_THIS, _LAST)):
            texts |= {f"{word} {name}": (span, back) for word in words for name in names}
    for back, days in enumerate((("today", "heute"), ("yesterday", "gestern"), ("vorgestern",))):
        texts |= dict.fromkeys(days, (_day, back))
    return texts


_SPANS: tuple[tuple[_Span, tuple[str, str]], ...] = (
    (_week, ("week", "woche")),
    (_month, ("month", "monat")),
    (_year, ("year", "jahr")),
)
_RELATIVE = _relative_texts()
