"""Closing the window while photos are being taken in: a question, the end, or the tray."""

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QSystemTrayIcon
from pytestqt.qtbot import QtBot
from window_driver import OpenWindow, click, settle

from app.bootstrap import Services
from app.domain.progress import IndexPhase, IndexProgress
from app.settings import Settings
from app.ui.main_window import MainWindow

# what the offscreen platform says of an icon in a tray that it does not have
WITH_TRAY = pytest.mark.qt_log_ignore("No such signal QPlatformNativeInterface")
BUSY = IndexProgress(IndexPhase.INDEXING, 124, 568, rate=12.0, seconds_left=360.0)


@pytest.fixture
def tray(monkeypatch: pytest.MonkeyPatch, qapp: object) -> Iterator[None]:
    """A desktop with a system tray; the one of the tests has none."""
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    yield
    QGuiApplication.setQuitOnLastWindowClosed(True)


def busy(window: MainWindow, services: Services, qtbot: QtBot, progress: IndexProgress = BUSY) -> None:
    settle(qtbot, window)
    qtbot.waitUntil(lambda: bool(services.indexing.calls_of("start")))
    services.indexing.report(progress)
    qtbot.waitUntil(lambda: window.workspace.progress == progress)


def answer(window: MainWindow, qtbot: QtBot, text: str) -> None:
    box = window.closing.question
    assert box is not None
    click(qtbot, next(button for button in box.buttons() if button.text() == text))


def answers(window: MainWindow) -> set[str]:
    box = window.closing.question
    assert box is not None
    return {button.text() for button in box.findChildren(QAbstractButton)}


def test_with_nothing_to_do_the_window_closes_at_once(window: MainWindow) -> None:
    window.close()
    assert not window.isVisible()
    assert window.closing.question is None


def test_a_handful_of_photos_is_not_worth_a_question(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    busy(window, services, qtbot, IndexProgress(IndexPhase.INDEXING, 95, 100))
    window.close()
    assert not window.isVisible()


def test_closing_in_the_middle_asks_and_may_be_thought_better_of(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    busy(window, services, qtbot)
    window.close()
    assert window.isVisible()
    assert "444 photos" in window.closing.question.text()
    assert "Go on in the background" not in answers(window)  # there is no tray here

    answer(window, qtbot, "Cancel")
    qtbot.waitUntil(lambda: window.closing.question is None)
    assert window.isVisible()


def test_the_question_can_be_answered_for_good(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    busy(window, services, qtbot)
    window.close()
    window.closing.question.checkBox().setChecked(True)
    with qtbot.waitSignal(window.closed):
        answer(window, qtbot, "Close")
    assert not window.isVisible()
    assert window.keeper.settings.ask_before_closing is False


def test_quitting_asks_nothing(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    busy(window, services, qtbot)
    window.closing.end()
    assert not window.isVisible()


@WITH_TRAY
def test_work_goes_on_in_the_tray_and_the_window_comes_back_with_the_same_numbers(
    tray: None, open_window: OpenWindow, services: Services, qtbot: QtBot
) -> None:
    window = open_window(settings=Settings(keep_indexing=True))
    busy(window, services, qtbot)

    with qtbot.assertNotEmitted(window.closed):
        window.close()
    icon = window.closing.tray
    assert not window.isVisible()
    assert "124 of 568" in icon.tooltip
    assert not QGuiApplication.quitOnLastWindowClosed()
    qtbot.waitUntil(lambda: bool(services.models.calls_of("rest")))
    later = IndexProgress(IndexPhase.INDEXING, 300, 568, rate=12.0)
    services.indexing.report(later)
    qtbot.waitUntil(lambda: "300 of 568" in icon.tooltip)
    icon.pause_action.trigger()
    qtbot.waitUntil(lambda: bool(services.indexing.calls_of("pause")))

    icon.open_action.trigger()
    assert window.isVisible()
    assert window.closing.tray is None
    assert QGuiApplication.quitOnLastWindowClosed()
    assert "300 of 568" in window.body.activity.text
    qtbot.waitUntil(lambda: bool(services.models.calls_of("wake")))


@WITH_TRAY
def test_quitting_from_the_tray_ends_it(
    tray: None, open_window: OpenWindow, services: Services, qtbot: QtBot
) -> None:
    window = open_window(settings=Settings(keep_indexing=True))
    busy(window, services, qtbot)
    window.close()

    with qtbot.waitSignals([window.closed, window.closing.ended_in_tray]):
        window.closing.tray.quit_action.trigger()
    assert not window.isVisible()
    assert window.closing.tray is None


@WITH_TRAY
def test_the_question_leads_to_the_tray_and_can_make_that_the_rule(
    tray: None, window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    busy(window, services, qtbot)
    window.close()
    window.closing.question.checkBox().setChecked(True)
    answer(window, qtbot, "Go on in the background")
    assert not window.isVisible()
    assert window.closing.tray is not None
    assert window.keeper.settings.keep_indexing is True


def test_without_a_tray_the_wish_to_stay_cannot_hide_the_program(
    open_window: OpenWindow, services: Services, qtbot: QtBot
) -> None:
    window = open_window(settings=Settings(keep_indexing=True))
    settle(qtbot, window)
    window.close()
    assert not window.isVisible()
    assert window.closing.tray is None


def test_the_details_follow_the_progress(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    from app.ui.activity_details import ActivityDetails

    busy(window, services, qtbot)
    window.dialogs.open_activity()
    details = next(child for child in window.findChildren(ActivityDetails))
    assert details.title == "Reading photos"
    assert details.row("done") == "124 of 568"
    assert details.row("left") == "about 6 minutes left"
    assert details.row("average") == ""

    folder = "/photos/" + "a rather long name/" * 6 + "2024"
    services.indexing.report(
        IndexProgress(IndexPhase.INDEXING, 130, 568, 2, rate=9.0, average_rate=11.0, current=folder)
    )
    qtbot.waitUntil(lambda: details.row("done") == "130 of 568")
    assert details.row("folder") == folder
    assert details.row("average") == "11 a second"
    assert details.row("left") == "not known yet"
    assert details.problems_button.text() == "2 problem files"
    click(qtbot, details.pause_button)
    qtbot.waitUntil(lambda: bool(services.indexing.calls_of("pause")))
    qtbot.waitUntil(lambda: details.pause_button.text() == "Go on")
    details.close()


def test_a_download_is_told_of_when_its_page_is_closed(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    from app.domain.download import DownloadPhase

    qtbot.waitUntil(lambda: bool(services.indexing.calls_of("start")))
    services.downloads.report(DownloadPhase.DOWNLOADING, done_bytes=1, total_bytes=4)
    qtbot.waitUntil(lambda: window.body.activity.download_button.text() == "Downloading a model · 25 %")


@WITH_TRAY
@pytest.mark.usefixtures("tray")
def test_a_second_start_brings_the_window_out_of_the_tray(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    services.settings.save(Settings(keep_indexing=True))
    busy(window, services, qtbot)
    window.closing.hide_in_tray()
    assert not window.isVisible()

    window.closing.come_forward()

    assert window.isVisible()
    assert window.closing.tray is None


def test_a_second_start_brings_a_minimised_window_back(window: MainWindow) -> None:
    window.showMinimized()

    window.closing.come_forward()

    assert not window.isMinimized()
