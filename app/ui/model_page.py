"""Choosing a model: three to download, or a folder that has one; the window stays usable meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.domain.download import DownloadPhase, DownloadProgress, ModelOffer
from app.domain.progress import IndexProgress
from app.domain.status import ModelStatus
from app.errors import AppError
from app.ui import theme
from app.ui.download_line import DownloadLine
from app.ui.model_card import ModelCard
from app.ui.model_change import ModelChange
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.downloads import ModelDownloadService
    from app.services.models import ModelService


_SIZE, _SMALLEST = QSize(860, 560), QSize(700, 360)

T = TypeVar("T")


def _nothing(_: object) -> None:
    """What is done with an answer that nobody needs."""


class ModelPage(QFrame):
    """Three cards, one line for the download under way, and the other ways to a model."""

    model_chosen = Signal(str, str)  # checkpoint, device: verified and in use
    demo_requested = Signal()

    def __init__(
        self,
        models: ModelService,
        downloads: ModelDownloadService,
        tasks: TaskRunner,
        device: str = "auto",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("modelPage")
        self._models = models
        self._downloads = downloads
        self._tasks = tasks
        self._device = device
        self._cards: dict[str, ModelCard] = {}
        self._row = QHBoxLayout()
        self._row.setSpacing(12)
        self.line = DownloadLine()
        self.line.cancel_wanted.connect(downloads.cancel)
        self.line.again_wanted.connect(self.download)
        self.change = ModelChange()
        self.change.now_wanted.connect(lambda: self._run(models.use_now, lane=Lane.LOOSE))
        self.change.stay_wanted.connect(
            lambda: self._run(models.stay, lambda used: self._on_used(used or ""), lane=Lane.LOOSE)
        )
        self._folder = QPushButton(self.tr("Use a folder with a checkpoint…"))
        self._folder.clicked.connect(self.choose_folder)
        self._file = QPushButton(self.tr("Use an MCIP file…"))
        self._file.setToolTip(self.tr("A .pth file as its authors publish it; it is converted once"))
        self._file.clicked.connect(self.choose_file)
        self._demo = QPushButton(self.tr("Try the demo"))
        self._demo.setToolTip(self.tr("A small drawn library to search; needs no download"))
        self._demo.clicked.connect(self.demo_requested)
        self._demo.hide()  # until somebody offers one
        self._lay_out()
        self._listen()
        self._on_progress(downloads.progress())
        self._run(models.status, self.show_status)
        self.refresh()

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        return tuple(self._cards.values())

    @property
    def folder_button(self) -> QPushButton:
        return self._folder

    @property
    def demo_button(self) -> QPushButton:
        return self._demo

    def offer_demo(self) -> None:
        """Show the button that asks for the demonstration."""
        self._demo.show()

    def show_status(self, status: ModelStatus) -> None:
        """Say whether one model is to take the place of another."""
        self.change.show_status(status)

    def show_progress(self, progress: IndexProgress) -> None:
        """Say how far that is."""
        self.change.show_progress(progress)

    def refresh(self) -> None:
        """Ask what is here; then, behind, how fast this machine is."""
        self._run(self._downloads.offers, self._show_first)

    def download(self, hub_id: str) -> None:
        """Begin, or go on; a model that is here is put to use by the same means."""
        self._run(lambda: self._downloads.start(hub_id))

    def choose_folder(self) -> None:
        """Let the user pick a folder with a checkpoint."""
        dialog = QFileDialog(self, self.tr("Choose the folder of a model"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.use)
        dialog.open()

    def choose_file(self) -> None:
        """Let the user pick a .pth file, which is converted into such a folder."""
        dialog = QFileDialog(self, self.tr("Choose the file of a model"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(self.tr("Weights of open_clip (*.pth *.pt)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.use)
        dialog.open()

    def use(self, checkpoint: str) -> None:
        """Verify a checkpoint that is here, and switch to it."""
        converting = checkpoint.lower().endswith((".pth", ".pt"))
        self.line.say(self.tr("Converting the model…") if converting else self.tr("Checking the model…"))
        self._set_usable(False)
        self._run(
            lambda: self._models.use(checkpoint, self._device),
            lambda used: self._on_used(used or checkpoint),
            lane=Lane.LOOSE,
        )

    # --- what the service says

    def _listen(self) -> None:
        end = self._downloads.subscribe(
            lambda progress: self._tasks.post(lambda: self._on_progress(progress), self)
        )
        self.destroyed.connect(lambda: end())

    def _run(
        self,
        work: Callable[[], T],
        on_done: Callable[[T], None] = _nothing,
        on_error: Callable[[Exception], None] | None = None,
        lane: Lane = Lane.READS,
    ) -> None:
        self._tasks.run(work, on_done, on_error or self._show_error, lane=lane, receiver=self)

    def _show_first(self, offers: tuple[ModelOffer, ...]) -> None:
        measured = any(offer.photos_a_minute is not None for offer in offers)
        self._show_offers(offers, measuring=not measured)
        if not measured:
            self._run(
                lambda: self._downloads.offers(measured=True),
                self._show_offers,
                lambda _: self._show_offers(offers),  # cards without a speed are still worth choosing from
                lane=Lane.LOOSE,
            )

    def _show_offers(self, offers: tuple[ModelOffer, ...], *, measuring: bool = False) -> None:
        for offer in offers:
            card = self._cards.get(offer.model.hub_id)
            if card is None:
                card = self._cards[offer.model.hub_id] = ModelCard(offer)
                card.wanted.connect(self._on_wanted)
                self._row.addWidget(card, 1)
            card.show_offer(offer, measuring=measuring)
        self._set_usable(not self._downloads.progress().active)

    def _on_wanted(self, hub_id: str) -> None:
        if self._cards[hub_id].offer.downloaded:
            self.use(hub_id)
        else:
            self.download(hub_id)

    def _on_progress(self, progress: DownloadProgress) -> None:
        self.line.show_progress(progress)
        self._set_usable(not progress.active)
        if progress.phase in (DownloadPhase.DONE, DownloadPhase.CANCELLED, DownloadPhase.FAILED):
            self.refresh()

    def _on_used(self, checkpoint: str) -> None:
        self.line.say("")
        self._set_usable(True)
        self.model_chosen.emit(checkpoint, self._device)
        self.refresh()

    def _show_error(self, error: Exception) -> None:
        text = str(error) if isinstance(error, AppError) else self.tr("Something went wrong: ") + str(error)
        self.line.say(text, warning=True)
        self._set_usable(not self._downloads.progress().active)

    def _set_usable(self, usable: bool) -> None:
        for card in self._cards.values():
            card.set_usable(usable)
        self._folder.setEnabled(usable)
        self._file.setEnabled(usable)

    def _lay_out(self) -> None:
        title = QLabel(self.tr("Choose a model"))
        title.setFont(theme.scaled_font(self.font(), 1.5, bold=True))
        text = QLabel(
            self.tr(
                "The model is what understands your photos and your words. It is downloaded once from the"
                " Hugging Face hub and runs on this computer; your photos never leave it."
            )
        )
        text.setWordWrap(True)
        text.setProperty("rank", "muted")
        ways = QHBoxLayout()
        ways.addWidget(self._folder)
        ways.addWidget(self._file)
        ways.addWidget(self._demo)
        ways.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(12)
        layout.addWidget(title)
        layout.addWidget(text)
        layout.addLayout(self._row)
        layout.addWidget(self.line)
        layout.addWidget(self.change)
        layout.addLayout(ways)


class ModelDialog(QDialog):
    """The page in a window of its own; closing it does not end a download."""

    def __init__(self, page: ModelPage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Choose a model"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.page = page
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(page)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 16, 16)
        layout.addWidget(area, 1)
        layout.addWidget(close)
        self.setMinimumSize(_SMALLEST)
        self.resize(_SIZE)
