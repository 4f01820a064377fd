"""The settings dialog: a model is verified before it is used, and errors stay where they belong."""

import pytest
from fakes import FakeModelService, Gate
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.domain.status import ModelState
from app.settings import Settings
from app.ui.settings_dialog import SettingsDialog
from app.ui.task_runner import TaskRunner


@pytest.fixture
def models() -> FakeModelService:
    return FakeModelService(ModelState.NONE)


@pytest.fixture
def dialog(qtbot: QtBot, models: FakeModelService, task_runner: TaskRunner) -> SettingsDialog:
    dialog = SettingsDialog(models, Settings(), "/data/photosift", task_runner)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.device_box.count() == 2)
    qtbot.waitUntil(lambda: "Without a model" in dialog.note)
    return dialog


def test_a_model_that_works_is_used(dialog: SettingsDialog, models: FakeModelService, qtbot: QtBot) -> None:
    with qtbot.waitSignal(dialog.model_chosen) as chosen:
        dialog.use("/models/siglip2")

    assert chosen.args == ["/models/siglip2", "auto"]
    assert dialog.path_field.text() == "/models/siglip2"
    qtbot.waitUntil(lambda: dialog.note == "siglip2 · CPU")
    assert not dialog.is_busy


def test_a_model_that_is_refused_says_why_in_place(
    dialog: SettingsDialog, models: FakeModelService, qtbot: QtBot
) -> None:
    models.refused = {"/models/bert": "This folder holds a bert model, not one of pictures."}

    with qtbot.assertNotEmitted(dialog.model_chosen):
        dialog.use("/models/bert")
        qtbot.waitUntil(lambda: "bert model" in dialog.note)

    assert dialog.path_field.text() == ""
    assert not dialog.is_busy


def test_while_a_model_is_verified_nothing_else_can_be_chosen(
    dialog: SettingsDialog, models: FakeModelService, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
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


def test_the_model_can_be_removed(dialog: SettingsDialog, models: FakeModelService, qtbot: QtBot) -> None:
    dialog.use("/models/siglip2")
    qtbot.waitUntil(dialog.remove_button.isEnabled)

    with qtbot.waitSignal(dialog.model_chosen) as chosen:
        qtbot.mouseClick(dialog.remove_button, Qt.MouseButton.LeftButton)

    assert chosen.args[0] is None
    assert not dialog.remove_button.isEnabled()


def test_another_device_is_tried_with_the_same_model(
    dialog: SettingsDialog, models: FakeModelService, qtbot: QtBot
) -> None:
    dialog.device_box.setCurrentIndex(1)
    dialog.device_box.activated.emit(1)

    qtbot.waitUntil(lambda: models.calls_of("use") == [(None, "cpu")])


def test_a_bug_is_not_hidden(
    dialog: SettingsDialog, models: FakeModelService, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(models, "use", fail)

    dialog.use("/models/siglip2")

    qtbot.waitUntil(lambda: dialog.note == "Something went wrong: oops")
