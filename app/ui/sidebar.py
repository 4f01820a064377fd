"""The sidebar: what part of the library to look at, and the watched folders with their state."""

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QMenu, QPushButton, QTreeView, QVBoxLayout, QWidget

from app.domain.decisions import Album, SavedSearch
from app.domain.photo import FolderState, FolderStatus, Subfolder
from app.domain.status import LibraryCounts
from app.ui import icons
from app.ui.album_drop import SidebarTree
from app.ui.scope import Scope, ScopeKind
from app.ui.sidebar_delegate import SidebarDelegate
from app.ui.sidebar_model import Role, SidebarModel


class Sidebar(QFrame):
    """Shows what it is given and tells what was chosen; knows no services."""

    scope_changed = Signal(object)  # Scope
    add_folder_wanted = Signal()
    remove_folder_wanted = Signal(int, str)  # folder_id, name
    rescan_wanted = Signal(int)  # folder_id
    reveal_wanted = Signal(int, str)  # folder_id, relative path
    folder_settings_wanted = Signal(int)  # folder_id
    locate_wanted = Signal(int)  # folder_id of a folder that is not there
    vanished_decided = Signal(int, bool)  # folder_id, whether its vanished photos are to be removed
    problems_wanted = Signal()
    children_wanted = Signal(int, str)
    new_album_wanted = Signal()
    search_chosen = Signal(int)  # id of a saved search
    rename_wanted = Signal(object)  # Scope of an album or saved search
    delete_wanted = Signal(object)  # likewise
    photos_dropped = Signal(int, object)  # album id, list of photo ids

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self._scope = Scope()
        self._selecting = False  # while the selection follows the scope instead of making it
        self._model = SidebarModel(self)
        self._model.children_wanted.connect(self.children_wanted)
        self._tree = self._build_tree()
        self._add = QPushButton(self.tr("Add folder…"))
        self._add.setObjectName("addFolder")
        self._add.setToolTip(self.tr("Watch a folder of photos"))
        icons.set_icon(self._add, "folder-add")
        self._add.clicked.connect(self.add_folder_wanted)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 8, 6, 2)
        layout.setSpacing(4)
        layout.addWidget(self._tree, 1)
        layout.addWidget(self._add)
        self._select(self._scope)

    @property
    def scope(self) -> Scope:
        return self._scope

    @property
    def tree(self) -> QTreeView:
        return self._tree

    @property
    def model(self) -> SidebarModel:
        return self._model

    @property
    def add_button(self) -> QPushButton:
        return self._add

    def set_counts(self, counts: LibraryCounts) -> None:
        """Show the numbers of the fixed entries."""
        with self._keeping_scope():
            self._model.set_counts(counts)

    def set_folders(self, statuses: Sequence[FolderStatus]) -> None:
        """Show the folders; when the one looked at is gone, look at everything."""
        with self._keeping_scope():
            self._model.set_folders(statuses)

    def set_albums(self, albums: Sequence[Album]) -> None:
        """Show the albums; when the one looked at is gone, look at everything."""
        with self._keeping_scope():
            self._model.set_albums(albums)

    def set_searches(self, searches: Sequence[SavedSearch]) -> None:
        """Show the saved searches."""
        with self._keeping_scope():
            self._model.set_searches(searches)

    def set_search_count(self, search_id: int, count: int | None) -> None:
        """Show how many photos a saved search finds."""
        self._model.set_search_count(search_id, count)

    def set_subfolders(self, folder_id: int, parent: str, subfolders: Sequence[Subfolder]) -> None:
        """Show the children of a folder that was opened."""
        with self._keeping_scope():
            self._model.set_subfolders(folder_id, parent, subfolders)

    def choose(self, scope: Scope) -> None:
        """Look at a part of the library, as if its entry had been clicked."""
        if self._model.index_of(scope) != self._tree.currentIndex():
            self._select(scope)
        if scope != self._scope:
            self._scope = scope
            self.scope_changed.emit(scope)

    def _build_tree(self) -> QTreeView:
        tree = SidebarTree()
        tree.photos_dropped.connect(self.photos_dropped)
        tree.setObjectName("sidebarTree")
        tree.setAccessibleName(self.tr("Library"))
        tree.setModel(self._model)
        tree.setItemDelegate(SidebarDelegate(tree))
        tree.setHeaderHidden(True)
        tree.setIndentation(14)
        tree.setRootIsDecorated(True)
        tree.setMouseTracking(True)
        tree.setFrameShape(QFrame.Shape.NoFrame)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self._open_menu)
        tree.selectionModel().currentChanged.connect(self._on_current_changed)
        tree.clicked.connect(self._on_clicked)
        tree.activated.connect(self._on_clicked)
        return tree

    @contextmanager
    def _keeping_scope(self) -> Iterator[None]:
        """The tree goes on to a neighbour when its current row goes; the window must not follow."""
        self._selecting = True
        yield
        self._selecting = False
        index = self._model.index_of(self._scope)
        if not index.isValid():
            self.choose(Scope())
        else:  # it may have another name by now
            self.choose(index.data(Role.SCOPE))

    def _select(self, scope: Scope) -> None:
        self._selecting = True
        self._tree.setCurrentIndex(self._model.index_of(scope))
        self._selecting = False

    def _on_current_changed(self, current: QModelIndex) -> None:
        scope: Scope | None = current.data(Role.SCOPE)
        if self._selecting or scope is None or scope.kind in (ScopeKind.PROBLEMS, ScopeKind.SEARCH):
            return
        if scope != self._scope:
            self._scope = scope
            self.scope_changed.emit(scope)

    def _on_clicked(self, index: QModelIndex) -> None:
        scope: Scope | None = index.data(Role.SCOPE)
        if scope is not None and scope.kind is ScopeKind.PROBLEMS:
            self._select(self._scope)
            self.problems_wanted.emit()
        elif scope is not None and scope.search_id is not None:
            self._select(self._scope)
            self.search_chosen.emit(scope.search_id)

    def _open_menu(self, position: QPoint) -> None:
        scope: Scope | None = self._tree.indexAt(position).data(Role.SCOPE)
        menu = self.menu_for(scope)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self._tree.viewport().mapToGlobal(position))

    def menu_for(self, scope: Scope | None) -> QMenu:
        """What can be done with an entry; with none, what can be done in the sidebar."""
        menu = QMenu(self)
        if scope is not None and scope.kind is ScopeKind.FOLDER and scope.folder_id is not None:
            folder_id = scope.folder_id
            reveal = functools.partial(self.reveal_wanted.emit, folder_id, scope.subfolder)
            menu.addAction(self.tr("Show in file manager"), reveal)
            menu.addAction(self.tr("Look for changes"), functools.partial(self.rescan_wanted.emit, folder_id))
            if not scope.subfolder:
                self._add_folder_actions(menu, folder_id, scope.name)
            menu.addSeparator()
        if scope is not None and scope.kind in (ScopeKind.ALBUM, ScopeKind.SEARCH):
            menu.addAction(self.tr("Rename…"), functools.partial(self.rename_wanted.emit, scope))
            menu.addAction(self.tr("Delete…"), functools.partial(self.delete_wanted.emit, scope))
            menu.addSeparator()
        menu.addAction(self.tr("Add folder…"), self.add_folder_wanted.emit)
        menu.addAction(self.tr("New album…"), self.new_album_wanted.emit)
        return menu

    def _add_folder_actions(self, menu: QMenu, folder_id: int, name: str) -> None:
        """What can be done with a watched folder as a whole, as it is now."""
        state = self._model.index_of(Scope(ScopeKind.FOLDER, folder_id)).data(Role.STATE)
        decided = self.vanished_decided.emit
        if state == FolderState.OFFLINE:  # Qt hands it back as plain text
            locate = functools.partial(self.locate_wanted.emit, folder_id)
            menu.addAction(self.tr("Locate folder…"), locate)
        elif state == FolderState.ASKING:
            menu.addAction(self.tr("Remove vanished photos"), functools.partial(decided, folder_id, True))
            menu.addAction(self.tr("Keep vanished photos"), functools.partial(decided, folder_id, False))
        settings = functools.partial(self.folder_settings_wanted.emit, folder_id)
        menu.addAction(self.tr("Folder settings…"), settings)
        menu.addSeparator()
        remove = functools.partial(self.remove_folder_wanted.emit, folder_id, name)
        menu.addAction(self.tr("Stop watching…"), remove)
