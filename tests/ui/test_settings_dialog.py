"""The settings: a model is verified before it is used, changes take effect at once, errors stay in place."""

from dataclasses import replace

import pytest
from fakes import FakeIndexingService, FakeKeptModelService, FakeModelService, FakeStorageService, Gate
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.bootstrap import Services
from app.domain.manners import Manners, MannersHere, Pace
from app.domain.precision import CompiledResult, PrecisionProof, PrecisionResult
from app.domain.status import ModelState, ModelStatus
from app.errors import LibraryError
from app.settings import Settings
from app.ui import settings_dialog
from app.ui.model_settings import ModelSettings
from app.ui.settings_dialog import SettingsDialog
from app.ui.settings_keeper import SettingsKeeper
from app.ui.task_runner import TaskRunner


@pytest.fixture
def models() -> FakeModelService:
    return FakeModelService(ModelState.NONE)


@pytest.fixture
def dialog(qtbot: QtBot, models: FakeModelService, task_runner: TaskRunner) -> ModelSettings:
    dialog = ModelSettings(models, FakeKeptModelService(), Settings(), task_runner)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.device_box.count() == 2)
    qtbot.waitUntil(lambda: "Without a model" in dialog.note)
    return dialog


def test_a_model_that_works_is_used(dialog: ModelSettings, models: FakeModelService, qtbot: QtBot) -> None:
    with qtbot.waitSignal(dialog.model_chosen) as chosen:
        dialog.use("/models/siglip2")

    assert chosen.args == ["/models/siglip2", "auto"]
    assert dialog.path_field.text() == "/models/siglip2"
    qtbot.waitUntil(lambda: dialog.note == "siglip2 · CPU")
    assert not dialog.is_busy


def test_a_model_that_is_refused_says_why_in_place(
    dialog: ModelSettings, models: FakeModelService, qtbot: QtBot
) -> None:
    models.refused = {"/models/bert": "This folder holds a bert model, not one of pictures."}

    with qtbot.assertNotEmitted(dialog.model_chosen):
        dialog.use("/models/bert")
        qtbot.waitUntil(lambda: "bert model" in dialog.note)

    assert dialog.path_field.text() == ""
    assert not dialog.is_busy


def test_the_precision_is_chosen_and_its_proof_is_shown(
    dialog: ModelSettings, models: FakeModelService, qtbot: QtBot
) -> None:
    dialog.use("/models/siglip2")
    qtbot.waitUntil(lambda: not dialog.is_busy)
    result = PrecisionResult("int8", 0.99912, 0.981, 3.12, True)
    models.proof = PrecisionProof("int8", 85, "2026-11-21", "a processor", (result,))
    status = ModelStatus(ModelState.READY, name="siglip2", device="cpu", runtime="openvino", precision="int8")
    dialog.show_status(status)
    qtbot.waitUntil(lambda: "Measured on 85" in dialog.precision.note)
    assert "8-bit: cosine 0.9991, neighbours 98 % alike, 3.1x" in dialog.precision.note

    box = dialog.precision.box
    box.setCurrentIndex(box.findData("float32"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: models.wish == "float32")
    qtbot.waitUntil(lambda: not dialog.is_busy)
    dialog.show_status(replace(status, precision="float32"))
    qtbot.waitUntil(lambda: dialog.precision.note == "Pictures: full precision by OpenVINO.")


def test_float32_says_why_nothing_faster_is_used(
    dialog: ModelSettings, models: FakeModelService, qtbot: QtBot
) -> None:
    status = ModelStatus(ModelState.READY, device="cpu", runtime="openvino", precision="float32")
    dialog.show_status(status)
    assert "compared on your first photos" in dialog.precision.note
    models.proof = PrecisionProof("float32", 85, "2026-11-21", "a processor", ())
    dialog.show_status(status)
    qtbot.waitUntil(lambda: "No faster precision was alike enough" in dialog.precision.note)


def test_a_gpu_shows_its_own_proof_and_nothing_else(
    dialog: ModelSettings, models: FakeModelService, qtbot: QtBot
) -> None:
    half = ModelStatus(ModelState.READY, device="cuda", runtime="torch", precision="bfloat16")
    result = PrecisionResult("bfloat16", 0.99912, 0.981, 3.12, True)
    models.proof = PrecisionProof("bfloat16", 128, "2026-11-21", "a GPU", (result,), "cuda")
    dialog.show_status(half)
    qtbot.waitUntil(lambda: "Measured on 128" in dialog.precision.note)
    assert "16-bit: cosine 0.9991" in dialog.precision.note
    assert "compiled" not in dialog.precision.note

    models.proof = replace(models.proof, compiled=CompiledResult(0.9991, 0.98, 1.23, photos=4000))
    dialog.show_status(half)
    qtbot.waitUntil(lambda: "compiled code makes that 1.2x as fast" in dialog.precision.note)
    models.proof = replace(models.proof, compiled=CompiledResult(0.9991, 0.98, 1.05, photos=0))
    dialog.show_status(half)
    qtbot.waitUntil(lambda: "compiled" not in dialog.precision.note)

    dialog.show_status(replace(half, precision="float32"))  # it overflowed, say
    assert dialog.precision.note == "Pictures: full precision by PyTorch."
    dialog.show_status(replace(half, device="cpu", precision="float32"))
    assert "compared on your first photos" in dialog.precision.note


def test_while_a_model_is_verified_nothing_else_can_be_chosen(
    dialog: ModelSettings, models: FakeModelService, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    gate.close()
    monkeypatch.setattr(models, "use", lambda *arguments: gate.pass_through())

    dialog.use("/models/siglip2")

    assert dialog.is_busy
    assert not dialog.device_box.isEnabled()
    gate.open()
    qtbot.waitUntil(lambda: not dialog.is_busy)
    assert dialog.device_box.isEnabled()


def test_the_model_can_be_removed(dialog: ModelSettings, models: FakeModelService, qtbot: QtBot) -> None:
    dialog.use("/models/siglip2")
    qtbot.waitUntil(dialog.remove_button.isEnabled)

    with qtbot.waitSignal(dialog.model_chosen) as chosen:
        qtbot.mouseClick(dialog.remove_button, Qt.MouseButton.LeftButton)

    assert chosen.args[0] is None
    assert not dialog.remove_button.isEnabled()


def test_another_device_is_tried_with_the_same_model(
    dialog: ModelSettings, models: FakeModelService, qtbot: QtBot
) -> None:
    dialog.device_box.setCurrentIndex(1)
    dialog.device_box.activated.emit(1)

    qtbot.waitUntil(lambda: models.calls_of("use") == [(None, "cpu")])


def test_a_bug_is_not_hidden(
    dialog: ModelSettings, models: FakeModelService, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(models, "use", fail)

    dialog.use("/models/siglip2")

    qtbot.waitUntil(lambda: dialog.note == "Something went wrong: oops")


# --- the other pages


@pytest.fixture
def keeper(services: Services, task_runner: TaskRunner) -> SettingsKeeper:
    return SettingsKeeper(Settings(), services.settings, task_runner)


@pytest.fixture
def whole(
    qtbot: QtBot, services: Services, keeper: SettingsKeeper, task_runner: TaskRunner
) -> SettingsDialog:
    dialog = SettingsDialog(services, keeper, task_runner)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.storage.used("previews") != "measuring…")
    qtbot.waitUntil(lambda: bool(services.indexing.calls_of("choices")))
    return dialog


def test_a_pace_takes_effect_at_once_and_is_kept(
    whole: SettingsDialog, services: Services, keeper: SettingsKeeper, qtbot: QtBot
) -> None:
    whole.show_page(settings_dialog.INDEXING)
    box = whole.indexing.pace
    assert "other programs go first" in whole.indexing.pace_note.text()

    box.setCurrentIndex(box.findData(Pace.GENTLE))
    box.activated.emit(box.currentIndex())
    whole.indexing.mains.click()

    assert "One photo at a time" in whole.indexing.pace_note.text()
    assert keeper.settings.manners == Manners(Pace.GENTLE, only_on_mains=True)
    indexing: FakeIndexingService = services.indexing
    qtbot.waitUntil(lambda: indexing.calls_of("behave")[-1:] == [(keeper.settings.manners, 5)])


def test_what_cannot_be_kept_here_is_off_with_its_reason(whole: SettingsDialog) -> None:
    page = whole.indexing
    whole.show_page(settings_dialog.INDEXING)
    page.show_choices(MannersHere(no_idle="Nobody can tell.", no_mains="There is no battery."))
    assert not page.idle.isEnabled()
    assert not page.mains.isEnabled()
    assert (page.idle_note.text(), page.mains_note.text()) == ("Nobody can tell.", "There is no battery.")

    page.show_choices(MannersHere(idle_is_load=True))
    assert page.idle.isEnabled()
    assert "what other programs compute" in page.idle_note.text()
    assert not page.mains_note.isVisible()


def test_a_wish_that_cannot_be_kept_can_be_taken_back(whole: SettingsDialog, keeper: SettingsKeeper) -> None:
    page = whole.indexing
    page.idle.click()
    page.show_choices(MannersHere(no_idle="Nobody can tell."))
    assert page.idle.isEnabled()
    page.idle.click()
    assert keeper.settings.only_when_idle is False


def test_what_is_used_is_shown_and_previews_can_be_emptied(
    whole: SettingsDialog, services: Services, qtbot: QtBot
) -> None:
    whole.show_page(settings_dialog.STORAGE)
    assert whole.storage.used("previews") == "800.0 MB"
    assert "55.0 GB of 500.0 GB" in whole.storage.free

    qtbot.mouseClick(whole.storage.empty, Qt.MouseButton.LeftButton)

    qtbot.waitUntil(lambda: whole.storage.used("previews") == "0 bytes")
    assert not whole.storage.empty.isEnabled()


def test_the_room_for_pictures_is_kept_to(
    whole: SettingsDialog, services: Services, keeper: SettingsKeeper, qtbot: QtBot
) -> None:
    whole.storage.cap.setValue(7)
    assert keeper.settings.picture_cache_gb == 7
    storage: FakeStorageService = services.storage
    qtbot.waitUntil(lambda: storage.calls_of("allow") == [(7,)])


def test_a_disk_that_cannot_be_measured_is_told(whole: SettingsDialog) -> None:
    whole.storage.failed.emit(LibraryError("The drive is gone."))
    assert whole.error.isVisible()
    assert whole.error.text() == "The drive is gone."


def test_the_pages_say_where_things_are(whole: SettingsDialog, services: Services) -> None:
    assert whole.storage.library.text() == str(services.paths.root)
    assert whole.about.isAncestorOf(whole.about.findChildren(type(whole.storage.library))[0])
