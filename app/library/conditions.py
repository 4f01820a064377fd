"""The search bar's filters as conditions on `photos`."""

import math
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.domain.conditions import (
    Circle,
    Condition,
    DateRange,
    Field,
    FileType,
    NumberRange,
    Shape,
    Trait,
)
from app.domain.decisions import Flag, Kind
from app.library.columns import plain
from app.library.place_words import taken_at
from app.library.schema import (
    AlbumPhotoRow,
    AlbumRow,
    FavouriteRow,
    FlagRow,
    PhotoRow,
    RatingRow,
    WithdrawalRow,
)

_EARTH_KM = 6371.0088  # mean radius
_KM_A_DEGREE = math.pi * _EARTH_KM / 180
_NEARLY = 1e-6  # of a megapixel: nothing is exactly 12
_SQUARE = 1.02  # sides that differ by less are equal to the eye
_PANORAMA = 2.0

_FORMATS = {  # as app.media names the formats it opened
    FileType.JPEG: ("JPEG", "MPO"),
    FileType.HEIC: ("HEIF",),
    FileType.BMP: ("BMP", "DIB"),
    FileType.JP2: ("JPEG2000",),
    FileType.VIDEO: ("VIDEO",),
}
_NAMES = (PhotoRow.name, PhotoRow.folder_words, PhotoRow.title, PhotoRow.caption, PhotoRow.keywords)


# Where one of several conditions decides, they stand in a CASE: of OR and AND SQLite works out both sides.


def condition_on_photos(condition: Condition, *, may_lead: bool = False) -> ColumnElement[bool]:
    """True or false for every photo: one that does not say where it was taken is not near anything.

    `may_lead`: an index may lead to the rows, as there is one for dates, which all photos have.
    """
    if may_lead and condition.field is Field.DATE and not condition.negated:
        return _HOLDS[Field.DATE](condition.value)
    holds = func.coalesce(_HOLDS[condition.field](condition.value), 0)
    return holds == (0 if condition.negated else 1)


def type_of(format_name: str) -> FileType | None:
    """The kind of file that a format belongs to."""
    for kind in FileType:
        if format_name in _formats(kind):
            return kind
    return None


def register_functions(connection: sqlite3.Connection) -> None:
    """What the conditions need of SQLite and it does not have everywhere."""
    connection.create_function("kilometres", 4, _kilometres, deterministic=True)


def kilometres(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Great-circle distance of two points in degrees, by the haversine formula."""
    one, other = math.radians(latitude), math.radians(other_latitude)
    across = math.sin(math.radians(longitude - other_longitude) / 2) ** 2
    chord = math.sin((one - other) / 2) ** 2 + math.cos(one) * math.cos(other) * across
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(chord)))


def _kilometres(*degrees: float | None) -> float | None:
    """SQLite asks for every photo, whether it has a place or not."""
    known = [each for each in degrees if each is not None]
    return kilometres(*known) if len(known) == len(degrees) else None


def _on_days(days: DateRange) -> ColumnElement[bool]:
    """By the wall clock where it was taken, else where the file was modified: the order of the grid."""
    column = PhotoRow.sort_time
    conditions = []
    if days.first is not None:
        conditions.append(column >= _midnight(days.first))
    if days.last is not None and days.last < date.max:
        conditions.append(column < _midnight(days.last + timedelta(1)))
    return _all(conditions)


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


def _text_in(*columns: InstrumentedAttribute[Any]) -> Callable[[str], ColumnElement[bool]]:
    def holds(text: str) -> ColumnElement[bool]:
        return case(*((_contains(column, text), 1) for column in columns), else_=0)

    return holds


def _contains(column: ColumnElement[Any] | InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    """Anywhere in the column. LIKE folds the case of ASCII alone: other letters are tried in both."""
    composed = plain(text)
    spellings = dict.fromkeys(
        (composed, composed.lower(), composed.upper(), composed.title())
        if not composed.isascii()
        else (composed,)
    )
    return or_(*(column.contains(each, autoescape=True) for each in spellings))


def _camera(text: str) -> ColumnElement[bool]:
    """ "canon eos 5d": makers put their name into the model or leave it out."""
    both = func.coalesce(PhotoRow.camera_make, "") + literal(" ") + func.coalesce(PhotoRow.camera_model, "")
    return case(*((~_contains(both, word), 0) for word in text.split() or [""]), else_=1)


def _has_keyword(text: str) -> ColumnElement[bool]:
    words = func.json_each(PhotoRow.keywords).table_valued("value", name="keyword")
    return (
        select(literal(1))
        .select_from(words)
        .where(_contains(words.c.value, text))
        .correlate(PhotoRow)
        .exists()
    )


def _is_type(kind: FileType) -> ColumnElement[bool]:
    """The file itself, or one that belongs to it: a photo with a raw file is found as both."""
    formats = _formats(kind)
    companion = aliased(PhotoRow)
    with_one = select(companion.companion_of).where(
        companion.companion_of.is_not(None), companion.format.in_(formats)
    )
    return case((PhotoRow.format.in_(formats), 1), (PhotoRow.id.in_(with_one), 1), else_=0)


def _formats(kind: FileType) -> tuple[str, ...]:
    return _FORMATS.get(kind, (kind.value.upper(),))


def _in_album(text: str) -> ColumnElement[bool]:
    albums = select(AlbumRow.id).where(_contains(AlbumRow.name, text))
    return PhotoRow.id.in_(select(AlbumPhotoRow.photo_id).where(AlbumPhotoRow.album_id.in_(albums)))


def _trait(trait: Trait) -> ColumnElement[bool]:
    return _TRAITS[trait]()


def _rated(stars: NumberRange) -> ColumnElement[bool]:
    return _between(_stars(), stars, 0.0)


def _stars() -> ColumnElement[Any]:
    """What holds, as `app.domain.decisions.resolve` says it: the newer of the user's and the file's."""
    own = (
        select(RatingRow.stars).where(RatingRow.photo_id == PhotoRow.id).correlate(PhotoRow).scalar_subquery()
    )
    own_at = (
        select(RatingRow.decided_at)
        .where(RatingRow.photo_id == PhotoRow.id)
        .correlate(PhotoRow)
        .scalar_subquery()
    )
    taken_back_at = (
        select(WithdrawalRow.decided_at)
        .where(WithdrawalRow.photo_id == PhotoRow.id, WithdrawalRow.what == Kind.RATING.value)
        .correlate(PhotoRow)
        .scalar_subquery()
    )
    decided_at = func.coalesce(own_at, taken_back_at)
    of_file = func.max(0, PhotoRow.file_rating)
    return case(
        (PhotoRow.file_rating.is_(None), func.coalesce(own, 0)),
        (decided_at >= PhotoRow.file_rating_at, func.coalesce(own, 0)),
        else_=of_file,
    )


def _megapixels(size: NumberRange) -> ColumnElement[bool]:
    return _between(PhotoRow.width * PhotoRow.height / 1e6, size, _NEARLY)


def _between(column: ColumnElement[Any], numbers: NumberRange, slack: float) -> ColumnElement[bool]:
    conditions = []
    if numbers.low is not None:
        conditions.append(column >= numbers.low - slack)
    if numbers.high is not None:
        conditions.append(column <= numbers.high + slack)
    return _all(conditions)


def _shape(shape: Shape) -> ColumnElement[bool]:
    """Widths and heights are those of the upright picture."""
    width, height = PhotoRow.width, PhotoRow.height
    if shape is Shape.PANORAMA:
        return (width >= height * _PANORAMA) | (height >= width * _PANORAMA)
    if shape is Shape.LANDSCAPE:
        return width > height * _SQUARE
    if shape is Shape.PORTRAIT:
        return height > width * _SQUARE
    return (width <= height * _SQUARE) & (height <= width * _SQUARE)


def _within(circle: Circle) -> ColumnElement[bool]:
    """The latitudes first, so that the distance, a function of ours, is computed for few."""
    reach = circle.kilometres / _KM_A_DEGREE
    distance = func.kilometres(PhotoRow.latitude, PhotoRow.longitude, circle.latitude, circle.longitude)
    nearly = PhotoRow.latitude.between(circle.latitude - reach, circle.latitude + reach)
    return case((nearly & PhotoRow.longitude.is_not(None), distance <= circle.kilometres), else_=0)


def _all(conditions: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    whole = literal(1) == 1
    for condition in conditions:
        whole &= condition
    return whole


def _flagged(flag: Flag) -> ColumnElement[bool]:
    return PhotoRow.id.in_(select(FlagRow.photo_id).where(FlagRow.flag == flag.value))


def _rejected_by_its_file() -> ColumnElement[bool]:
    """Unless the user said otherwise, which may be nothing at all."""
    taken_back = select(WithdrawalRow.photo_id).where(WithdrawalRow.what == Kind.FLAG.value)
    own = PhotoRow.id.in_(select(FlagRow.photo_id)) | PhotoRow.id.in_(taken_back)
    return (PhotoRow.file_rating < 0) & ~own


_TRAITS: dict[Trait, Callable[[], ColumnElement[bool]]] = {
    Trait.FAVOURITE: lambda: PhotoRow.id.in_(select(FavouriteRow.photo_id)),
    Trait.PICKED: lambda: _flagged(Flag.PICK),
    Trait.REJECTED: lambda: _flagged(Flag.REJECT) | _rejected_by_its_file(),
    Trait.RATED: lambda: _stars() > 0,
    Trait.LOCATED: lambda: PhotoRow.latitude.is_not(None),
    Trait.DATED: lambda: PhotoRow.taken_at.is_not(None),
}
_HOLDS: dict[Field, Callable[[Any], ColumnElement[bool]]] = {
    Field.DATE: _on_days,
    Field.FOLDER: _text_in(PhotoRow.folder_words),
    Field.CAMERA: _camera,
    Field.LENS: _text_in(PhotoRow.lens),
    Field.TYPE: _is_type,
    Field.IS: _trait,
    Field.RATING: _rated,
    Field.NEAR: _within,
    Field.ORIENTATION: _shape,
    Field.SIZE: _megapixels,
    Field.KEYWORD: _has_keyword,
    Field.PLACE: taken_at,
    Field.ALBUM: _in_album,
    Field.TEXT: _text_in(*_NAMES, PhotoRow.camera_make, PhotoRow.camera_model, PhotoRow.lens),
}
