"""The labels on tiles that say what belongs to a photo."""

from dataclasses import replace

import pytest
from fakes import FakeLibraryService
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter

from app.domain.companions import Companion, CompanionKind
from app.domain.photo import Photo
from app.ui.companion_badge import badge_words, paint_badges
from app.ui.photo_texts import spoken, tooltip

RAW = Companion(7, "/photos/IMG_1.CR2", CompanionKind.RAW)
FILM = Companion(8, "/photos/IMG_1.MOV", CompanionKind.FILM)
PICTURE = Companion(9, "/photos/IMG_1.HEIC", CompanionKind.PICTURE)


@pytest.fixture
def photo(library: FakeLibraryService) -> Photo:
    return library.photo(1)


@pytest.mark.parametrize(
    ("companions", "words"),
    [
        ((), ()),
        ((FILM, RAW), ("RAW", "LIVE")),
        ((FILM,), ("LIVE",)),
        ((RAW, RAW), ("RAW",)),
        ((PICTURE,), ()),
    ],
)
def test_labels_name_what_belongs_to_a_photo(
    photo: Photo, companions: tuple[Companion, ...], words: tuple[str, ...]
) -> None:
    assert badge_words(replace(photo, companions=companions)) == words


@pytest.mark.parametrize(("width", "labelled"), [(200, True), (40, False)])
def test_labels_lie_in_the_upper_left_corner_where_there_is_room(
    photo: Photo, width: int, labelled: bool, qtbot: object
) -> None:
    image = QImage(200, 200, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.green)
    plain = image.copy()
    painter = QPainter(image)
    paint_badges(
        painter, QRect(QPoint(0, 0), QPoint(width - 1, width - 1)), replace(photo, companions=(RAW,))
    )
    painter.end()
    corner, rest = QRect(0, 0, 60, 40), QRect(60, 40, 140, 160)
    assert (image.copy(corner) != plain.copy(corner)) is labelled
    assert image.copy(rest) == plain.copy(rest)


def test_companions_are_told_to_those_who_cannot_see_labels(photo: Photo) -> None:
    with_raw = replace(photo, companions=(RAW,))
    assert "RAW: IMG_1.CR2" in spoken(with_raw)
    assert "RAW: IMG_1.CR2" in tooltip(with_raw).splitlines()
