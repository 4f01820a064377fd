"""The product's window, driven from inside: wait for the library, search, idle, close.

python -m tests.faults.quiet_window IDLE_SECONDS WORDS [ARGUMENTS OF PHOTOSIFT...]
"""

import sys

from PySide6.QtCore import QElapsedTimer, QTimer
from PySide6.QtWidgets import QApplication

from app.__main__ import main
from app.ui.application import create_application
from app.ui.main_window import MainWindow

_STEP_MS = 100
_LIMIT_MS = 120_000


class _Driver:
    """Looks again every tenth of a second whether the next step can be taken."""

    def __init__(self, words: str, idle_seconds: float) -> None:
        self._words = words
        self._idle_ms = idle_seconds * 1000
        self._clock = QElapsedTimer()
        self._clock.start()
        self._idle_since: int | None = None
        self.failure = "nothing was found"
        self._timer = QTimer(interval=_STEP_MS)
        self._timer.timeout.connect(self._step)
        self._timer.start()

    def _step(self) -> None:
        window = next((w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)), None)
        if self._clock.elapsed() > _LIMIT_MS and window is not None:
            self._timer.stop()
            window.closing.end()
        elif window is not None and window.workspace is not None:
            self._search_then_idle(window)

    def _search_then_idle(self, window: MainWindow) -> None:
        workspace = window.workspace
        assert workspace is not None
        result = workspace.session.result
        if window.body.search_bar.edit.text() != self._words:
            window.body.search_bar.edit.setText(self._words)
        elif self._idle_since is None:
            if result is not None and result.query.terms and result.semantic and len(result.photo_ids):
                self.failure = ""
                self._idle_since = self._clock.elapsed()
        elif self._clock.elapsed() - self._idle_since > self._idle_ms:
            self._timer.stop()
            window.closing.end()


def drive(idle_seconds: str, words: str, *arguments: str) -> int:
    """0 when the window found something by meaning."""
    create_application()
    driver = _Driver(words, float(idle_seconds))
    code = main(arguments)
    if driver.failure:
        print(driver.failure, file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(drive(*sys.argv[1:]))
