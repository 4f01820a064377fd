"""Which model is used, and on which device it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QWidget,
)

from app.domain.progress import IndexProgress
from app.domain.status import ModelState, ModelStatus
from app.errors import AppError
from app.settings import Settings
from app.ui import wording
from app.ui.activity_line import describe_model
from app.ui.kept_models import KeptModels
from app.ui.model_change import ModelChange
from app.ui.precision_choice import PrecisionChoice
from app.ui.settings_parts import read_only, settings_form, with_notes, wrapped
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.kept_models import KeptModelService
    from app.services.models import ModelService


_PATCHES = (16, 4096)  # as the settings allow them


class ModelSettings(QWidget):
    """A model is verified before it is used; the one before stays when it is refused."""

    model_chosen = Signal(object, str)  # checkpoint (str or None), device: verified and in use
    download_wanted = Signal()

    def __init__(
        self,
        models: ModelService,
        kept: KeptModelService,
        settings: Settings,
        tasks: TaskRunner,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._models = models
        self._tasks = tasks
        self._checkpoint = settings.checkpoint
        self._device = str(settings.device)
        self._path = read_only(self.tr("Model folder"))
        self._choose = QPushButton(self.tr("Choose folder…"))
        self._choose.clicked.connect(self.choose_folder)
        self._download = QPushButton(self.tr("Download…"))
        self._download.setAccessibleName(self.tr("Download a model"))
        self._download.clicked.connect(self.download_wanted)
        self._remove = QPushButton(self.tr("Remove"))
        self._remove.setAccessibleName(self.tr("Use no model"))
        self._remove.clicked.connect(lambda: self.use(None))
        self._devices = QComboBox()
        self._devices.setAccessibleName(self.tr("Device"))
        self._devices.activated.connect(self._on_device)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setFixedHeight(5)
        self._note = wrapped("muted")
        self.patches = QSpinBox()
        self.patches.setAccessibleName(self.tr("Patches"))
        self.patches.setRange(*_PATCHES)
        self.patches.setSingleStep(64)
        self.patches.editingFinished.connect(self._on_patches)
        self._patches = 0  # as they are chosen; 0 where that is no choice
        self.change = ModelChange()
        self.change.now_wanted.connect(self._on_now)
        self.change.stay_wanted.connect(self._on_stay)
        self.kept = KeptModels(kept, tasks)
        self.kept.failed.connect(self._show_error)
        self._answering = ("", "")  # the names of the model that answers and of the one that will
        self.precision = PrecisionChoice()
        self.precision.wished.connect(self._on_precision)
        self._lay_out()
        self._lay_out_kept()
        self._set_busy(False)
        self._show_checkpoint()
        self._tasks.run(models.devices, self._show_devices, self._show_error, receiver=self)
        self._ask()

    @property
    def note(self) -> str:
        """What is said below the model: its state, or why it was refused."""
        return self._note.text()

    @property
    def path_field(self) -> QLineEdit:
        return self._path

    @property
    def device_box(self) -> QComboBox:
        return self._devices

    @property
    def remove_button(self) -> QPushButton:
        return self._remove

    @property
    def download_button(self) -> QPushButton:
        return self._download

    @property
    def is_busy(self) -> bool:
        return not self._busy.isHidden()

    def choose_folder(self) -> None:
        """Let the user pick a folder with a checkpoint."""
        dialog = QFileDialog(self, self.tr("Choose the folder of a model"), self._checkpoint or "")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.use)
        dialog.open()

    def use(self, checkpoint: str | None) -> None:
        """Verify a checkpoint and switch to it; what was used before stays when it is refused."""
        self._apply(checkpoint, self._device)

    def show_status(self, status: ModelStatus) -> None:
        """Say how the model is."""
        self.change.show_status(status)
        if self._answering != (status.name, status.coming):
            self._answering = (status.name, status.coming)
            self.kept.refresh()
            self._tasks.run(self._models.patches, self._show_patches, self._show_error, receiver=self)
        self.precision.show_status(status)
        self._tasks.run(
            lambda: (self._models.precision_wish(), self._models.precision_proof()),
            lambda found: self.precision.show_wish(*found),
            self._show_error,
            receiver=self,
        )
        if status.state is ModelState.NONE:
            self._say(self.tr("Without a model only names and folders are searched."))
        else:
            self._say("\n".join(filter(None, (describe_model(status), status.message))))

    def show_progress(self, progress: IndexProgress) -> None:
        """Say how far a change of the model is."""
        self.change.show_progress(progress)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._choose)
        row.addWidget(self._download)
        row.addWidget(self._remove)
        row.addStretch(1)
        form = settings_form(self)
        form.addRow(self.tr("Model"), with_notes(self._path, self._busy, self._note))
        form.addRow("", self.change)
        form.addRow("", row)
        form.addRow(self.tr("Runs on"), self._devices)
        form.addRow(self.tr("Precision"), self.precision)

    def _ask(self) -> None:
        self._tasks.run(self._models.status, self.show_status, self._show_error, receiver=self)

    def _lay_out_kept(self) -> None:
        form = self.layout()
        assert isinstance(form, QFormLayout)
        explanation = self.tr("They are kept when the model is changed, so that changing back takes no time.")
        closer = self.tr(
            "How closely photos are looked at; 256 is usual. More see small things in large or wide pictures,"
            " and take longer. Photos are embedded anew."
        )
        form.addRow(self.tr("Patches"), with_notes(self.patches, wrapped("muted", closer)))
        self._patches_row = form.rowCount() - 1
        form.setRowVisible(self._patches_row, False)
        form.addRow(self.tr("Embeddings"), with_notes(self.kept, wrapped("muted", explanation)))

    def _show_devices(self, devices: tuple[tuple[str, str], ...]) -> None:
        for name, text in devices:
            self._devices.addItem(text, name)
        self._select_device()

    def _select_device(self) -> None:
        self._devices.setCurrentIndex(max(0, self._devices.findData(self._device)))

    def _show_patches(self, patches: int | None) -> None:
        """Only some models leave the choice."""
        form = self.layout()
        assert isinstance(form, QFormLayout)
        form.setRowVisible(self._patches_row, patches is not None)
        self._patches = patches or 0
        if patches is not None and not self.patches.hasFocus():
            self.patches.setValue(patches)

    def _on_patches(self) -> None:
        wanted = self.patches.value()
        if self._patches and wanted != self._patches:
            self._patches = wanted
            self._tasks.run(
                lambda: self._models.use_patches(wanted),
                on_error=self._show_error,
                lane=Lane.LOOSE,
                receiver=self,
            )

    def _on_now(self) -> None:
        self.change.set_usable(False)
        self._tasks.run(self._models.use_now, on_error=self._show_error, lane=Lane.LOOSE, receiver=self)

    def _on_stay(self) -> None:
        self.change.set_usable(False)
        self._tasks.run(
            self._models.stay,
            self._when_done(self._checkpoint, self._device),
            self._show_error,
            lane=Lane.LOOSE,
            receiver=self,
        )

    def _on_device(self) -> None:
        self._apply(self._checkpoint, str(self._devices.currentData()))

    def _on_precision(self, precision: str) -> None:
        self._apply(self._checkpoint, self._device, precision)

    def _apply(self, checkpoint: str | None, device: str, precision: str | None = None) -> None:
        self._set_busy(True)
        self._say(self.tr("Checking the model…") if checkpoint else "")
        self._tasks.run(
            lambda: self._models.use(checkpoint, device, precision),
            self._when_done(checkpoint, device),
            self._show_error,
            lane=Lane.LOOSE,
            receiver=self,
        )

    def _when_done(self, checkpoint: str | None, device: str) -> Callable[[str | None], None]:
        def done(used: str | None) -> None:
            self._checkpoint, self._device = used or checkpoint, device  # a file was converted into a folder
            self._set_busy(False)
            self._show_checkpoint()
            self.model_chosen.emit(self._checkpoint, device)
            self._ask()

        return done

    def _show_checkpoint(self) -> None:
        self._path.setText(wording.printable(self._checkpoint or ""))
        self._path.setPlaceholderText(self.tr("No model"))
        self._remove.setEnabled(self._checkpoint is not None)

    def _show_error(self, error: Exception) -> None:
        self._set_busy(False)
        self._select_device()
        text = str(error) if isinstance(error, AppError) else self.tr("Something went wrong: {error}")
        self._say(text.format(error=error) if not isinstance(error, AppError) else text, warning=True)

    def _say(self, text: str, *, warning: bool = False) -> None:
        self._note.setText(text)
        self._note.setProperty("rank", "warning" if warning else "muted")
        self._note.style().unpolish(self._note)
        self._note.style().polish(self._note)

    def _set_busy(self, busy: bool) -> None:
        self._busy.setVisible(busy)
        for control in (self._choose, self._download, self._remove, self._devices, self.precision.box):
            control.setEnabled(not busy)
        self._remove.setEnabled(not busy and self._checkpoint is not None)
