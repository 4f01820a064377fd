"""The README's pictures: `make screenshots` draws the demo library and photographs its window.

Needs no display, and shows nothing but what Photosift drew itself.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_SCALE_FACTOR", "1.5")  # sharp on dense screens, and still small files

from PySide6.QtCore import QBuffer, QEventLoop, QTimer
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication

from app.bootstrap import Services, open_demo
from app.demo.library import PHOTOS
from app.paths import DemoPaths
from app.settings import Settings, SettingsStore
from app.ui import theme
from app.ui.application import create_application
from app.ui.main_window import MainWindow

PICTURES = Path(__file__).parents[1] / "resources" / "pictures"
_SEARCHES = {"english": "three red hot-air balloons at the lake", "japanese": "夜の砂漠にある機関車"}
_SIZE = (1180, 760)  # logical pixels
_LARGEST_BYTES = 300_000
_QUALITIES = (90, 85, 80, 75, 70, 60)
_PATIENCE_SECONDS = 300


def main() -> None:
    """Write light and dark pictures of a search in each script."""
    application = create_application()
    with tempfile.TemporaryDirectory() as folder, _demo_window(Path(folder)) as window:
        for name in ("light", "dark"):
            _dress(application, dark=name == "dark")
            for picture, words in _SEARCHES.items():
                _search(window, words)
                _save(window, PICTURES / f"{picture}-{name}.webp")


def _dress(application: QApplication, *, dark: bool) -> None:
    """The offscreen platform has no scheme to follow, so the theme is told."""
    theme.is_dark = lambda: dark
    application.findChild(theme.Theme).apply()


@contextmanager
def _demo_window(folder: Path) -> Iterator[MainWindow]:
    """Opened, drawn and indexed."""
    paths = DemoPaths(folder)
    store = SettingsStore(paths.settings)
    opened: list[Services] = []

    def open_services() -> Services:
        opened.append(open_demo(paths, store))
        return opened[0]

    window = MainWindow(open_services, store, Settings(), demo=True)
    window.resize(*_SIZE)
    window.show()
    window.start()
    try:
        _wait_until(lambda: bool(opened) and opened[0].library.counts().embedded == PHOTOS)
        _wait_until(lambda: not window.guide.banner.progress_text)
        yield window
    finally:
        window.closing.end()
        window.shut_down()


def _search(window: MainWindow, words: str) -> None:
    """Shown with every thumbnail in sight."""
    window.body.search_bar.set_text(words)
    workspace = window.workspace
    assert workspace is not None
    _wait_until(
        lambda: (
            workspace.session.result is not None
            and [term.text for term in workspace.session.result.query.terms] == ([words] if words else [])
        )
    )
    _rest(1500)


def _save(window: MainWindow, path: Path) -> None:
    """As good as fits."""
    path.parent.mkdir(exist_ok=True)
    picture = window.grab()
    for quality in _QUALITIES:
        content = _webp(picture, quality)
        if len(content) <= _LARGEST_BYTES:
            path.write_bytes(content)
            print(f"{path.name}: {len(content)} bytes at quality {quality}")
            return
    sys.exit(f"{path.name} is too large at every quality")


def _webp(picture: QPixmap, quality: int) -> bytes:
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    picture.save(buffer, "WEBP", quality)
    return bytes(buffer.data().data())


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + _PATIENCE_SECONDS
    while not condition():
        if monotonic() > deadline:
            sys.exit("the demonstration did not get ready in time")
        _rest(100)


def _rest(milliseconds: int) -> None:
    """Let the window work."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()
    QApplication.processEvents()


if __name__ == "__main__":
    main()
