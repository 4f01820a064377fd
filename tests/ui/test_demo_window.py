"""The window of the demonstration: it says what it is, offers searches, and takes no folders."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from fakes import fake_services
from PySide6.QtCore import QEvent, QMimeData, QUrl
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot
from window_driver import OpenWindow, click, dialog_of, drop, settle, texts_asked

from app.bootstrap import Services
from app.domain.progress import CancelToken
from app.errors import DemoError
from app.ui import demo_process, theme, window_dialogs
from app.ui.empty_states import Way
from app.ui.main_window import MainWindow


@dataclass
class FakeDemo:
    """Draws nothing: it reports, waits to be let go or called off, and fails if told to."""

    problem: str = ""
    going_on: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False

    def examples(self) -> tuple[str, ...]:
        return ("a red car", "夜の街 & more")

    def draw(self, on_progress: Callable[[int, int], None], cancel: CancelToken | None = None) -> None:
        on_progress(1, 3)
        while not self.going_on.wait(0.01):
            if cancel is not None and cancel.cancelled:
                self.cancelled = True
                cancel.check()
        if self.problem:
            raise DemoError(self.problem)


@pytest.fixture
def drawing() -> FakeDemo:
    return FakeDemo()


@pytest.fixture
def demo_services(services: Services, drawing: FakeDemo) -> Services:
    return replace(services, demo=drawing)  # type: ignore[arg-type]


@pytest.fixture
def demo_window(open_window: OpenWindow, demo_services: Services, qtbot: QtBot) -> MainWindow:
    opened = open_window(lambda: demo_services, demo=True)
    settle(qtbot, opened)
    return opened


def test_the_window_says_that_it_is_a_demonstration_before_anything_is_open(
    open_window: OpenWindow, demo_services: Services
) -> None:
    window = open_window(lambda: demo_services, demo=True)

    assert "demonstration" in window.windowTitle()
    assert window.guide.banner.isVisible()
    assert "only drawn scenes" in window.guide.banner.label.text()


def test_the_users_own_window_says_nothing_of_the_kind(window: MainWindow) -> None:
    assert window.windowTitle() == "Photosift"
    assert window.guide is None


def test_an_example_is_searched_for_as_if_it_had_been_typed(
    demo_window: MainWindow, demo_services: Services, qtbot: QtBot
) -> None:
    demo_window.guide.banner.label.linkActivated.emit("1")

    qtbot.waitUntil(lambda: texts_asked(demo_services) == ["夜の街 & more"])
    assert demo_window.body.search_bar.text() == "夜の街 & more"


def test_examples_are_words_not_markup(demo_window: MainWindow) -> None:
    assert "&amp;" in demo_window.guide.banner.label.text()


def test_examples_can_be_read_in_light_and_dark(
    demo_window: MainWindow, monkeypatch: pytest.MonkeyPatch, qapp: QApplication
) -> None:
    banner = demo_window.guide.banner
    assert theme.LIGHT.accent in banner.label.text()

    monkeypatch.setattr(theme, "is_dark", lambda: True)
    QApplication.sendEvent(banner, QEvent(QEvent.Type.PaletteChange))

    assert theme.DARK.accent in banner.label.text()


def test_drawing_is_told_until_it_has_ended(demo_window: MainWindow, drawing: FakeDemo, qtbot: QtBot) -> None:
    banner = demo_window.guide.banner
    qtbot.waitUntil(lambda: banner.progress_text == "Drawing the pictures: 1 of 3")

    drawing.going_on.set()

    qtbot.waitUntil(lambda: banner.progress_text == "")


def test_a_full_disk_is_told(demo_window: MainWindow, drawing: FakeDemo, qtbot: QtBot) -> None:
    drawing.problem = "The disk is full."
    drawing.going_on.set()

    qtbot.waitUntil(lambda: demo_window.body.messages.text == "The disk is full.")
    assert demo_window.guide.banner.progress_text == ""


def test_closing_calls_the_drawing_off(
    open_window: OpenWindow, demo_services: Services, drawing: FakeDemo, qtbot: QtBot
) -> None:
    window = open_window(lambda: demo_services, demo=True)
    qtbot.waitUntil(lambda: window.guide.banner.progress_text != "")

    window.close()
    window.shut_down()

    assert drawing.cancelled


def test_before_the_first_picture_the_page_says_that_they_are_drawn(
    open_window: OpenWindow, drawing: FakeDemo, tmp_path: Path, qtbot: QtBot
) -> None:
    empty = replace(fake_services(tmp_path, 0), demo=drawing)  # type: ignore[arg-type]
    window = open_window(lambda: empty, demo=True)
    settle(qtbot, window)

    assert window.body.empty_page.state.title == "Drawing the pictures…"


def test_folders_are_not_added_but_the_reason_is_given(
    demo_window: MainWindow, demo_services: Services, tmp_path: Path, qtbot: QtBot
) -> None:
    assert demo_window.body.sidebar.add_button.isHidden()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path))])

    drop(demo_window.body, mime)

    qtbot.waitUntil(lambda: dialog_of(QMessageBox) is not None)
    assert "drawn scenes only" in dialog_of(QMessageBox).informativeText()
    dialog_of(QMessageBox).close()
    assert not demo_services.library.calls_of("add_folder")


def test_choosing_a_folder_by_key_gives_the_reason_too(demo_window: MainWindow, qtbot: QtBot) -> None:
    demo_window.dialogs.choose_folder()

    assert dialog_of(QFileDialog) is None
    dialog_of(QMessageBox).close()


def test_the_way_to_ones_own_photos_is_explained_and_closes(demo_window: MainWindow, qtbot: QtBot) -> None:
    click(qtbot, demo_window.guide.banner.own_button)
    box = dialog_of(QMessageBox)
    assert "add a folder of photos" in box.informativeText()

    with qtbot.waitSignal(demo_window.closed):
        click(qtbot, next(b for b in box.buttons() if b.text() == "Close the demonstration"))


def test_the_demonstration_does_not_offer_itself(demo_window: MainWindow, window: MainWindow) -> None:
    assert "Try the demo" not in [action.text() for action in demo_window.menu().actions()]
    assert "Try the demo" in [action.text() for action in window.menu().actions()]


@pytest.mark.parametrize(
    ("starts", "said"),
    [(True, "in a window of its own"), (False, "photosift demo")],
    ids=["starts", "does not"],
)
def test_the_first_page_leads_to_the_demonstration(
    open_window: OpenWindow,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    starts: bool,
    said: str,
) -> None:
    monkeypatch.setattr(window_dialogs, "open_demo_window", lambda: starts)
    window = open_window(lambda: fake_services(tmp_path, 0, folder_paths=()))
    settle(qtbot, window)
    page = window.body.empty_page

    click(qtbot, page.buttons[page.state.ways.index(Way.TRY_DEMO)])

    assert said in window.body.messages.text


@pytest.mark.parametrize(
    ("frozen", "arguments"), [(False, ("-m", "app", "demo")), (True, ("demo",))], ids=["python", "bundle"]
)
def test_it_runs_in_a_program_of_its_own(
    monkeypatch: pytest.MonkeyPatch, frozen: bool, arguments: tuple[str, ...]
) -> None:
    started = []
    monkeypatch.setattr(demo_process.sys, "frozen", frozen, raising=False)
    monkeypatch.setattr(demo_process.sys, "executable", "/opt/photosift")
    monkeypatch.setattr(
        demo_process.QProcess, "startDetached", lambda *command: started.append(command) or (True, 1)
    )

    assert demo_process.open_demo_window()

    [(program, given, folder)] = started
    assert (program, tuple(given)) == ("/opt/photosift", arguments)
    assert (Path(folder) / "app" / "__main__.py").is_file()
