"""Dates as people type them: 2019, 2019-06, 3.6.2019, 2019-06..2019-08, "last summer", "letzten Sommer"."""

import calendar
import re
from collections.abc import Callable
from datetime import date, timedelta
from difflib import get_close_matches

from app.domain.conditions import DateRange
from app.services.query_feasts import FEASTS

_Span = Callable[[date, int], DateRange]  # from today, so many of them back

_ISO = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?")
_DAY_FIRST = re.compile(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})")
_DAY_OF_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?,? ([^\W\d_]+),? (\d{4})")
_MONTH_AND_DAY = re.compile(r"([^\W\d_]+) (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
_LENGTHS = r"(day|week|month|year|tag|woche|monat|jahr)(?:e?n?|s)?"
_PAST = re.compile(rf"(?:last|past|letzten?|vergangenen?) (\d{{1,3}}) {_LENGTHS}")
_AGO = re.compile(rf"(?:(\d{{1,3}}) {_LENGTHS} ago|vor (\d{{1,3}}) {_LENGTHS})")
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
MONTHS = {
    name: number
    for names in (
        "january february march april may june july august september october november december",
        "januar februar märz april mai juni juli august september oktober november dezember",
    )
    for number, name in enumerate(names.split(), 1)
}
_WEEKDAYS = {
    name: number
    for names in (
        "monday tuesday wednesday thursday friday saturday sunday",
        "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    )
    for number, name in enumerate(names.split())
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


def date_meant(value: str, today: date) -> str:
    """What may have been meant by a value that is no date; "" when nobody can tell."""
    folded = " ".join(value.casefold().split())
    first, dots, last = folded.partition("..")
    if dots and first and last and parse_dates(f"{last}..{first}", today):
        return f"{last.strip()}..{first.strip()}"
    match = _ISO.match(folded)
    if match is not None:  # a month or day too many: what is before it
        year, month, _ = match.groups()
        for shorter in (f"{year}-{month}", year):
            if parse_dates(shorter, today):
                return shorter
    known = [*_RELATIVE, *(f"{each} {name}" for each in ("last", "letzten") for name in (*_SEASONS, *MONTHS))]
    close = get_close_matches(folded, known, n=1, cutoff=0.75)
    return close[0] if close else ""


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
    for read in (_iso, _written_out, _relative, _past, _ago, _season_or_month, _weekday, _feast):
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
        return whole_months(year, month, 1)
    return DateRange(date(year, month, day), date(year, month, day))


def _relative(value: str, today: date) -> DateRange | None:
    span, back = _RELATIVE.get(value, (None, 0))
    return span(today, back) if span else None


def _written_out(value: str, today: date) -> DateRange | None:
    """ "3.6.2019", "3 June 2019", "June 3, 2019", "3. Juni 2019"."""
    match = _DAY_FIRST.fullmatch(value)
    if match is not None:
        day, number, year = match.groups()
        return _one_day(date(int(year), int(number), int(day)))
    match = _DAY_OF_MONTH.fullmatch(value)
    if match is not None:
        day, month, year = match.groups()
    else:
        match = _MONTH_AND_DAY.fullmatch(value)
        if match is None:
            return None
        month, day, year = match.groups()
    found = MONTHS.get(month)
    return _one_day(date(int(year), found, int(day))) if found else None


def _past(value: str, today: date) -> DateRange | None:
    match = _PAST.fullmatch(value)
    if match is None:
        return None
    days = int(match.group(1)) * _DAYS_IN[match.group(2)]
    return DateRange(today - timedelta(days), today)


def _ago(value: str, today: date) -> DateRange | None:
    """ "3 days ago" is a day, "2 years ago" a year."""
    match = _AGO.fullmatch(value)
    if match is None:
        return None
    count, length = match.group(1) or match.group(3), match.group(2) or match.group(4)
    return _SPAN_OF[length](today, int(count))


def _season_or_month(value: str, today: date) -> DateRange | None:
    """ "last summer", "this june", "summer 2019", "juni 2019"."""
    words = value.split()
    if len(words) != 2:
        return None
    which, name = (words[0], words[1]) if words[0] in _LAST + _THIS else (words[1], words[0])
    start, length = (_SEASONS[name], 3) if name in _SEASONS else (MONTHS.get(name), 1)
    if start is None:
        return None
    if which.isascii() and which.isdecimal() and len(which) == 4:
        return whole_months(int(which), start, length)
    if which in _THIS:
        return _this_time(start, length, today)
    return last_months(start, length, today) if which in _LAST else None


def _this_time(start: int, length: int, today: date) -> DateRange:
    """The one that is going on, else that of this year: in January, this winter began in December."""
    before = whole_months(today.year - 1, start, length)
    assert before.last is not None, "a span of months has an end"
    return before if before.last >= today else whole_months(today.year, start, length)


def last_months(start: int, length: int, today: date, *, begun: bool = False) -> DateRange:
    """The last of these months that is over; with `begun` the last one that began."""
    year = today.year
    while True:
        found = whole_months(year, start, length)
        assert found.first is not None, "a span of months has a beginning"
        assert found.last is not None, "a span of months has an end"
        if found.first <= today if begun else found.last < today:
            return found
        year -= 1


def _weekday(value: str, today: date) -> DateRange | None:
    """ "last sunday", "letzten Montag": the latest before today."""
    which, _, name = value.partition(" ")
    if which not in _LAST or name not in _WEEKDAYS:
        return None
    return _day(today, (today.weekday() - _WEEKDAYS[name] - 1) % 7 + 1)


def _feast(value: str, today: date) -> DateRange | None:
    """ "christmas 2020", "letztes Weihnachten"; by itself, the name of a feast is what is to be seen."""
    name, _, year = value.rpartition(" ")
    if name in FEASTS and year.isascii() and year.isdecimal() and len(year) == 4:
        return FEASTS[name](int(year))
    which, _, name = value.partition(" ")
    if name not in FEASTS or which not in _LAST + _THIS:
        return None
    if which in _THIS:
        return FEASTS[name](today.year)
    latest = FEASTS[name](today.year)
    assert latest.last is not None, "a feast has an end"
    return latest if latest.last < today else FEASTS[name](today.year - 1)


def whole_months(year: int, start: int, length: int) -> DateRange:
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
    return whole_months(month // 12, month % 12 + 1, 1)


def _year(today: date, back: int) -> DateRange:
    return DateRange(date(today.year - back, 1, 1), date(today.year - back, 12, 31))


def _day(today: date, back: int) -> DateRange:
    return _one_day(today - timedelta(back))


def _one_day(day: date) -> DateRange:
    return DateRange(day, day)


def _weekend(today: date, back: int) -> DateRange:
    saturday = today - timedelta(today.weekday() + 7 * back) + timedelta(5)
    return DateRange(saturday, saturday + timedelta(1))


def _relative_texts() -> dict[str, tuple[_Span, int]]:
    texts: dict[str, tuple[_Span, int]] = {}
    for span, names in _SPANS:
        for back, words in enumerate((_THIS, _LAST)):
            texts |= {f"{word} {name}": (span, back) for word in words for name in names}
    for back, days in enumerate((("today", "heute"), ("yesterday", "gestern"), ("vorgestern",))):
        texts |= dict.fromkeys(days, (_day, back))
    return texts


_SPANS: tuple[tuple[_Span, tuple[str, str]], ...] = (
    (_weekend, ("weekend", "wochenende")),
    (_week, ("week", "woche")),
    (_month, ("month", "monat")),
    (_year, ("year", "jahr")),
)
_RELATIVE = _relative_texts()
_SPAN_OF = {name: span for span, names in (*_SPANS, (_day, ("day", "tag"))) for name in names}
