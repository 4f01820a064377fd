"""One filter of the search bar as a piece that can be edited, turned round and taken out."""

from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from app.services.query_language import Part, format_condition
from app.services.query_turning import alternatives, turned_round
from app.ui import icons
from app.ui.query_texts import describe_condition, describe_part

_TEXT_WIDTH = 340
_LEAST_HEIGHT = 28


class FilterChip(QFrame):
    """A click edits it, the cross removes it, the menu has the other ways to say it."""

    edit_wanted = Signal()
    removed = Signal()
    words_wanted = Signal()  # it was only guessed to be a filter, and was not meant as one
    replaced = Signal(str)  # by another filter, as it is typed

    def __init__(self, part: Part, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chip")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._part = part
        self._said = describe_part(part)
        label = QLabel()
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setText(self.fontMetrics().elidedText(self._said, Qt.TextElideMode.ElideMiddle, _TEXT_WIDTH))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(9, 0, 3, 0)
        layout.setSpacing(2)
        layout.addWidget(label)
        self.words_button = self._words_button()
        self.words_button.setVisible(part.guessed)
        layout.addWidget(self.words_button)
        self.menu_button = self._button("chevron-down", self.tr("Change {filter}"), self.open_menu)
        self.remove_button = self._button("close", self.tr("Remove {filter}"), self.removed.emit)
        layout.addWidget(self.menu_button)
        layout.addWidget(self.remove_button)
        self.setFixedHeight(max(_LEAST_HEIGHT, self.fontMetrics().height() + 10))
        self.setToolTip(self.tr("{filter}\nClick to edit").format(filter=self._said))
        spoken = self.tr("Filter: {filter}") if part.sort is None else self.tr("Order: {filter}")
        self.setAccessibleName(spoken.format(filter=self._said))

    @property
    def text(self) -> str:
        """What the filter means, in words."""
        return self._said

    def menu(self) -> QMenu:
        """Everything that can be done with it."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Edit"), self.edit_wanted.emit)
        if self._part.guessed:
            menu.addAction(self.tr("Search for the words instead"), self.words_wanted.emit)
        if self._part.sort is None:
            turn = self.tr("Leave out instead") if self._wants else self.tr("Search for it instead")
            menu.addAction(turn, lambda: self.replaced.emit(turned_round(self._part)))
        others = alternatives(self._part.condition) if self._part.condition is not None else ()
        if others:
            menu.addSeparator()
        for other in others:
            menu.addAction(describe_condition(other), partial(self.replaced.emit, format_condition(other)))
        menu.addSeparator()
        menu.addAction(self.tr("Remove"), self.removed.emit)
        return menu

    def open_menu(self) -> None:
        """Show the menu below."""
        self.menu().popup(self.mapToGlobal(self.rect().bottomLeft()))

    @property
    def _wants(self) -> bool:
        """Whether it asks for something; else it leaves something out."""
        condition = self._part.condition
        return condition is not None and not condition.negated

    def _words_button(self) -> QToolButton:
        button = QToolButton()
        button.setObjectName("asWords")
        button.setText(self.tr("as words"))
        button.setToolTip(self.tr("These words are no date: search for them"))
        button.setAccessibleName(
            self.tr("Search for the words instead of {filter}").format(filter=self._said)
        )
        button.clicked.connect(self.words_wanted)
        return button

    def _button(self, icon: str, text: str, act: object) -> QToolButton:
        button = QToolButton()
        name = text.format(filter=self._said)
        button.setToolTip(name)
        button.setAccessibleName(name)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setIconSize(QSize(14, 14))
        icons.set_icon(button, icon)
        button.clicked.connect(act)
        return button

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.edit_wanted.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.open_menu()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.edit_wanted.emit()
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Down):
            self.open_menu()
        else:
            super().keyPressEvent(event)
