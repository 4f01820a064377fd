"""How a download stands, in one line: a bar, words, and a button to stop it or to go on."""

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.domain.download import DownloadPhase, DownloadProgress
from app.ui import wording

_STEPS = 1000  # of the bar: bytes do not fit into its 32 bits


class DownloadLine(QWidget):
    """Says nothing, and takes no room, while there is nothing to say."""

    cancel_wanted = Signal()
    again_wanted = Signal(str)  # hub id

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hub_id = ""
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(5)
        self._bar.setAccessibleName(self.tr("Download"))
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._cancel = QPushButton(self.tr("Cancel"))
        self._cancel.setAccessibleName(self.tr("Cancel the download"))
        self._cancel.clicked.connect(self.cancel_wanted)
        self._again = QPushButton(self.tr("Try again"))
        self._again.clicked.connect(lambda: self.again_wanted.emit(self._hub_id))
        row = QHBoxLayout()
        row.addWidget(self._text, 1)
        row.addWidget(self._again)
        row.addWidget(self._cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._bar)
        layout.addLayout(row)
        self.show_progress(DownloadProgress())

    @property
    def text(self) -> str:
        return self._text.text()

    @property
    def bar(self) -> QProgressBar:
        return self._bar

    @property
    def cancel_button(self) -> QPushButton:
        return self._cancel

    @property
    def again_button(self) -> QPushButton:
        return self._again

    def show_progress(self, progress: DownloadProgress) -> None:
        """Describe where a download is, or how it ended."""
        self._hub_id = progress.hub_id
        self.say(describe_download(progress), warning=progress.phase is DownloadPhase.FAILED)
        self._bar.setVisible(progress.active)
        self._cancel.setVisible(progress.active)
        self._again.setVisible(progress.phase is DownloadPhase.FAILED)
        if progress.phase is DownloadPhase.DOWNLOADING and progress.total_bytes:
            self._bar.setRange(0, _STEPS)
            self._bar.setValue(_STEPS * progress.done_bytes // progress.total_bytes)
        else:
            self._bar.setRange(0, 0)  # busy, for nobody knows how long

    def say(self, text: str, *, warning: bool = False) -> None:
        """Show a text in place."""
        self._text.setText(text)
        self._text.setProperty("rank", "warning" if warning else "muted")
        self._text.style().unpolish(self._text)
        self._text.style().polish(self._text)
        self.setVisible(bool(text))


def describe_download(progress: DownloadProgress) -> str:
    """In one line: "Downloading · 0.4 of 1.5 GB · 12 MB a second · about 2 minutes left"."""
    phase = progress.phase
    if phase is DownloadPhase.DOWNLOADING:
        done, total = wording.byte_size(progress.done_bytes), wording.byte_size(progress.total_bytes)
        parts = [_tr("Downloading"), _tr("{done} of {total}").format(done=done, total=total)]
        if progress.rate:
            parts.append(_tr("{size} a second").format(size=wording.byte_size(round(progress.rate))))
        if progress.seconds_left is not None:
            parts.append(wording.time_left(progress.seconds_left))
        return " · ".join(parts)
    return {
        DownloadPhase.IDLE: "",
        DownloadPhase.CONNECTING: _tr("Asking the Hugging Face hub…"),
        DownloadPhase.CHECKING: _tr("Checking what came…"),
        DownloadPhase.DONE: _tr("The model is here and in use."),
        DownloadPhase.CANCELLED: _tr("Cancelled. What came through is kept, so that you can go on later."),
        DownloadPhase.FAILED: progress.message,
    }[phase]


def _tr(text: str) -> str:
    return QCoreApplication.translate("DownloadLine", text)
