"""Icons drawn as SVG in one colour, recoloured to the palette and crisp on every screen."""

import functools
import weakref
from typing import Protocol

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from shiboken6 import isValid

from app.paths import resource

_SIZES = (16, 20, 24)
_SCALES = (1, 2)  # what lies between is scaled down from 2
_STROKE = 'stroke-width="1.75"'  # as every icon is drawn
_THIN_STROKE = 'stroke-width="1.1"'
_LARGEST_BUTTON = 28  # logical pixels


class _TakesIcon(Protocol):
    def setIcon(self, icon: QIcon) -> None: ...


_themed: "weakref.WeakKeyDictionary[QObject, str]" = weakref.WeakKeyDictionary()


def set_icon(target: QObject, name: str) -> None:
    """Give a button or an action an icon that follows the colours from now on."""
    _themed[target] = name
    _put(target, name)


def repaint_all() -> None:
    """Draw every icon given out again, after the colours changed."""
    for target, name in list(_themed.items()):
        if isValid(target):
            _put(target, name)


def icon(name: str, colour: QColor | None = None) -> QIcon:
    """An icon in one colour, the text's by default."""
    palette = QGuiApplication.palette()
    normal = colour or palette.color(QPalette.ColorRole.ButtonText)
    faded = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
    faded.setAlphaF(0.6)
    result = QIcon()
    for size in _SIZES:
        for scale in _SCALES:
            result.addPixmap(pixmap(name, size, normal, scale), QIcon.Mode.Normal)
            result.addPixmap(pixmap(name, size, faded, scale), QIcon.Mode.Disabled)
    return result


def pixmap(name: str, size: int, colour: QColor, scale: float = 1.0) -> QPixmap:
    """An icon of `size` logical pixels for a screen with `scale` pixels each."""
    result = QPixmap(QSize(size, size) * scale)
    result.setDevicePixelRatio(scale)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    paint(painter, name, QRectF(0, 0, size, size), colour)
    painter.end()
    return result


def paint(painter: QPainter, name: str, rect: QRectF, colour: QColor) -> None:
    """Draw an icon into a rectangle, for delegates."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(painter.opacity() * colour.alphaF())
    # A sign as large as a headline drawn with the stroke of a button's icon looks like a poster.
    stroke = _STROKE if rect.height() <= _LARGEST_BUTTON else _THIN_STROKE
    _renderer(name, colour.name(), stroke).render(painter, rect)
    painter.restore()


def application_icon() -> QIcon:
    """The icon of the program."""
    renderer = QSvgRenderer(str(resource("icons/photosift.svg")))
    result = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        image = QPixmap(size, size)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        result.addPixmap(image)
    return result


def _put(target: _TakesIcon | QObject, name: str) -> None:
    target.setIcon(icon(name))  # type: ignore[union-attr]  # only buttons and actions are handed in


@functools.cache
def _source(name: str) -> str:
    return resource(f"icons/{name}.svg").read_text(encoding="utf-8")


@functools.lru_cache(maxsize=256)
def _renderer(name: str, colour: str, stroke: str) -> QSvgRenderer:
    source = _source(name).replace("currentColor", colour).replace(_STROKE, stroke)
    return QSvgRenderer(QByteArray(source.encode()))
