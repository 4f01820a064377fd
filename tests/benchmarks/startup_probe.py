"""One start of a window, in a process of its own: says when it was usable, and closes it.

    python -m tests.benchmarks.startup_probe bare
    python -m tests.benchmarks.startup_probe app [ARGUMENTS OF photosift]

Imports nothing at the top: helper processes of the program import this module once more.
"""

import faulthandler
import sys
import threading
import time

_HANGS_AFTER_SECONDS = 60  # then every thread says where it is, and the process ends

# Both sides look at the same clock: Python's monotonic clock is the system's on every platform we run on.
_LOOK_EVERY_SECONDS = 0.005


def _report() -> None:
    """The moment, and the processor time it took: the latter hardly depends on what else the machine does."""
    print(f"usable {time.monotonic()} {time.process_time()}", flush=True)


def _bare() -> None:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QLabel, QMainWindow

    application = QApplication(sys.argv[:1])
    window = QMainWindow()
    window.setCentralWidget(QLabel("bare"))
    window.resize(1180, 760)
    window.show()

    def report() -> None:
        window.repaint()
        _report()
        application.quit()

    QTimer.singleShot(0, report)
    application.exec()


def _app(arguments: list[str]) -> None:
    """The program's own main, untouched, so that it imports what it imports in its own order."""
    threading.Thread(target=_watch, daemon=True).start()
    from app.__main__ import main

    sys.argv[1:] = arguments
    sys.exit(main())


def _watch() -> None:
    """Wait until there is an application, and go on looking from a timer of its own thread."""
    while True:
        time.sleep(_LOOK_EVERY_SECONDS)
        widgets = sys.modules.get("PySide6.QtWidgets")
        application = widgets and hasattr(widgets, "QApplication") and widgets.QApplication.instance()
        if application:
            break
    from PySide6.QtCore import QTimer

    QTimer.singleShot(0, application, _look)


def _look() -> None:
    """On the window's thread: report and close when the window is usable, else look again soon."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from app.ui.main_window import MainWindow

    for window in QApplication.topLevelWidgets():
        if isinstance(window, MainWindow) and _is_usable(window):
            window.repaint()
            _report()
            window.closing.end()
            return
    QTimer.singleShot(round(_LOOK_EVERY_SECONDS * 1000), _look)


def _is_usable(window: object) -> bool:
    from app.ui.main_window import MainWindow

    assert isinstance(window, MainWindow)
    workspace = window.workspace
    if workspace is None or not workspace.is_settled or not window.body.search_bar.isEnabled():
        return False
    return workspace.photos.model.pixmap_at(0) is not None


if __name__ == "__main__":
    faulthandler.dump_traceback_later(_HANGS_AFTER_SECONDS, exit=True)
    kind, *rest = sys.argv[1:]
    _bare() if kind == "bare" else _app(rest)
