"""Photos dragged from the grid onto an album of the sidebar."""

import json

from PySide6.QtCore import QByteArray, QMimeData, QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionViewItem, QTreeView, QWidget

from app.ui.scope import Scope, ScopeKind
from app.ui.sidebar_model import Role

OWN_PHOTOS = "application/x-photosift-photos"  # ids mean nothing to other programs


def encoded_ids(photo_ids: list[int]) -> QByteArray:
    """Photo ids for a drag."""
    return QByteArray(json.dumps(photo_ids).encode())


def decoded_ids(mime: QMimeData) -> list[int]:
    """The photo ids of a drag; none when it is not ours."""
    if not mime.hasFormat(OWN_PHOTOS):
        return []
    return [int(photo_id) for photo_id in json.loads(bytes(mime.data(OWN_PHOTOS).data()))]


class SidebarTree(QTreeView):
    """A tree that takes photos over albums; every other drag is the window's."""

    photos_dropped = Signal(int, object)  # album id, list of photo ids

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._target = QModelIndex()
        self.setAcceptDrops(True)

    @property
    def drop_target(self) -> QModelIndex:
        """The album that a drag is over; invalid when over none."""
        return self._target

    def _album_at(self, event: QDropEvent) -> int | None:
        index = self.indexAt(event.position().toPoint())
        scope: Scope | None = index.data(Role.SCOPE)
        if scope is None or scope.kind is not ScopeKind.ALBUM or not event.mimeData().hasFormat(OWN_PHOTOS):
            self._show_target(QModelIndex())
            return None
        self._show_target(index)
        return scope.album_id

    def _show_target(self, index: QModelIndex) -> None:
        if index != self._target:
            self._target = index
            self.viewport().update()

    # --- Qt

    def drawRow(
        self, painter: QPainter, options: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().drawRow(painter, options, index)
        if index == self._target:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(options.palette.highlight().color(), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.visualRect(index)).adjusted(1, 1, -1, -1), 6, 6)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        # Our own photos are taken everywhere over the tree: who refuses to enter hears of no move.
        if event.mimeData().hasFormat(OWN_PHOTOS):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self._album_at(event) is None:
            event.ignore()
        else:
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._show_target(QModelIndex())

    def dropEvent(self, event: QDropEvent) -> None:
        album_id = self._album_at(event)
        self._show_target(QModelIndex())
        if album_id is None:
            event.ignore()
            return
        event.acceptProposedAction()
        self.photos_dropped.emit(album_id, decoded_ids(event.mimeData()))
