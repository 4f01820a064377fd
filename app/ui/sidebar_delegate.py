"""How an entry of the sidebar looks: icon, name, state, count."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.domain.photo import FolderState
from app.ui import icons, theme, wording
from app.ui.sidebar_model import Role

_STATE_ICONS = {
    FolderState.SCANNING: "refresh",
    FolderState.OFFLINE: "offline",
    FolderState.PROBLEM: "warning",
    FolderState.ASKING: "warning",
}
_ICON = 18
_STATE_ICON = 14
_MARGIN = 8


class SidebarDelegate(QStyledItemDelegate):
    """Paints entries in the calm way of the rest of the window."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        height = option.fontMetrics.height()
        return QSize(120, height + (20 if index.data(Role.HEADING) else 14))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.data(Role.HEADING):
            self._paint_heading(painter, option, index)
        else:
            self._paint_ground(painter, option)
            self._paint_entry(painter, option, index)
        painter.restore()

    def _paint_heading(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.setFont(theme.scaled_font(option.font, 0.9, bold=True))
        painter.setPen(QColor(theme.colours().muted))
        rect = option.rect.adjusted(_MARGIN, 0, -_MARGIN, -4)
        painter.drawText(rect, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, index.data())

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        scheme = theme.colours()
        rect = QRectF(option.rect).adjusted(1, 1, -1, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setBrush(QColor(scheme.selection))
            painter.drawRoundedRect(rect, 6, 6)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(scheme.hover))
            painter.drawRoundedRect(rect, 6, 6)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(scheme.accent), 1.5))
            painter.drawRoundedRect(rect, 6, 6)

    def _paint_entry(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        scheme = theme.colours()
        state = index.data(Role.STATE)
        gone = state == FolderState.OFFLINE  # Qt hands the state back as plain text
        ink = QColor(scheme.muted if gone else scheme.text)
        rect = option.rect.adjusted(_MARGIN, 0, -_MARGIN, 0)
        warns = index.data(Role.ICON) == "warning"
        icons.paint(
            painter, index.data(Role.ICON), _centred(rect, _ICON), QColor(scheme.warning) if warns else ink
        )
        rect.setLeft(rect.left() + _ICON + 8)
        rect.setRight(self._paint_count(painter, rect, index.data(Role.COUNT)))
        if state in _STATE_ICONS:
            spot = QRect(rect.right() - _STATE_ICON, rect.top(), _STATE_ICON, rect.height())
            bad = state in (FolderState.PROBLEM, FolderState.ASKING)
            sign_colour = QColor(scheme.warning if bad else scheme.muted)
            icons.paint(painter, _STATE_ICONS[state], _centred(spot, _STATE_ICON), sign_colour)
            rect.setRight(spot.left() - 6)
        painter.setPen(ink)
        name = option.fontMetrics.elidedText(index.data(), Qt.TextElideMode.ElideMiddle, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)

    def _paint_count(self, painter: QPainter, rect: QRect, count: int | None) -> int:
        """Paint the number at the right edge; the position where room for the name ends."""
        if not count:
            return rect.right()
        painter.setPen(QColor(theme.colours().muted))
        text = wording.number(count)
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
        return rect.right() - painter.fontMetrics().horizontalAdvance(text) - 8


def _centred(rect: QRect, size: int) -> QRectF:
    """A square at the left edge, in the middle of the height."""
    return QRectF(rect.left(), rect.center().y() + 0.5 - size / 2, size, size)
