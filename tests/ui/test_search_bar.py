"""The search bar by itself: words, chips, history, paste."""

import pytest
from fakes import picture_bytes
from PySide6.QtCore import QMimeData, QObject, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QAbstractButton, QSlider
from pytestqt.qtbot import QtBot

from app.domain.query import QueryImage, QueryTerm
from app.ui.search_bar import TYPING_PAUSE_MS, SearchBar

PICTURE = QueryTerm(image=QueryImage(b"picture", "beach.jpg"))


@pytest.fixture
def bar(qtbot: QtBot) -> SearchBar:
    bar = SearchBar()
    qtbot.addWidget(bar)
    bar.show()
    bar.focus()
    return bar


class Heard(QObject):
    """What the bar said, in order."""

    def __init__(self, bar: SearchBar) -> None:
        super().__init__()
        self.terms: list[tuple[QueryTerm, ...]] = []
        bar.terms_changed.connect(self.terms.append)


def test_typing_searches_once_after_a_pause(qtbot: QtBot, bar: SearchBar) -> None:
    heard = Heard(bar)

    qtbot.keyClicks(bar.edit, "red car")

    assert heard.terms == []
    qtbot.waitUntil(lambda: heard.terms == [(QueryTerm(text="red car"),)], timeout=TYPING_PAUSE_MS * 10)


def test_enter_searches_at_once_and_is_remembered(qtbot: QtBot, bar: SearchBar) -> None:
    heard = Heard(bar)
    qtbot.keyClicks(bar.edit, "red car")

    with qtbot.waitSignal(bar.submitted) as submitted:
        qtbot.keyClick(bar.edit, Qt.Key.Key_Return)

    assert heard.terms == [(QueryTerm(text="red car"),)]
    assert submitted.args == ["red car"]


def test_spaces_around_words_do_not_make_another_query(qtbot: QtBot, bar: SearchBar) -> None:
    heard = Heard(bar)
    bar.set_text("car")

    bar.set_text("  car ")

    assert len(heard.terms) == 1


def test_words_come_before_pictures(bar: SearchBar) -> None:
    bar.add_chip(PICTURE, "beach.jpg", picture_bytes(1))
    bar.set_text("at night")

    assert bar.terms() == (QueryTerm(text="at night"), PICTURE)


def test_several_pictures_are_allowed_but_none_twice(bar: SearchBar) -> None:
    bar.add_chip(PICTURE, "beach.jpg")
    bar.add_chip(QueryTerm(photo_id=7), "Like IMG_7.jpg")
    bar.add_chip(PICTURE, "beach.jpg")

    assert [chip.name for chip in bar.chips] == ["beach.jpg", "Like IMG_7.jpg"]


def test_the_weight_of_a_picture_is_part_of_the_query(qtbot: QtBot, bar: SearchBar) -> None:
    heard = Heard(bar)
    chip = bar.add_chip(PICTURE, "beach.jpg")

    chip.set_weight(0.5)

    qtbot.waitUntil(lambda: heard.terms[-1] == (QueryTerm(image=PICTURE.image, weight=0.5),))
    assert "0.5" in chip.accessibleName()


def test_the_menu_of_a_picture_changes_its_weight(qtbot: QtBot, bar: SearchBar) -> None:
    chip = bar.add_chip(PICTURE, "beach.jpg")
    qtbot.keyClick(chip, Qt.Key.Key_Return)

    slider = chip.findChild(QSlider)
    slider.setValue(slider.maximum())

    assert chip.term.weight == 2.0


def test_a_picture_can_be_removed_from_the_keyboard(qtbot: QtBot, bar: SearchBar) -> None:
    chip = bar.add_chip(PICTURE, "beach.jpg")

    qtbot.keyClick(chip, Qt.Key.Key_Delete)

    assert bar.terms() == ()


def test_backspace_in_the_empty_field_removes_the_last_picture(qtbot: QtBot, bar: SearchBar) -> None:
    bar.add_chip(PICTURE, "beach.jpg")
    bar.add_chip(QueryTerm(photo_id=7), "Like IMG_7.jpg")

    qtbot.keyClick(bar.edit, Qt.Key.Key_Backspace)

    assert bar.terms() == (PICTURE,)


def test_clear_removes_words_and_pictures_with_one_search(bar: SearchBar) -> None:
    bar.add_chip(PICTURE, "beach.jpg")
    bar.set_text("at night")
    heard = Heard(bar)

    bar.clear()

    assert heard.terms == [()]


def test_a_picture_that_cannot_be_shown_still_has_a_chip(bar: SearchBar) -> None:
    assert bar.add_chip(PICTURE, "beach.jpg", b"not a picture").name == "beach.jpg"


def test_a_name_that_is_no_text_is_shown_readably(bar: SearchBar) -> None:
    assert bar.add_chip(PICTURE, "b\udcffch.jpg").name == "b\N{REPLACEMENT CHARACTER}ch.jpg"


def test_down_offers_recent_searches(qtbot: QtBot, bar: SearchBar) -> None:
    bar.set_history(("red car", "dog"))

    qtbot.keyClick(bar.edit, Qt.Key.Key_Down)

    offered = bar.suggestions.list
    assert offered.isVisible()
    assert [entry.text for entry in offered.entries] == ["red car", "dog"]
    qtbot.keyClick(bar.edit, Qt.Key.Key_Down)
    qtbot.keyClick(bar.edit, Qt.Key.Key_Down)
    qtbot.keyClick(bar.edit, Qt.Key.Key_Return)
    assert bar.text() == "dog"
    assert not offered.isVisible()


def test_down_without_a_history_leads_to_the_photos(qtbot: QtBot, bar: SearchBar) -> None:
    with qtbot.waitSignal(bar.leave_wanted):
        qtbot.keyClick(bar.edit, Qt.Key.Key_Down)


def test_plain_words_are_pasted_into_the_field(qtbot: QtBot, bar: SearchBar) -> None:
    QGuiApplication.clipboard().setText("a red car")

    with qtbot.assertNotEmitted(bar.pasted):
        qtbot.keyClick(bar.edit, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)

    assert bar.text() == "a red car"


def _image_mime() -> QMimeData:
    mime = QMimeData()
    mime.setImageData(QImage(4, 4, QImage.Format.Format_RGB32))
    return mime


def _urls_mime() -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/photos/a.jpg")])
    return mime


def _text_mime(text: str) -> QMimeData:
    mime = QMimeData()
    mime.setText(text)
    return mime


@pytest.mark.parametrize(
    "mime",
    [
        _image_mime,
        _urls_mime,
        lambda: _text_mime("/photos/a.jpg"),
        lambda: _text_mime("https://example.com/cat.jpg"),
    ],
)
def test_what_is_more_than_words_goes_to_the_window(qtbot: QtBot, bar: SearchBar, mime: object) -> None:
    QGuiApplication.clipboard().setMimeData(mime())

    with qtbot.waitSignal(bar.pasted):
        qtbot.keyClick(bar.edit, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)

    assert bar.text() == ""


def test_every_control_has_an_accessible_name(bar: SearchBar) -> None:
    bar.set_history(("dog",))
    bar.add_chip(PICTURE, "beach.jpg")

    assert all(button.accessibleName() for button in bar.findChildren(QAbstractButton))
    assert bar.edit.accessibleName()
