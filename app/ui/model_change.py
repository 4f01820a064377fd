"""How far a change of the model is, with the ways to hurry it or to call it off."""

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.domain.progress import IndexPhase, IndexProgress
from app.domain.status import ModelStatus
from app.ui import wording
from app.ui.settings_parts import wrapped


class ModelChange(QFrame):
    """Shown while one model answers and another one embeds the library."""

    now_wanted = Signal()  # let the new one answer with what it has embedded so far
    stay_wanted = Signal()  # go on with the one that answers

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelChange")
        self._title = wrapped("")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(5)
        self._bar.setAccessibleName(self.tr("Progress of the change"))
        self._numbers = wrapped("muted")
        self._away = wrapped("muted")
        self._away.hide()
        self._now = QPushButton(self.tr("Use it now"))
        self._now.setToolTip(self.tr("Photos that it has not embedded yet are found by name until they are"))
        self._now.clicked.connect(self.now_wanted)
        self._stay = QPushButton(self.tr("Call off"))
        self._stay.setAccessibleName(self.tr("Call off the change of the model"))
        self._stay.clicked.connect(self.stay_wanted)
        self._lay_out()
        self.hide()

    @property
    def title(self) -> str:
        return self._title.text()

    @property
    def numbers(self) -> str:
        """How far it is, as "1,204 of 5,678 · 12 a second · about 6 minutes left"."""
        return self._numbers.text()

    @property
    def away(self) -> str:
        """What is said of photos on drives that are not here; "" when there are none."""
        return "" if self._away.isHidden() else self._away.text()

    @property
    def now_button(self) -> QPushButton:
        return self._now

    @property
    def stay_button(self) -> QPushButton:
        return self._stay

    def show_status(self, status: ModelStatus) -> None:
        """Appear while a model is coming."""
        self.setVisible(bool(status.coming))
        for button in (self._now, self._stay):
            button.setEnabled(True)
        text = self.tr("Changing to {new}. Until it has embedded your photos, {old} answers.")
        self._title.setText(text.format(new=status.coming, old=status.name))

    def show_progress(self, progress: IndexProgress) -> None:
        """Show how far it is."""
        change = progress.change
        self._bar.setMaximum(change.total if change is not None else 0)
        if change is not None:
            self._bar.setValue(change.done)
        self._numbers.setText(describe_change(progress))
        self._away.setText(describe_away(progress.away))
        self._away.setVisible(progress.away > 0)

    def set_usable(self, usable: bool) -> None:
        """Let the buttons be pressed."""
        for button in (self._now, self._stay):
            button.setEnabled(usable)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(0, 4, 0, 0)
        row.addWidget(self._now)
        row.addWidget(self._stay)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.setSpacing(5)
        for part in (self._title, self._bar, self._numbers, self._away):
            layout.addWidget(part)
        layout.addLayout(row)


def describe_change(progress: IndexProgress) -> str:
    """As in "1,204 of 5,678 · 12 a second · about 6 minutes left"."""
    change = progress.change
    if change is None:
        return _tr("Counting photos…")
    done, total = wording.number(change.done), wording.number(change.total)
    parts = [_tr("{done} of {total} photos embedded").format(done=done, total=total)]
    if progress.phase is IndexPhase.PAUSED:
        parts.append(_tr("paused"))
    if progress.phase is IndexPhase.INDEXING and progress.rate:
        parts.append(wording.rate(progress.rate))
    if progress.phase is IndexPhase.INDEXING and progress.seconds_left is not None:
        parts.append(wording.time_left(progress.seconds_left))
    return " · ".join(parts)


def describe_away(count: int) -> str:
    """What is said of photos that cannot be embedded now; "" of none."""
    if not count:
        return ""
    if count == 1:
        return _tr("One photo is on a drive that is not here. It is embedded when the drive is back.")
    text = _tr("{n} photos are on drives that are not here. They are embedded when these are back.")
    return text.format(n=wording.number(count))


def _tr(text: str) -> str:
    return QCoreApplication.translate("ModelChange", text)
