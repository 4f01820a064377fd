"""Small signs drawn from paths, so that they are crisp at every scale and need no files."""

from enum import StrEnum
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap

FAVOURITE_RED = QColor(255, 69, 88)
PROBLEM_AMBER = QColor(245, 166, 35)
_SHADE = QColor(0, 0, 0, 150)


class Glyph(StrEnum):
    """What a sign says."""

    FAVOURITE = "favourite"
    OFFLINE = "offline"
    PROBLEM = "problem"
    PICTURE = "picture"


def _heart() -> QPainterPath:
    path = QPainterPath(QPointF(0.5, 0.9))
    path.cubicTo(0.1, 0.62, 0.02, 0.42, 0.08, 0.27)
    path.cubicTo(0.15, 0.08, 0.40, 0.06, 0.5, 0.27)
    path.cubicTo(0.60, 0.06, 0.85, 0.08, 0.92, 0.27)
    path.cubicTo(0.98, 0.42, 0.9, 0.62, 0.5, 0.9)
    return path


def _triangle() -> QPainterPath:
    path = QPainterPath()
    path.moveTo(0.5, 0.14)
    path.lineTo(0.94, 0.88)
    path.lineTo(0.06, 0.88)
    path.closeSubpath()
    return path


def _draw_favourite(painter: QPainter, colour: QColor) -> None:
    painter.setPen(QPen(_SHADE, 0.09))
    painter.setBrush(colour)
    painter.drawPath(_heart())


def _draw_problem(painter: QPainter, colour: QColor) -> None:
    pen = QPen(colour, 0.14)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(colour)
    painter.drawPath(_triangle())
    painter.setPen(QPen(QColor(40, 30, 0), 0.1, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(QPointF(0.5, 0.4), QPointF(0.5, 0.62))
    painter.drawPoint(QPointF(0.5, 0.78))


def _draw_offline(painter: QPainter, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_SHADE)
    painter.drawEllipse(QRectF(0, 0, 1, 1))
    pen = QPen(colour, 0.08, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(0.25, 0.36, 0.5, 0.28), 0.06, 0.06)
    painter.drawPoint(QPointF(0.64, 0.5))
    painter.drawLine(QPointF(0.27, 0.76), QPointF(0.73, 0.24))


def _draw_picture(painter: QPainter, colour: QColor) -> None:
    pen = QPen(colour, 0.05, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(0.08, 0.18, 0.84, 0.64), 0.08, 0.08)
    painter.drawEllipse(QPointF(0.32, 0.4), 0.07, 0.07)
    painter.drawPolyline([QPointF(0.14, 0.74), QPointF(0.42, 0.54), QPointF(0.56, 0.64)])
    painter.drawPolyline([QPointF(0.5, 0.6), QPointF(0.68, 0.44), QPointF(0.88, 0.62)])


_DRAW = {
    Glyph.FAVOURITE: _draw_favourite,
    Glyph.PROBLEM: _draw_problem,
    Glyph.OFFLINE: _draw_offline,
    Glyph.PICTURE: _draw_picture,
}


def glyph(kind: Glyph, size: int, ratio: float, colour: QColor) -> QPixmap:
    """A sign of `size` logical pixels; the same pixmap each time. Only on the window's thread."""
    return _glyph(kind, size, ratio, colour.rgba())


@lru_cache(maxsize=64)
def _glyph(kind: Glyph, size: int, ratio: float, rgba: int) -> QPixmap:
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size, size)
    _DRAW[kind](painter, QColor.fromRgba(rgba))
    painter.end()
    return pixmap
