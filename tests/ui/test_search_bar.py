"""The search bar by itself: words, chips, history, paste."""

import pytest
from fakes import picture_bytes
from PySide6.QtCore import QMimeData, QObject, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QAbstractButton, QSlider
from pytestqt.qtbot import QtBot

from app.domain.conditions import Field
from app.domain.query import QueryImage, QueryTerm
from app.domain.suggestions import Suggestion
from app.services.query_language import OTHER_NAMES
from app.ui.query_texts import explain_filter
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


def test_suggestions_are_asked_for_after_a_pause_and_taken_with_tab(qtbot: QtBot, bar: SearchBar) -> None:
    with qtbot.waitSignal(bar.suggestions.completion_wanted) as wanted:
        qtbot.keyClicks(bar.edit, "dog fo")
    assert wanted.args == ["dog fo", 6, False]

    bar.suggestions.offer("dog fo", 6, (Suggestion(4, 6, "folder:", Field.FOLDER),))
    with qtbot.waitSignal(bar.suggestions.completion_wanted) as wanted:  # its values come next
        qtbot.keyClick(bar.edit, Qt.Key.Key_Tab)
    assert wanted.args == ["dog folder:", 11, False]

    value = Suggestion(4, 11, 'folder:"New York"', Field.FOLDER, "New York", 80, "photos")
    bar.suggestions.offer("dog folder:", 11, (value,))
    assert [(entry.text, entry.note) for entry in bar.suggestions.list.entries] == [
        ("New York", "photos   80")
    ]
    qtbot.keyClick(bar.edit, Qt.Key.Key_Down)
    assert bar.edit.accessibleDescription() == "New York, photos   80"
    qtbot.keyClick(bar.edit, Qt.Key.Key_Return)
    assert bar.edit.text() == 'dog folder:"New York" '
    assert not bar.suggestions.list.isVisible()


def _offer_folder(bar: SearchBar) -> None:
    bar.edit.setText("fo")
    bar.suggestions.offer("fo", 2, (Suggestion(0, 2, "folder:", Field.FOLDER),))


def test_enter_searches_for_what_was_typed_unless_a_suggestion_is_selected(
    qtbot: QtBot, bar: SearchBar
) -> None:
    _offer_folder(bar)
    with qtbot.waitSignal(bar.submitted) as submitted:
        qtbot.keyClick(bar.edit, Qt.Key.Key_Return)
    assert submitted.args == ["fo"]
    assert not bar.suggestions.list.isVisible()


def test_escape_closes_the_suggestions_and_nothing_else(qtbot: QtBot, bar: SearchBar) -> None:
    _offer_folder(bar)
    assert bar.suggestions.list.isVisible()
    qtbot.keyClick(bar.edit, Qt.Key.Key_Escape)
    assert not bar.suggestions.list.isVisible()
    assert bar.text() == "fo"


def test_what_was_typed_since_is_part_of_what_a_suggestion_replaces(qtbot: QtBot, bar: SearchBar) -> None:
    bar.edit.setText("folder:k")
    bar.suggestions.offer("folder:k", 8, (Suggestion(0, 8, "folder:Kyoto", Field.FOLDER, "Kyoto"),))
    qtbot.keyClicks(bar.edit, "yo")
    qtbot.keyClick(bar.edit, Qt.Key.Key_Tab)
    assert bar.edit.text() == "folder:Kyoto "


def test_going_to_another_part_of_the_text_closes_the_suggestions(qtbot: QtBot, bar: SearchBar) -> None:
    _offer_folder(bar)
    qtbot.keyClick(bar.edit, Qt.Key.Key_Left)
    assert not bar.suggestions.list.isVisible()


def test_an_answer_that_comes_too_late_is_not_shown(bar: SearchBar) -> None:
    bar.edit.setText("dog")
    bar.suggestions.offer("fo", 2, (Suggestion(0, 2, "folder:", Field.FOLDER),))
    assert not bar.suggestions.list.isVisible()


def test_what_is_typed_in_full_is_not_offered(bar: SearchBar) -> None:
    bar.edit.setText("is:picked")
    bar.suggestions.offer("is:picked", 9, (Suggestion(0, 9, "is:picked", Field.IS, "picked"),))
    assert not bar.suggestions.list.isVisible()


def test_a_suggestion_can_be_clicked(qtbot: QtBot, bar: SearchBar) -> None:
    _offer_folder(bar)
    view = bar.suggestions.list.view
    spot = view.visualRect(view.model().index(0, 0)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert bar.edit.text() == "folder:"


def test_control_and_space_ask_for_suggestions(qtbot: QtBot, bar: SearchBar) -> None:
    with qtbot.waitSignal(bar.suggestions.completion_wanted) as wanted:
        qtbot.keyClick(bar.edit, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert wanted.args == ["", 0, True]


def test_a_click_into_the_empty_bar_offers_past_searches(qtbot: QtBot, bar: SearchBar) -> None:
    bar.set_history(("red car", "dog"))
    assert not bar.suggestions.list.isVisible()
    qtbot.mouseClick(bar.edit, Qt.MouseButton.LeftButton)
    assert bar.suggestions.list.isVisible()
    qtbot.keyClicks(bar.edit, "x")
    assert not bar.suggestions.list.isVisible()


def test_past_searches_can_be_taken_out_one_by_one_and_all(qtbot: QtBot, bar: SearchBar) -> None:
    bar.set_history(("red car", "dog"))
    bar.show_history()
    qtbot.keyClick(bar.edit, Qt.Key.Key_Down)
    with qtbot.waitSignal(bar.suggestions.history_removed) as removed:
        qtbot.keyClick(bar.edit, Qt.Key.Key_Delete)
    assert removed.args == ["red car"]
    bar.set_history(("dog",))
    assert [entry.text for entry in bar.suggestions.list.entries] == ["dog"]
    with qtbot.waitSignal(bar.suggestions.history_cleared):
        bar.suggestions.list.footer.click()
    assert not bar.suggestions.list.isVisible()


def test_suggestions_do_not_stay_behind_when_the_window_changes(qtbot: QtBot, bar: SearchBar) -> None:
    _offer_folder(bar)
    bar.resize(bar.width() + 50, bar.height())
    qtbot.waitUntil(lambda: not bar.suggestions.list.isVisible())


def test_the_rows_are_told_to_screen_readers(qtbot: QtBot, bar: SearchBar) -> None:
    _offer_folder(bar)
    model = bar.suggestions.list.view.model()
    spoken = model.data(model.index(0, 0), Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "folder:, in a folder with this in its name or path"
    assert bar.suggestions.list.view.accessibleName()


@pytest.mark.parametrize("name", [field.value for field in Field if field is not Field.TEXT] + [*OTHER_NAMES])
def test_every_filter_is_explained(name: str) -> None:
    assert explain_filter(name)
