"""The photos of a group side by side: each with its facts, and a box that says whether it goes."""

from PySide6.QtCore import QAbstractItemModel, QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.domain.photo import Photo
from app.ui import photo_texts
from app.ui.decision_wishes import decisions_text
from app.ui.duplicates_models import PHOTO_ROLE, GroupPhotosModel, Index
from app.ui.theme import colours
from app.ui.thumbnail_loader import ThumbnailLoader

EDGE = 208  # of a picture, logical pixels
_PADDING = 10
_LINES = 6  # the box, name, size, date, format and decisions, folder
_FADED = 0.4
_BOX = 15


class TileView(QListView):
    """Wraps its tiles; Space marks, Enter opens."""

    open_wanted = Signal(object)  # list of photo ids

    def __init__(self, thumbnails: ThumbnailLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("duplicateTiles")
        self.setItemDelegate(TileDelegate(thumbnails, self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setSpacing(6)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.doubleClicked.connect(self._open)

    def _open(self, index: Index) -> None:
        self.open_wanted.emit([index.data(PHOTO_ROLE).photo_id])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if index.isValid() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(index)
        elif index.isValid() and event.key() == Qt.Key.Key_Space:
            _toggle(self.model(), index)
        else:
            super().keyPressEvent(event)


class TileDelegate(QStyledItemDelegate):
    """Paints one photo of a group."""

    def __init__(self, thumbnails: ThumbnailLoader, parent: QWidget) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        line = option.fontMetrics.height() + 2
        return QSize(EDGE + 2 * _PADDING, EDGE + 3 * _PADDING + _LINES * line)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        photo: Photo = index.data(PHOTO_ROLE)
        model = index.model()
        assert isinstance(model, GroupPhotosModel)
        marked = model.is_marked(index)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, option)
        self._paint_picture(painter, option.rect, photo, faded=marked)
        self._paint_box(painter, option, marked=marked)
        self._paint_facts(painter, option, photo, best=index.row() == 0)
        painter.restore()

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        if isinstance(event, QMouseEvent) and self._box_row(option).contains(event.position().toPoint()):
            if event.type() == QEvent.Type.MouseButtonRelease and event.button() == Qt.MouseButton.LeftButton:
                _toggle(model, index)
            return True  # a double click on the box opens nothing
        return False

    def box_centre(self, view: QListView, index: Index) -> QPoint:
        """Where a click marks the photo, in the view's viewport."""
        option = QStyleOptionViewItem()
        option.rect = view.visualRect(index)
        option.font, option.fontMetrics = view.font(), view.fontMetrics()
        return self._box_row(option).center()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        state = option.state
        scheme = colours()
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(QColor(scheme.selection))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(scheme.hover))
        else:
            painter.setBrush(Qt.BrushStyle.NoBrush)
        focused = state & QStyle.StateFlag.State_HasFocus
        painter.setPen(QPen(QColor(scheme.accent), 1.5) if focused else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(option.rect.adjusted(1, 1, -1, -1), 8, 8)

    def _paint_picture(self, painter: QPainter, tile: QRect, photo: Photo, *, faded: bool) -> None:
        box = QRect(tile.x() + _PADDING, tile.y() + _PADDING, EDGE, EDGE)
        pixmap = self._thumbnails.pixmap(photo)
        if pixmap is None:
            return
        area = QRect(QPoint(), pixmap.deviceIndependentSize().toSize())
        area.moveCenter(box.center())
        painter.setOpacity(_FADED if faded else 1.0)
        painter.drawPixmap(area, pixmap)
        painter.setOpacity(1.0)

    def _paint_box(self, painter: QPainter, option: QStyleOptionViewItem, *, marked: bool) -> None:
        row = self._box_row(option)
        square = QRect(row.x(), row.center().y() - _BOX // 2, _BOX, _BOX)
        scheme = colours()
        painter.setPen(QPen(QColor(scheme.accent if marked else scheme.muted), 1))
        painter.setBrush(QColor(scheme.accent) if marked else QColor(scheme.base))
        painter.drawRoundedRect(square, 4, 4)
        if marked:
            painter.setPen(QPen(QColor(scheme.on_accent), 1.8))
            painter.drawPolyline([square.topLeft() + QPoint(*place) for place in ((3, 8), (6, 11), (12, 4))])
        painter.setPen(QColor(scheme.text if marked else scheme.muted))
        text = row.adjusted(_BOX + 7, 0, 0, 0)
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, self.tr("To the trash"))

    def _paint_facts(
        self, painter: QPainter, option: QStyleOptionViewItem, photo: Photo, *, best: bool
    ) -> None:
        scheme, metrics = colours(), option.fontMetrics
        line = metrics.height() + 2
        area = self._box_row(option).translated(0, line)
        for number, text in enumerate(self._facts(photo, best=best)):
            painter.setPen(QColor(scheme.text if number == 0 else scheme.muted))
            middle = Qt.TextElideMode.ElideMiddle
            painter.drawText(
                area, Qt.AlignmentFlag.AlignVCenter, metrics.elidedText(text, middle, area.width())
            )
            area = area.translated(0, line)

    def _facts(self, photo: Photo, *, best: bool) -> list[str]:
        metadata = photo.metadata
        kind = [metadata.format if metadata else "", decisions_text(photo.decisions)]
        kind.append(self.tr("favourite") if photo.favourite else "")
        kind.append(self.tr("with companion") if photo.companions else "")
        kind.append(self.tr("best") if best else "")
        return [
            photo_texts.file_name(photo),
            photo_texts.size_text(photo),
            photo_texts.taken_text(photo) or self.tr("no date"),
            " · ".join(filter(None, kind)),
            photo_texts.folder_path(photo),
        ]

    def _box_row(self, option: QStyleOptionViewItem) -> QRect:
        tile = option.rect
        line = option.fontMetrics.height() + 2
        return QRect(tile.x() + _PADDING, tile.y() + EDGE + 2 * _PADDING - 2, EDGE, line)


def _toggle(model: QAbstractItemModel, index: Index) -> None:
    checked = index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
    other = Qt.CheckState.Unchecked if checked else Qt.CheckState.Checked
    model.setData(index, other, Qt.ItemDataRole.CheckStateRole)
