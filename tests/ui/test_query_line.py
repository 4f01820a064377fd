"""How the text of the search bar was understood, and the ways to change it."""

from datetime import date

import pytest
from PySide6.QtWidgets import QApplication
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


def show(line: QueryLine, text: str) -> str:
    line.show_query(parse_query(text, TODAY))
    return line.label.text().replace("\N{NO-BREAK SPACE}", " ")


def test_words_alone_need_no_explanation(line: QueryLine) -> None:
    show(line, "a dog on the beach")
    assert line.isHidden()
    show(line, "")
    assert line.isHidden()


def test_filters_and_exclusions_are_told_in_words(line: QueryLine) -> None:
    text = show(line, 'dog camera:canon -"red car" date:2019-06')
    assert not line.isHidden()
    assert "camera canon" in text
    assert "nothing like red car" in text
    assert "from June 2019" in text


def test_a_filter_can_be_taken_out_or_edited(line: QueryLine, qtbot: QtBot) -> None:
    show(line, "dog camera:canon beach")
    with qtbot.waitSignal(line.text_wanted) as wanted:
        line.label.linkActivated.emit("remove:1")
    assert wanted.args == ["dog beach"]
    with qtbot.waitSignal(line.part_wanted) as part:
        line.label.linkActivated.emit("edit:1")
    assert part.args == [4, len("camera:canon")]


def test_a_mistake_is_explained_with_what_may_have_been_meant(line: QueryLine, qtbot: QtBot) -> None:
    text = show(line, "dog camra:canon")
    assert "There is no filter camra:" in text
    with qtbot.waitSignal(line.text_wanted) as wanted:
        line.label.linkActivated.emit("instead:1")
    assert wanted.args == ["dog camera:canon"]


def test_what_was_typed_is_text_and_not_markup(line: QueryLine) -> None:
    assert "<b>" not in show(line, 'folder:"<b>bold</b>"')


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
    line.label.linkActivated.emit("remove:1")
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
    assert body.search_bar.edit.selectedText() == "type:raw"
    assert QApplication.activePopupWidget() is None


def test_every_example_of_the_help_is_understood(window: MainWindow) -> None:
    for example in window.body.search_help.examples:
        parsed = parse_query(example.text(), TODAY, lambda name: (38.7, -9.1))
        assert not parsed.problems
        assert not parsed.words
