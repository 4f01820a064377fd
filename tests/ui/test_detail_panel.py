"""What the panel on the right says about a photo."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fakes import FakeLibraryService
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from app.domain.companions import CompanionKind
from app.ui.detail_panel import DetailPanel, FactText
from app.ui.task_runner import TaskRunner


@pytest.fixture
def panel(library: FakeLibraryService, task_runner: TaskRunner, qtbot) -> Iterator[DetailPanel]:
    panel = DetailPanel(library, task_runner)
    panel.resize(280, 700)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitExposed(panel)
    yield panel
    library.thumbnails_gate.open()


def test_everything_known_is_said(panel: DetailPanel, library) -> None:
    photo = library.photo(2)
    panel.show_photo(photo, "Words: a good match")

    assert panel.fact("exposure") == "1/250 s · f/2.8 · ISO 200 · 35 mm"
    assert panel.fact("camera") == "Canon EOS R6"
    assert panel.fact("lens") == "RF24-105mm F4 L IS USM"
    assert panel.fact("size").startswith("6000 × 4000 · 24 MP · 2")
    assert panel.fact("place") == "47.37690° N, 8.54170° E"
    assert panel.fact("folder") == "/photos/2025"
    assert "30 June 2025" in panel.fact("taken")
    assert panel.fact("why") == "Words: a good match"
    assert panel.fact("state") == ""


def test_the_place_is_said_in_words_above_its_coordinates(panel: DetailPanel, library) -> None:
    panel.show_photo(replace(library.photo(2), place="Zürich, Switzerland"))

    assert panel.fact("place") == "Zürich, Switzerland\n47.37690° N, 8.54170° E"


def test_what_is_not_known_takes_no_room(panel: DetailPanel, library) -> None:
    photo = library.photo(2)
    bare = replace(photo.metadata, lens=None, latitude=None, camera_make=None, camera_model=None)
    panel.show_photo(photo)
    panel.show_photo(replace(photo, metadata=bare))

    assert panel.fact("lens") == panel.fact("place") == panel.fact("camera") == panel.fact("why") == ""
    assert panel.fact("exposure") != ""


def test_a_problem_file_says_why(panel: DetailPanel, library) -> None:
    library.problem_ids = {4}
    panel.show_photo(library.photo(4))

    assert panel.fact("state") == "The file ends too early."
    assert library.calls_of("thumbnail") == []


def test_an_offline_photo_is_explained(panel: DetailPanel, library) -> None:
    library.offline = {4}
    panel.show_photo(library.photo(4))

    assert "not connected" in panel.fact("state")


def test_the_picture_is_read_once_for_each_photo(panel: DetailPanel, library, qtbot) -> None:
    panel.show_photo(library.photo(1))
    qtbot.waitUntil(lambda: panel.picture is not None)
    panel.show_photo(replace(library.photo(1), favourite=True))
    assert panel.picture is not None
    panel.show_photo(library.photo(2))
    qtbot.waitUntil(lambda: len(library.calls_of("thumbnail")) == 2)


def test_the_heart_wishes_the_opposite(panel: DetailPanel, library, qtbot) -> None:
    heart = panel.findChild(QToolButton)
    panel.show_photo(library.photo(3))
    with qtbot.waitSignal(panel.favourite_requested) as wished:
        qtbot.mouseClick(heart, Qt.MouseButton.LeftButton)
    assert wished.args == [[3], True]

    panel.show_photo(replace(library.photo(3), favourite=True))
    assert heart.isChecked()
    with qtbot.waitSignal(panel.favourite_requested) as wished:
        qtbot.mouseClick(heart, Qt.MouseButton.LeftButton)
    assert wished.args == [[3], False]


def test_buttons_open_and_reveal(panel: DetailPanel, library, qtbot) -> None:
    panel.show_photo(library.photo(3))
    open_button, reveal = (b for b in panel.findChildren(QPushButton) if b.isVisibleTo(panel))
    opened, revealed = QSignalSpy(panel.open_requested), QSignalSpy(panel.reveal_requested)

    open_button.click()
    reveal.click()

    assert (opened.at(0), revealed.at(0)) == ([[3]], [3])


def test_facts_can_be_selected_and_copied_by_keyboard(panel: DetailPanel, library, qtbot) -> None:
    panel.show_photo(library.photo(3))
    camera = next(fact for fact in panel.findChildren(FactText) if fact.accessibleName() == "Camera")
    camera.setFocus()

    qtbot.keyClick(camera, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)

    assert camera.textCursor().selectedText() == "Canon EOS R6"
    assert camera.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_long_paths_break_instead_of_being_cut(panel: DetailPanel, library) -> None:
    photo = library.photo(3)
    panel.show_photo(photo)
    folder = next(fact for fact in panel.findChildren(FactText) if fact.accessibleName() == "Folder")
    one_line = folder.height()

    panel.show_photo(replace(photo, path="/" + "x" * 200 + "/a.jpg"))

    assert folder.height() >= 3 * one_line
    assert folder.document().size().width() <= folder.width()


def test_nothing_or_many_chosen_is_said(panel: DetailPanel, library) -> None:
    panel.show_photo(library.photo(3))
    panel.show_count(1200)
    assert panel.hint == f"{panel.locale().toString(1200)} photos chosen"
    assert panel.photo is None

    panel.show_photo(None)
    assert "Choose a photo" in panel.hint


def test_everything_has_an_accessible_name(panel: DetailPanel, library) -> None:
    panel.show_photo(library.photo(3))

    for widget in (*panel.findChildren(FactText), *panel.findChildren(QToolButton)):
        assert widget.accessibleName()


@pytest.mark.parametrize("path", ["/photos/\udcff\udcfe.jpg", "/photos/a\u202eb.jpg"])
def test_odd_names_can_be_shown(panel: DetailPanel, library, path: str) -> None:
    panel.show_photo(replace(library.photo(3), path=path))

    assert not panel.grab().isNull()


def test_companions_are_listed_and_shown_in_their_folder(
    panel: DetailPanel, library: FakeLibraryService, qtbot: QtBot
) -> None:
    library.companion_kinds = {2: CompanionKind.RAW}
    panel.show_photo(library.photo(1))
    assert panel.companions.isHidden()

    panel.show_photo(library.photo(2))
    assert panel.companions.texts == ["RAW: IMG_0000002.CR2"]
    [reveal] = panel.companions.findChildren(QToolButton)
    with qtbot.waitSignal(panel.reveal_requested) as wish:
        reveal.click()
    [companion] = library.photo(2).companions
    assert wish.args == [companion.photo_id]

    panel.show_photo(library.photo(3))
    assert panel.companions.isHidden()
