"""The activity line: words for progress, pause, problems and the model."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.domain.download import DownloadPhase, DownloadProgress
from app.domain.manners import WaitReason
from app.domain.progress import IndexPhase, IndexProgress
from app.domain.status import ModelState, ModelStatus
from app.ui.activity_line import ActivityLine, describe, describe_model


@pytest.fixture
def line(qtbot: QtBot) -> ActivityLine:
    line = ActivityLine()
    qtbot.addWidget(line)
    line.set_watching(True)
    line.show()
    return line


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (IndexProgress(IndexPhase.IDLE), "Everything is up to date"),
        (IndexProgress(IndexPhase.SCANNING, current="/photos/2024"), "Looking through 2024"),
        (IndexProgress(IndexPhase.SCANNING), "Looking for photos"),
        (
            IndexProgress(IndexPhase.INDEXING, 12, 50, rate=12.4, seconds_left=185),
            "Reading photos · 12 of 50 · 12 a second · about 3 minutes left",
        ),
        (IndexProgress(IndexPhase.INDEXING, 1, 2, rate=0.25, seconds_left=4), "15 a minute"),
        (IndexProgress(IndexPhase.INDEXING, 1, 2, seconds_left=4), "less than a minute left"),
        (IndexProgress(IndexPhase.INDEXING, 1, 2, seconds_left=7200), "about 2 hours left"),
        (IndexProgress(IndexPhase.PAUSED, 12, 50), "Paused · 12 of 50"),
        (
            IndexProgress(IndexPhase.WAITING, 12, 50, waits_for=WaitReason.MAINS),
            "Waiting for mains power · 12 of 50",
        ),
        (
            IndexProgress(IndexPhase.WAITING, 0, 50, waits_for=WaitReason.IDLE),
            "Waiting until nobody uses the computer · 0 of 50",
        ),
        (IndexProgress(IndexPhase.IDLE, message="Waiting for a model"), "Waiting for a model"),
    ],
)
def test_progress_is_told_in_words(line: ActivityLine, progress: IndexProgress, words: str) -> None:
    line.show_progress(progress)

    assert words in line.text


@pytest.mark.parametrize("phase", list(IndexPhase))
def test_every_phase_has_words(phase: IndexPhase, qapp: object) -> None:
    assert describe(IndexProgress(phase))


def test_a_pause_is_asked_for_and_taken_back(line: ActivityLine, qtbot: QtBot) -> None:
    line.show_progress(IndexProgress(IndexPhase.INDEXING, 1, 10))
    with qtbot.waitSignal(line.pause_wanted) as wanted:
        qtbot.mouseClick(line.pause_button, Qt.MouseButton.LeftButton)
    assert wanted.args == [True]

    line.show_progress(IndexProgress(IndexPhase.PAUSED, 1, 10))
    assert line.pause_button.accessibleName() == "Go on"
    with qtbot.waitSignal(line.pause_wanted) as wanted:
        qtbot.mouseClick(line.pause_button, Qt.MouseButton.LeftButton)
    assert wanted.args == [False]


def test_nothing_to_do_shows_neither_bar_nor_pause(line: ActivityLine) -> None:
    line.show_progress(IndexProgress(IndexPhase.IDLE))

    assert not line.progress_bar.isVisible()
    assert not line.pause_button.isVisible()


def test_problem_files_are_counted_and_open_a_list(line: ActivityLine, qtbot: QtBot) -> None:
    line.show_progress(IndexProgress(IndexPhase.IDLE, problems=3))
    assert line.problems_button.text() == "3 problem files"

    with qtbot.waitSignal(line.problems_wanted):
        qtbot.mouseClick(line.problems_button, Qt.MouseButton.LeftButton)


def test_a_click_on_the_line_asks_for_the_details(line: ActivityLine, qtbot: QtBot) -> None:
    with qtbot.waitSignal(line.details_wanted):
        qtbot.mouseClick(line, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (ModelStatus(ModelState.NONE), "No model"),
        (ModelStatus(ModelState.LOADING, "siglip2"), "Loading model…"),
        (ModelStatus(ModelState.READY, "siglip2", "cuda"), "siglip2 · GPU"),
        (ModelStatus(ModelState.READY, "siglip2"), "siglip2"),
        (ModelStatus(ModelState.FAILED, "siglip2", message="Out of memory."), "The model does not work"),
    ],
)
def test_the_model_is_told_in_a_few_words(qapp: object, status: ModelStatus, words: str) -> None:
    assert describe_model(status) == words


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (DownloadProgress(DownloadPhase.CONNECTING, "a/model"), "Downloading a model…"),
        (DownloadProgress(DownloadPhase.DOWNLOADING, "a/model", 340, 1000), "Downloading a model · 34 %"),
        (DownloadProgress(DownloadPhase.FAILED, "a/model", message="No network."), "The download failed"),
    ],
)
def test_a_download_is_shown_and_leads_to_its_page(
    line: ActivityLine, qtbot: QtBot, progress: DownloadProgress, words: str
) -> None:
    assert not line.download_button.isVisible()
    line.show_download(progress)
    assert line.download_button.text() == words
    with qtbot.waitSignal(line.download_wanted):
        qtbot.mouseClick(line.download_button, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("phase", [DownloadPhase.IDLE, DownloadPhase.DONE, DownloadPhase.CANCELLED])
def test_a_download_that_is_over_is_shown_no_longer(line: ActivityLine, phase: DownloadPhase) -> None:
    line.show_download(DownloadProgress(DownloadPhase.DOWNLOADING, "a/model", 1, 2))
    line.show_download(DownloadProgress(phase, "a/model"))
    assert not line.download_button.isVisible()
