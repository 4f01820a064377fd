"""What the window does with chosen photos: open, preview, copy, show details."""

import pytest
from fakes import FakeLibraryService
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from pytestqt.qtbot import QtBot

from app.bootstrap import Services
from app.ui.dropped_content import clipboard_mime
from app.ui.main_window import MainWindow


class Viewer:
    """The system's viewer: remembers what it was asked to open."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def open(self, url: QUrl) -> bool:
        self.opened.append(url.toLocalFile())
        return True


@pytest.fixture
def viewer(monkeypatch: pytest.MonkeyPatch) -> Viewer:
    viewer = Viewer()
    monkeypatch.setattr(QDesktopServices, "openUrl", viewer.open)
    return viewer


@pytest.fixture(autouse=True)
def files_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake library's files lie on no disk."""
    monkeypatch.setattr("os.path.exists", lambda path: True)


def _focus_row(window: MainWindow, qtbot: QtBot, row: int) -> object:
    view = window.workspace.photos.view
    view.setFocus()
    view.select_row(row)
    qtbot.waitUntil(lambda: window.workspace.photos.model.photo_at(row) is not None)
    return view


def _path(services: Services, photo_id: int) -> str:
    library = services.library
    assert isinstance(library, FakeLibraryService)
    return library.path_of(photo_id)


def test_a_double_click_opens_the_photo(
    window: MainWindow, services: Services, viewer: Viewer, qtbot: QtBot
) -> None:
    view = _focus_row(window, qtbot, 1)
    spot = view.visualRect(view.model().index(1, 0)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)

    qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)

    qtbot.waitUntil(lambda: viewer.opened == [_path(services, 2)])


def test_enter_opens_the_photo(window: MainWindow, services: Services, viewer: Viewer, qtbot: QtBot) -> None:
    view = _focus_row(window, qtbot, 4)

    qtbot.keyClick(view, Qt.Key.Key_Return)

    qtbot.waitUntil(lambda: viewer.opened == [_path(services, 5)])


def test_opening_a_photo_remembers_the_query(
    window: MainWindow, services: Services, viewer: Viewer, qtbot: QtBot
) -> None:
    window.body.search_bar.set_text("dog")
    qtbot.waitUntil(lambda: len(window.workspace.photos.model.photo_ids) == 20)

    window.workspace.photos.view.open_requested.emit([7])

    qtbot.waitUntil(lambda: services.history.texts == ["dog"])


def test_space_previews_and_escape_closes_only_the_preview(window: MainWindow, qtbot: QtBot) -> None:
    window.body.search_bar.set_text("dog")
    qtbot.waitUntil(lambda: len(window.workspace.photos.model.photo_ids) == 20)
    view = _focus_row(window, qtbot, 0)
    preview = window.workspace.photos.preview

    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert preview.is_open

    qtbot.keyClick(preview, Qt.Key.Key_Escape)
    assert not preview.is_open
    assert window.body.search_bar.text() == "dog"


def test_the_grid_follows_the_preview(window: MainWindow, qtbot: QtBot) -> None:
    view = _focus_row(window, qtbot, 0)
    preview = window.workspace.photos.preview
    qtbot.keyClick(view, Qt.Key.Key_Space)

    qtbot.keyClick(preview, Qt.Key.Key_Right)
    qtbot.keyClick(preview, Qt.Key.Key_Right)
    qtbot.keyClick(preview, Qt.Key.Key_Space)

    assert view.current_row() == 2


def test_copy_puts_the_file_on_the_clipboard(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    view = _focus_row(window, qtbot, 0)

    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)

    qtbot.waitUntil(lambda: _copied() == [_path(services, 1)])


def _copied() -> list[str]:
    mime = clipboard_mime()
    return [url.toLocalFile() for url in mime.urls()] if mime is not None else []


def test_s_searches_for_similar_photos(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    view = _focus_row(window, qtbot, 6)

    qtbot.keyClick(view, Qt.Key.Key_S)

    qtbot.waitUntil(lambda: [chip.term.photo_id for chip in window.body.search_bar.chips] == [7])


def test_the_slider_and_the_grid_agree_on_the_size(window: MainWindow) -> None:
    view, slider = window.workspace.photos.view, window.body.header.slider

    slider.setValue(300)
    assert view.tile_size == 300

    view.enlarge()
    assert slider.value() == view.tile_size
    assert window.keeper.settings.tile_size == view.tile_size


def test_details_follow_the_selection(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    details = window.workspace.photos.details
    view = _focus_row(window, qtbot, 2)
    assert details.isHidden()

    qtbot.keyClick(view, Qt.Key.Key_I)
    qtbot.waitUntil(lambda: details.photo is not None and details.photo.photo_id == 3)

    view.select_row(5)
    qtbot.waitUntil(lambda: details.photo is not None and details.photo.photo_id == 6)
    qtbot.keyClick(view, Qt.Key.Key_I)
    assert details.isHidden()


def test_details_show_a_decision_at_once(window: MainWindow, qtbot: QtBot) -> None:
    details = window.workspace.photos.details
    view = _focus_row(window, qtbot, 2)
    window.toggle_details()
    qtbot.waitUntil(lambda: details.photo is not None)

    qtbot.keyClick(view, Qt.Key.Key_F)

    qtbot.waitUntil(lambda: details.photo.favourite)
