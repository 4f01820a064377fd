"""How the text of the search bar was understood, and the ways to change it."""

from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QMenu
from pytestqt.qtbot import QtBot
from window_driver import texts_asked

from app.domain.conditions import Circle, Condition, DateRange, Field, FileType, NumberRange, Shape, Trait
from app.services.query_language import parse_query
from app.ui.main_window import MainWindow
from app.ui.query_line import QueryLine
from app.ui.query_texts import describe_condition

TODAY = date(2026, 11, 21)


@pytest.fixture
def line(qtbot: QtBot) -> QueryLine:
    made = QueryLine()
    qtbot.addWidget(made)
    return made


def show(line: QueryLine, text: str) -> list[str]:
    line.show_query(parse_query(text, TODAY))
    return [chip.text for chip in line.chips]


def test_words_alone_need_no_explanation(line: QueryLine) -> None:
    show(line, "a dog on the beach")
    assert line.isHidden()
    show(line, "")
    assert line.isHidden()


def test_filters_and_exclusions_are_told_in_words(line: QueryLine) -> None:
    chips = show(line, 'dog camera:canon -"red car" date:2019-06')
    assert not line.isHidden()
    assert chips == ["camera canon", "nothing like red car", "from June 2019"]


def test_a_filter_can_be_taken_out_or_edited(line: QueryLine, qtbot: QtBot) -> None:
    show(line, "dog camera:canon beach")
    with qtbot.waitSignal(line.text_wanted) as wanted:
        line.chips[0].remove_button.click()
    assert wanted.args == ["dog beach"]
    with qtbot.waitSignal(line.part_wanted) as part:
        qtbot.mouseClick(line.chips[0], Qt.MouseButton.LeftButton)
    assert part.args == [4, len("camera:canon")]


def choose(menu: QMenu, text: str) -> None:
    [action] = [action for action in menu.actions() if action.text() == text]
    action.trigger()


def test_an_order_can_be_changed_but_not_left_out(line: QueryLine, qtbot: QtBot) -> None:
    assert show(line, "dog sort:date") == ["newest first"]
    menu = line.chips[0].menu()
    offered = [action.text() for action in menu.actions() if action.text()]
    assert offered == ["Edit", "best matches first", "most unusual first", "Remove"]
    with qtbot.waitSignal(line.text_wanted) as wanted:
        choose(menu, "most unusual first")
    assert wanted.args == ["dog sort:unusual"]


@pytest.mark.parametrize(
    ("text", "wish", "wanted"),
    [
        ("dog camera:canon", "Leave out instead", "dog -camera:canon"),
        ("dog -camera:canon", "Search for it instead", "dog camera:canon"),
        ("dog -cat", "Search for it instead", "dog cat"),
        ('-"red car"', "Search for it instead", "red car"),
        ('"IMG 1"', "Leave out instead", '-text:"IMG 1"'),
        ("type:raw", "jpeg files", "type:jpeg"),
        ("rating:>=4", "≥ 3 stars", "rating:3.."),
        ("date:2019-06", "from May 2019", "date:2019-05"),
        ("date:2019-06", "from 2019", "date:2019"),
        ("date:2019", "from 2020", "date:2020"),
        ("near:38.7,-9.1~5km", "within 25 km of 38.7, -9.1", "near:38.7,-9.1~25km"),
        ("last summer", "June 2025 – August 2025", "date:2025-06-01..2025-08-31"),
        ("dog last summer", "Search for the words instead", "dog \\last summer"),
    ],
)
def test_the_menu_of_a_filter_has_the_other_ways_to_say_it(
    line: QueryLine, qtbot: QtBot, text: str, wish: str, wanted: str
) -> None:
    show(line, text)
    with qtbot.waitSignal(line.text_wanted) as signal:
        choose(line.chips[0].menu(), wish)
    assert signal.args == [wanted]


def test_a_guess_says_so_and_one_click_takes_it_back(line: QueryLine, qtbot: QtBot) -> None:
    show(line, "last summer dress")
    assert not line.chips[0].words_button.isHidden()
    with qtbot.waitSignal(line.text_wanted) as wanted:
        line.chips[0].words_button.click()
    assert show(line, wanted.args[0]) == []
    show(line, "date:2019")
    assert line.chips[0].words_button.isHidden()


def test_a_filter_can_be_changed_from_the_keyboard(line: QueryLine, qtbot: QtBot) -> None:
    show(line, "dog camera:canon")
    line.show()
    with qtbot.waitSignal(line.part_wanted):
        qtbot.keyClick(line.chips[0], Qt.Key.Key_Return)
    with qtbot.waitSignal(line.text_wanted) as wanted:
        qtbot.keyClick(line.chips[0], Qt.Key.Key_Delete)
    assert wanted.args == ["dog"]


def test_many_filters_go_on_in_the_next_line(line: QueryLine) -> None:
    show(line, "camera:canon")
    line.resize(400, 40)
    low = line.heightForWidth(400)
    show(line, " ".join(f"camera:canon{number}" for number in range(9)))
    assert line.heightForWidth(400) > 3 * low


def test_editing_a_filter_selects_its_value_and_offers_others(
    window: MainWindow, services, qtbot: QtBot
) -> None:
    bar, line = window.body.search_bar, window.body.query_line
    window.activateWindow()
    bar.set_text("dog -camera:canon beach")
    qtbot.mouseClick(line.chips[0], Qt.MouseButton.LeftButton)
    assert bar.edit.selectedText() == "canon"
    offered = bar.suggestions.list
    qtbot.waitUntil(lambda: [entry.text for entry in offered.entries] == ["Canon EOS R5", "iPhone 15"])
    qtbot.keyClick(bar.edit, Qt.Key.Key_Down)
    qtbot.keyClick(bar.edit, Qt.Key.Key_Down)
    qtbot.keyClick(bar.edit, Qt.Key.Key_Return)
    assert bar.text() == 'dog -camera:"iPhone 15" beach'
    qtbot.waitUntil(lambda: texts_asked(services)[-1:] == [bar.text()])


def test_a_mistake_is_explained_with_what_may_have_been_meant(line: QueryLine, qtbot: QtBot) -> None:
    show(line, "dog camra:canon")
    assert line.notes == ("There is no filter camra:. Did you mean camera:?",)
    with qtbot.waitSignal(line.text_wanted) as wanted:
        line.remedies[0].click()
    assert wanted.args == ["dog camera:canon"]


def test_what_was_typed_is_text_and_not_markup(line: QueryLine) -> None:
    assert show(line, 'folder:"<b>bold</b>"') == ["in folder <b>bold</b>"]
    assert line.chips[0].findChild(QLabel).textFormat() is Qt.TextFormat.PlainText


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Condition(Field.DATE, DateRange(date(2019, 1, 1), date(2019, 12, 31))), "from 2019"),
        (Condition(Field.DATE, DateRange(date(2019, 6, 1), date(2019, 8, 31))), "June 2019 – August 2019"),
        (Condition(Field.RATING, NumberRange(4, None)), "≥ 4 stars"),
        (Condition(Field.RATING, NumberRange(2, 3)), "2–3 stars"),
        (Condition(Field.SIZE, NumberRange(None, 1)), "≤ 1 megapixels"),
        (Condition(Field.NEAR, Circle(38.72, -9.14, 5, "Lisbon")), "within 5 km of Lisbon"),
        (Condition(Field.TYPE, FileType.RAW), "raw files"),
        (Condition(Field.IS, Trait.FAVOURITE, negated=True), "not: a favourite"),
        (Condition(Field.ORIENTATION, Shape.PORTRAIT), "higher than wide"),
    ],
)
def test_every_filter_has_words(condition: Condition, text: str) -> None:
    assert describe_condition(condition) == text


def test_the_window_shows_how_the_text_was_understood(window: MainWindow, services, qtbot: QtBot) -> None:
    bar, line = window.body.search_bar, window.body.query_line
    bar.set_text("dog camera:canon")
    assert not line.isHidden()
    line.chips[0].remove_button.click()
    assert bar.text() == "dog"
    assert line.isHidden()
    qtbot.waitUntil(lambda: texts_asked(services)[-1:] == ["dog"])


def test_an_example_of_the_help_is_added_and_ready_to_be_changed(window: MainWindow, qtbot: QtBot) -> None:
    body = window.body
    body.search_bar.set_text("dog")
    body.search_bar.help_wanted.emit()
    qtbot.waitUntil(body.search_help.isVisible)
    example = next(each for each in body.search_help.examples if each.text() == "type:raw")
    example.click()
    assert not body.search_help.isVisible()
    assert body.search_bar.edit.text() == "dog type:raw"
    assert body.search_bar.edit.selectedText() == "raw"
    assert QApplication.activePopupWidget() is None


def test_every_example_of_the_help_is_understood(window: MainWindow) -> None:
    for example in window.body.search_help.examples:
        parsed = parse_query(example.text(), TODAY, lambda name: (38.7, -9.1))
        assert not parsed.problems
        assert bool(parsed.words) == example.text().startswith("\\")
