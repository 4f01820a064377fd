"""What a filter of the search bar means, in a few words."""

from collections.abc import Callable
from datetime import date
from typing import Any

from PySide6.QtCore import QCoreApplication, QDate, QLocale

from app.domain.conditions import Circle, Condition, DateRange, Field, NumberRange, Shape, SortOrder, Trait
from app.domain.suggestions import Suggestion
from app.services.query_dates import format_dates
from app.services.query_parts import Part
from app.ui.wording import printable


def describe_condition(condition: Condition) -> str:
    """A filter for people, as "taken June 2019" or "not: camera Canon"."""
    text = _TEXTS[condition.field](condition.value)
    return _tr("not: {filter}").format(filter=text) if condition.negated else text


def describe_part(part: Part) -> str:
    """A filter or an exclusion for people."""
    if part.condition is not None:
        return printable(describe_condition(part.condition))
    return _tr("nothing like {words}").format(words=printable(part.words))


def explain_filter(name: str) -> str:
    """What stands behind the name of a filter, in one line."""
    return {
        "date": _tr("when: 2019, 2019-06, last summer"),
        "after": _tr("taken after a day, month or year"),
        "before": _tr("taken before a day, month or year"),
        "folder": _tr("in a folder with this in its name or path"),
        "camera": _tr("maker or model"),
        "lens": _tr("the lens"),
        "type": _tr("kind of file: raw, jpeg, heic, video…"),
        "is": _tr("favourite, picked, rejected, rated…"),
        "rating": _tr("stars: 4, >=3, 1..2"),
        "near": _tr("not far from a town or coordinates"),
        "place": _tr("taken in a town, region or country"),
        "orientation": _tr("landscape, portrait, square, panorama"),
        "size": _tr("megapixels: >=12, <2"),
        "keyword": _tr("a keyword written into the photo"),
        "tag": _tr("the same as keyword:"),
        "album": _tr("in an album with this in its name"),
        "sort": _tr("the order: relevance, date, unusual"),
    }.get(name, "")


def explain_choice(suggestion: Suggestion) -> str:
    """What a value means that is one of few, such as `is:picked`."""
    kinds = {Field.IS: Trait, Field.ORIENTATION: Shape, Field.SORT: SortOrder}
    if suggestion.field in kinds:
        return _TEXTS[suggestion.field](kinds[suggestion.field](suggestion.value))
    return ""


def _tr(text: str) -> str:
    return QCoreApplication.translate("QueryTexts", text)


def _days(days: DateRange) -> str:
    if days.first is None:
        return _tr("until {day}").format(day=_day(days.last))
    if days.last is None:
        return _tr("from {day} on").format(day=_day(days.first))
    span = format_dates(days)
    if len(span) == 4:
        return _tr("from {year}").format(year=span)
    if len(span) == 7:
        return _tr("from {month}").format(month=_month(days.first))
    if days.first == days.last:
        return _tr("on {day}").format(day=_day(days.first))
    whole_months = (
        days.first.day == 1 and len(format_dates(DateRange(days.last.replace(day=1), days.last))) == 7
    )
    say = _month if whole_months else _day
    return f"{say(days.first)} \N{EN DASH} {say(days.last)}"


def _day(day: date | None) -> str:
    assert day is not None, "one end of a range is closed"
    return QLocale().toString(QDate(day.year, day.month, day.day), QLocale.FormatType.ShortFormat)


def _month(day: date) -> str:
    return f"{QLocale().standaloneMonthName(day.month)} {day.year:04}"


def _stars(stars: NumberRange) -> str:
    return _tr("{range} stars").format(range=_range(stars))


def _megapixels(size: NumberRange) -> str:
    return _tr("{range} megapixels").format(range=_range(size))


def _range(numbers: NumberRange) -> str:
    low, high = numbers.low, numbers.high
    if low is None:
        return f"\N{LESS-THAN OR EQUAL TO} {high:g}"
    if high is None:
        return f"\N{GREATER-THAN OR EQUAL TO} {low:g}"
    return f"{low:g}" if low == high else f"{low:g}\N{EN DASH}{high:g}"


def _place(circle: Circle) -> str:
    where = circle.place or f"{circle.latitude:g}, {circle.longitude:g}"
    return _tr("within {distance} km of {place}").format(distance=f"{circle.kilometres:g}", place=where)


def _trait(trait: Trait) -> str:
    return {
        Trait.FAVOURITE: _tr("a favourite"),
        Trait.PICKED: _tr("picked"),
        Trait.REJECTED: _tr("rejected"),
        Trait.RATED: _tr("with stars"),
        Trait.LOCATED: _tr("with a place"),
        Trait.DATED: _tr("with a date of its own"),
    }[trait]


def _shape(shape: Shape) -> str:
    return {
        Shape.LANDSCAPE: _tr("wider than high"),
        Shape.PORTRAIT: _tr("higher than wide"),
        Shape.SQUARE: _tr("square"),
        Shape.PANORAMA: _tr("a panorama"),
    }[shape]


def _order(sort: SortOrder) -> str:
    return {
        SortOrder.RELEVANCE: _tr("best matches first"),
        SortOrder.DATE: _tr("newest first"),
        SortOrder.UNUSUAL: _tr("most unusual first"),
    }[sort]


def _named(text: str) -> Callable[[Any], str]:
    return lambda value: _tr(text).format(value=value)


_TEXTS: dict[Field, Callable[[Any], str]] = {
    Field.DATE: _days,
    Field.FOLDER: _named("in folder {value}"),
    Field.CAMERA: _named("camera {value}"),
    Field.LENS: _named("lens {value}"),
    Field.TYPE: _named("{value} files"),
    Field.IS: _trait,
    Field.RATING: _stars,
    Field.NEAR: _place,
    Field.ORIENTATION: _shape,
    Field.SIZE: _megapixels,
    Field.KEYWORD: _named("keyword {value}"),
    Field.PLACE: _named("taken in {value}"),
    Field.ALBUM: _named("in album {value}"),
    Field.SORT: _order,
    Field.TEXT: _named(
        "\N{LEFT DOUBLE QUOTATION MARK}{value}\N{RIGHT DOUBLE QUOTATION MARK} in its name or texts"
    ),
}
