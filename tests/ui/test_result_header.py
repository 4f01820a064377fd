"""The line above the grid: what it says and what stays when it is short."""

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QSlider, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from app.domain.query import QueryTerm, SearchQuery, SearchResult
from app.ui.elided_label import ElidedLabel
from app.ui.result_header import ResultHeader
from app.ui.scope import Scope, ScopeKind

FOLDER = Scope(ScopeKind.FOLDER, 1, "", "Donaudampfschifffahrtsgesellschaft 2019 mit Großeltern")
HINT = "Das Modell wird noch geladen, deshalb wurden nur Namen, Ordner und Daten durchsucht."


def result(message: str = "") -> SearchResult:
    ids = np.arange(12)
    query = SearchQuery((QueryTerm(text="dog"),))
    scores = np.zeros(12, np.float32)
    return SearchResult(query, ids, scores, 12, 12, True, True, message, lines_key="model:text")


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    """It leaves its content no say in its width, as a splitter does."""
    made = QWidget()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def header(window: QWidget) -> ResultHeader:
    made = ResultHeader(window)
    made.set_sortable(True)
    made.show_result(result(HINT), FOLDER)
    made.resize(1200, 44)
    window.show()
    return made


def labels(header: ResultHeader) -> list[ElidedLabel]:
    return header.findChildren(ElidedLabel)


@pytest.mark.parametrize("width", [440, 560, 700, 900, 1600, 3000])
def test_no_control_is_squeezed_or_overlaps_another(header: ResultHeader, width: int) -> None:
    header.resize(width, 44)
    QApplication.processEvents()
    controls = [one for one in header.findChildren(QToolButton) if one.isVisible()]
    assert all(one.width() >= one.sizeHint().width() for one in controls)
    line = [*controls, *(one for one in (*labels(header), header.slider) if one.isVisible())]
    for one in line:
        assert header.rect().contains(one.geometry())
        assert not any(one.geometry().intersects(other.geometry()) for other in line if other is not one)


def test_a_text_that_is_cut_has_its_whole_in_the_tooltip(header: ResultHeader) -> None:
    count, hint = labels(header)
    header.resize(700, 44)
    for label, whole in ((count, f"12 matches in {FOLDER.name}"), (hint, HINT)):
        assert label.text().endswith("…")
        assert label.toolTip() == label.accessibleName() == whole
    header.resize(3000, 44)
    assert (count.text(), hint.text()) == (f"12 matches in {FOLDER.name}", HINT)
    assert count.toolTip() == ""
    assert header.text == f"12 matches in {FOLDER.name} {HINT}"


def test_a_short_line_keeps_the_order_and_gives_up_the_size_first(header: ResultHeader) -> None:
    slider = header.findChild(QSlider)
    assert slider is not None
    gone = []
    for width in range(1400, 380, -20):
        header.resize(width, 44)
        hidden = [slider.isHidden(), header.steps_buttons[0].isHidden()]
        gone += [place for place, there in enumerate(hidden) if there and place not in gone]
    assert gone == [0, 1]
    header.resize(1400, 44)
    assert not slider.isHidden()
    assert not header.steps_buttons[0].isHidden()
