"""What closing the window means while photos are being taken in: the end, a question, or the system tray."""

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QMessageBox, QSystemTrayIcon, QWidget

from app.domain.progress import IndexPhase, IndexProgress
from app.ui import wording
from app.ui.settings_keeper import SettingsKeeper
from app.ui.tray import TrayIcon

_WORTH_ASKING = 20  # photos left; fewer are taken in at the next start before anybody notices


def tray_available() -> bool:
    """Whether this desktop shows icons of programs that have no window."""
    return QSystemTrayIcon.isSystemTrayAvailable()


def _session_ends() -> bool:
    """Whether the user logs out: then nobody is there to answer."""
    application = QGuiApplication.instance()
    return isinstance(application, QGuiApplication) and application.isSavingSession()


class ClosingPolicy(QObject):
    """Belongs to a window, which asks it at every closing."""

    hidden = Signal()  # the window went into the tray
    reopened = Signal()
    ended_in_tray = Signal()  # without a window that Qt could see closing
    pause_wanted = Signal(bool)  # True: pause, False: go on

    def __init__(self, window: QWidget, keeper: SettingsKeeper) -> None:
        super().__init__(window)
        self._window = window
        self._keeper = keeper
        self._progress = IndexProgress(IndexPhase.IDLE)
        self._tray: TrayIcon | None = None
        self._question: QMessageBox | None = None
        self._ending = False

    @property
    def tray(self) -> TrayIcon | None:
        """The icon that stands for the window while it is closed."""
        return self._tray

    @property
    def question(self) -> QMessageBox | None:
        return self._question

    def show_progress(self, progress: IndexProgress) -> None:
        """What the question and the tray tell of."""
        self._progress = progress
        if self._tray is not None:
            self._tray.show_progress(progress)

    def may_end(self) -> bool:
        """Whether the window may close and the program end; else it has been hidden, or a question asked."""
        settings = self._keeper.settings
        if self._ending or _session_ends():
            return True
        if settings.keep_indexing and tray_available():
            self.hide_in_tray()
            return False
        if not settings.ask_before_closing or not self._is_worth_asking():
            return True
        self._ask()
        return False

    def end(self) -> None:
        """Close the window for good, whatever is under way: what is done is stored, the rest waits."""
        self._ending = True
        if self._question is not None:
            self._question.close()
        in_tray = self._tray is not None
        self._leave_tray()
        self._window.close()
        if in_tray:
            self.ended_in_tray.emit()

    def hide_in_tray(self) -> None:
        """Go on without a window."""
        QGuiApplication.setQuitOnLastWindowClosed(False)
        self._tray = TrayIcon(self)
        self._tray.open_wanted.connect(self.reopen)
        self._tray.pause_wanted.connect(self.pause_wanted)
        self._tray.quit_wanted.connect(self.end)
        self._tray.show_progress(self._progress)
        self._tray.appear()
        self._window.hide()
        self.hidden.emit()

    def reopen(self) -> None:
        """Show the window again, as it was."""
        self._leave_tray()
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()
        self.reopened.emit()

    def come_forward(self) -> None:
        """Out of the tray, from the taskbar, or from behind other windows."""
        if self._tray is not None:
            self.reopen()
            return
        self._window.setWindowState(self._window.windowState() & ~Qt.WindowState.WindowMinimized)
        self._window.raise_()
        self._window.activateWindow()

    def _leave_tray(self) -> None:
        tray, self._tray = self._tray, None
        if tray is not None:
            tray.vanish()
            tray.deleteLater()
            QGuiApplication.setQuitOnLastWindowClosed(True)

    def _is_worth_asking(self) -> bool:
        under_way = self._progress.phase in (IndexPhase.INDEXING, IndexPhase.WAITING)
        return under_way and self._progress.total - self._progress.done >= _WORTH_ASKING

    def _ask(self) -> None:
        if self._question is not None:
            return
        left = wording.photo_count(self._progress.total - self._progress.done)
        box = QMessageBox(
            QMessageBox.Icon.Question,
            self.tr("Close Photosift?"),
            self.tr("Photos are still being taken in: {photos} to go.").format(photos=left),
            QMessageBox.StandardButton.Cancel,
            self._window,
        )
        box.setInformativeText(
            self.tr(
                "What is done is kept. The rest goes on when Photosift is open again, or in the background."
            )
            if tray_available()
            else self.tr("What is done is kept. The rest goes on when Photosift is open again.")
        )
        always = QCheckBox(self.tr("Do not ask again"))
        box.setCheckBox(always)
        close = box.addButton(self.tr("Close"), QMessageBox.ButtonRole.DestructiveRole)
        close.clicked.connect(lambda: self._on_close(always.isChecked()))
        if tray_available():
            stay = box.addButton(self.tr("Go on in the background"), QMessageBox.ButtonRole.AcceptRole)
            stay.clicked.connect(lambda: self._on_stay(always.isChecked()))
            box.setDefaultButton(stay)
        box.finished.connect(self._on_answered)
        self._question = box
        box.open()

    def _on_answered(self) -> None:
        if self._question is not None:
            self._question.deleteLater()
            self._question = None

    def _on_close(self, always: bool) -> None:
        if always:
            self._keeper.change(ask_before_closing=False)
        self._on_answered()
        self.end()

    def _on_stay(self, always: bool) -> None:
        if always:
            self._keeper.change(keep_indexing=True)
        self._on_answered()
        self.hide_in_tray()
