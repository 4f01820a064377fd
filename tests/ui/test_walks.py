"""Walks through the window as a new user takes them, each from the first step to what comes of it."""

from pathlib import Path

import pytest
from fakes import fake_services
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDrag, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot
from window_driver import OpenWindow, asked, click, dialog_of, drop, settle, texts_asked

from app.bootstrap import Services
from app.domain.query import SortOrder
from app.ui.empty_states import Way
from app.ui.main_window import MainWindow
from app.ui.scope import Scope, ScopeKind


def _shown(window: MainWindow) -> list[int]:
    return [int(photo_id) for photo_id in window.workspace.photos.model.result.photo_ids]


def _choose_first(window: MainWindow, qtbot: QtBot) -> None:
    view = window.workspace.photos.view
    view.setFocus()
    view.select_row(0)
    qtbot.waitUntil(lambda: window.workspace.photos.model.photo_at(0) is not None)


def test_first_run_from_an_empty_window_to_a_watched_folder(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    services = fake_services(tmp_path, 0, folder_paths=())
    window = open_window(lambda: services)
    settle(qtbot, window)
    page = window.body.empty_page

    click(qtbot, page.buttons[page.state.ways.index(Way.ADD_FOLDER)])
    dialog = dialog_of(QFileDialog)
    services.library.photo_count = 12
    dialog.filesSelected.emit([str(tmp_path)])
    dialog.close()

    qtbot.waitUntil(lambda: services.library.calls_of("add_folder") == [(str(tmp_path),)])
    qtbot.waitUntil(lambda: "Watching" in window.body.messages.text)
    window.workspace.session.library_changed()
    qtbot.waitUntil(lambda: len(_shown(window)) == 12, timeout=5000)


def test_first_run_with_a_folder_dropped_on_the_window(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    services = fake_services(tmp_path, 0, folder_paths=())
    window = open_window(lambda: services)
    settle(qtbot, window)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path))])

    drop(window.body, mime)

    qtbot.waitUntil(lambda: services.library.calls_of("add_folder") == [(str(tmp_path),)])


def test_a_favourite_made_in_the_grid_is_found_among_the_favourites(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    _choose_first(window, qtbot)
    first = window.workspace.photos.view.selected_ids()

    qtbot.keyClick(window.workspace.photos.view, Qt.Key.Key_F)
    qtbot.waitUntil(lambda: services.library.favourites == set(first))
    window.body.sidebar.choose(Scope(ScopeKind.FAVOURITES))

    qtbot.waitUntil(lambda: _shown(window) == first)


def test_a_favourite_taken_back_leaves_the_favourites(
    open_window: OpenWindow, services: Services, qtbot: QtBot
) -> None:
    services.library.favourites = {4, 7}
    window = open_window()
    settle(qtbot, window)
    window.body.sidebar.choose(Scope(ScopeKind.FAVOURITES))
    qtbot.waitUntil(lambda: _shown(window) == [4, 7])
    _choose_first(window, qtbot)

    qtbot.keyClick(window.workspace.photos.view, Qt.Key.Key_F)

    qtbot.waitUntil(lambda: _shown(window) == [7], timeout=5000)


def test_several_photos_go_to_the_trash_after_one_question(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    _choose_first(window, qtbot)
    view = window.workspace.photos.view
    qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    chosen = view.selected_ids()
    assert len(chosen) == 2

    qtbot.keyClick(view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: dialog_of(QMessageBox) is not None)
    box = dialog_of(QMessageBox)
    click(qtbot, next(button for button in box.buttons() if button.text() == "Move to trash"))

    qtbot.waitUntil(lambda: services.library.gone == set(chosen))
    qtbot.waitUntil(lambda: not set(chosen) & set(_shown(window)), timeout=5000)


def test_a_result_is_dragged_out_with_the_mouse(
    window: MainWindow, services: Services, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dragged: list[list[str]] = []
    monkeypatch.setattr(
        QDrag,
        "exec",
        lambda drag, actions: dragged.append([url.toLocalFile() for url in drag.mimeData().urls()]),
    )
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: Qt.MouseButton.LeftButton)
    _choose_first(window, qtbot)
    view = window.workspace.photos.view
    place = view.visualRect(view.grid_model.index(0)).center()
    far = place + QPoint(QApplication.startDragDistance() * 3, 0)

    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseMove(view.viewport(), place + QPoint(2, 0))
    qtbot.mouseMove(view.viewport(), far)

    qtbot.waitUntil(lambda: dragged == [[services.library.path_of(1)]])
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=far)


def test_matches_are_sorted_by_date_and_back(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    services.search.matches["dog"] = [40, 10, 30, 20, 2, 1]
    window.body.search_bar.set_text("dog")
    qtbot.waitUntil(lambda: _shown(window) == [40, 10, 30, 20, 2, 1])

    window.body.header.choose_sort(SortOrder.DATE)
    qtbot.waitUntil(lambda: _shown(window) == [10, 30, 40, 1, 2, 20])
    assert asked(services)[-1].sort is SortOrder.DATE
    assert texts_asked(services)[-1] == "dog"

    window.body.header.choose_sort(SortOrder.RELEVANCE)
    qtbot.waitUntil(lambda: _shown(window) == [40, 10, 30, 20, 2, 1])
