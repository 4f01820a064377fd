"""A grid of tiles over a `PhotoGridModel`: where they lie, how they are painted, scrolled and enlarged."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QItemSelection,
    QModelIndex,
    QPoint,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyleOptionViewItem,
    QWidget,
)

from app.ui.grid_geometry import MARGIN, MAX_TILE, MIN_TILE, GridGeometry, Rect
from app.ui.grid_selection import next_row, ranges
from app.ui.photo_grid_model import AnyIndex, PhotoGridModel
from app.ui.photo_tile_delegate import PADDING, PhotoTileDelegate, caption_height

_TILE_STEP = 1.15  # one notch of the wheel or one press of Ctrl+=
_SHARPEN_AFTER = 120  # milliseconds without another change of size
_MORE_SCREENS = 2  # ask for more this far before the end
_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
_LARGER = (Qt.Key.Key_Equal, Qt.Key.Key_Plus)
_CTRL_ALT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
_Cursor = QAbstractItemView.CursorAction
_Hint = QAbstractItemView.ScrollHint


class TiledView(QListView):
    """Tiles in columns that fill the width, possible matches below a note, weak ones below a divider.

    A QListView for its selection, keyboard and accessibility; its own layout, which keeps an object per item,
    is replaced by `GridGeometry`, so that resizing a million photos costs nothing.
    """

    tile_size_changed = Signal(int)  # logical pixels
    more_wanted = Signal()  # the end of an incomplete result is near; once per result

    def __init__(self, parent: QWidget | None = None, *, tile_size: int = 200) -> None:
        super().__init__(parent)
        self._tile = tile_size
        self._geometry = GridGeometry(0, 0, 0, tile_size)
        self._delegate = PhotoTileDelegate(self)
        self._hover_row = -1
        self._asked_for_more = False
        # Thumbnails are made for the new size when it has stopped changing, and stretched until then.
        self._sharpen = QTimer(self, singleShot=True, interval=_SHARPEN_AFTER)
        self._sharpen.timeout.connect(self._make_sharp)
        self._configure()

    def _configure(self) -> None:
        self.setItemDelegate(self._delegate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)

    # --- for the window

    @property
    def tile_size(self) -> int:
        """The wanted edge of a tile in logical pixels; tiles grow or shrink a little to fill the width."""
        return self._tile

    def set_tile_size(self, size: int) -> None:
        """Between 96 and 512 logical pixels; the photos in sight stay in sight."""
        size = max(MIN_TILE, min(size, MAX_TILE))
        if size != self._tile:
            self._tile = size
            self._relayout()
            self.tile_size_changed.emit(size)

    def enlarge(self) -> None:
        self.set_tile_size(max(self._tile + 1, round(self._tile * _TILE_STEP)))

    def reduce(self) -> None:
        self.set_tile_size(min(self._tile - 1, round(self._tile / _TILE_STEP)))

    def current_row(self) -> int:
        """The row with the keyboard focus; -1 when there is none."""
        return self.currentIndex().row()

    @property
    def grid_model(self) -> PhotoGridModel:
        """The model, which must have been set."""
        model = self.model()
        assert isinstance(model, PhotoGridModel)
        return model

    # --- geometry

    def _start_over(self) -> None:
        """Other rows are there than before."""
        self._asked_for_more = False
        self._hover_row = -1
        self._measure()
        self.viewport().update()

    def _on_rows_inserted(self) -> None:
        self._asked_for_more = False
        self._relayout()

    def _rect(self, row: int) -> QRect:
        """Of a tile, in the viewport."""
        return _qrect(self._geometry.rect_of(row)).translated(0, -self.verticalOffset())

    def visible_rows(self) -> range:
        """Rows that are at least partly in sight."""
        top = self.verticalOffset()
        return self._geometry.visible(top, top + self.viewport().height())

    def _top_row(self) -> int | None:
        """The first row that is wholly in sight, or the first at all."""
        rows = self.visible_rows()
        return next((row for row in rows if self._rect(row).y() >= 0), rows.start if rows else None)

    def _anchor(self) -> tuple[int, int] | None:
        """The row to hold in place when the layout changes, and its top in the viewport."""
        if not self._geometry.count or self.verticalOffset() == 0:
            return None
        current, visible = self.current_row(), self.visible_rows()
        row = current if current in visible else self._top_row()
        return None if row is None else (row, self._rect(row).y())

    def _measure(self) -> None:
        """Compute the layout for the present width and tell the scroll bar."""
        found, metrics = self.model(), QFontMetrics(self.font())
        model = found if isinstance(found, PhotoGridModel) else None
        self._geometry = GridGeometry(
            count=model.rowCount() if model is not None else 0,
            weak_from=model.weak_from if model is not None else 0,
            possible_from=model.possible_from if model is not None else None,
            width=self.viewport().width(),
            tile=self._tile,
            caption=caption_height(metrics, self._tile),
            divider=metrics.height() * 2 + 12,
            note=metrics.height() + 14,
        )
        bar, page = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(page)
        bar.setSingleStep(max(20, self._geometry.line // 4))
        bar.setRange(0, max(0, self._geometry.height - page))
        bar.setEnabled(bar.maximum() > 0)  # without a handle where there is nothing to scroll
        if not self.isVisible():
            self._make_sharp()
        else:
            self._sharpen.start()

    def _make_sharp(self) -> None:
        model = self.model()
        if isinstance(model, PhotoGridModel):
            model.thumbnails.set_size(self._geometry.edge - 2 * PADDING, self.devicePixelRatioF())
            self.viewport().update()

    def _relayout(self) -> None:
        anchor = self._anchor()
        self._measure()
        if anchor is not None and anchor[0] < self._geometry.count:
            self.verticalScrollBar().setValue(self._geometry.rect_of(anchor[0]).y - anchor[1])
        self.viewport().update()

    # --- painting

    def _paint_tiles(self, painter: QPainter, damaged: QRegion) -> None:
        """Only those that are touched: of a screen full of pictures, a few arrive at a time."""
        flag, grid, selection = QStyle.StateFlag, self.grid_model, self.selectionModel()
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        base = option.state & ~(flag.State_HasFocus | flag.State_Selected | flag.State_MouseOver)
        base = base | flag.State_Active if self.hasFocus() else base & ~flag.State_Active
        current = self.current_row() if self.hasFocus() else -1
        anything_selected = selection.hasSelection()
        top, area = self.verticalOffset(), damaged.boundingRect()
        for row in self._geometry.visible(area.top() + top, area.bottom() + top + 1):
            rect = _qrect(self._geometry.rect_of(row)).translated(0, -top)
            if not damaged.intersects(rect):
                continue
            index = grid.index(row)
            state = base
            if anything_selected and selection.isSelected(index):
                state |= flag.State_Selected
            if row == self._hover_row:
                state |= flag.State_MouseOver
            if row == current:
                state |= flag.State_HasFocus
            option.rect, option.state = rect, state
            self._delegate.paint(painter, option, index)

    def _paint_bands(self, painter: QPainter) -> None:
        """The lines of text between the sections."""
        geometry, top = self._geometry, self.verticalOffset()
        if geometry.has_note:
            band = _qrect(geometry.note_rect).translated(0, -top)
            self._delegate.paint_note(painter, band, only=geometry.possible_from == 0)
        if geometry.has_divider:
            band = _qrect(geometry.divider_rect).translated(0, -top)
            self._delegate.paint_divider(painter, band, only=geometry.weak_from == 0)

    def _paint_over(self, painter: QPainter) -> None:
        """For those who inherit: what lies above the tiles."""

    def _ask_for_more(self) -> None:
        left = self._geometry.height - self.verticalOffset() - self.viewport().height()
        near = left < _MORE_SCREENS * self.viewport().height()
        if near and not self.grid_model.complete and not self._asked_for_more:
            self._asked_for_more = True
            self.more_wanted.emit()

    def _set_hover(self, row: int) -> None:
        if row != self._hover_row:
            for changed in (self._hover_row, row):
                if 0 <= changed < self._geometry.count:
                    self.viewport().update(self._rect(changed))
            self._hover_row = row

    # --- Qt: the model

    def setModel(self, model: QAbstractItemModel | None) -> None:
        super().setModel(model)
        if isinstance(model, PhotoGridModel):
            model.sections_changed.connect(self._relayout)
            model.rowsInserted.connect(self._on_rows_inserted)
        self._measure()

    def dataChanged(self, top_left: AnyIndex, bottom_right: AnyIndex, roles: Sequence[int] = ()) -> None:
        visible = self.visible_rows()
        rows = range(max(top_left.row(), visible.start), min(bottom_right.row() + 1, visible.stop))
        for row in rows:
            self.viewport().update(self._rect(row))

    # --- Qt: geometry

    def visualRect(self, index: AnyIndex) -> QRect:
        return self._rect(index.row()) if 0 <= index.row() < self._geometry.count else QRect()

    def indexAt(self, point: QPoint) -> QModelIndex:
        row = self._geometry.position_at(point.x(), point.y() + self.verticalOffset())
        return QModelIndex() if row is None else self.grid_model.index(row)

    def scrollTo(self, index: AnyIndex, hint: _Hint = _Hint.EnsureVisible) -> None:
        if not 0 <= index.row() < self._geometry.count:
            return
        rect, bar = self._geometry.rect_of(index.row()), self.verticalScrollBar()
        page = self.viewport().height()
        above, below = rect.y - MARGIN, rect.y + rect.height + MARGIN - page
        goals = {
            _Hint.PositionAtTop: above,
            _Hint.PositionAtBottom: below,
            _Hint.PositionAtCenter: (above + below) // 2,
        }
        bar.setValue(goals.get(hint, min(above, max(below, bar.value()))))

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def doItemsLayout(self) -> None:
        QAbstractItemView.doItemsLayout(self)

    def updateGeometries(self) -> None:
        self._relayout()

    def moveCursor(self, action: _Cursor, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        if not self._geometry.count:
            return QModelIndex()
        row = self.current_row()
        if row < 0:
            return self.grid_model.index(self._top_row() or 0)
        page = self.viewport().height()
        return self.grid_model.index(next_row(self._geometry, action, row, page))

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        """Only what is in sight: a selection may hold a million rows."""
        region, visible = QRegion(), self.visible_rows()
        for run in ranges(selection):
            for row in range(max(run.start, visible.start), min(run.stop, visible.stop)):
                region += self._rect(row)
        return region

    # --- Qt: events

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._sharpen.start()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not isinstance(self.model(), PhotoGridModel):
            return
        self.grid_model.set_visible(self.visible_rows())
        painter = QPainter(self.viewport())
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        self._delegate.prepare(self.palette(), self.font())
        self._paint_tiles(painter, event.region())
        self._paint_bands(painter)
        self._paint_over(painter)
        painter.end()
        self._ask_for_more()

    def resizeEvent(self, event: QResizeEvent) -> None:
        QAbstractItemView.resizeEvent(self, event)
        self._relayout()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().scroll(dx, dy)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            delta = event.angleDelta().y()
            if delta:
                self.enlarge() if delta > 0 else self.reduce()
            event.accept()
        else:
            QAbstractItemView.wheelEvent(self, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ctrl = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if ctrl and event.key() in _LARGER:
            self.enlarge()
        elif ctrl and event.key() == Qt.Key.Key_Minus:
            self.reduce()
        elif event.text().isprintable() and event.text() and not event.modifiers() & _CTRL_ALT:
            event.ignore()  # letters are for the window; the view's own search would ask for every row
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Nothing: it would ask the model for every row."""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        QAbstractItemView.mouseMoveEvent(self, event)
        self._set_hover(self.indexAt(event.position().toPoint()).row() if not event.buttons() else -1)

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(-1)


def _qrect(rect: Rect) -> QRect:
    return QRect(rect.x, rect.y, rect.width, rect.height)
