"""The window: opens the library behind its own appearance, and has the keys and the menu."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QPoint, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QMenu

from app.errors import AppError
from app.settings import Settings, SettingsStore
from app.ui.closing import ClosingPolicy
from app.ui.decision_wishes import decision_keys
from app.ui.demo_guide import DemoGuide
from app.ui.drop_zone import DropZone
from app.ui.dropped_content import DroppedContent, clipboard_mime, read_mime
from app.ui.empty_states import Way, for_open_error
from app.ui.scope import Scope
from app.ui.settings_keeper import SettingsKeeper
from app.ui.task_runner import Lane, TaskRunner
from app.ui.window_actions import KeyBinding, ShortcutsDialog, add_actions, key_text, photo_keys
from app.ui.window_body import WindowBody
from app.ui.window_dialogs import WindowDialogs
from app.ui.workspace import Workspace

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.bootstrap import Services


class MainWindow(QMainWindow):
    """Cheap to construct; `start` opens the library on a thread."""

    ready = Signal()  # the library is open and the first photos were asked for
    closed = Signal()

    def __init__(
        self,
        open_services: Callable[[], Services],
        store: SettingsStore,
        settings: Settings,
        *,
        demo: bool = False,
    ) -> None:
        """`demo`: this is the window of the demonstration, and the services will be too."""
        super().__init__()
        self.setWindowTitle(self.tr("Photosift – demonstration") if demo else self.tr("Photosift"))
        self._open_services = open_services
        self._tasks = TaskRunner()
        self._keeper = SettingsKeeper(settings, store, self._tasks)
        self._services: Services | None = None
        self._opened: list[Services] = []  # filled on a thread; closed at the end even if we never saw them
        self._workspace: Workspace | None = None
        self._body = WindowBody(settings)
        self.setCentralWidget(self._body)
        self._closing = ClosingPolicy(self, self._keeper)
        self._guide = DemoGuide(self._body, self._tasks) if demo else None
        self._dialogs = WindowDialogs(self, self._body, self._tasks, self._keeper, self._guide)
        self._drops = DropZone(self._body, self._body.overlay, self._body.top_bar, self._tasks)
        self._bindings = self._build_bindings()
        add_actions(self, self._bindings)
        self._connect()
        self._restore_geometry(settings)

    @property
    def body(self) -> WindowBody:
        return self._body

    @property
    def workspace(self) -> Workspace | None:
        """None until the library is open."""
        return self._workspace

    @property
    def guide(self) -> DemoGuide | None:
        """None unless this is the demonstration."""
        return self._guide

    @property
    def dialogs(self) -> WindowDialogs:
        return self._dialogs

    @property
    def closing(self) -> ClosingPolicy:
        """What closing this window means."""
        return self._closing

    @property
    def keeper(self) -> SettingsKeeper:
        return self._keeper

    def start(self) -> None:
        """Open the library on a thread, then fill the window."""
        self._body.show_opening()
        self._tasks.run(self._open, self._on_opened, self._on_open_failed, lane=Lane.LOOSE)

    def shut_down(self) -> None:
        """End every thread and close the library; the window is hidden by now. Raises SettingsError."""
        if self._workspace is not None:
            self._workspace.stop()
        if self._guide is not None:
            self._guide.stop()
        self._dialogs.stop()
        self._tasks.close()
        for services in self._opened:
            services.close()
        self._opened.clear()
        self._keeper.save_now()

    def show_bug(self, error: Exception) -> None:
        """Say that something went wrong, with details for whoever mends it."""
        self._body.messages.say_error(error)

    def open_shortcuts(self) -> None:
        """Show every key."""
        ShortcutsDialog((*self._bindings, *photo_keys(), *decision_keys()), self).open()

    # --- the library opens

    def _open(self) -> Services:
        services = self._open_services()
        self._opened.append(services)
        return services

    def _on_opened(self, services: Services) -> None:
        self._services = services
        self._workspace = Workspace(self._body, services, self._tasks, self._keeper)
        self._workspace.photos.view.selection_changed.connect(self._drops.set_own_ids)
        self._workspace.intake.folders_offered.connect(self._add_folders)
        self._workspace.progress_changed.connect(self._closing.show_progress)
        self._dialogs.begin(services, self._workspace)
        self._workspace.start()
        if self._guide is not None and services.demo is not None:
            self._guide.start(services.demo)
        self._body.search_bar.focus()
        self.ready.emit()

    def _on_open_failed(self, error: Exception) -> None:
        if not isinstance(error, AppError):
            self.show_bug(error)
        self._body.empty_page.show_state(for_open_error(error))
        self._body.show_page()

    # --- wishes

    def _connect(self) -> None:
        body = self._body
        body.search_bar.picture_wanted.connect(self._dialogs.choose_picture)
        body.search_bar.pasted.connect(lambda mime: self._take(read_mime(mime)))
        body.sidebar.add_folder_wanted.connect(self._dialogs.choose_folder)
        body.sidebar.problems_wanted.connect(self._dialogs.open_problems)
        body.activity.problems_wanted.connect(self._dialogs.open_problems)
        body.activity.details_wanted.connect(self._dialogs.open_activity)
        body.activity.download_wanted.connect(self._dialogs.open_models)
        body.activity.model_wanted.connect(self._on_model_wanted)
        self._closing.pause_wanted.connect(self._on_tray_pause)
        self._closing.hidden.connect(lambda: self._rest(True))
        self._closing.reopened.connect(lambda: self._rest(False))
        body.empty_page.way_chosen.connect(self._on_way)
        body.menu_wanted.connect(self._open_menu)
        body.sidebar_toggled.connect(self.toggle_sidebar)
        body.details_toggled.connect(self.toggle_details)
        self._drops.dropped.connect(self._take)
        self._keeper.failed.connect(body.messages.say_error)
        if self._guide is not None:
            self._guide.close_wanted.connect(self._closing.end)

    def _on_tray_pause(self, pause: bool) -> None:
        if self._workspace is not None:
            self._workspace.pause(pause)

    def _rest(self, hidden: bool) -> None:
        """Nobody searches without a window; when it is back, words must be quick at once."""
        if self._services is not None:
            models = self._services.models
            self._tasks.run(
                models.rest if hidden else models.wake,
                on_error=self._body.messages.say_error,
                lane=Lane.LOOSE,
            )

    def toggle_sidebar(self) -> None:
        """Show the sidebar, or hide it."""
        sidebar = self._body.sidebar
        sidebar.setVisible(sidebar.isHidden())

    def toggle_details(self) -> None:
        """Show the details, or hide them."""
        if self._workspace is not None:
            self._workspace.photos.toggle_details()

    def _on_model_wanted(self) -> None:
        """Who has no model is offered some; who has one sees how it is."""
        if self._keeper.settings.checkpoint is None:
            self._dialogs.open_models()
        else:
            self._dialogs.open_settings()

    def _take(self, content: DroppedContent) -> None:
        if self._workspace is not None:
            self._workspace.take(content)

    def _add_folders(self, paths: Sequence[str]) -> None:
        if self._guide is not None:
            self._guide.explain_folders()
        elif self._workspace is not None:
            self._workspace.folder_care.add_folders(paths)

    def _paste(self) -> None:
        mime = clipboard_mime()
        if mime is not None:
            self._take(read_mime(mime))

    def _rescan(self) -> None:
        if self._workspace is not None:
            self._workspace.overview.rescan()

    def _export_decisions(self) -> None:
        if self._workspace is not None:
            self._workspace.decision_files.ask_to_export()

    def _import_decisions(self) -> None:
        if self._workspace is not None:
            self._workspace.decision_files.ask_to_import()

    def _enlarge(self) -> None:
        if self._workspace is not None:
            self._workspace.photos.view.enlarge()

    def _reduce(self) -> None:
        if self._workspace is not None:
            self._workspace.photos.view.reduce()

    def _step_back(self) -> None:
        if self._workspace is not None:
            self._workspace.step_back()

    def _on_way(self, way: Way) -> None:
        body = self._body
        {
            Way.ADD_FOLDER: self._dialogs.choose_folder,
            Way.CHOOSE_MODEL: self._dialogs.open_models,
            Way.TRY_DEMO: self._dialogs.try_demo,
            Way.CLEAR_SEARCH: body.search_bar.clear,
            Way.SEARCH_EVERYWHERE: lambda: body.sidebar.choose(Scope()),
            Way.RESCAN: self._rescan,
            Way.PROBLEMS: self._dialogs.open_problems,
            Way.TRY_AGAIN: self.start,
            Way.QUIT: self.close,
        }[way]()

    def _build_bindings(self) -> tuple[KeyBinding, ...]:
        bar = self._body.search_bar
        return (
            KeyBinding(("Ctrl+F", "Ctrl+K", "/"), self.tr("Search"), bar.focus),
            KeyBinding(("Esc",), self.tr("One step back"), self._step_back),
            KeyBinding(("Ctrl+V",), self.tr("Search with a copied picture"), self._paste),
            KeyBinding(("Ctrl+O",), self.tr("Add a folder…"), self._dialogs.choose_folder),
            KeyBinding(("I",), self.tr("Details"), self.toggle_details),
            KeyBinding(("Ctrl+B",), self.tr("Sidebar"), self.toggle_sidebar),
            KeyBinding(("Ctrl+=", "Ctrl++"), self.tr("Larger photos"), self._enlarge),
            KeyBinding(("Ctrl+-",), self.tr("Smaller photos"), self._reduce),
            KeyBinding(("Ctrl+D",), self.tr("Duplicates"), self._dialogs.open_duplicates),
            KeyBinding(("F5",), self.tr("Look for changes in all folders"), self._rescan),
            KeyBinding(("Ctrl+,",), self.tr("Settings"), lambda: self._dialogs.open_settings()),
            KeyBinding(("F1", "?"), self.tr("Keyboard shortcuts"), self.open_shortcuts),
            KeyBinding(("Ctrl+Q",), self.tr("Quit"), self._closing.end),
        )

    def menu(self) -> QMenu:
        """What the menu button offers."""
        menu = QMenu(self)
        for text, act, keys in (
            (self.tr("Add folder…"), self._dialogs.choose_folder, "Ctrl+O"),
            (self.tr("Look for changes"), self._rescan, "F5"),
            (self.tr("Problem files…"), self._dialogs.open_problems, ""),
            (self.tr("Duplicates…"), self._dialogs.open_duplicates, "Ctrl+D"),
            ("", None, ""),
            (self.tr("Export decisions…"), self._export_decisions, ""),
            (self.tr("Import decisions…"), self._import_decisions, ""),
            ("", None, ""),
            *(() if self._guide else ((self.tr("Try the demo"), self._dialogs.try_demo, ""),)),
            ("", None, ""),
            (self.tr("Settings…"), lambda: self._dialogs.open_settings(), "Ctrl+,"),
            (self.tr("Keyboard shortcuts"), self.open_shortcuts, "F1"),
            ("", None, ""),
            (self.tr("Quit"), self._closing.end, "Ctrl+Q"),
        ):
            if act is None:
                menu.addSeparator()
            else:
                # The tab puts the keys beside the text without making them a second shortcut.
                menu.addAction(f"{text}\t{key_text([keys])}" if keys else text, act)
        return menu

    def _open_menu(self) -> None:
        button = self._body.menu_button
        menu = self.menu()
        corner = button.mapToGlobal(button.rect().bottomRight())
        menu.popup(corner - QPoint(menu.sizeHint().width(), -4))

    # --- place on the screen

    def _restore_geometry(self, settings: Settings) -> None:
        self.setMinimumSize(640, 420)
        self.resize(1180, 760)
        try:
            stored = base64.b64decode(settings.window_geometry, validate=True)
        except (binascii.Error, ValueError):
            return  # somebody edited the file; the default size is fine
        if stored:
            self.restoreGeometry(QByteArray(stored))

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._closing.may_end():
            event.ignore()
            return
        geometry = base64.b64encode(self.saveGeometry().data()).decode("ascii")
        self._keeper.change(window_geometry=geometry, **self._body.layout_settings())
        self.hide()  # at once: ending the threads may take a moment
        event.accept()
        self.closed.emit()
