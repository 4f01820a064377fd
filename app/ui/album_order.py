"""Arranging an album: its photos are dragged to other places within the grid."""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFrame

from app.ui.album_drop import OWN_PHOTOS, decoded_ids
from app.ui.selectable_view import SelectableView

_MARK = 3  # logical pixels wide


class AlbumOrder(QObject):
    """Takes photos that are dropped between others, while an album is looked at in its own order."""

    order_wanted = Signal(int, object, object)  # album id, list of photo ids, id they go before or None

    def __init__(self, view: SelectableView) -> None:
        super().__init__(view)
        self._view = view
        self._album_id: int | None = None
        self._mark = QFrame(view.viewport())
        self._mark.setObjectName("dropMark")
        self._mark.hide()
        view.viewport().installEventFilter(self)

    def set_album(self, album_id: int | None) -> None:
        """The album whose order the grid shows; None: there is nothing to arrange."""
        self._album_id = album_id
        self._view.viewport().setAcceptDrops(album_id is not None)

    def _takes(self, event: QEvent) -> bool:
        """A drag of this album's own photos."""
        return (
            isinstance(event, QDropEvent)
            and self._album_id is not None
            and event.source() in (self._view, None)
            and event.mimeData().hasFormat(OWN_PHOTOS)
        )

    def _move(self, event: QDropEvent) -> None:
        place = self._view.insertion_at(event.position().toPoint())
        if place is None:
            event.ignore()
            return
        event.acceptProposedAction()
        _, left, tile = place
        self._mark.setGeometry(QRect(QPoint(left - _MARK // 2, tile.y()), tile.size()))
        self._mark.setFixedWidth(_MARK)
        self._mark.show()

    def _drop(self, event: QDropEvent) -> None:
        place = self._view.insertion_at(event.position().toPoint())
        photo_ids = decoded_ids(event.mimeData())
        if place is None or not photo_ids:
            event.ignore()
            return
        event.acceptProposedAction()
        model, moving = self._view.grid_model, set(photo_ids)
        rows = range(place[0], model.rowCount())
        before = next((model.id_at(row) for row in rows if model.id_at(row) not in moving), None)
        self.order_wanted.emit(self._album_id, photo_ids, before)

    # --- Qt

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in (QEvent.Type.DragLeave, QEvent.Type.Drop):
            self._mark.hide()
        if not self._takes(event) or not isinstance(event, QDropEvent):
            return False
        if kind in (QEvent.Type.DragEnter, QEvent.Type.DragMove):
            self._move(event)
        else:
            self._drop(event)
        return True
