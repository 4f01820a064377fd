"""Dates in file names, as phones, messengers and screenshot programs put them there."""

import re
from datetime import UTC, datetime

from app.media.dates import is_plausible

_FIRST_NUMBERED_YEAR = 1990  # eight digits in a row are hardly an older date

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE)
_DATE = r"(?P<year>(?:18|19|20)\d\d)(?P<dash>[-_.:]?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d)"
_BETWEEN = r"(?:[-_ T.]{1,3}|\s+(?:at|um|à|a las|alle|om|kl\.?|klo)\s+|)"
_TIME = r"(?P<hour>\d\d?)(?P<colon>[-_.:]?)(?P<minute>\d\d)(?P=colon)(?P<second>\d\d)"
_HALF = r"(?:\s?(?P<half>[AaPp])\.?[Mm])?"
_MOMENT = re.compile(rf"(?<![0-9A-Za-z]){_DATE}(?:{_BETWEEN}{_TIME}\d{{0,6}}{_HALF})?(?![0-9])")
_UNIVERSAL = re.compile(r"PXL_", re.IGNORECASE)  # Google's camera names its files in UTC


def date_in_name(path: str) -> datetime | None:
    """The moment that a file's name tells; midnight where it tells only the day.

    Aware, in UTC, where the name is known to be in UTC; else on the wall clock where the photo was taken.
    """
    name = path[max(path.rfind("/"), path.rfind("\\")) + 1 :]
    stem = name[: name.rfind(".")] if "." in name else name
    if _UUID.match(stem):
        return None
    for match in _MOMENT.finditer(stem):
        moment = _moment(match)
        if moment is not None and is_plausible(moment):
            return moment.replace(tzinfo=UTC) if _UNIVERSAL.match(stem) else moment
    return None


def _moment(match: re.Match[str]) -> datetime | None:
    year = int(match["year"])
    if not match["dash"] and year < _FIRST_NUMBERED_YEAR:
        return None
    day = (year, int(match["month"]), int(match["day"]))
    clock = (0, 0, 0)
    if match["hour"]:
        clock = (_hour(int(match["hour"]), match["half"]), int(match["minute"]), int(match["second"]))
    for hour, minute, second in (clock, (0, 0, 0)):  # digits that are no time may still follow a date
        try:
            return datetime(*day, hour, minute, second)  # noqa: DTZ001 - on the wall clock of the place
        except ValueError:
            continue
    return None


def _hour(hour: int, half: str | None) -> int:
    if half is None or not 1 <= hour <= 12:
        return hour
    return hour % 12 + (12 if half in "Pp" else 0)
