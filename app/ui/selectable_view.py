"""Choosing tiles: by mouse, keys and rubber band; the choice survives when other rows take their place."""

from PySide6.QtCore import QAbstractItemModel, QItemSelection, QItemSelectionModel, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyleOptionRubberBand, QWidget

from app.ui.grid_geometry import Rect
from app.ui.grid_selection import ids_of, runs_of, selection_of
from app.ui.photo_grid_model import PhotoGridModel
from app.ui.tiled_view import TiledView

_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
_Command = QItemSelectionModel.SelectionFlag


class SelectableView(TiledView):
    """Tiles that are chosen as files are in a file manager."""

    selection_changed = Signal(object)  # list of photo ids, in the order shown

    def __init__(self, parent: QWidget | None = None, *, tile_size: int = 200) -> None:
        super().__init__(parent, tile_size=tile_size)
        self._band: QRect | None = None  # the rubber band, in contents coordinates
        self._band_start = QPoint()
        self._selected: list[int] = []
        self._place: tuple[int, int] | None = None  # photo id at the top and where, while rows are replaced
        self._current: tuple[int, int] | None = None  # photo id and row with the focus, likewise
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionRectVisible(True)

    def selected_ids(self) -> list[int]:
        """Ids of the selected photos, in the order shown."""
        return list(self._selected)

    def select_row(self, row: int) -> None:
        """Select one photo alone and bring it into sight."""
        self.setCurrentIndex(self.grid_model.index(row))

    def lead_row(self) -> int | None:
        """The row that commands for one photo mean: the current one if selected, else the first selected."""
        current = self.currentIndex()
        if current.isValid() and self.selectionModel().isSelected(current):
            return current.row()
        rows = self.grid_model.rows_of(self._selected[:1])
        return int(rows[0]) if len(rows) else None

    def insertion_at(self, point: QPoint) -> tuple[int, int, QRect] | None:
        """Before which row something dropped at a point goes, at which x, and a tile beside it.

        In the coordinates of the viewport; None in an empty grid.
        """
        near = self._geometry.position_near(point.x(), point.y() + self.verticalOffset())
        if near is None:
            return None
        tile = self._rect(near)
        if point.x() <= tile.center().x():
            return near, tile.left(), tile
        return near + 1, tile.right() + 1, tile

    def _tell_selection(self) -> None:
        selected = ids_of(self.selectionModel().selection(), self.grid_model.photo_ids)
        if selected != self._selected:
            self._selected = selected
            self.selection_changed.emit(list(selected))

    # --- other rows than before

    def _before_reset(self) -> None:
        row = self._top_row()
        if row is not None and self.verticalOffset() > 0:
            self._place = (self.grid_model.id_at(row), self._rect(row).y())
        current = self.current_row()
        self._current = (self.grid_model.id_at(current), current) if current >= 0 else None

    def _on_result_replaced(self, same_question: bool) -> None:
        place, self._place = self._place, None
        self._band = None
        self._start_over()
        row = self.grid_model.row_of(place[0]) if place and same_question else None
        self.verticalScrollBar().setValue(
            self._geometry.rect_of(row).y - place[1] if row is not None and place else 0
        )
        if same_question:
            self._restore_selection()
        self._tell_selection()

    def _restore_selection(self) -> None:
        if self._current is not None:
            photo_id, row_before = self._current
            row = self.grid_model.row_of(photo_id)
            # Where the photo is gone, to the trash perhaps, the one in its place has the focus.
            goal = row if row is not None else min(row_before, self.grid_model.rowCount() - 1)
            self.selectionModel().setCurrentIndex(self.grid_model.index(goal), _Command.NoUpdate)
        runs = runs_of(self.grid_model.rows_of(self._selected))
        command = _Command.ClearAndSelect
        self.selectionModel().select(selection_of(self.grid_model, runs), command)

    def _select_current_instead_of_leaving(self, event: QKeyEvent) -> bool:
        """The focus can lie on a photo that is not selected: the first key selects it, the next moves on."""
        current = self.currentIndex()
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if self._selected or not current.isValid() or not plain or event.key() not in _ARROWS:
            return False
        self.selectionModel().select(current, _Command.ClearAndSelect)
        self.scrollTo(current)
        return True

    def _contents_point(self, event: QMouseEvent) -> QPoint:
        return event.position().toPoint() + QPoint(0, self.verticalOffset())

    def _paint_over(self, painter: QPainter) -> None:
        if self._band is None:
            return
        option = QStyleOptionRubberBand()
        option.initFrom(self)
        option.rect = self._band.translated(0, -self.verticalOffset())
        self.style().drawControl(QStyle.ControlElement.CE_RubberBand, option, painter, self)

    # --- Qt

    def setModel(self, model: QAbstractItemModel | None) -> None:
        super().setModel(model)
        if isinstance(model, PhotoGridModel):
            model.modelAboutToBeReset.connect(self._before_reset)
            model.result_replaced.connect(self._on_result_replaced)

    def setSelection(self, rect: QRect, command: _Command) -> None:
        """A point selects its tile, a rubber band what it touches, two points every row between them."""
        top = self.verticalOffset()
        if rect.width() == 1 and rect.height() == 1:
            row = self._geometry.position_at(rect.x(), rect.y() + top)
            runs = [] if row is None else [range(row, row + 1)]
        elif self.state() == QAbstractItemView.State.DragSelectingState:
            band = rect.normalized()
            runs = self._geometry.touched(Rect(band.x(), band.y() + top, band.width(), band.height()))
        else:
            ends = (rect.topLeft(), rect.bottomRight())
            rows = [self._geometry.position_near(point.x(), point.y() + top) for point in ends]
            known = sorted(row for row in rows if row is not None)
            runs = [range(known[0], known[-1] + 1)] if known else []
        self.selectionModel().select(selection_of(self.grid_model, runs), command)

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        QAbstractItemView.selectionChanged(self, selected, deselected)
        self._tell_selection()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        if self._band is not None:
            self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._select_current_instead_of_leaving(event):
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._band_start = self._contents_point(event)
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self.state() == QAbstractItemView.State.DragSelectingState:
            self._band = QRect(self._band_start, self._contents_point(event)).normalized()
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self._band is not None:
            self._band = None
            self.viewport().update()
