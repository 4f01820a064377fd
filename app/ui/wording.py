"""Numbers, durations and folders in words, as the user's language writes them."""

import os

from PySide6.QtCore import QCoreApplication, QLocale

_CONTEXT = "Wording"


def number(value: int) -> str:
    """With the language's thousands separator."""
    return QLocale().toString(value)


def photo_count(count: int) -> str:
    """As in "1 photo", "1,204 photos"."""
    return _one_or_many(count, _tr("1 photo"), _tr("{n} photos"))


def match_count(count: int) -> str:
    """As in "1 match", "37 matches"."""
    return _one_or_many(count, _tr("1 match"), _tr("{n} matches"))


def file_count(count: int) -> str:
    """As in "1 file", "3 files"."""
    return _one_or_many(count, _tr("1 file"), _tr("{n} files"))


def problem_count(count: int) -> str:
    """As in "1 problem file", "3 problem files"."""
    return _one_or_many(count, _tr("1 problem file"), _tr("{n} problem files"))


def rate(photos_a_second: float) -> str:
    """As in "12 a second", or by the minute when slower."""
    if photos_a_second >= 1:
        return _tr("{n} a second").format(n=number(round(photos_a_second)))
    return _tr("{n} a minute").format(n=number(max(1, round(photos_a_second * 60))))


def time_left(seconds: float) -> str:
    """Rounded as a person would say it: "about 3 minutes left"."""
    if seconds < 50:
        return _tr("less than a minute left")
    minutes = round(seconds / 60)
    if minutes < 90:
        return _one_or_many(minutes, _tr("about a minute left"), _tr("about {n} minutes left"))
    return _one_or_many(round(minutes / 60), _tr("about an hour left"), _tr("about {n} hours left"))


def byte_size(count: int) -> str:
    """As people write it: "340 kB", "1.5 GB"."""
    return QLocale().formattedDataSize(count, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def rounded(value: float) -> int:
    """An estimate without figures that it cannot promise: 7, 40, 130, 2600."""
    if value < 20:
        return max(1, round(value))
    step = 10 if value < 1000 else 100
    return round(value / step) * step


def folder_name(path: str) -> str:
    """The last part of a path, the whole path for a drive or the root."""
    return printable(os.path.basename(path.rstrip("/\\")) or path)


def printable(text: str) -> str:
    """A path for display: what is no text, or would break the line, becomes a replacement sign."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _one_or_many(count: int, one: str, many: str) -> str:
    return one if count == 1 else many.format(n=number(count))


def _tr(text: str) -> str:
    return QCoreApplication.translate(_CONTEXT, text)
