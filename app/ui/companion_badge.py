"""Small labels on a tile that say what belongs to the photo: RAW, LIVE."""

from functools import lru_cache

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPixmap

from app.domain.companions import CompanionKind
from app.domain.photo import Photo

_WORDS = {CompanionKind.RAW: "RAW", CompanionKind.FILM: "LIVE"}  # as cameras and phones write it everywhere
_GROUND = QColor(0, 0, 0, 150)
_INK = QColor(255, 255, 255, 235)
_SMALLEST, _LARGEST = 11, 16  # logical pixels high
_NARROWEST = 56  # on smaller pictures a label would hide what it is about


def badge_words(photo: Photo) -> tuple[str, ...]:
    """What the labels of a photo say, each once."""
    kinds = {one.kind for one in photo.companions}
    return tuple(word for kind, word in _WORDS.items() if kind in kinds)


def paint_badges(painter: QPainter, picture: QRect, photo: Photo) -> None:
    """In the upper left corner of the picture."""
    if not photo.companions or picture.width() < _NARROWEST:
        return
    height = max(_SMALLEST, min(_LARGEST, max(picture.width(), picture.height()) // 12))
    ratio = painter.device().devicePixelRatioF()
    place = picture.topLeft() + QPoint(height // 2, height // 2)
    for word in badge_words(photo):
        badge = _badge(word, height, ratio)
        painter.drawPixmap(place, badge)
        place += QPoint(round(badge.deviceIndependentSize().width()) + height // 4, 0)


@lru_cache(maxsize=64)
def _badge(word: str, height: int, ratio: float) -> QPixmap:
    """The same pixmap each time: text is slow to lay out for every tile."""
    font = QFont()
    font.setPixelSize(round(height * 0.68))
    font.setWeight(QFont.Weight.Bold)
    font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 104)
    width = round(QFontMetricsF(font).horizontalAdvance(word) + height * 0.7)
    pixmap = QPixmap(round(width * ratio), round(height * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_GROUND)
    painter.drawRoundedRect(QRectF(0, 0, width, height), height / 4, height / 4)
    painter.setPen(_INK)
    painter.setFont(font)
    painter.drawText(QRectF(0, 0, width, height), Qt.AlignmentFlag.AlignCenter, word)
    painter.end()
    return pixmap
