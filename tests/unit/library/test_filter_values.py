"""Which values the filters can take: what is in the library, most photos first."""

import re
from dataclasses import replace
from datetime import datetime

import pytest
from library_builder import PLAIN, Shelf

from app.domain.conditions import Field
from app.domain.suggestions import FilterValue

DAY = datetime(2019, 6, 5, 12)  # noqa: DTZ001 - cameras know no zone
CANON = replace(PLAIN, camera_make="Canon", camera_model="Canon EOS R5", taken_at=DAY)
CANON_6D = replace(PLAIN, camera_make="Canon", camera_model="EOS 6D", taken_at=DAY.replace(month=7))


@pytest.fixture
def filled(shelf: Shelf) -> Shelf:
    shelf.index_one("Rom/Forum/1.jpg", replace(CANON, keywords=("family", "Rome")))
    shelf.index_one("Rom/2.jpg", replace(CANON, keywords=("Rome",), lens="RF 50mm"))
    shelf.index_one("京都/3.jpg", replace(CANON_6D, format="PNG"))
    return shelf


def texts(shelf: Shelf, field: Field) -> list[tuple[str, int]]:
    return [(value.text, value.count) for value in shelf.library.values.of(field)]


def test_folders_are_named_one_by_one_with_what_is_below(filled: Shelf) -> None:
    assert filled.library.values.of(Field.FOLDER) == (
        FilterValue("Urlaub", 3),
        FilterValue("Rom", 2, "Urlaub"),
        FilterValue("Forum", 1, "Urlaub / Rom"),
        FilterValue("京都", 1, "Urlaub"),
    )


def test_cameras_have_their_makers_name_once_and_makers_of_several_count_too(filled: Shelf) -> None:
    assert texts(filled, Field.CAMERA) == [("Canon", 3), ("Canon EOS R5", 2), ("Canon EOS 6D", 1)]


def test_keywords_lenses_and_types(filled: Shelf) -> None:
    assert texts(filled, Field.KEYWORD) == [("Rome", 2), ("family", 1)]
    assert texts(filled, Field.LENS) == [("RF 50mm", 1)]
    assert texts(filled, Field.TYPE) == [("jpeg", 2), ("png", 1)]


def test_years_come_before_months_and_the_latest_first(filled: Shelf) -> None:
    assert texts(filled, Field.DATE) == [("2019", 3), ("2019-07", 1), ("2019-06", 2)]


def test_albums_are_counted(filled: Shelf) -> None:
    album = filled.library.albums.create("Best of Rome")
    filled.library.albums.add(album, [filled.id_of("Rom/2.jpg")])
    assert texts(filled, Field.ALBUM) == [("Best of Rome", 1)]


def test_what_people_choose_from_has_no_values_here(filled: Shelf) -> None:
    assert filled.library.values.of(Field.RATING) == ()


def test_a_photo_that_is_gone_counts_no_more(filled: Shelf) -> None:
    filled.apply(missing=(filled.id_of("京都/3.jpg"),))
    assert ("Canon EOS 6D", 1) not in texts(filled, Field.CAMERA)
    assert ("京都", 1) not in texts(filled, Field.FOLDER)


@pytest.mark.parametrize(
    ("field", "index"),
    [
        (Field.FOLDER, "ix_photos_tree"),
        (Field.CAMERA, "ix_photos_camera"),
        (Field.LENS, "ix_photos_lens"),
        (Field.KEYWORD, "ix_photos_keywords"),
        (Field.TYPE, "ix_photos_format"),
        (Field.DATE, "ix_photos_(grid|recent)"),
        (Field.PLACE, "ix_photos_place"),
    ],
)
def test_no_photo_is_read_for_it(filled: Shelf, field: Field, index: str) -> None:
    asked: list[str] = []
    with filled.library._database.read() as connection:
        raw = connection.connection.driver_connection
        raw.set_trace_callback(asked.append)
    filled.library.values.of(field)
    with filled.library._database.read() as connection:
        connection.connection.driver_connection.set_trace_callback(None)
        statement = next(text for text in asked if "photos" in text and "count(" in text)
        plan = " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}"))
    assert re.search(rf"USING (COVERING )?INDEX {index}", plan), plan
