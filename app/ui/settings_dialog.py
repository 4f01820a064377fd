"""The settings, in pages: model, indexing, search, storage, about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.domain.progress import IndexProgress
from app.domain.status import ModelStatus
from app.errors import AppError
from app.ui import wording
from app.ui.about_settings import AboutSettings
from app.ui.indexing_settings import IndexingSettings
from app.ui.model_settings import ModelSettings
from app.ui.search_settings import SearchSettings
from app.ui.settings_keeper import SettingsKeeper
from app.ui.settings_parts import wrapped
from app.ui.storage_settings import StorageSettings
from app.ui.task_runner import TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.bootstrap import Services

MODEL, INDEXING, SEARCH, STORAGE, ABOUT = range(5)  # the pages in their order

_SIZE, _LIST_WIDTH = QSize(740, 540), 140
_ENTRY_PADDING = 18  # above and below the name of a page


class SettingsDialog(QDialog):
    """Changes take effect when they are made."""

    model_chosen = Signal(object, str)  # checkpoint (str or None), device: verified and in use
    download_wanted = Signal()
    raw_apart_changed = Signal(bool)  # show raw files by themselves
    tuning_changed = Signal()  # how searching by meaning is set

    def __init__(
        self,
        services: Services,
        keeper: SettingsKeeper,
        tasks: TaskRunner,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.model = ModelSettings(services.models, services.kept_models, keeper.settings, tasks)
        self.indexing = IndexingSettings(services.indexing, keeper, tasks)
        self.search = SearchSettings(keeper)
        self.storage = StorageSettings(services.storage, str(services.paths.root), keeper, tasks)
        self.about = AboutSettings(wording.printable(str(services.settings.path)))
        self._list = QListWidget()
        self._list.setObjectName("settingsList")
        self._list.setAccessibleName(self.tr("Pages of the settings"))
        self._list.setFixedWidth(_LIST_WIDTH)
        self._pages = QStackedWidget()
        self._error = wrapped("warning")
        self._error.hide()
        self._lay_out()
        self.resize(_SIZE)
        self._connect()
        self._list.setCurrentRow(MODEL)

    def show_page(self, page: int) -> None:
        """Turn to one of the pages."""
        self._list.setCurrentRow(page)

    def show_status(self, status: ModelStatus) -> None:
        """Say how the model is."""
        self.model.show_status(status)

    def show_progress(self, progress: IndexProgress) -> None:
        """Say how far indexing is."""
        self.model.show_progress(progress)

    @property
    def error(self) -> QLabel:
        """Where it is said what went wrong."""
        return self._error

    def _connect(self) -> None:
        self._list.currentRowChanged.connect(self._pages.setCurrentIndex)
        self.model.model_chosen.connect(self.model_chosen)
        self.model.download_wanted.connect(self._on_download)
        self.indexing.raw_apart_changed.connect(self.raw_apart_changed)
        self.indexing.failed.connect(self._show_error)
        self.search.changed.connect(self.tuning_changed)
        self.storage.failed.connect(self._show_error)

    def _lay_out(self) -> None:
        for title, page in (
            (self.tr("Model"), self.model),
            (self.tr("Indexing"), self.indexing),
            (self.tr("Search"), self.search),
            (self.tr("Storage"), self.storage),
            (self.tr("About"), self.about),
        ):
            entry = QListWidgetItem(title, self._list)
            entry.setSizeHint(QSize(0, self.fontMetrics().height() + _ENTRY_PADDING))
            area = QScrollArea()  # large fonts need more room than a small screen has
            area.setWidgetResizable(True)
            area.setFrameShape(QFrame.Shape.NoFrame)
            area.setWidget(page)
            self._pages.addWidget(area)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._list)
        middle.addWidget(self._pages, 1)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(24, 8, 16, 14)
        bottom.addWidget(self._error, 1)
        bottom.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(middle, 1)
        layout.addLayout(bottom)

    def _on_download(self) -> None:
        self.accept()
        self.download_wanted.emit()

    def _show_error(self, error: Exception) -> None:
        text = str(error) if isinstance(error, AppError) else self.tr("Something went wrong: ") + str(error)
        self._error.setText(text)
        self._error.show()
