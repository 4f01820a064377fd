"""What indexing is doing, in full: opens above the activity line."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from app.domain.progress import IndexPhase, IndexProgress
from app.ui import theme, wording
from app.ui.activity_line import counted, describe_done, describe_phase
from app.ui.model_change import describe_away

_WIDTH = 380
_VALUE_WIDTH = 230


class ActivityDetails(QFrame):
    """Follows the progress while it is open; a click anywhere else closes it."""

    pause_wanted = Signal(bool)  # True: pause, False: go on
    problems_wanted = Signal()
    settings_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("activityDetails")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(self.tr("What indexing is doing"))
        self.setFixedWidth(_WIDTH)
        self._paused = False
        self._title = QLabel()
        self._title.setFont(theme.scaled_font(self.font(), 1.1, bold=True))
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(5)
        self._message = QLabel()
        self._message.setWordWrap(True)
        self._message.setProperty("rank", "muted")
        self._rows: dict[str, tuple[QLabel, QLabel]] = {}
        self._pause = QPushButton()
        self._pause.clicked.connect(lambda: self.pause_wanted.emit(not self._paused))
        self._problems = QPushButton()
        self._problems.clicked.connect(self._leave_for(self.problems_wanted))
        self._settings = QPushButton(self.tr("Settings…"))
        self._settings.clicked.connect(self._leave_for(self.settings_wanted))
        self._lay_out()

    @property
    def title(self) -> str:
        return self._title.text()

    @property
    def pause_button(self) -> QPushButton:
        return self._pause

    @property
    def problems_button(self) -> QPushButton:
        return self._problems

    def row(self, name: str) -> str:
        """What the row "done", "rate", "average", "left" or "folder" says; "" when it is not shown."""
        label = self._rows[name][1]
        return "" if label.isHidden() else label.toolTip() or label.text()

    def show_progress(self, progress: IndexProgress) -> None:
        """Show a snapshot of indexing."""
        idle = progress.phase in (IndexPhase.IDLE, IndexPhase.STOPPED)
        self._title.setText(describe_phase(progress))
        message = "\n".join(filter(None, (progress.message, describe_away(progress.away))))
        self._message.setText(message)
        self._message.setVisible(bool(message))
        self._bar.setVisible(not idle)
        scanning = progress.phase is IndexPhase.SCANNING or not progress.total
        done, total = counted(progress)
        self._bar.setMaximum(0 if scanning else total)
        self._bar.setValue(min(done, total))
        self._say("done", "" if scanning or idle else describe_done(progress))
        self._say("rate", wording.rate(progress.rate) if progress.rate else "")
        self._say("average", wording.rate(progress.average_rate) if progress.average_rate else "")
        self._say("left", self._time_left(progress))
        self._say("folder", wording.printable(progress.current))
        self._paused = progress.phase is IndexPhase.PAUSED
        self._pause.setText(self.tr("Go on") if self._paused else self.tr("Pause"))
        self._pause.setVisible(not idle)
        self._problems.setText(wording.problem_count(progress.problems))
        self._problems.setVisible(progress.problems > 0)
        self._fit()

    def open_above(self, line: QWidget) -> None:
        """Show it with its lower left corner on the line."""
        self.adjustSize()
        corner = line.mapToGlobal(QPoint(8, -6))
        self.move(corner.x(), corner.y() - self.height())
        self.show()

    def _time_left(self, progress: IndexProgress) -> str:
        if progress.phase is not IndexPhase.INDEXING:
            return ""
        if progress.seconds_left is None:
            return self.tr("not known yet")
        return wording.time_left(progress.seconds_left)

    def _say(self, name: str, text: str) -> None:
        title, value = self._rows[name]
        shown = QFontMetrics(value.font()).elidedText(text, Qt.TextElideMode.ElideMiddle, _VALUE_WIDTH)
        value.setText(shown)
        value.setToolTip(text if shown != text else "")
        for label in (title, value):
            label.setVisible(bool(text))

    def _fit(self) -> None:
        """Keep the lower edge where it is while rows come and go."""
        if self.isVisible():
            bottom = self.geometry().bottom()
            self.adjustSize()
            self.move(self.x(), bottom - self.height() + 1)

    def _leave_for(self, wanted: object) -> object:
        def leave() -> None:
            self.close()
            wanted.emit()  # type: ignore[attr-defined]  # a bound signal

        return leave

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 14, 16, 14)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(7)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._title, 0, 0, 1, 2)
        grid.addWidget(self._bar, 1, 0, 1, 2)
        grid.addWidget(self._message, 2, 0, 1, 2)
        for number, (name, text) in enumerate(self._titles().items(), 3):
            title, value = QLabel(text), QLabel()
            title.setProperty("rank", "muted")
            value.setTextFormat(Qt.TextFormat.PlainText)
            self._rows[name] = (title, value)
            grid.addWidget(title, number, 0)
            grid.addWidget(value, number, 1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, 6, 0, 0)
        buttons.addWidget(self._pause)
        buttons.addWidget(self._problems)
        buttons.addStretch(1)
        buttons.addWidget(self._settings)
        grid.addLayout(buttons, 8, 0, 1, 2)

    def _titles(self) -> dict[str, str]:
        return {
            "done": self.tr("Photos"),
            "rate": self.tr("Now"),
            "average": self.tr("On average"),
            "left": self.tr("Time"),
            "folder": self.tr("Folder"),
        }
