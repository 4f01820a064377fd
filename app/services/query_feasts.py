"""Days of the year that people name rather than number, in English and German."""

from collections.abc import Callable
from datetime import date, timedelta

from app.domain.conditions import DateRange


def _easter(year: int) -> DateRange:
    """Good Friday to Easter Monday, by the rule of Meeus, Jones and Butcher for the Gregorian calendar."""
    golden, century, rest = year % 19, year // 100, year % 100
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    shift = moon + weekday - 7 * ((golden + 11 * moon + 22 * weekday) // 451) + 114
    sunday = date(year, shift // 31, shift % 31 + 1)
    return DateRange(sunday - timedelta(2), sunday + timedelta(1))


def _each_year(first: tuple[int, int], last: tuple[int, int]) -> Callable[[int], DateRange]:
    """From and to a month and day that are the same in every year."""
    return lambda year: DateRange(date(year, *first), date(year, *last))


_CHRISTMAS = _each_year((12, 24), (12, 26))
_LAST_DAY = _each_year((12, 31), (12, 31))
_HALLOWEEN = _each_year((10, 31), (10, 31))

FEASTS: dict[str, Callable[[int], DateRange]] = {
    "christmas": _CHRISTMAS,
    "xmas": _CHRISTMAS,
    "weihnachten": _CHRISTMAS,
    "new year's eve": _LAST_DAY,
    "new years eve": _LAST_DAY,
    "silvester": _LAST_DAY,
    "halloween": _HALLOWEEN,
    "easter": _easter,
    "ostern": _easter,
}
