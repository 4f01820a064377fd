"""The settings as the window changes them, written behind its back."""

import threading
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.errors import SettingsError
from app.settings import Settings, SettingsStore
from app.ui.task_runner import Lane, TaskRunner

_PAUSE_MS = 600


class SettingsKeeper(QObject):
    """Holds the current settings and saves what changed, shortly after the last change, on a thread."""

    failed = Signal(object)  # Exception

    def __init__(self, settings: Settings, store: SettingsStore, tasks: TaskRunner) -> None:
        super().__init__()
        self._settings = settings
        self._store = store
        self._tasks = tasks
        self._unsaved: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._timer.timeout.connect(self._save_soon)

    @property
    def settings(self) -> Settings:
        return self._settings

    def change(self, **updates: Any) -> None:
        """Set some fields."""
        changed = {name: value for name, value in updates.items() if getattr(self._settings, name) != value}
        if changed:
            self._settings = self._settings.model_copy(update=changed)
            self._unsaved.update(changed)
            self._timer.start()

    def save_now(self) -> None:
        """Write what is unsaved, on this thread: for the end of the program. Raises SettingsError."""
        self._timer.stop()
        self._write(self._take_unsaved())

    def _save_soon(self) -> None:
        updates = self._take_unsaved()
        self._tasks.run(lambda: self._write(updates), on_error=self.failed.emit, lane=Lane.LOOSE)

    def _take_unsaved(self) -> dict[str, Any]:
        updates, self._unsaved = self._unsaved, {}
        return updates

    def _write(self, updates: dict[str, Any]) -> None:
        """Only the fields that changed here: the model service writes others of the same file."""
        if not updates:
            return
        with self._lock:
            try:
                stored = self._store.load()
            except SettingsError:
                stored = self._settings  # a damaged file is replaced by what the window shows
            self._store.save(stored.model_copy(update=updates))
