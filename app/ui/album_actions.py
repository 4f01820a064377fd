"""What users do with albums: make, name and delete them, and put photos in and out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QMessageBox

from app.domain.decisions import Album, AlbumUndo
from app.ui import wording
from app.ui.decision_actions import DecisionActions
from app.ui.name_dialog import ask_for_name
from app.ui.scope import Scope, ScopeKind
from app.ui.task_runner import Lane, TaskRunner
from app.ui.window_body import WindowBody

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.decisions import DecisionService


class AlbumActions(QObject):
    """Shows the albums in the sidebar and carries out what is wished with them."""

    made = Signal()  # the library has changed

    def __init__(
        self, body: WindowBody, decisions: DecisionService, actions: DecisionActions, tasks: TaskRunner
    ) -> None:
        super().__init__(body)
        self._body = body
        self._decisions = decisions
        self._actions = actions
        self._tasks = tasks
        self._albums: tuple[Album, ...] = ()
        sidebar = body.sidebar
        sidebar.new_album_wanted.connect(self.ask_for_new)
        sidebar.rename_wanted.connect(self._ask_to_rename)
        sidebar.delete_wanted.connect(self._ask_to_delete)
        sidebar.photos_dropped.connect(self.add)

    @property
    def albums(self) -> tuple[Album, ...]:
        """As they were seen last."""
        return self._albums

    def refresh(self) -> None:
        """Look at the albums again."""
        self._tasks.run(self._decisions.albums, self._show, self._body.messages.say_error)

    def fill_menu(self, menu: QMenu, photo_ids: Sequence[int]) -> None:
        """Add what can be done with photos and albums to a menu."""
        ids = list(photo_ids)
        submenu = menu.addMenu(self.tr("Add to album"))
        for album in self._albums:
            name = wording.printable(album.name).replace("&", "&&")
            submenu.addAction(name, partial(self.add, album.album_id, ids))
        if self._albums:
            submenu.addSeparator()
        submenu.addAction(self.tr("New album…"), partial(self.ask_for_new, ids))
        scope = self._body.sidebar.scope
        if scope.kind is ScopeKind.ALBUM and scope.album_id is not None:
            menu.addAction(self.tr("Remove from this album"), partial(self.remove, scope.album_id, ids))

    def add(self, album_id: int, photo_ids: Sequence[int]) -> None:
        """Put photos at the end of an album."""
        ids = list(photo_ids)

        def done(undo: AlbumUndo) -> None:
            name = self._name(album_id)
            if undo.added:
                text = self.tr("{photos} added to {album}.")
                photos = wording.photo_count(len(undo.added))
                self._actions.offer_undo(text.format(photos=photos, album=name), undo)
            else:
                self._body.messages.say(self.tr("All of them are in {album} already.").format(album=name))

        self._change(lambda: self._decisions.add_to_album(album_id, ids), done)

    def remove(self, album_id: int, photo_ids: Sequence[int]) -> None:
        """Take photos out of an album."""
        ids = list(photo_ids)

        def done(undo: AlbumUndo) -> None:
            text = self.tr("{photos} removed from {album}.")
            photos = wording.photo_count(len(undo.removed))
            self._actions.offer_undo(text.format(photos=photos, album=self._name(album_id)), undo)

        self._change(lambda: self._decisions.remove_from_album(album_id, ids), done)

    def arrange(self, album_id: int, photo_ids: Sequence[int], before: int | None) -> None:
        """Put photos of an album before another one of it, None: at its end."""
        ids = list(photo_ids)
        self._change(lambda: self._decisions.move_in_album(album_id, ids, before))

    def ask_for_new(self, photo_ids: Sequence[int] = ()) -> None:
        """Ask for a name, then make an album with these photos."""
        ids = list(photo_ids)
        ask_for_name(
            self._body.window(),
            self.tr("New album"),
            self.tr("Name of the album"),
            "",
            lambda name: self._change(lambda: self._decisions.create_album(name, ids)),
        )

    def _ask_to_rename(self, scope: Scope) -> None:
        album_id = scope.album_id
        if scope.kind is ScopeKind.ALBUM and album_id is not None:
            ask_for_name(
                self._body.window(),
                self.tr("Rename album"),
                self.tr("Name of the album"),
                scope.name,
                lambda name: self._change(lambda: self._decisions.rename_album(album_id, name)),
            )

    def _ask_to_delete(self, scope: Scope) -> None:
        album_id = scope.album_id
        if scope.kind is not ScopeKind.ALBUM or album_id is None:
            return
        box = QMessageBox(
            QMessageBox.Icon.Question,
            self.tr("Delete album?"),
            self.tr("Delete the album {name}?").format(name=wording.printable(scope.name)),
            QMessageBox.StandardButton.Cancel,
            self._body.window(),
        )
        box.setInformativeText(self.tr("Its photos stay where they are."))
        delete = box.addButton(self.tr("Delete album"), QMessageBox.ButtonRole.DestructiveRole)
        delete.clicked.connect(lambda: self._change(lambda: self._decisions.delete_album(album_id)))
        box.open()

    def _name(self, album_id: int) -> str:
        names = (album.name for album in self._albums if album.album_id == album_id)
        return wording.printable(next(names, self.tr("the album")))

    def _show(self, albums: tuple[Album, ...]) -> None:
        self._albums = albums
        self._body.sidebar.set_albums(albums)

    def _change(self, work: Callable[[], Any], on_done: Callable[[Any], None] | None = None) -> None:
        def done(value: object) -> None:
            if on_done is not None:
                on_done(value)
            self.refresh()
            self.made.emit()

        self._tasks.run(work, done, self._body.messages.say_error, lane=Lane.WRITES)
