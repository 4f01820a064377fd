"""Drives the program's real window from inside: its own main runs untouched, a script acts as the user.

Imports nothing heavy at the top: helper processes of the program import the main module once more.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.ui.main_window import MainWindow

Condition = Callable[[], bool]
Script = Callable[["MainWindow"], Iterator[Condition]]

_LOOK_MS = 10
_PATIENCE_SECONDS = 400.0  # for one condition


def run_window(arguments: list[str], script: Script, at_start: Callable[[], None]) -> int:
    """Run the program; the exit code.

    `at_start` is called on the window's thread as soon as there is an event loop, `script` once the window is
    there. The script yields conditions and goes on when they hold; at its end the window is closed.
    """
    threading.Thread(target=_watch, args=(script, at_start), daemon=True).start()
    from app.__main__ import main

    sys.argv[1:] = arguments
    return main()


def after(seconds: float) -> Condition:
    """Holds once so much time has passed."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def _watch(script: Script, at_start: Callable[[], None]) -> None:
    """Wait until the program has an application, and go on from its own thread."""
    while True:
        time.sleep(0.005)
        widgets = sys.modules.get("PySide6.QtWidgets")
        application = widgets and hasattr(widgets, "QApplication") and widgets.QApplication.instance()
        if application:
            break
    from PySide6.QtCore import QTimer

    QTimer.singleShot(0, application, lambda: (at_start(), _wait_for_window(script)))


def _wait_for_window(script: Script) -> None:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from app.ui.main_window import MainWindow

    for window in QApplication.topLevelWidgets():
        if isinstance(window, MainWindow):
            _Actor(window, script(window))
            return
    QTimer.singleShot(_LOOK_MS, lambda: _wait_for_window(script))


class _Actor:
    """Looks at the condition every few milliseconds; kept alive by the timer that calls it."""

    def __init__(self, window: MainWindow, steps: Iterator[Condition]) -> None:
        from PySide6.QtCore import QTimer

        self._window = window
        self._steps = steps
        self._condition: Condition = lambda: True
        self._since = time.monotonic()
        self._timer = QTimer(window, interval=_LOOK_MS)
        self._timer.timeout.connect(lambda: self._look())  # a bare method would not keep us alive
        self._timer.start()

    def _look(self) -> None:
        try:
            if self._condition():
                self._condition = next(self._steps)
                self._since = time.monotonic()
            elif time.monotonic() - self._since > _PATIENCE_SECONDS:
                raise TimeoutError("what the script waits for did not happen")
        except StopIteration:
            self._end()
        except Exception:  # noqa: BLE001 - the parent reads why on stderr and finds no figures
            traceback.print_exc()
            self._end()

    def _end(self) -> None:
        self._timer.stop()
        self._window.closing.end()
