"""The icon in the system tray that stands for a closed window whose work goes on."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from app.domain.progress import IndexPhase, IndexProgress
from app.ui import icons
from app.ui.activity_line import describe


class TrayIcon(QObject):
    """Tells how far indexing is; opens the window, pauses, quits."""

    open_wanted = Signal()
    pause_wanted = Signal(bool)  # True: pause, False: go on
    quit_wanted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._paused = False
        self._menu = QMenu()
        self.open_action = self._menu.addAction(self.tr("Open Photosift"), self.open_wanted.emit)
        self.pause_action = QAction(self._menu)
        self.pause_action.triggered.connect(lambda: self.pause_wanted.emit(not self._paused))
        self._menu.addAction(self.pause_action)
        self._menu.addSeparator()
        self.quit_action = self._menu.addAction(self.tr("Quit"), self.quit_wanted.emit)
        self._icon = QSystemTrayIcon(icons.application_icon(), self)
        self._icon.setContextMenu(self._menu)
        self._icon.activated.connect(self._on_activated)

    @property
    def tooltip(self) -> str:
        return self._icon.toolTip()

    def show_progress(self, progress: IndexProgress) -> None:
        """Show a snapshot of indexing."""
        self._paused = progress.phase is IndexPhase.PAUSED
        self._icon.setToolTip(f"Photosift\n{describe(progress)}")
        self.pause_action.setText(self.tr("Go on") if self._paused else self.tr("Pause"))
        idle = progress.phase in (IndexPhase.IDLE, IndexPhase.STOPPED)
        self.pause_action.setVisible(not idle)

    def appear(self) -> None:
        """Show the icon, and say once why it is there."""
        self._icon.show()
        if self._icon.supportsMessages():
            self._icon.showMessage(
                self.tr("Photosift goes on in the background"),
                self.tr("Open it or quit with this icon."),
                icons.application_icon(),
            )

    def vanish(self) -> None:
        """Take the icon away."""
        self._icon.hide()

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (
            QSystemTrayIcon.ActivationReason.Trigger,
            QSystemTrayIcon.ActivationReason.DoubleClick,
        ):
            self.open_wanted.emit()
