"""Drags over the window: what they hold, the sheet that announces it, and the drop at the end."""

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from app.ui.drop_overlay import DropOverlay, DropTarget, targets_of
from app.ui.dropped_content import DroppedContent, SortedPaths, guess_paths, read_mime, sort_paths
from app.ui.task_runner import TaskRunner


class DropZone(QObject):
    """Watches a widget for drags. Nothing on the window's thread looks at the disk."""

    dropped = Signal(object)  # DroppedContent

    def __init__(self, zone: QWidget, overlay: DropOverlay, own_target: QWidget, tasks: TaskRunner) -> None:
        """A drag that starts in our own window counts only over `own_target`: most of them lead out."""
        super().__init__(zone)
        self._zone = zone
        self._overlay = overlay
        self._own_target = own_target
        self._tasks = tasks
        self._content = DroppedContent()
        self._targets: tuple[DropTarget, ...] = ()
        self._own_ids: tuple[int, ...] = ()
        self._drag = 0  # numbers drags, so that a late answer does not touch the next one
        zone.setAcceptDrops(True)
        zone.installEventFilter(self)

    def set_own_ids(self, photo_ids: list[int]) -> None:
        """The photos that a drag out of our own grid would hold."""
        self._own_ids = tuple(photo_ids)

    def _enter(self, event: QDragMoveEvent) -> None:
        self._drag += 1
        self._content = self._read(event, peek=True)
        paths = self._content.paths
        guess = guess_paths(paths)
        # A name that says nothing may be a folder's: taken, and announced when the disk has answered.
        self._targets = () if guess.others else targets_of(self._content, guess)
        if paths:
            drag = self._drag
            self._tasks.run(lambda: sort_paths(paths), lambda found: self._correct(drag, found))
        self._move(event)
        # Whoever refuses the entering hears nothing of the moves; those refuse where they must.
        event.acceptProposedAction()

    def _move(self, event: QDragMoveEvent) -> None:
        if event.source() is not None and not self._over_own_target(event):
            self._overlay.hide()
            event.ignore()
            return
        if self._targets:
            self._overlay.announce(self._targets)
        if self._targets == (DropTarget.NOTHING,):
            event.ignore()
        else:
            event.acceptProposedAction()

    def _drop(self, event: QDropEvent) -> None:
        self._leave()
        if event.source() is not None and not self._over_own_target(event):
            event.ignore()
            return
        event.acceptProposedAction()
        self.dropped.emit(self._read(event, peek=False))

    def _leave(self) -> None:
        self._drag += 1
        self._overlay.hide()

    def _read(self, event: QDropEvent, *, peek: bool) -> DroppedContent:
        if event.source() is not None and self._own_ids:
            return DroppedContent(photo_ids=self._own_ids)
        return read_mime(event.mimeData(), peek=peek)

    def _over_own_target(self, event: QDropEvent) -> bool:
        point = self._own_target.mapFrom(self._zone, event.position().toPoint())
        return self._own_target.rect().contains(point)

    def _correct(self, drag: int, found: SortedPaths) -> None:
        """The disk has answered: say what is true if the names had misled us."""
        if drag == self._drag:
            self._targets = targets_of(self._content, found)
            self._overlay.announce(self._targets)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self._zone:
            return False
        if event.type() == QEvent.Type.DragEnter and isinstance(event, QDragMoveEvent):
            self._enter(event)
        elif event.type() == QEvent.Type.DragMove and isinstance(event, QDragMoveEvent):
            self._move(event)
        elif event.type() == QEvent.Type.DragLeave:
            self._leave()
        elif event.type() == QEvent.Type.Drop and isinstance(event, QDropEvent):
            self._drop(event)
        else:
            return False
        return True
