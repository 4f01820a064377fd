"""The strip above the grid that tells people something without stopping them."""

import logging
import traceback
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMessageBox, QPushButton, QToolButton, QWidget

from app.errors import AppError
from app.ui import icons

_log = logging.getLogger(__name__)


Choice = tuple[str, Callable[[], object]]  # what a button says and does


class MessageBar(QWidget):
    """Shows one message at a time, with at most two actions, until it is closed or replaced."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._act: Callable[[], object] | None = None
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._action = QPushButton()
        self._action.clicked.connect(self._on_action)
        self._act_otherwise: Callable[[], object] | None = None
        self._otherwise = QPushButton()
        self._otherwise.clicked.connect(self._on_otherwise)
        self._close = QToolButton()
        self._close.setToolTip(self.tr("Close this message"))
        self._close.setAccessibleName(self.tr("Close this message"))
        icons.set_icon(self._close, "close")
        self._close.clicked.connect(self.dismiss)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 7, 8, 7)
        layout.setSpacing(10)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._action)
        layout.addWidget(self._otherwise)
        layout.addWidget(self._close)
        self.hide()

    @property
    def text(self) -> str:
        """What is shown, empty when nothing is."""
        return self._text.text() if not self.isHidden() else ""

    @property
    def action(self) -> QPushButton:
        """The button of the message."""
        return self._action

    @property
    def otherwise(self) -> QPushButton:
        """The second button of a question."""
        return self._otherwise

    def say(self, text: str, action: str = "", act: Callable[[], object] | None = None) -> None:
        """Show a message, with a button that calls `act` and closes the message."""
        self._text.setText(text)
        self._act = act
        self._action.setText(action)
        self._action.setAccessibleName(action)
        self._action.setVisible(act is not None)
        self._act_otherwise = None
        self._otherwise.hide()
        self.setAccessibleName(text)
        self.show()

    def ask(self, text: str, first: Choice, second: Choice) -> None:
        """Show a question with two answers, each of which closes it."""
        self.say(text, *first)
        name, self._act_otherwise = second
        self._otherwise.setText(name)
        self._otherwise.setAccessibleName(name)
        self._otherwise.show()

    def say_error(self, error: Exception) -> None:
        """Show what went wrong: the text of a fault of the world, or that there is a bug, with details."""
        if isinstance(error, AppError):
            self.say(str(error))
            return
        _log.error("something went wrong", exc_info=error)
        details = "".join(traceback.format_exception(error))
        self.say(self.tr("Something went wrong."), self.tr("Details"), lambda: self._show_details(details))

    def dismiss(self) -> None:
        """Take the message away."""
        self._act = None
        self._act_otherwise = None
        self.hide()

    def _on_action(self) -> None:
        act = self._act
        self.dismiss()
        if act is not None:
            act()

    def _on_otherwise(self) -> None:
        act = self._act_otherwise
        self.dismiss()
        if act is not None:
            act()

    def _show_details(self, details: str) -> None:
        box = QMessageBox(
            QMessageBox.Icon.Warning,
            self.tr("Something went wrong"),
            self.tr("This is a fault in Photosift. The text below helps whoever mends it."),
            QMessageBox.StandardButton.Close,
            self.window(),
        )
        box.setDetailedText(details)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
