"""The photos of a result: what the user wishes done with them, by key, mouse, menu or drag."""

import itertools
from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QDrag, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QMenu, QWidget

from app.domain.photo import Photo
from app.ui.album_drop import OWN_PHOTOS, encoded_ids
from app.ui.decision_wishes import add_menus, wish_of
from app.ui.drag_picture import EDGE, drag_picture
from app.ui.file_actions import mime_data
from app.ui.grid_selection import ranges
from app.ui.photo_commands import COMMANDS, Command, command_of
from app.ui.selectable_view import SelectableView

_LOOKED_AT = 200  # of the selected photos, to tell whether they are favourites
_FIRST_OF_GROUP = (Command.SIMILAR, Command.COPY, Command.TRASH)


class PhotoGridView(SelectableView):
    """The grid in the middle of the window. Says what is wished; does nothing to photos itself."""

    open_requested = Signal(object)  # list of photo ids
    preview_requested = Signal(int)  # row
    similar_requested = Signal(object)  # list of photo ids
    feedback_requested = Signal(object, bool)  # list of photo ids, more or less like them
    favourite_requested = Signal(object, bool)  # list of photo ids, the wish
    trash_requested = Signal(object)  # list of photo ids
    reveal_requested = Signal(object)  # photo id
    copy_requested = Signal(object)  # list of photo ids
    decision_requested = Signal(object, object)  # list of photo ids, Wish
    album_menu_wanted = Signal(object, object)  # QMenu to fill, list of photo ids

    def __init__(self, parent: QWidget | None = None, *, tile_size: int = 200) -> None:
        super().__init__(parent, tile_size=tile_size)
        self.setAccessibleName(self.tr("Photos"))
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.doubleClicked.connect(self._on_double_clicked)

    def trigger(self, command: Command) -> None:
        """Do with the selected photos what a key or the menu asks for; nothing without a selection."""
        row = self.lead_row()
        if row is None:
            return
        ids, lead = self.selected_ids(), self.grid_model.id_at(row)
        {
            Command.OPEN: partial(self.open_requested.emit, ids),
            Command.PREVIEW: partial(self.preview_requested.emit, row),
            Command.SIMILAR: partial(self.similar_requested.emit, ids),
            Command.MORE: partial(self.feedback_requested.emit, ids, True),
            Command.LESS: partial(self.feedback_requested.emit, ids, False),
            Command.FAVOURITE: partial(self.favourite_requested.emit, ids, not self._are_favourites()),
            Command.COPY: partial(self.copy_requested.emit, ids),
            Command.REVEAL: partial(self.reveal_requested.emit, lead),
            Command.TRASH: partial(self.trash_requested.emit, ids),
        }[command]()

    def menu_at(self, row: int) -> QMenu:
        """The context menu for the selection that the row is part of."""
        single = len(self.selected_ids()) == 1
        menu = QMenu(self)
        for command, info in COMMANDS.items():
            if command in _FIRST_OF_GROUP:
                menu.addSeparator()
            unfavourite = command is Command.FAVOURITE and self._are_favourites()
            text = self.tr("Remove from favourites") if unfavourite else info.translated()
            action = QAction(text, menu)
            action.setShortcut(info.keys[0])  # shown only: the keys are handled in keyPressEvent
            action.setShortcutVisibleInContextMenu(True)
            action.setEnabled(single or not info.single)
            action.triggered.connect(partial(self.trigger, command))
            menu.addAction(action)
            if command is Command.FAVOURITE:
                self._add_decisions(menu, row)
        return menu

    def _add_decisions(self, menu: QMenu, row: int) -> None:
        photo, ids = self.grid_model.photo_at(row), self.selected_ids()
        add_menus(menu, photo.decisions if photo else None, partial(self.decision_requested.emit, ids))
        self.album_menu_wanted.emit(menu, ids)

    def _are_favourites(self) -> bool:
        """Whether every selected photo is one, as far as they were fetched: mixed ones become it."""
        rows = itertools.chain.from_iterable(ranges(self.selectionModel().selection()))
        photos = [self.grid_model.photo_at(row) for row in itertools.islice(rows, _LOOKED_AT)]
        return any(photos) and all(photo.favourite for photo in photos if photo is not None)

    def _on_double_clicked(self, index: QModelIndex) -> None:
        self.open_requested.emit([self.grid_model.id_at(index.row())])

    def _drag(self, photos: list[Photo]) -> None:
        """Start only while the button is still down: the photos may have come from the library meanwhile."""
        row = self.lead_row()
        if not photos or row is None or not QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
            return
        drag = QDrag(self)
        mime = mime_data(photo.path for photo in photos)
        mime.setData(OWN_PHOTOS, encoded_ids([photo.photo_id for photo in photos]))
        drag.setMimeData(mime)
        drag.setPixmap(drag_picture(self, self.grid_model.pixmap_at(row), len(photos)))
        drag.setHotSpot(QPoint(EDGE // 2, EDGE * 3 // 4))
        drag.exec(Qt.DropAction.CopyAction)

    # --- Qt

    def keyPressEvent(self, event: QKeyEvent) -> None:
        command, wish = command_of(event), wish_of(event)
        if command is not None:
            self.trigger(command)
        elif wish is not None and self.selected_ids():
            self.decision_requested.emit(self.selected_ids(), wish)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if keyboard else self.indexAt(event.pos())
        if not index.isValid():
            return
        if not self.selectionModel().isSelected(index):
            self.setCurrentIndex(index)
        where = self.visualRect(index).center() if keyboard else event.pos()
        menu = self.menu_at(index.row())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.viewport().mapToGlobal(where))

    def startDrag(self, supported: Qt.DropAction) -> None:
        self.grid_model.fetch(self.selected_ids(), self._drag)
