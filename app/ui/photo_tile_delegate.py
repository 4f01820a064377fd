"""Draws one photo of the grid: picture, caption, signs, selection and focus."""

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QObject, QPoint, QRect, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.domain.decisions import Flag
from app.domain.photo import Photo, PhotoState
from app.ui.companion_badge import paint_badges
from app.ui.decision_signs import paint_decisions
from app.ui.glyphs import FAVOURITE_RED, PROBLEM_AMBER, Glyph, glyph
from app.ui.grid_geometry import MARGIN
from app.ui.photo_grid_model import AnyIndex, PhotoGridModel
from app.ui.photo_texts import file_name
from app.ui.thumbnail_loader import CORNER

PADDING = 6  # between a tile's edge and its picture, where selection shows
CAPTION_FROM = 150  # tiles at least this large carry the file name
_WEAK_OPACITY = 0.8
_REJECTED_OPACITY = 0.55  # steps back, but can still be recognised


@dataclass(frozen=True)
class _Colours:
    """What one palette means for tiles."""

    placeholder: QColor
    sign: QColor
    hover: QColor
    selected: QColor
    selected_idle: QColor
    accent: QColor
    text: QColor
    line: QColor
    muted: QColor

    @classmethod
    def of(cls, palette: QPalette) -> "_Colours":
        text, accent = palette.color(QPalette.ColorRole.Text), palette.color(QPalette.ColorRole.Highlight)
        return cls(
            placeholder=_veil(text, 16),
            sign=_veil(text, 70),
            hover=_veil(text, 18),
            selected=_veil(accent, 90),
            selected_idle=_veil(accent, 50),
            accent=accent,
            text=_veil(text, 200),
            line=_veil(text, 45),
            muted=_veil(text, 150),
        )


def _veil(colour: QColor, alpha: int) -> QColor:
    return QColor(colour.red(), colour.green(), colour.blue(), alpha)


def caption_height(metrics: QFontMetrics, tile: int) -> int:
    """Room below the picture for one line of text; none for small tiles."""
    return metrics.height() + 2 if tile >= CAPTION_FROM else 0


@lru_cache(maxsize=4096)
def _elided(name: str, width: int, font_key: str) -> str:
    font = QFont()
    font.fromString(font_key)
    return QFontMetrics(font).elidedText(name, Qt.TextElideMode.ElideMiddle, width)


class PhotoTileDelegate(QStyledItemDelegate):
    """Paints tiles without asking anything but what is in memory."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._palette_key = -1
        self._colours = _Colours.of(QPalette())
        self._font = QFont()
        self._font_key = ""

    def prepare(self, palette: QPalette, font: QFont) -> None:
        """Once per paint event: notice a change of scheme or font."""
        if palette.cacheKey() != self._palette_key:
            self._palette_key = palette.cacheKey()
            self._colours = _Colours.of(palette)
        self._font, self._font_key = font, font.toString()

    def picture_box(self, tile: QRect) -> QRect:
        """The square in which the picture lies."""
        edge = tile.width() - 2 * PADDING
        return QRect(tile.x() + PADDING, tile.y() + PADDING, edge, edge)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        model = index.model()
        assert isinstance(model, PhotoGridModel)
        row, tile = index.row(), option.rect
        photo = model.photo_at(row)
        pixmap = model.thumbnails.pixmap(photo) if photo is not None else None
        self._paint_ground(painter, tile, option.state)
        box = self.picture_box(tile)
        rejected = photo is not None and photo.decisions.flag is Flag.REJECT
        faded = rejected or model.is_weak(row)
        if faded:
            painter.setOpacity(_REJECTED_OPACITY if rejected else _WEAK_OPACITY)
        shown = self._paint_picture(painter, box, photo, pixmap)
        if photo is not None:
            self._paint_signs(painter, shown, photo)
            paint_badges(painter, shown, photo)
            paint_decisions(painter, shown, photo)
            if tile.height() > tile.width():
                self._paint_caption(painter, tile, photo)
        if faded:
            painter.setOpacity(1.0)

    def _paint_ground(self, painter: QPainter, tile: QRect, state: QStyle.StateFlag) -> None:
        colours, flag = self._colours, QStyle.StateFlag
        fill = None
        if state & flag.State_Selected:
            fill = colours.selected if state & flag.State_Active else colours.selected_idle
        elif state & flag.State_MouseOver:
            fill = colours.hover
        focused = bool(state & flag.State_HasFocus)
        if fill is None and not focused:
            return
        painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colours.accent, 2) if focused else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(QRectF(tile).adjusted(1, 1, -1, -1), CORNER + 3, CORNER + 3)

    def _paint_picture(
        self, painter: QPainter, box: QRect, photo: Photo | None, pixmap: QPixmap | None
    ) -> QRect:
        """Draw the picture or what stands for it; returns where it lies."""
        if pixmap is None:
            return self._paint_placeholder(painter, box, photo)
        size = self._shown_size(box, pixmap, photo)
        target = QRect(QPoint(), size)
        target.moveCenter(box.center())
        painter.drawPixmap(target, pixmap)
        return target

    def _shown_size(self, box: QRect, pixmap: QPixmap, photo: Photo | None) -> QSize:
        """As large as fits; a picture smaller than the box keeps its own size."""
        limit = QSizeF(box.size())
        metadata = photo.metadata if photo else None
        if metadata and metadata.width < limit.width() and metadata.height < limit.height():
            limit = QSizeF(metadata.width, metadata.height)
        size = pixmap.deviceIndependentSize()
        if abs(max(size.width(), size.height()) - limit.width()) < 1.0:
            return size.toSize()  # made for this box: pixel for pixel
        return size.scaled(limit, Qt.AspectRatioMode.KeepAspectRatio).toSize()

    def _paint_placeholder(self, painter: QPainter, box: QRect, photo: Photo | None) -> QRect:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colours.placeholder)
        area = self._expected_area(box, photo)
        painter.drawRoundedRect(area, CORNER, CORNER)
        if photo is not None and photo.state is PhotoState.PROBLEM:
            self._paint_sign(painter, area, Glyph.PROBLEM, PROBLEM_AMBER)
        elif photo is not None and photo.content_key is None:
            self._paint_sign(painter, area, Glyph.PICTURE, self._colours.sign)
        return area

    def _expected_area(self, box: QRect, photo: Photo | None) -> QRect:
        """Where the picture will lie, so that nothing jumps when it comes."""
        metadata = photo.metadata if photo else None
        if metadata is None or not metadata.width or not metadata.height:
            return box
        size = QSize(metadata.width, metadata.height).scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
        area = QRect(QPoint(), size)
        area.moveCenter(box.center())
        return area

    def _paint_sign(self, painter: QPainter, area: QRect, kind: Glyph, colour: QColor) -> None:
        size = max(16, min(area.width(), area.height()) // 4)
        sign = glyph(kind, size, painter.device().devicePixelRatioF(), colour)
        painter.drawPixmap(area.center() - QPoint(size // 2, size // 2), sign)

    def _paint_signs(self, painter: QPainter, shown: QRect, photo: Photo) -> None:
        """The heart and the unplugged drive, in the lower corners of the picture."""
        if not photo.favourite and not photo.offline:
            return
        size = max(14, min(24, shown.width() // 8))
        ratio, inset = painter.device().devicePixelRatioF(), size // 3
        y = shown.bottom() + 1 - size - inset
        if photo.favourite:
            sign = glyph(Glyph.FAVOURITE, size, ratio, FAVOURITE_RED)
            painter.drawPixmap(QPoint(shown.right() + 1 - size - inset, y), sign)
        if photo.offline:
            sign = glyph(Glyph.OFFLINE, size, ratio, QColor(Qt.GlobalColor.white))
            painter.drawPixmap(QPoint(shown.x() + inset, y), sign)

    def _paint_caption(self, painter: QPainter, tile: QRect, photo: Photo) -> None:
        area = QRect(
            tile.x() + PADDING,
            tile.y() + tile.width() - 2,
            tile.width() - 2 * PADDING,
            tile.height() - tile.width(),
        )
        painter.setPen(self._colours.text)
        text = _elided(file_name(photo), area.width(), self._font_key)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)

    def paint_note(self, painter: QPainter, band: QRect, *, only: bool) -> None:
        """The quiet line of text before possible matches; `only`: there are no surer ones."""
        painter.setFont(self._font)
        painter.setPen(self._colours.muted)
        area = band.adjusted(MARGIN + PADDING, 0, -MARGIN - PADDING, 0)
        text = self.tr("No clear match; these are possible") if only else self.tr("Possible matches")
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def paint_divider(self, painter: QPainter, band: QRect, *, only: bool) -> None:
        """The line of text before weak matches; `only`: there are no others."""
        text = self.tr("These come nearest") if only else self.tr("Weak matches")
        font = QFont(self._font)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(self._colours.text)
        area = band.adjusted(MARGIN + PADDING, 0, -MARGIN - PADDING, 0)
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        left = area.left() + QFontMetrics(font).horizontalAdvance(text) + 12
        painter.fillRect(left, band.center().y(), area.right() - left, 1, self._colours.line)
        painter.setFont(self._font)

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return option.rect.size()
