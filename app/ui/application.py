"""The application object around the window, from the first moment to the last."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app import __version__
from app.errors import SettingsError
from app.paths import settings_file
from app.settings import Settings, SettingsStore
from app.ui import icons
from app.ui.main_window import MainWindow
from app.ui.single_window import WindowDoor
from app.ui.theme import Theme

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.bootstrap import Services

_log = logging.getLogger(__name__)

# A thread that holds the interpreter is asked to give it up after this long; Python's own 5 ms are a third of
# a frame, and several busy threads in a row would add up to dropped frames.
_SWITCH_SECONDS = 0.0004


def run_window(
    open_services: Callable[[], Services],
    store: SettingsStore | None = None,
    *,
    library: Path | None = None,
    demo: bool = False,
) -> int:
    """Show the window until it is closed; the exit code.

    `open_services` is called on a thread once the window is up, and again when the user tries again after it
    raised LibraryError. `store` is where the settings are, by default those of this user. With `library`,
    its folder, a window that shows it already comes forward instead. With `demo` the window is that of the
    demonstration.
    """
    store = store or SettingsStore(settings_file())
    with ThreadPoolExecutor(1, thread_name_prefix="settings") as reader:
        reading = reader.submit(store.load)  # while Qt starts
        application = create_application()
        settings, problem = _settle(reading.result, store)
    door = WindowDoor(library) if library is not None else None
    if door is not None:
        if door.knock():
            return 0
        door.open()
    window = MainWindow(open_services, store, settings, demo=demo)
    _show_bugs_in(window)
    window.closing.ended_in_tray.connect(application.quit)  # no window is left there to be the last
    window.show()
    if door is not None:
        door.knocked.connect(window.closing.come_forward)
    # Behind the first painting: a library that opens slowly must not hold the window up.
    QTimer.singleShot(0, window.start)
    if problem is not None:
        window.show_bug(problem)
    code = application.exec()
    if door is not None:
        door.close()
    _shut_down(window)
    return code


def create_application() -> QApplication:
    """The application with our name, icon and looks; the one there is, where there is one."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("Photosift")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("photosift")
    application.setWindowIcon(icons.application_icon())
    if application.findChild(Theme) is None:
        Theme(application)
    return application


def _settle(load: Callable[[], Settings], store: SettingsStore) -> tuple[Settings, SettingsError | None]:
    """Settings to start with: a damaged file must not keep the window away."""
    try:
        return load(), None
    except SettingsError as error:
        return store.rescue(), error


def _show_bugs_in(window: MainWindow) -> None:
    """An exception that nobody caught in a slot is logged and shown; Qt would only print it."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, Exception):
            window.show_bug(error)
        else:
            sys.__excepthook__(kind, error, trace)

    sys.excepthook = hook


def _shut_down(window: MainWindow) -> None:
    try:
        window.shut_down()
    except SettingsError as error:
        _log.warning("%s", error)
