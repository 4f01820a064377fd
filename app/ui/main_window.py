"""The window: opens the library behind its own appearance, has the keys and opens the dialogs."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QPoint, QStandardPaths, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFileDialog, QMainWindow, QMenu

from app.errors import AppError
from app.settings import Settings, SettingsStore
from app.ui import settings_dialog
from app.ui.activity_details import ActivityDetails
from app.ui.closing import ClosingPolicy
from app.ui.decision_wishes import decision_keys
from app.ui.demo_guide import DemoGuide
from app.ui.demo_process import open_demo_window
from app.ui.drop_zone import DropZone
from app.ui.dropped_content import DroppedContent, clipboard_mime, read_mime
from app.ui.duplicates_dialog import DuplicatesDialog
from app.ui.empty_states import Way, for_open_error
from app.ui.model_page import ModelDialog, ModelPage
from app.ui.problems_dialog import ProblemsDialog
from app.ui.scope import Scope
from app.ui.settings_dialog import SettingsDialog
from app.ui.settings_keeper import SettingsKeeper
from app.ui.task_runner import Lane, TaskRunner
from app.ui.window_actions import KeyBinding, ShortcutsDialog, add_actions, key_text, photo_keys
from app.ui.window_body import WindowBody
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
        for review in self.findChildren(DuplicatesDialog):
            review.line.stop()
        self._tasks.close()
        for services in self._opened:
            services.close()
        self._opened.clear()
        self._keeper.save_now()

    def show_bug(self, error: Exception) -> None:
        """Say that something went wrong, with details for whoever mends it."""
        self._body.messages.say_error(error)

    # --- dialogs

    def open_settings(self, page: int = settings_dialog.MODEL) -> None:
        """Show a page of the settings."""
        if self._services is None or self._workspace is None:
            return
        dialog = SettingsDialog(self._services, self._keeper, self._tasks, self)
        dialog.show_page(page)
        dialog.model_chosen.connect(self._workspace.model_chosen)
        dialog.download_wanted.connect(self.open_models)
        dialog.raw_apart_changed.connect(self._workspace.show_raw_apart)
        dialog.tuning_changed.connect(self._workspace.retune)
        dialog.storage.offer_searches_changed.connect(self._workspace.aids.offer_history)
        dialog.storage.clear_searches_wanted.connect(self._workspace.aids.clear_history)
        for wanted, ask in (
            (dialog.storage.export_wanted, self._export_decisions),
            (dialog.storage.import_wanted, self._import_decisions),
        ):
            wanted.connect(dialog.accept)
            wanted.connect(ask)
        self._workspace.model_changed.connect(dialog.show_status)
        self._workspace.progress_changed.connect(dialog.show_progress)
        dialog.show_progress(self._workspace.progress)
        dialog.open()

    def open_models(self) -> None:
        """Offer models for download. The window stays usable meanwhile."""
        if self._services is None or self._workspace is None:
            return
        services, device = self._services, str(self._keeper.settings.device)
        page = ModelPage(services.models, services.downloads, self._tasks, device)
        page.model_chosen.connect(self._workspace.model_chosen)
        page.demo_requested.connect(self.try_demo)
        self._workspace.model_changed.connect(page.show_status)
        self._workspace.progress_changed.connect(page.show_progress)
        page.show_progress(self._workspace.progress)
        if self._guide is None:
            page.offer_demo()
        ModelDialog(page, self).show()

    def open_problems(self) -> None:
        """Show the files that could not be read."""
        if self._services is None or self._workspace is None:
            return
        dialog = ProblemsDialog(self._services.library, self._tasks, self)
        dialog.reveal_wanted.connect(self._workspace.photos.files.reveal_photo)
        dialog.retried.connect(self._workspace.overview.refresh_soon)
        dialog.open()

    def open_duplicates(self) -> None:
        """Show copies of photos and shots of one moment. The window stays usable meanwhile."""
        if self._services is None or self._workspace is None:
            return
        dialog = DuplicatesDialog(self._services.duplicates, self._services.library, self._tasks, self)
        dialog.open_wanted.connect(self._workspace.photos.files.open_photos)
        dialog.library_changed.connect(self._workspace.photos.library_changed)
        self._workspace.overview.counts_changed.connect(dialog.refresh_soon)
        dialog.show()

    def open_activity(self) -> None:
        """Show in full what indexing is doing."""
        if self._workspace is None:
            return
        details = ActivityDetails(self)
        details.pause_wanted.connect(self._workspace.pause)
        details.problems_wanted.connect(self.open_problems)
        details.settings_wanted.connect(lambda: self.open_settings(settings_dialog.INDEXING))
        self._workspace.progress_changed.connect(details.show_progress)
        details.show_progress(self._workspace.progress)
        details.open_above(self._body.activity)

    def open_shortcuts(self) -> None:
        """Show every key."""
        ShortcutsDialog((*self._bindings, *photo_keys(), *decision_keys()), self).open()

    def choose_folder(self) -> None:
        """Let the user pick a folder to watch."""
        if self._workspace is None:
            return
        if self._guide is not None:
            self._guide.explain_folders()
            return
        dialog = QFileDialog(self, self.tr("Add a folder of photos"), _pictures_folder())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.filesSelected.connect(self._add_folders)
        dialog.open()

    def try_demo(self) -> None:
        """Open the demonstration beside this window."""
        if open_demo_window():
            self._body.messages.say(self.tr("The demonstration opens in a window of its own."))
        else:
            self._body.messages.say(
                self.tr("The demonstration could not be started. In a terminal, try: photosift demo")
            )

    def choose_picture(self) -> None:
        """Let the user pick pictures to search with."""
        if self._workspace is None:
            return
        dialog = QFileDialog(self, self.tr("Choose a picture to search with"), _pictures_folder())
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._workspace.intake.add_files)
        dialog.open()

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
        body.search_bar.picture_wanted.connect(self.choose_picture)
        body.search_bar.pasted.connect(lambda mime: self._take(read_mime(mime)))
        body.sidebar.add_folder_wanted.connect(self.choose_folder)
        body.sidebar.problems_wanted.connect(self.open_problems)
        body.activity.problems_wanted.connect(self.open_problems)
        body.activity.details_wanted.connect(self.open_activity)
        body.activity.download_wanted.connect(self.open_models)
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
            self.open_models()
        else:
            self.open_settings()

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
            Way.ADD_FOLDER: self.choose_folder,
            Way.CHOOSE_MODEL: self.open_models,
            Way.TRY_DEMO: self.try_demo,
            Way.CLEAR_SEARCH: body.search_bar.clear,
            Way.SEARCH_EVERYWHERE: lambda: body.sidebar.choose(Scope()),
            Way.RESCAN: self._rescan,
            Way.PROBLEMS: self.open_problems,
            Way.TRY_AGAIN: self.start,
            Way.QUIT: self.close,
        }[way]()

    def _build_bindings(self) -> tuple[KeyBinding, ...]:
        bar = self._body.search_bar
        return (
            KeyBinding(("Ctrl+F", "Ctrl+K", "/"), self.tr("Search"), bar.focus),
            KeyBinding(("Esc",), self.tr("One step back"), self._step_back),
            KeyBinding(("Ctrl+V",), self.tr("Search with a copied picture"), self._paste),
            KeyBinding(("Ctrl+O",), self.tr("Add a folder…"), self.choose_folder),
            KeyBinding(("I",), self.tr("Details"), self.toggle_details),
            KeyBinding(("Ctrl+B",), self.tr("Sidebar"), self.toggle_sidebar),
            KeyBinding(("Ctrl+=", "Ctrl++"), self.tr("Larger photos"), self._enlarge),
            KeyBinding(("Ctrl+-",), self.tr("Smaller photos"), self._reduce),
            KeyBinding(("Ctrl+D",), self.tr("Duplicates"), self.open_duplicates),
            KeyBinding(("F5",), self.tr("Look for changes in all folders"), self._rescan),
            KeyBinding(("Ctrl+,",), self.tr("Settings"), lambda: self.open_settings()),
            KeyBinding(("F1", "?"), self.tr("Keyboard shortcuts"), self.open_shortcuts),
            KeyBinding(("Ctrl+Q",), self.tr("Quit"), self._closing.end),
        )

    def menu(self) -> QMenu:
        """What the menu button offers."""
        menu = QMenu(self)
        for text, act, keys in (
            (self.tr("Add folder…"), self.choose_folder, "Ctrl+O"),
            (self.tr("Look for changes"), self._rescan, "F5"),
            (self.tr("Problem files…"), self.open_problems, ""),
            (self.tr("Duplicates…"), self.open_duplicates, "Ctrl+D"),
            ("", None, ""),
            (self.tr("Export decisions…"), self._export_decisions, ""),
            (self.tr("Import decisions…"), self._import_decisions, ""),
            ("", None, ""),
            *(() if self._guide else ((self.tr("Try the demo"), self.try_demo, ""),)),
            ("", None, ""),
            (self.tr("Settings…"), lambda: self.open_settings(), "Ctrl+,"),
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


def _pictures_folder() -> str:
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
