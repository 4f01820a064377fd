"""What hangs at the pointer while photos are dragged to another program."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QWidget

EDGE = 96  # logical pixels


def drag_picture(widget: QWidget, picture: QPixmap | None, count: int) -> QPixmap:
    """A photo, small, with the number of files when there are several, in the colours of the widget."""
    ratio = widget.devicePixelRatioF()
    canvas = QPixmap(QSize(EDGE, EDGE) * ratio)
    canvas.setDevicePixelRatio(ratio)
    canvas.fill(Qt.GlobalColor.transparent)
    painter = QPainter(canvas)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    if picture is not None:
        size = picture.deviceIndependentSize().scaled(EDGE, EDGE, Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(QPoint(), size.toSize())
        target.moveCenter(QPoint(EDGE // 2, EDGE // 2))
        painter.setOpacity(0.9)
        painter.drawPixmap(target, picture)
        painter.setOpacity(1.0)
    if count > 1:
        _paint_count(painter, widget, widget.locale().toString(count))
    painter.end()
    return canvas


def _paint_count(painter: QPainter, widget: QWidget, text: str) -> None:
    metrics = QFontMetrics(widget.font())
    height = metrics.height() + 4
    badge = QRect(0, 0, max(metrics.horizontalAdvance(text) + 12, height), height)
    badge.moveBottomRight(QPoint(EDGE - 1, EDGE - 1))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(widget.palette().color(QPalette.ColorRole.Highlight))
    painter.drawRoundedRect(badge, height / 2, height / 2)
    painter.setPen(widget.palette().color(QPalette.ColorRole.HighlightedText))
    painter.setFont(widget.font())
    painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, text)
