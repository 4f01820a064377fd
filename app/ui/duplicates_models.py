"""Groups of duplicates, and the photos of one group with what is to happen to them, as item models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QPainter, QPixmap

from app.domain.duplicates import DuplicateGroup
from app.domain.photo import Photo
from app.ui import photo_texts, wording
from app.ui.task_runner import TaskRunner
from app.ui.thumbnail_loader import ThumbnailLoader

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.library import LibraryService

Index = QModelIndex | QPersistentModelIndex
_ROLE = Qt.ItemDataRole
PHOTO_ROLE = int(_ROLE.UserRole) + 1

SMALL_EDGE = 56  # of the picture of a group, logical pixels

_PAGE = 100


class GroupListModel(QAbstractListModel):
    """One row a group; the first photo of those in sight is fetched for its picture."""

    def __init__(
        self,
        library: LibraryService,
        tasks: TaskRunner,
        thumbnails: ThumbnailLoader,
        spare_of: Callable[[DuplicateGroup], frozenset[int]],
        parent: QObject | None = None,
    ) -> None:
        """`spare_of`: which photos of a group are to go as things stand."""
        super().__init__(parent)
        self._library = library
        self._tasks = tasks
        self._thumbnails = thumbnails
        self._spare_of = spare_of
        self._groups: tuple[DuplicateGroup, ...] = ()
        self._first: dict[int, Photo] = {}
        self._wanted: dict[int, None] = {}
        self._asking = QTimer(self, singleShot=True, interval=0)
        self._asking.timeout.connect(self._ask)
        thumbnails.ready.connect(lambda _: self.refresh())

    def set_groups(self, groups: Sequence[DuplicateGroup]) -> None:
        """Show these groups."""
        self.beginResetModel()
        self._groups = tuple(groups)
        self.endResetModel()

    def group(self, row: int) -> DuplicateGroup:
        return self._groups[row]

    def refresh(self) -> None:
        """What the rows say has changed."""
        if self._groups:
            self.dataChanged.emit(self.index(0), self.index(len(self._groups) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._groups)

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:
        if not index.isValid():
            return None
        group = self._groups[index.row()]
        if role in (_ROLE.DisplayRole, _ROLE.AccessibleTextRole):
            return self._text(group)
        if role == _ROLE.DecorationRole:
            return self._picture(group.photo_ids[0])
        return None

    def _text(self, group: DuplicateGroup) -> str:
        spare = self._spare_of(group)
        count = wording.photo_count(len(group.photo_ids))
        if not spare:
            return self.tr("{photos}\nall of them stay").format(photos=count)
        size = sum(size for n, size in zip(group.photo_ids, group.sizes, strict=True) if n in spare)
        text = self.tr("{photos}\n{n} to the trash, {size}")
        return text.format(photos=count, n=wording.number(len(spare)), size=wording.byte_size(size))

    def _picture(self, photo_id: int) -> QPixmap:
        """Always of one size, so that the texts beside them are in line."""
        photo = self._first.get(photo_id)
        if photo is None:
            self._wanted[photo_id] = None
            self._asking.start()
            return _framed(None)
        return _framed(self._thumbnails.pixmap(photo))

    def _ask(self) -> None:
        ids = list(self._wanted)[-_PAGE:]
        self._wanted.clear()
        self._tasks.run(partial(self._library.photos, ids), self._take, receiver=self)

    def _take(self, photos: Sequence[Photo]) -> None:
        self._first.update((photo.photo_id, photo) for photo in photos)
        self.refresh()


def _framed(picture: QPixmap | None) -> QPixmap:
    """In the middle of a transparent square."""
    ratio = picture.devicePixelRatio() if picture is not None else 1.0
    square = QPixmap(QSize(SMALL_EDGE, SMALL_EDGE) * ratio)
    square.setDevicePixelRatio(ratio)
    square.fill(Qt.GlobalColor.transparent)
    if picture is not None:
        size = picture.deviceIndependentSize()
        painter = QPainter(square)
        painter.drawPixmap(
            QPointF((SMALL_EDGE - size.width()) / 2, (SMALL_EDGE - size.height()) / 2), picture
        )
        painter.end()
    return square


class GroupPhotosModel(QAbstractListModel):
    """The photos of one group; a checked one is to go to the trash. One always stays."""

    marks_changed = Signal(object)  # frozenset of the photo ids that are to go
    refused = Signal()  # the last one that stays cannot be marked

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._photos: tuple[Photo, ...] = ()
        self._marked: frozenset[int] = frozenset()

    @property
    def photos(self) -> tuple[Photo, ...]:
        return self._photos

    def set_photos(self, photos: Sequence[Photo], marked: frozenset[int]) -> None:
        """The best first."""
        self.beginResetModel()
        self._photos, self._marked = tuple(photos), marked
        self.endResetModel()

    def refresh(self) -> None:
        """Pictures have come."""
        if self._photos:
            self.dataChanged.emit(self.index(0), self.index(len(self._photos) - 1))

    def is_marked(self, index: Index) -> bool:
        return self._photos[index.row()].photo_id in self._marked

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._photos)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.isValid() else flags

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:
        if not index.isValid():
            return None
        photo = self._photos[index.row()]
        if role == _ROLE.DisplayRole:
            return photo_texts.file_name(photo)
        if role == _ROLE.ToolTipRole:
            return f"{photo_texts.tooltip(photo)}\n{photo_texts.folder_path(photo)}"
        if role == _ROLE.CheckStateRole:
            return Qt.CheckState.Checked if self.is_marked(index) else Qt.CheckState.Unchecked
        if role == _ROLE.AccessibleTextRole:
            return self._spoken(index, photo)
        return photo if role == PHOTO_ROLE else None

    def setData(self, index: Index, value: Any, role: int = _ROLE.EditRole) -> bool:
        if role != _ROLE.CheckStateRole or not index.isValid():
            return False
        one = frozenset({self._photos[index.row()].photo_id})
        checked = Qt.CheckState(value) is Qt.CheckState.Checked
        marked = self._marked | one if checked else self._marked - one
        if len(marked) == len(self._photos):
            self.refused.emit()
            return False
        self._marked = marked
        self.dataChanged.emit(index, index)
        self.marks_changed.emit(marked)
        return True

    def _spoken(self, index: Index, photo: Photo) -> str:
        fate = self.tr("to the trash") if self.is_marked(index) else self.tr("stays")
        facts = (photo_texts.spoken(photo), photo_texts.size_text(photo), photo_texts.folder_path(photo))
        return ", ".join((*facts, fate))
