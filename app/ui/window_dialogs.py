"""The dialogs that belong to the window: each is built when it is wanted, and connected to what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

from app.ui import settings_dialog
from app.ui.activity_details import ActivityDetails
from app.ui.demo_guide import DemoGuide
from app.ui.demo_process import open_demo_window
from app.ui.duplicates_dialog import DuplicatesDialog
from app.ui.model_page import ModelDialog, ModelPage
from app.ui.problems_dialog import ProblemsDialog
from app.ui.settings_dialog import SettingsDialog
from app.ui.settings_keeper import SettingsKeeper
from app.ui.task_runner import TaskRunner
from app.ui.window_body import WindowBody
from app.ui.workspace import Workspace

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.bootstrap import Services


class WindowDialogs(QObject):
    """Opens them above its window; those about the library not before it is open."""

    def __init__(
        self,
        window: QWidget,
        body: WindowBody,
        tasks: TaskRunner,
        keeper: SettingsKeeper,
        guide: DemoGuide | None,
    ) -> None:
        """`guide`: the one of the demonstration, where this is it."""
        super().__init__(window)
        self._window = window
        self._body = body
        self._tasks = tasks
        self._keeper = keeper
        self._guide = guide
        self._services: Services | None = None
        self._workspace: Workspace | None = None

    def begin(self, services: Services, workspace: Workspace) -> None:
        """The library is open."""
        self._services = services
        self._workspace = workspace

    def stop(self) -> None:
        """What a dialog has computed ends with the window."""
        for review in self._window.findChildren(DuplicatesDialog):
            review.line.stop()

    def open_settings(self, page: int = settings_dialog.MODEL) -> None:
        """Show a page of the settings."""
        if self._services is None or self._workspace is None:
            return
        dialog = SettingsDialog(self._services, self._keeper, self._tasks, self._window)
        dialog.show_page(page)
        dialog.model_chosen.connect(self._workspace.model_chosen)
        dialog.download_wanted.connect(self.open_models)
        dialog.raw_apart_changed.connect(self._workspace.show_raw_apart)
        dialog.tuning_changed.connect(self._workspace.retune)
        dialog.storage.offer_searches_changed.connect(self._workspace.aids.offer_history)
        dialog.storage.clear_searches_wanted.connect(self._workspace.aids.clear_history)
        for wanted, ask in (
            (dialog.storage.export_wanted, self._workspace.decision_files.ask_to_export),
            (dialog.storage.import_wanted, self._workspace.decision_files.ask_to_import),
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
        ModelDialog(page, self._window).show()

    def open_problems(self) -> None:
        """Show the files that could not be read."""
        if self._services is None or self._workspace is None:
            return
        dialog = ProblemsDialog(self._services.library, self._tasks, self._window)
        dialog.reveal_wanted.connect(self._workspace.photos.files.reveal_photo)
        dialog.retried.connect(self._workspace.overview.refresh_soon)
        dialog.open()

    def open_duplicates(self) -> None:
        """Show copies of photos and shots of one moment. The window stays usable meanwhile."""
        if self._services is None or self._workspace is None:
            return
        dialog = DuplicatesDialog(
            self._services.duplicates, self._services.library, self._tasks, self._window
        )
        dialog.open_wanted.connect(self._workspace.photos.files.open_photos)
        dialog.library_changed.connect(self._workspace.photos.library_changed)
        self._workspace.overview.counts_changed.connect(dialog.refresh_soon)
        dialog.show()

    def open_activity(self) -> None:
        """Show in full what indexing is doing."""
        if self._workspace is None:
            return
        details = ActivityDetails(self._window)
        details.pause_wanted.connect(self._workspace.pause)
        details.problems_wanted.connect(self.open_problems)
        details.settings_wanted.connect(lambda: self.open_settings(settings_dialog.INDEXING))
        self._workspace.progress_changed.connect(details.show_progress)
        details.show_progress(self._workspace.progress)
        details.open_above(self._body.activity)

    def choose_folder(self) -> None:
        """Let the user pick a folder to watch."""
        if self._workspace is None:
            return
        if self._guide is not None:
            self._guide.explain_folders()
            return
        dialog = QFileDialog(self._window, self.tr("Add a folder of photos"), _pictures_folder())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.filesSelected.connect(self._workspace.folder_care.add_folders)
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
        dialog = QFileDialog(self._window, self.tr("Choose a picture to search with"), _pictures_folder())
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._workspace.intake.add_files)
        dialog.open()


def _pictures_folder() -> str:
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
