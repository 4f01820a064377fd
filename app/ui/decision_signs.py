"""Small signs on a tile for what was decided about its photo: stars, flag, label."""

from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap, QPolygonF

from app.domain.decisions import NO_DECISIONS, Flag
from app.domain.photo import Photo
from app.ui import icons
from app.ui.decision_wishes import LABEL_COLOURS, STAR_GOLD
from app.ui.glyphs import FAVOURITE_RED

_GROUND = QColor(0, 0, 0, 150)
_INK = QColor(255, 255, 255)
_OTHER_LABEL = QColor(160, 160, 160)
_SMALLEST, _LARGEST = 12, 18  # logical pixels high
_NARROWEST = 72  # on smaller pictures the signs would hide what they are about
_STAR = (  # corners, of 24 by 24
    *((12, 2.6), (14.9, 8.6), (21.4, 9.5), (16.7, 14.1), (17.8, 20.6)),
    *((12, 17.5), (6.2, 20.6), (7.3, 14.1), (2.6, 9.5), (9.1, 8.6)),
)


def paint_decisions(painter: QPainter, picture: QRect, photo: Photo) -> None:
    """Stars in the lower left corner of the picture, flag and label in the upper right one."""
    held = photo.decisions
    if held == NO_DECISIONS or picture.width() < _NARROWEST:
        return
    height = max(_SMALLEST, min(_LARGEST, picture.width() // 10))
    ratio, inset = painter.device().devicePixelRatioF(), height // 2
    if held.rating:
        signs = _stars(held.rating, height, ratio)
        beside_drive = round(height * 1.8) if photo.offline else 0  # that sign has the corner
        painter.drawPixmap(picture.x() + inset + beside_drive, picture.bottom() + 1 - height - inset, signs)
    marks = _marks(held.flag, held.label, height, ratio)
    if marks is not None:
        width = round(marks.deviceIndependentSize().width())
        painter.drawPixmap(picture.right() + 1 - width - inset, picture.y() + inset, marks)


@lru_cache(maxsize=64)
def _stars(count: int, height: int, ratio: float) -> QPixmap:
    """The same pixmap each time: curves are slow to draw for every tile."""
    pixmap, painter = _begin(count * height, height, ratio)
    painter.setBrush(STAR_GOLD)
    painter.setPen(Qt.PenStyle.NoPen)
    star = QPolygonF([QPointF(x, y) for x, y in _STAR])
    for number in range(count):
        painter.save()
        painter.translate(height * number, 0)
        painter.scale(height / 24, height / 24)
        painter.drawPolygon(star)
        painter.restore()
    painter.end()
    return pixmap


@lru_cache(maxsize=128)
def _marks(flag: Flag | None, label: str, height: int, ratio: float) -> QPixmap | None:
    count = bool(flag) + bool(label)
    if not count:
        return None
    pixmap, painter = _begin(count * height, height, ratio)
    room = QRectF(0, 0, height, height).adjusted(2, 2, -2, -2)
    if flag:
        if flag is Flag.REJECT:
            painter.setBrush(FAVOURITE_RED)
            painter.drawEllipse(room)
        icons.paint(painter, f"flag-{flag.value}", room, _INK)
        room.translate(height, 0)
    if label:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(LABEL_COLOURS.get(label, _OTHER_LABEL))
        painter.drawEllipse(room.adjusted(1, 1, -1, -1))
    painter.end()
    return pixmap


def _begin(width: int, height: int, ratio: float) -> tuple[QPixmap, QPainter]:
    """A dark ground, so that signs are seen on any photo."""
    pixmap = QPixmap(round(width * ratio), round(height * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_GROUND)
    painter.drawRoundedRect(QRectF(0, 0, width, height), height / 2, height / 2)
    return pixmap, painter
