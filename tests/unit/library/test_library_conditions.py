"""Filters of the search bar against a real library: each lets through what it says, and nothing else."""

import math
import time
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest
from library_builder import PLAIN, Shelf
from sqlalchemy import select, text
from sqlalchemy.dialects import sqlite

from app.domain.conditions import (
    Circle,
    Condition,
    DateRange,
    Field,
    FileType,
    NumberRange,
    Shape,
    Trait,
    Value,
)
from app.domain.decisions import Flag, Kind
from app.domain.media import PhotoMetadata
from app.domain.query import SearchFilters
from app.library.conditions import kilometres
from app.library.database import Database
from app.library.filters import shown
from app.library.schema import PhotoRow

EVERYTHING = PhotoMetadata(
    width=6000,
    height=4000,
    format="JPEG",
    taken_at=datetime(2019, 7, 4, 23, 30, tzinfo=timezone(timedelta(hours=9))),
    camera_make="Canon",
    camera_model="Canon EOS 5D Mark IV",
    lens="EF50mm f/1.4 USM",
    latitude=35.0116,
    longitude=135.7681,
    title="Gion-Matsuri",
    caption="A street in 京都, Ärmel hoch",
    keywords=("Japan", "Straßenfest"),
)


def filtered(field: Field, value: Value, *, negated: bool = False) -> SearchFilters:
    return SearchFilters(conditions=(Condition(field, value, negated),))


def asked(shelf: Shelf, field: Field, value: Value, *, negated: bool = False) -> list[str]:
    filters = filtered(field, value, negated=negated)
    ids = shelf.photos.ids(filters)
    assert shelf.photos.count_shown(filters) == len(ids)
    return sorted(shelf.relative(photo) for photo in shelf.photos.get(ids.tolist()))


@pytest.fixture
def two(shelf: Shelf) -> Shelf:
    """One photo that says everything about itself, and one that says nothing."""
    shelf.index_one("Japan/all.jpg", EVERYTHING)
    shelf.index_one("none.jpg", PLAIN)
    return shelf


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Field.DATE, DateRange(date(2019, 7, 4), date(2019, 7, 4))),
        (Field.DATE, DateRange(None, date(2019, 12, 31))),
        (Field.FOLDER, "japan"),
        (Field.CAMERA, "canon 5d"),
        (Field.CAMERA, "CANON"),
        (Field.LENS, "50mm"),
        (Field.IS, Trait.LOCATED),
        (Field.IS, Trait.DATED),
        (Field.NEAR, Circle(35.0, 135.7, 10)),
        (Field.SIZE, NumberRange(24, 24)),
        (Field.SIZE, NumberRange(12, None)),
        (Field.KEYWORD, "straßen"),
        (Field.KEYWORD, "JAPAN"),
        (Field.TEXT, "gion"),
        (Field.TEXT, "京都"),
        (Field.TEXT, "ÄRMEL HOCH"),
        (Field.TEXT, "mark iv"),
    ],
)
def test_a_filter_divides_the_library_in_two(two: Shelf, field: Field, value: Value) -> None:
    assert asked(two, field, value) == ["Japan/all.jpg"]
    assert asked(two, field, value, negated=True) == ["none.jpg"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Field.DATE, DateRange(date(2019, 7, 5), date(2019, 7, 5))),
        (Field.CAMERA, "nikon"),
        (Field.NEAR, Circle(35.0, 135.7, 5)),
        (Field.KEYWORD, "festival"),
        (Field.TEXT, "100%_"),
        (Field.TYPE, FileType.RAW),
        (Field.RATING, NumberRange(1, None)),
    ],
)
def test_what_no_photo_is_finds_none(two: Shelf, field: Field, value: Value) -> None:
    assert asked(two, field, value) == []
    assert len(asked(two, field, value, negated=True)) == 2


@pytest.mark.parametrize(
    ("filters", "way"),  # None: as they lie in the file
    [
        (filtered(Field.CAMERA, "canon"), None),
        (filtered(Field.TEXT, "gion", negated=True), None),
        (filtered(Field.DATE, DateRange(date(2019, 7, 4), None)), "ix_photos_grid"),
        (replace(filtered(Field.LENS, "50mm"), folder_id=1), "ix_photos_state"),
        (replace(filtered(Field.LENS, "50mm"), added_since=1.0), "ix_photos_recent"),
    ],
)
def test_rows_that_must_all_be_read_are_read_in_turn(
    two: Shelf, filters: SearchFilters, way: str | None
) -> None:
    statement = select(PhotoRow.id).where(*shown(filters))
    asking = statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    database = Database(two.database)
    with database.read() as connection:
        first = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asking}").first()
    database.close()
    assert first is not None
    if way is None:
        assert first.detail == "SCAN photos"
    else:
        assert first.detail.startswith("SEARCH photos")
        assert f"INDEX {way} " in first.detail


def test_an_open_day_range_reaches_to_the_end_of_time(two: Shelf) -> None:
    assert len(asked(two, Field.DATE, DateRange(date(2019, 1, 1), date.max))) == 2


@pytest.mark.parametrize(
    ("size", "shapes"),
    [
        ((6000, 4000), {Shape.LANDSCAPE}),
        ((4000, 6000), {Shape.PORTRAIT}),
        ((4000, 4010), {Shape.SQUARE}),
        ((9000, 3000), {Shape.LANDSCAPE, Shape.PANORAMA}),
        ((1000, 2000), {Shape.PORTRAIT, Shape.PANORAMA}),
    ],
)
def test_shapes(shelf: Shelf, size: tuple[int, int], shapes: set[Shape]) -> None:
    shelf.index_one("a.jpg", replace(PLAIN, width=size[0], height=size[1]))
    assert {shape for shape in Shape if asked(shelf, Field.ORIENTATION, shape)} == shapes


@pytest.mark.parametrize(
    ("stored", "kind"),
    [("JPEG", FileType.JPEG), ("MPO", FileType.JPEG), ("HEIF", FileType.HEIC), ("RAW", FileType.RAW)],
)
def test_types_stand_for_formats(shelf: Shelf, stored: str, kind: FileType) -> None:
    shelf.index_one("a.jpg", replace(PLAIN, format=stored))
    assert [each for each in FileType if asked(shelf, Field.TYPE, each)] == [kind]


def test_what_the_user_decided(two: Shelf) -> None:
    photo_id = two.id_of("Japan/all.jpg")
    two.photos.set_favourite([photo_id], True)
    decisions = two.library.decisions
    decisions.decide(Kind.RATING, [photo_id], 4)
    decisions.decide(Kind.FLAG, [photo_id], Flag.PICK)
    for trait in (Trait.FAVOURITE, Trait.PICKED, Trait.RATED):
        assert asked(two, Field.IS, trait) == ["Japan/all.jpg"]
    assert asked(two, Field.RATING, NumberRange(4, None)) == ["Japan/all.jpg"]
    assert asked(two, Field.RATING, NumberRange(None, 3)) == ["none.jpg"]
    assert asked(two, Field.RATING, NumberRange(5, 5)) == []


def test_the_newer_of_the_files_and_the_users_stars_holds(shelf: Shelf) -> None:
    """The same as the details panel says, whoever rated last."""
    ids = [shelf.index_one(f"{name}.jpg", replace(PLAIN, rating=2)) for name in ("file", "mine", "newer")]
    rejected = shelf.index_one("rejected.jpg", replace(PLAIN, rating=-1))
    shelf.library.decisions.decide(Kind.RATING, ids[1:], 5)
    with shelf.library._database.writer.begin() as connection:
        later = time.time() + 60
        connection.execute(
            text("UPDATE photos SET file_rating_at = :at, file_rating_noticed_at = :at WHERE id = :id"),
            {"at": later, "id": ids[2]},
        )
    held = shelf.library.decisions.get([*ids, rejected])
    for stars in range(6):
        expected = sorted(
            shelf.relative(photo)
            for photo in shelf.photos.get([*ids, rejected])
            if (held[photo.photo_id].rating if photo.photo_id in held else 0) == stars
        )
        assert asked(shelf, Field.RATING, NumberRange(stars, stars)) == expected
    assert asked(shelf, Field.IS, Trait.REJECTED) == ["rejected.jpg"]


def test_distances_are_great_circles() -> None:
    assert kilometres(52.52, 13.405, 48.8566, 2.3522) == pytest.approx(878, abs=2)  # Berlin to Paris
    assert kilometres(0, 179.9, 0, -179.9) == pytest.approx(22.2, abs=0.1)  # across the date line
    assert kilometres(10, 10, 10, 10) == 0
    assert math.isclose(kilometres(90, 0, -90, 120), math.pi * 6371.0088)


def test_albums_are_a_filter_by_their_names(two: Shelf) -> None:
    first, second = two.photos.ids().tolist()
    album = two.library.albums.create("Hochzeit Zürich")
    two.library.albums.add(album, [first])
    assert asked(two, Field.ALBUM, "zürich") == [two.relative(two.photo(first))]
    assert asked(two, Field.ALBUM, "hochzeit", negated=True) == [two.relative(two.photo(second))]
    assert asked(two, Field.ALBUM, "Taufe") == []
