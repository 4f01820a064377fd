"""How tests of the window drive it: open it, ask it, drop things on it."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.bootstrap import Services
from app.domain.query import SearchQuery
from app.settings import Settings
from app.ui.main_window import MainWindow

OpenWindow = Callable[..., MainWindow]


@pytest.fixture
def open_window(qtbot: QtBot, services: Services) -> OpenWindow:
    """Opens windows on the fake services, or on whatever is given, and ends them with the test."""
    opened: list[MainWindow] = []

    def open_one(
        open_services: Callable[[], Services] | None = None,
        settings: Settings | None = None,
        *,
        demo: bool = False,
    ) -> MainWindow:
        window = MainWindow(
            open_services or (lambda: services), services.settings, settings or Settings(), demo=demo
        )
        opened.append(window)
        window.show()
        window.start()
        return window

    yield open_one
    for window in opened:
        window.closing.end()
        window.shut_down()
        window.deleteLater()


@pytest.fixture
def window(open_window: OpenWindow, qtbot: QtBot) -> MainWindow:
    """A window that shows the whole library."""
    opened = open_window()
    settle(qtbot, opened)
    return opened


def settle(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until the window shows the first result and the folders, and model and indexing are going."""
    qtbot.waitUntil(lambda: window.workspace is not None)
    qtbot.waitUntil(lambda: window.workspace.is_settled and window.workspace.is_under_way)


def asked(services: Services) -> list[SearchQuery]:
    """Every query that reached the search service."""
    return [call[0] for call in services.search.calls_of("search")]  # type: ignore[attr-defined]


def texts_asked(services: Services) -> list[str]:
    """The words of every query that had some."""
    return [term.text for query in asked(services) for term in query.terms if term.text]


def drag_over(target: QWidget, mime: QMimeData) -> bool:
    """Move something over a widget; whether it would be taken."""
    mouse = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(target, QDragEnterEvent(QPoint(300, 300), *mouse))
    move = QDragMoveEvent(QPoint(310, 300), *mouse)
    QApplication.sendEvent(target, move)
    return move.isAccepted()


def leave(target: QWidget) -> None:
    """Move it away again."""
    QApplication.sendEvent(target, QDragLeaveEvent())


def drop(target: QWidget, mime: QMimeData) -> bool:
    """Move something over a widget and let go; whether it was taken."""
    drag_over(target, mime)
    event = QDropEvent(
        QPointF(300, 300),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        QEvent.Type.Drop,
    )
    event.ignore()
    QApplication.sendEvent(target, event)
    return event.isAccepted()


def click(qtbot: QtBot, button: QPushButton) -> None:
    """Press a button as a mouse would."""
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def dialog_of(kind: type[QWidget]) -> QWidget | None:
    """The open dialog of a class, if there is one."""
    return next((w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()), None)
