"""Choosing a model: what is offered, a download with its ends, a folder instead; the window stays usable."""

from dataclasses import replace

import pytest
from fakes import FakeModelDownloadService, FakeModelService
from pytestqt.qtbot import QtBot
from window_driver import click, dialog_of

from app.bootstrap import Services
from app.domain.download import DownloadPhase, DownloadProgress
from app.domain.status import ModelState, ModelStatus
from app.ui.download_line import describe_download
from app.ui.empty_states import Way
from app.ui.main_window import MainWindow
from app.ui.model_page import ModelDialog, ModelPage
from app.ui.settings_dialog import SettingsDialog
from app.ui.task_runner import TaskRunner

GIGABYTE = 1_000_000_000


@pytest.fixture
def models() -> FakeModelService:
    return FakeModelService(ModelState.NONE)


@pytest.fixture
def downloads() -> FakeModelDownloadService:
    return FakeModelDownloadService()


@pytest.fixture
def page(
    qtbot: QtBot, models: FakeModelService, downloads: FakeModelDownloadService, task_runner: TaskRunner
) -> ModelPage:
    page = ModelPage(models, downloads, task_runner)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: len(page.cards) == 3 and bool(page.cards[2].speed_text))
    return page


def measured(qtbot: QtBot, page: ModelPage) -> None:
    qtbot.waitUntil(lambda: page.cards[1].is_recommended)


def test_three_models_with_size_quality_and_speed(page: ModelPage, qtbot: QtBot) -> None:
    measured(qtbot, page)

    assert [card.speed_text for card in page.cards] == [
        "About 320 photos a minute here",
        "About 110 photos a minute here",
        "About 9 photos a minute here",
    ]
    assert [card.is_recommended for card in page.cards] == [False, True, False]
    described = page.cards[2].accessibleDescription()
    assert "4.6 GB to download" in described
    assert "graphics card" in described


def test_a_model_can_be_chosen_before_the_machine_is_measured(
    qtbot: QtBot, models: FakeModelService, downloads: FakeModelDownloadService, task_runner: TaskRunner
) -> None:
    downloads.gate.close()
    page = ModelPage(models, downloads, task_runner)
    qtbot.addWidget(page)
    page.show()

    qtbot.waitUntil(lambda: len(page.cards) == 3)
    assert page.cards[0].speed_text == "Measuring how fast…"
    click(qtbot, page.cards[0].button)

    qtbot.waitUntil(lambda: downloads.calls_of("start") == [(page.cards[0].offer.model.hub_id,)])
    downloads.gate.open()
    measured(qtbot, page)


def test_a_download_shows_how_far_it_is(
    page: ModelPage, downloads: FakeModelDownloadService, qtbot: QtBot
) -> None:
    assert page.line.isHidden()

    click(qtbot, page.cards[1].button)
    qtbot.waitUntil(lambda: page.line.isVisible() and "Asking" in page.line.text)
    downloads.report(
        DownloadPhase.DOWNLOADING,
        done_bytes=GIGABYTE // 2,
        total_bytes=2 * GIGABYTE,
        rate=12e6,
        seconds_left=125.0,
    )

    qtbot.waitUntil(lambda: page.line.bar.value() == 250)
    assert page.line.text == "Downloading · 500.0 MB of 2.0 GB · 12.0 MB a second · about 2 minutes left"
    assert not any(card.button.isEnabled() for card in page.cards)


def test_a_download_can_be_cancelled_and_gone_on_with(
    page: ModelPage, downloads: FakeModelDownloadService, qtbot: QtBot
) -> None:
    click(qtbot, page.cards[1].button)
    qtbot.waitUntil(page.line.cancel_button.isVisible)
    downloads.shown = tuple(replace(offer, partial_bytes=GIGABYTE // 2) for offer in downloads.shown)

    click(qtbot, page.line.cancel_button)

    qtbot.waitUntil(lambda: "kept" in page.line.text)
    assert not page.line.cancel_button.isVisible()
    qtbot.waitUntil(lambda: page.cards[1].button.text() == "Go on downloading")
    assert "500.0 MB of 1.5 GB are here" in page.cards[1].accessibleDescription()
    assert page.cards[1].button.isEnabled()


def test_what_went_wrong_stands_in_place_with_a_way_out(
    page: ModelPage, downloads: FakeModelDownloadService, qtbot: QtBot
) -> None:
    click(qtbot, page.cards[0].button)
    qtbot.waitUntil(lambda: "Asking" in page.line.text)
    downloads.report(DownloadPhase.FAILED, message="There is no connection to huggingface.co.")
    qtbot.waitUntil(lambda: page.line.text == "There is no connection to huggingface.co.")
    assert page.folder_button.isEnabled()

    click(qtbot, page.line.again_button)

    qtbot.waitUntil(lambda: len(downloads.calls_of("start")) == 2)
    assert downloads.calls_of("start")[0] == downloads.calls_of("start")[1]


def test_a_model_that_is_here_is_used_without_a_download(
    page: ModelPage, models: FakeModelService, downloads: FakeModelDownloadService, qtbot: QtBot
) -> None:
    measured(qtbot, page)
    downloads.shown = tuple(replace(offer, downloaded=True) for offer in downloads.shown)
    page.refresh()
    qtbot.waitUntil(lambda: page.cards[0].button.text() == "Use")

    with qtbot.waitSignal(page.model_chosen):
        click(qtbot, page.cards[0].button)

    assert models.calls_of("use") == [(page.cards[0].offer.model.hub_id, "auto")]
    assert downloads.calls_of("start") == []


def test_a_folder_that_holds_no_model_is_refused_in_place(
    page: ModelPage, models: FakeModelService, qtbot: QtBot
) -> None:
    models.refused = {"/models/bert": "This folder holds a bert model."}

    page.use("/models/bert")

    qtbot.waitUntil(lambda: page.line.text == "This folder holds a bert model.")
    assert page.folder_button.isEnabled()


def test_the_demo_is_offered_by_whoever_has_one(page: ModelPage, qtbot: QtBot) -> None:
    assert page.demo_button.isHidden()

    page.offer_demo()

    with qtbot.waitSignal(page.demo_requested):
        click(qtbot, page.demo_button)


def test_a_page_that_was_closed_hears_nothing_more(
    qtbot: QtBot, models: FakeModelService, downloads: FakeModelDownloadService, task_runner: TaskRunner
) -> None:
    downloads.gate.close()
    page = ModelPage(models, downloads, task_runner)
    dialog = ModelDialog(page)
    dialog.show()
    qtbot.waitUntil(lambda: len(page.cards) == 3)

    with qtbot.waitSignal(dialog.destroyed):
        dialog.close()

    assert downloads.listening == 0
    downloads.gate.open()  # the measurement's answer finds nobody, and that is no error
    answered: list[int] = []
    task_runner.run(lambda: 1, answered.append)
    qtbot.waitUntil(lambda: answered == [1])


@pytest.mark.parametrize("phase", DownloadPhase)
def test_every_phase_has_words(phase: DownloadPhase) -> None:
    text = describe_download(DownloadProgress(phase, message="why"))

    assert bool(text) == (phase is not DownloadPhase.IDLE)


# --- in the window


def test_the_window_stays_usable_while_a_model_comes(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    window.dialogs.open_models()
    dialog = dialog_of(ModelDialog)
    assert dialog is not None
    assert not dialog.isModal()
    qtbot.waitUntil(lambda: len(dialog.page.cards) == 3)
    click(qtbot, dialog.page.cards[1].button)
    qtbot.waitUntil(lambda: services.downloads.progress().active)

    dialog.close()

    assert services.downloads.progress().active
    services.downloads.report(DownloadPhase.DONE)  # type: ignore[attr-defined]
    hub_id = services.downloads.progress().hub_id
    qtbot.waitUntil(lambda: window.keeper.settings.checkpoint == hub_id)


def test_the_first_page_leads_to_the_models(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    services.models.become(ModelStatus(ModelState.NONE))  # type: ignore[attr-defined]

    window.body.empty_page.way_chosen.emit(Way.CHOOSE_MODEL)

    assert dialog_of(ModelDialog) is not None


def test_the_settings_lead_to_the_models(window: MainWindow, qtbot: QtBot) -> None:
    window.dialogs.open_settings()
    settings = dialog_of(SettingsDialog)
    assert settings is not None

    click(qtbot, settings.model.download_button)

    assert dialog_of(ModelDialog) is not None
