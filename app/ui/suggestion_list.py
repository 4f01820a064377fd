"""The list below the search bar: past searches, or what could be typed next. The cursor stays in the bar."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.ui import icons, theme

_Index = QModelIndex | QPersistentModelIndex
_MOST_ROWS = 10  # at once; the rest is scrolled to
_WIDEST = 680
_MARGIN = 12
_SLACK = 4  # signs of other scripts come from other fonts, a little wider than was measured
_CLOSE = 14  # the cross of an entry that can be taken out
_GAP_BELOW = 4
_FRAME = 5
_ENTRY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: what would be typed, and a remark on the right."""

    text: str
    note: str = ""
    removable: bool = False


class SuggestionList(QFrame):
    """A part of the window rather than a window: it takes no key and no focus from whoever is typing."""

    chosen = Signal(int)  # the row that was clicked
    removed = Signal(int)  # the row whose cross was clicked
    footer_clicked = Signal()
    current_changed = Signal(str)  # what is selected, in words

    def __init__(self, name: str, footer: str, parent: QWidget | None = None) -> None:
        """`name` is for screen readers; `footer` is a button below the entries, shown when wanted."""
        super().__init__(parent)
        self.setObjectName("suggestions")
        self._model = _EntryModel()
        self._view = QListView()
        self._view.setAccessibleName(name)
        self._view.setModel(self._model)
        self._view.setItemDelegate(_EntryDelegate(self._view))
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._view.setMouseTracking(True)
        self._view.setFrameShape(QFrame.Shape.NoFrame)
        self._view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self._view.viewport().installEventFilter(self)
        self._footer = QToolButton()
        self._footer.setText(footer)
        self._footer.setObjectName("suggestionFooter")
        self._footer.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._footer.setAccessibleName(footer)
        self._footer.clicked.connect(self.footer_clicked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_FRAME, _FRAME, _FRAME, _FRAME)
        layout.setSpacing(_FRAME)
        layout.addWidget(self._view)
        layout.addWidget(self._footer, 0, Qt.AlignmentFlag.AlignRight)
        self.hide()

    @property
    def view(self) -> QListView:
        return self._view

    @property
    def footer(self) -> QToolButton:
        return self._footer

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self._model.entries

    @property
    def row(self) -> int:
        """The selected row; -1 when none is."""
        return self._view.currentIndex().row()

    def open_below(self, field: QWidget, entries: Sequence[Entry], *, with_footer: bool = False) -> None:
        """Show entries under a widget, none of them selected; without entries there is nothing to show."""
        self._model.show(tuple(entries))
        self._view.setCurrentIndex(QModelIndex())
        self._footer.setVisible(with_footer)
        if not entries:
            self.hide()
            return
        if self.parentWidget() is not field.window():
            self.setParent(field.window())
        self._place(field)
        self._view.scrollToTop()
        self.show()
        self.raise_()

    def step(self, by: int) -> None:
        """Select the next entry or the one before; before the first is none."""
        row = max(-1, min(self.row + by, len(self.entries) - 1))
        self._view.setCurrentIndex(self._model.index(row) if row >= 0 else QModelIndex())
        self.current_changed.emit(self._model.spoken(row) if row >= 0 else "")

    def _place(self, field: QWidget) -> None:
        window = field.window()
        corner = field.mapTo(window, QPoint(0, field.height() + _GAP_BELOW))
        rows = min(len(self.entries), _MOST_ROWS) * self._view.sizeHintForRow(0)
        self._view.setFixedHeight(rows)
        below = self._footer.sizeHint().height() + _FRAME if not self._footer.isHidden() else 0
        height = rows + below + 2 * _FRAME
        width = min(field.width(), _WIDEST)
        left = (
            corner.x()
            if self.layoutDirection() == Qt.LayoutDirection.LeftToRight
            else (corner.x() + field.width() - width)
        )
        self.setGeometry(left, corner.y(), width, min(height, window.height() - corner.y() - _GAP_BELOW))

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            index = self._view.indexAt(event.position().toPoint())
            if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
                on_cross = _cross_of(self._view.visualRect(index)).contains(event.position().toPoint())
                removes = on_cross and self.entries[index.row()].removable
                (self.removed if removes else self.chosen).emit(index.row())
                return True
        return False


class _EntryModel(QAbstractListModel):
    """The entries, for the view and for screen readers."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: tuple[Entry, ...] = ()

    def show(self, entries: tuple[Entry, ...]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def spoken(self, row: int) -> str:
        entry = self.entries[row]
        return f"{entry.text}, {entry.note}" if entry.note else entry.text

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not 0 <= index.row() < len(self.entries):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.entries[index.row()].text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.spoken(index.row())
        return self.entries[index.row()] if role == _ENTRY else None


class _EntryDelegate(QStyledItemDelegate):
    """Text on the left, the remark and a cross on the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(0, option.fontMetrics.height() + 14)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        entry = index.data(_ENTRY)
        state = option.state
        rect: QRect = option.rect
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        colours = theme.colours()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.selection if chosen else colours.hover))
            painter.drawRoundedRect(rect, 6, 6)
        inner = rect.adjusted(_MARGIN, 0, -_MARGIN, 0)
        if entry.removable:
            if chosen or hovered:
                icons.icon("close").paint(painter, _cross_of(rect))
            inner.adjust(0, 0, -_CLOSE - _MARGIN, 0)
        self._draw(painter, inner, entry, option)
        painter.restore()

    def _draw(self, painter: QPainter, inner: QRect, entry: Entry, option: QStyleOptionViewItem) -> None:
        colours, metrics = theme.colours(), option.fontMetrics
        middle = Qt.AlignmentFlag.AlignVCenter
        note_width = min(metrics.horizontalAdvance(entry.note) + _SLACK, inner.width() * 2 // 3)
        text_width = inner.width() - (note_width + _MARGIN if entry.note else 0)
        painter.setFont(option.font)
        painter.setPen(QColor(colours.text))
        text = metrics.elidedText(entry.text, Qt.TextElideMode.ElideMiddle, text_width)
        painter.drawText(inner, int(middle | Qt.AlignmentFlag.AlignLeft), text)
        if entry.note:
            painter.setPen(QColor(colours.muted))
            note = metrics.elidedText(entry.note, Qt.TextElideMode.ElideRight, note_width)
            painter.drawText(inner, int(middle | Qt.AlignmentFlag.AlignRight), note)


def _cross_of(row: QRect) -> QRect:
    """Where the cross of a row is."""
    return QRect(row.right() - _MARGIN - _CLOSE, row.center().y() - _CLOSE // 2, _CLOSE, _CLOSE)
