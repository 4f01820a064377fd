"""Past searches and completion in the window."""

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication, QScrollBar
from pytestqt.qtbot import QtBot
from window_driver import OpenWindow, settle, texts_asked

from app.bootstrap import Services
from app.settings import Settings
from app.ui import settings_dialog
from app.ui.main_window import MainWindow
from app.ui.settings_dialog import SettingsDialog


def _type(qtbot: QtBot, window: MainWindow, text: str) -> None:
    window.activateWindow()
    window.body.search_bar.focus()
    qtbot.keyClicks(window.body.search_bar.edit, text)


def test_values_of_the_library_are_offered_while_somebody_types(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    bar = window.body.search_bar
    _type(qtbot, window, "dog folder:ky")
    qtbot.waitUntil(lambda: [each.text for each in bar.suggestions.list.entries] == ["Kyoto 京都"])
    assert bar.suggestions.list.isVisible()
    qtbot.keyClick(bar.edit, Qt.Key.Key_Tab)
    assert bar.edit.text() == 'dog folder:"Kyoto 京都" '
    assert bar.edit.hasFocus()
    qtbot.waitUntil(lambda: texts_asked(services)[-1:] == [bar.text()])


def test_escape_closes_the_list_before_it_clears_the_search(window: MainWindow, qtbot: QtBot) -> None:
    bar = window.body.search_bar
    _type(qtbot, window, "folder:ky")
    qtbot.waitUntil(bar.suggestions.list.isVisible)
    qtbot.keyClick(bar.edit, Qt.Key.Key_Escape)
    assert bar.text() == "folder:ky"
    qtbot.keyClick(bar.edit, Qt.Key.Key_Escape)
    assert bar.text() == ""


def test_searches_of_an_older_version_move_into_the_library(
    open_window: OpenWindow, services: Services, qtbot: QtBot
) -> None:
    window = open_window(settings=Settings(history=("red car", "dog")))
    settle(qtbot, window)
    qtbot.waitUntil(lambda: window.body.search_bar.suggestions.history == ("red car", "dog"))
    assert window.keeper.settings.history == ()


def test_one_search_and_all_searches_can_be_forgotten(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    bar = window.body.search_bar
    for text in ("dog", "cat"):
        bar.set_text(text)
        bar.submitted.emit(text)
    qtbot.waitUntil(lambda: bar.suggestions.history == ("cat", "dog"))
    bar.suggestions.history_removed.emit("dog")
    qtbot.waitUntil(lambda: bar.suggestions.history == ("cat",))
    bar.suggestions.history_cleared.emit()
    qtbot.waitUntil(lambda: bar.suggestions.history == ())
    assert services.history.cleared == 1


def test_remembering_can_be_switched_off(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    bar = window.body.search_bar
    bar.submitted.emit("dog")
    qtbot.waitUntil(lambda: bar.suggestions.history == ("dog",))
    window.dialogs.open_settings(settings_dialog.STORAGE)
    dialog = window.findChild(SettingsDialog)
    dialog.storage.offer_searches.click()
    bar.submitted.emit("secret")
    assert bar.suggestions.history == ()
    assert not window.keeper.settings.remember_searches
    dialog.storage.clear_searches.click()
    qtbot.waitUntil(lambda: services.history.cleared == 1)
    assert services.history.texts == []
    dialog.reject()


def test_help_that_is_higher_than_the_screen_is_scrolled(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    bar, shown = window.body.search_bar, window.body.search_help
    screen = QRect(0, 0, 1000, 2000)
    monkeypatch.setattr(bar, "screen", lambda: SimpleNamespace(availableGeometry=lambda: screen))
    bar.help_wanted.emit()
    whole = shown.height()
    qtbot.waitUntil(lambda: not any(scroll.isVisible() for scroll in shown.findChildren(QScrollBar)))
    shown.close()
    screen.setHeight(300)

    bar.help_wanted.emit()

    assert shown.height() < whole
    assert screen.top() <= shown.geometry().top() < shown.geometry().bottom() <= screen.bottom()
    last = shown.examples[-1]
    assert last.visibleRegion().isEmpty()
    for _ in shown.examples[1:]:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert last.hasFocus()
    assert not last.visibleRegion().isEmpty()
    shown.close()
