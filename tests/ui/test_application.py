"""The application around the window: what it imports, its looks, a damaged settings file, bugs in slots."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QApplication, QPushButton, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from app.bootstrap import Services
from app.settings import Settings, SettingsStore
from app.ui import application, icons, theme
from app.ui.main_window import MainWindow
from app.ui.single_window import WindowDoor

_HEAVY = ("torch", "transformers", "hnswlib", "sqlalchemy", "rawpy", "pillow_heif")


@pytest.fixture(autouse=True)
def looks_of_before(qapp: QApplication) -> Iterator[None]:
    """The application outlives these tests; its looks must not."""
    style, palette, hook, interval = (
        qapp.style().objectName(),
        qapp.palette(),
        sys.excepthook,
        sys.getswitchinterval(),
    )
    yield
    for dress in qapp.findChildren(theme.Theme):
        dress.undress()
    qapp.setStyle(style)
    qapp.setPalette(palette)
    sys.excepthook = hook
    sys.setswitchinterval(interval)


def test_the_window_imports_nothing_heavy() -> None:
    code = f"import sys, app.ui.application;print([name for name in {_HEAVY!r} if name in sys.modules])"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


def _close_when_ready() -> None:
    for window in QApplication.topLevelWidgets():
        if isinstance(window, MainWindow) and window.workspace is not None and window.workspace.is_settled:
            window.close()


@pytest.fixture
def closing_by_itself(qapp: QApplication) -> Iterator[None]:
    timer = QTimer(interval=20)
    timer.timeout.connect(_close_when_ready)
    timer.start()
    yield
    timer.stop()


@pytest.mark.usefixtures("closing_by_itself")
def test_the_window_runs_until_it_is_closed_and_closes_the_library(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = []
    monkeypatch.setattr(type(services), "close", lambda self: closed.append(self))

    assert application.run_window(lambda: services, services.settings) == 0

    assert closed == [services]
    assert services.settings.load().window_geometry


@pytest.mark.qt_log_ignore("No such signal QPlatformNativeInterface")  # the offscreen platform has no tray
def test_the_program_ends_from_the_tray_where_it_has_no_window(
    services: Services, monkeypatch: pytest.MonkeyPatch, qapp: QApplication
) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    services.settings.save(Settings(keep_indexing=True))

    def close_then_quit() -> None:
        for window in QApplication.topLevelWidgets():
            if isinstance(window, MainWindow) and window.workspace and window.workspace.is_settled:
                if window.closing.tray is None:
                    window.close()
                else:
                    window.closing.tray.quit_action.trigger()

    timer = QTimer(interval=20)
    timer.timeout.connect(close_then_quit)
    timer.start()
    assert application.run_window(lambda: services, services.settings) == 0
    timer.stop()
    assert qapp.quitOnLastWindowClosed()


@pytest.mark.usefixtures("closing_by_itself")
def test_a_second_start_brings_the_first_window_forward(
    services: Services, tmp_path: Path, qtbot: QtBot
) -> None:
    door = WindowDoor(tmp_path)
    door.open()

    with qtbot.waitSignal(door.knocked):
        assert application.run_window(lambda: services, services.settings, library=tmp_path) == 0
    door.close()

    assert not services.settings.load().window_geometry, "no window of its own"
    assert application.run_window(lambda: services, services.settings, library=tmp_path) == 0
    assert services.settings.load().window_geometry, "nobody is there any more"


def test_another_library_is_another_window(qapp: QApplication, tmp_path: Path) -> None:
    door = WindowDoor(tmp_path / "one")
    door.open()

    assert not WindowDoor(tmp_path / "other").knock()
    assert WindowDoor(tmp_path / "two" / ".." / "one").knock()
    door.close()


def test_what_a_killed_window_left_behind_is_in_nobodys_way(qapp: QApplication, tmp_path: Path) -> None:
    left, fresh = WindowDoor(tmp_path), WindowDoor(tmp_path)
    left.open()

    fresh.open()

    assert fresh.knock()
    fresh.close()
    left.close()


@pytest.mark.usefixtures("closing_by_itself")
def test_a_damaged_settings_file_does_not_keep_the_window_away(services: Services, tmp_path: Path) -> None:
    path = tmp_path / "damaged.json"
    path.write_text("{not json")

    assert application.run_window(lambda: services, SettingsStore(path)) == 0


def test_the_looks_are_put_on_once(qapp: QApplication) -> None:
    application.create_application()
    application.create_application()

    assert len(qapp.findChildren(theme.Theme)) == 1


def test_a_change_of_scheme_recolours_everything(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    application.create_application()
    button = QPushButton()
    icons.set_icon(button, "heart")
    light = _ink(button.icon())

    monkeypatch.setattr(theme, "is_dark", lambda: True)
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)

    assert qapp.palette().window().color().name() == theme.DARK.window
    assert _ink(button.icon()) > light + 100


def _ink(icon: QIcon) -> int:
    """How light the strokes are, 0 to 255."""
    image = icon.pixmap(48, 48).toImage()
    strokes = [
        image.pixelColor(x, y)
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() > 200
    ]
    return sum(colour.lightness() for colour in strokes) // len(strokes)


@pytest.mark.parametrize("name", sorted(path.stem for path in Path(icons.resource("icons")).glob("*.svg")))
def test_every_icon_can_be_drawn(qapp: QApplication, name: str) -> None:
    image = icons.pixmap(name, 24, QColor("black"), 2).toImage()

    assert any(image.pixelColor(x, y).alpha() for x in range(48) for y in range(48))


@pytest.mark.parametrize("scheme", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_text_can_be_read_on_every_ground(scheme: theme.Colours) -> None:
    """WCAG AA: 4.5 to 1 for text, of both ranks."""
    for ink in (scheme.text, scheme.muted):
        for ground in (scheme.window, scheme.base, scheme.sidebar, scheme.selection):
            if (ink, ground) != (scheme.muted, scheme.selection):
                assert _contrast(ink, ground) >= 4.5, (ink, ground)
    assert _contrast(scheme.on_accent, scheme.accent) >= 4.5
    assert _contrast(scheme.warning, scheme.sidebar) >= 4.5


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
