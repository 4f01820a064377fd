"""A change of the model on its page, in the activity line, and the embeddings that are kept."""

import pytest
from fakes import FakeKeptModelService, FakeModelService
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot
from window_driver import dialog_of

from app.bootstrap import Services
from app.domain.model import KeptModel
from app.domain.progress import ChangeProgress, IndexPhase, IndexProgress
from app.domain.status import ModelState, ModelStatus
from app.settings import Settings
from app.ui.activity_details import ActivityDetails
from app.ui.activity_line import ActivityLine, describe
from app.ui.main_window import MainWindow
from app.ui.model_page import ModelDialog
from app.ui.model_settings import ModelSettings
from app.ui.settings_dialog import SettingsDialog
from app.ui.task_runner import TaskRunner

CHANGING = ModelStatus(ModelState.READY, name="small", device="cpu", coming="large")
HALFWAY = IndexProgress(
    IndexPhase.INDEXING, done=3, total=600, rate=12.0, seconds_left=50.0, away=120,
    change=ChangeProgress("large", 400, 900),
)  # fmt: skip
KEPT = (
    KeptModel("siglip-a", "small", "/models/small", None, 768, 890, 900, 2_000_000, 10**6, answering=True),
    KeptModel("siglip-b", "large", "/models/large", None, 1152, 400, 400, 1_000_000, 0, coming=True),
    KeptModel("clip-c", "old", "/models/old", None, 512, 1, 1, 500_000, 0),
)  # fmt: skip


@pytest.fixture
def models() -> FakeModelService:
    return FakeModelService()


@pytest.fixture
def kept() -> FakeKeptModelService:
    service = FakeKeptModelService()
    service.models = KEPT
    return service


@pytest.fixture
def page(
    qtbot: QtBot, models: FakeModelService, kept: FakeKeptModelService, task_runner: TaskRunner
) -> ModelSettings:
    page = ModelSettings(models, kept, Settings(checkpoint="/models/large"), task_runner)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: page.device_box.count() == 2)
    qtbot.waitUntil(lambda: len(page.kept.texts) == 3)
    return page


def test_a_change_says_how_far_it_is_and_who_answers_meanwhile(page: ModelSettings) -> None:
    assert page.change.isHidden()
    page.show_status(CHANGING)
    page.show_progress(HALFWAY)

    assert page.change.isVisible()
    assert page.change.title == "Changing to large. Until it has embedded your photos, small answers."
    assert page.change.numbers == "400 of 900 photos embedded · 12 a second · about a minute left"
    assert page.change.away.startswith("120 photos are on drives that are not here")
    page.show_status(ModelStatus(ModelState.READY, name="large", device="cpu"))
    assert page.change.isHidden()


def test_a_change_can_be_hurried(page: ModelSettings, models: FakeModelService, qtbot: QtBot) -> None:
    models.become(CHANGING)
    page.show_status(CHANGING)

    qtbot.mouseClick(page.change.now_button, Qt.MouseButton.LeftButton)

    qtbot.waitUntil(lambda: models.calls_of("use_now") == [()])
    assert not page.change.now_button.isEnabled()


def test_a_change_that_is_called_off_leaves_the_model_that_answers(
    page: ModelSettings, models: FakeModelService, qtbot: QtBot
) -> None:
    models.become(CHANGING)
    page.show_status(CHANGING)

    with qtbot.waitSignal(page.model_chosen) as chosen:
        qtbot.mouseClick(page.change.stay_button, Qt.MouseButton.LeftButton)

    assert chosen.args == ["small", "auto"]
    assert page.path_field.text() == "small"
    qtbot.waitUntil(page.change.isHidden)


def test_kept_models_say_what_they_find_and_take(page: ModelSettings) -> None:
    assert page.kept.texts == [
        ("small", "900 photos · 3.0 MB · in use"),
        ("large", "400 photos · 1.0 MB · being made ready"),
        ("old", "1 photo · 500.0 kB"),
    ]
    assert not page.kept.delete_button("siglip-a").isEnabled()
    assert not page.kept.delete_button("siglip-b").isEnabled()


def _answer(page: ModelSettings, text: str, qtbot: QtBot) -> None:
    qtbot.mouseClick(page.kept.delete_button("clip-c"), Qt.MouseButton.LeftButton)
    box = page.window().findChild(QMessageBox)
    assert "1 photo is embedded again" in box.informativeText()
    button = next(button for button in box.buttons() if button.text().replace("&", "") == text)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_deleting_asks_first(page: ModelSettings, kept: FakeKeptModelService, qtbot: QtBot) -> None:
    _answer(page, "Cancel", qtbot)
    assert kept.calls_of("delete") == []

    _answer(page, "Delete", qtbot)
    qtbot.waitUntil(lambda: len(page.kept.texts) == 2)
    assert kept.calls_of("delete") == [("clip-c",)]


def test_a_refused_deletion_says_why(page: ModelSettings, kept: FakeKeptModelService, qtbot: QtBot) -> None:
    kept.refused = "This model answers searches."

    _answer(page, "Delete", qtbot)

    qtbot.waitUntil(lambda: page.note == "This model answers searches.")
    qtbot.waitUntil(lambda: page.kept.delete_button("clip-c").isEnabled())


def test_the_list_follows_a_change_of_the_model(
    page: ModelSettings, kept: FakeKeptModelService, qtbot: QtBot
) -> None:
    kept.models = KEPT[:1]
    page.show_status(CHANGING)

    qtbot.waitUntil(lambda: len(page.kept.texts) == 1)


def test_the_activity_line_counts_the_change_and_not_this_run(qtbot: QtBot) -> None:
    assert describe(HALFWAY) == "Changing to large · 400 of 900 · 12 a second · about a minute left"
    line = ActivityLine()
    qtbot.addWidget(line)
    line.show_progress(HALFWAY)
    assert (line.progress_bar.value(), line.progress_bar.maximum()) == (400, 900)

    details = ActivityDetails()
    qtbot.addWidget(details)
    details.show_progress(HALFWAY)
    assert details.row("done") == "400 of 900"


def test_the_settings_show_a_change_that_is_under_way(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    services.models.become(CHANGING)  # type: ignore[attr-defined]
    services.indexing.report(HALFWAY)  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: window.workspace.progress == HALFWAY)

    window.dialogs.open_settings()

    page = dialog_of(SettingsDialog).model
    qtbot.waitUntil(lambda: page.change.isVisible())
    assert page.change.numbers.startswith("400 of 900 photos")
    dialog_of(SettingsDialog).close()


def test_another_model_that_took_over_is_asked_anew(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    services.models.become(CHANGING)  # type: ignore[attr-defined]
    asked = len(services.search.calls_of("search"))  # type: ignore[attr-defined]

    services.models.become(ModelStatus(ModelState.READY, name="large", device="cpu"))  # type: ignore[attr-defined]

    qtbot.waitUntil(lambda: len(services.search.calls_of("search")) > asked)  # type: ignore[attr-defined]


def test_the_page_of_models_shows_it_too(window: MainWindow, services: Services, qtbot: QtBot) -> None:
    services.models.become(CHANGING)  # type: ignore[attr-defined]
    services.indexing.report(HALFWAY)  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: window.workspace.progress == HALFWAY)
    window.dialogs.open_models()
    change = dialog_of(ModelDialog).page.change
    qtbot.waitUntil(change.isVisible)
    assert change.numbers.startswith("400 of 900 photos")

    qtbot.mouseClick(change.stay_button, Qt.MouseButton.LeftButton)

    qtbot.waitUntil(lambda: window.keeper.settings.checkpoint == "small")
    qtbot.waitUntil(change.isHidden)
    dialog_of(ModelDialog).close()


def test_only_a_model_that_leaves_the_choice_asks_for_patches(
    page: ModelSettings, models: FakeModelService, qtbot: QtBot
) -> None:
    assert page.patches.isHidden()
    models.patches_chosen = 256
    page.show_status(ModelStatus(ModelState.READY, name="naflex", device="cpu"))
    qtbot.waitUntil(page.patches.isVisible)
    assert page.patches.value() == 256

    page.patches.setValue(1024)
    page.patches.editingFinished.emit()
    page.patches.editingFinished.emit()

    qtbot.waitUntil(lambda: models.calls_of("use_patches") == [(1024,)])
