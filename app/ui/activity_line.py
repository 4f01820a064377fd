"""The quiet line at the bottom: what is being done, how far it is, and how the model is."""

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QToolButton, QWidget

from app.domain.download import DownloadPhase, DownloadProgress
from app.domain.manners import WaitReason
from app.domain.progress import IndexPhase, IndexProgress
from app.domain.status import ModelState, ModelStatus
from app.ui import icons, wording
from app.ui.elided_label import ElidedLabel

_LEAST_TEXT = 60  # pixels
_DEVICES = {"cpu": "CPU", "cuda": "GPU", "mps": "Apple GPU"}


_UNFINISHED = (IndexPhase.INDEXING, IndexPhase.PAUSED, IndexPhase.WAITING)


class ActivityLine(QFrame):
    """Shows progress and takes the wish to pause; a click asks for the details."""

    pause_wanted = Signal(bool)  # True: pause, False: go on
    details_wanted = Signal()
    download_wanted = Signal()  # to see the download that is under way, or how it failed
    problems_wanted = Signal()
    model_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("activityLine")
        self._paused = False
        self._text = ElidedLabel(mode=Qt.TextElideMode.ElideRight, keeps=_LEAST_TEXT)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(130, 5)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._pause = self._button(self._on_pause, QSize(16, 16))
        self._show_pause_button()
        self._problems = self._button(self.problems_wanted.emit, QSize(14, 14))
        self._problems.setToolTip(self.tr("Show the files that could not be read"))
        self._problems.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        icons.set_icon(self._problems, "warning")
        self._download = self._button(self.download_wanted.emit, QSize(14, 14))
        self._download.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        icons.set_icon(self._download, "download")
        self._model = self._button(self.model_wanted.emit, QSize(14, 14))
        self._model.setToolTip(self.tr("Model settings"))
        self._model.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        icons.set_icon(self._model, "model")
        self._lay_out()
        self.set_watching(False)
        self.show_progress(IndexProgress(IndexPhase.IDLE))
        self.show_download(DownloadProgress())
        self._model.hide()

    @property
    def text(self) -> str:
        """What the line says about indexing."""
        return self._text.whole

    @property
    def pause_button(self) -> QToolButton:
        return self._pause

    @property
    def problems_button(self) -> QToolButton:
        return self._problems

    @property
    def model_button(self) -> QToolButton:
        return self._model

    @property
    def download_button(self) -> QToolButton:
        return self._download

    @property
    def progress_bar(self) -> QProgressBar:
        return self._bar

    def set_watching(self, watching: bool) -> None:
        """Whether there is any folder: without one, nothing is up to date either."""
        self._text.setVisible(watching)

    def show_progress(self, progress: IndexProgress) -> None:
        """Show a snapshot of indexing."""
        self._text.say(describe(progress))
        working = progress.phase in _UNFINISHED and progress.total > 0
        self._bar.setVisible(working or progress.phase is IndexPhase.SCANNING)
        self._bar.setMaximum(0)
        if working:
            done, total = counted(progress)
            self._bar.setMaximum(total)
            self._bar.setValue(min(done, total))
        paused = progress.phase is IndexPhase.PAUSED
        self._pause.setVisible(paused or working or progress.phase is IndexPhase.SCANNING)
        if paused != self._paused:
            self._paused = paused
            self._show_pause_button()
        self._problems.setVisible(progress.problems > 0)
        self._problems.setText(wording.problem_count(progress.problems))
        self._problems.setAccessibleName(self._problems.text())

    def show_problem_count(self, count: int) -> None:
        """Keep the number of problem files right between reports of progress."""
        self._problems.setVisible(count > 0)
        self._problems.setText(wording.problem_count(count))
        self._problems.setAccessibleName(self._problems.text())

    def show_model(self, status: ModelStatus) -> None:
        """Show how the model is, in a word or two."""
        self._model.setText(describe_model(status))
        self._model.setAccessibleName(self._model.text())
        self._model.setToolTip(status.message or self.tr("Model settings"))
        self._model.show()

    def show_download(self, progress: DownloadProgress) -> None:
        """Show how a download of a model stands, as long as there is something to say."""
        failed = progress.phase is DownloadPhase.FAILED
        self._download.setVisible(progress.active or failed)
        self._download.setText(describe_download_briefly(progress))
        self._download.setAccessibleName(self._download.text())
        self._download.setToolTip(progress.message if failed else self.tr("Show the download"))

    def _on_pause(self) -> None:
        self.pause_wanted.emit(not self._paused)

    def _button(self, act: object, size: QSize) -> QToolButton:
        button = QToolButton()
        button.setIconSize(size)
        button.clicked.connect(act)
        return button

    def _show_pause_button(self) -> None:
        icons.set_icon(self._pause, "play" if self._paused else "pause")
        text = self.tr("Go on") if self._paused else self.tr("Pause")
        self._pause.setToolTip(text)
        self._pause.setAccessibleName(text)

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 3, 8, 3)
        layout.setSpacing(10)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._bar)
        layout.addWidget(self._pause)
        layout.addStretch()
        layout.addWidget(self._problems)
        layout.addWidget(self._download)
        layout.addWidget(self._model)
        self.setMinimumHeight(34)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.details_wanted.emit()


def describe(progress: IndexProgress) -> str:
    """Progress in one line: "Reading photos · 1,204 of 5,678 · 12 a second · about 6 minutes left"."""
    parts = [describe_phase(progress)]
    if progress.phase in _UNFINISHED and progress.total:
        parts.append(describe_done(progress))
    if progress.phase is IndexPhase.INDEXING:
        if progress.rate:
            parts.append(wording.rate(progress.rate))
        if progress.seconds_left is not None:
            parts.append(wording.time_left(progress.seconds_left))
    if progress.message:
        parts.append(progress.message)
    return " · ".join(parts)


def describe_done(progress: IndexProgress) -> str:
    """As in "1,204 of 5,678"."""
    done, total = counted(progress)
    return _tr("{done} of {total}").format(done=wording.number(done), total=wording.number(total))


def counted(progress: IndexProgress) -> tuple[int, int]:
    """Photos done and in all: of a change of the model, which may go on for days, else of this run."""
    change = progress.change
    return (change.done, change.total) if change is not None else (progress.done, progress.total)


def describe_download_briefly(progress: DownloadProgress) -> str:
    """A download in a few words: "Downloading a model · 34 %"."""
    if progress.phase is DownloadPhase.FAILED:
        return _tr("The download failed")
    if progress.phase is DownloadPhase.DOWNLOADING and progress.total_bytes:
        share = 100 * progress.done_bytes // progress.total_bytes
        return _tr("Downloading a model · {share} %").format(share=share)
    return _tr("Downloading a model…")


def describe_model(status: ModelStatus) -> str:
    """The model in a few words."""
    if status.state is ModelState.NONE:
        return _tr("No model")
    if status.state is ModelState.LOADING:
        return _tr("Loading model…")
    if status.state is ModelState.FAILED:
        return _tr("The model does not work")
    device = _DEVICES.get(status.device, status.device)
    return f"{status.name} · {device}" if device else status.name


def describe_phase(progress: IndexProgress) -> str:
    """What is being done, without numbers."""
    if progress.phase is IndexPhase.SCANNING:
        where = wording.folder_name(progress.current) if progress.current else ""
        return _tr("Looking through {place}").format(place=where) if where else _tr("Looking for photos")
    if progress.phase is IndexPhase.INDEXING and progress.change is not None:
        return _tr("Changing to {name}").format(name=wording.printable(progress.change.name))
    return {
        IndexPhase.IDLE: _tr("Everything is up to date"),
        IndexPhase.INDEXING: _tr("Reading photos"),
        IndexPhase.PAUSED: _tr("Paused"),
        IndexPhase.WAITING: _waiting(progress.waits_for),
        IndexPhase.STOPPED: _tr("Stopped"),
    }[progress.phase]


def _waiting(reason: WaitReason | None) -> str:
    if reason is WaitReason.MAINS:
        return _tr("Waiting for mains power")
    if reason is WaitReason.IDLE:
        return _tr("Waiting until nobody uses the computer")
    return _tr("Waiting")


def _tr(text: str) -> str:
    return QCoreApplication.translate("ActivityLine", text)
