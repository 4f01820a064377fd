"""The list of problem files."""

import pytest
from fakes import FakeLibraryService
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from app.domain.photo import ProblemFile
from app.ui.problems_dialog import ProblemsDialog, ProblemsModel
from app.ui.task_runner import TaskRunner


@pytest.fixture
def dialog(qtbot: QtBot, library: FakeLibraryService, task_runner: TaskRunner) -> ProblemsDialog:
    library.problem_ids = {3, 4, 5}
    dialog = ProblemsDialog(library, task_runner)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.table.model().rowCount() == 3)
    return dialog


def _column(dialog: ProblemsDialog, column: int) -> list[str]:
    model = dialog.table.model()
    return [model.index(row, column).data() for row in range(model.rowCount())]


def test_the_model_behaves_as_qt_wants(qtmodeltester: ModelTester) -> None:
    model = ProblemsModel()
    model.set_rows(
        [ProblemFile(1, "/photos/a.jpg", "It is empty."), ProblemFile(2, "/b\udcff.jpg", "Damaged.")]
    )

    qtmodeltester.check(model)


def test_each_file_has_name_reason_and_folder(dialog: ProblemsDialog) -> None:
    assert _column(dialog, 0)[0] == "IMG_0000003.jpg"
    assert _column(dialog, 1)[0] == "The file ends too early."
    assert _column(dialog, 2)[0] == "/photos/2025"
    assert dialog.intro.startswith("3 files could not be read.")


def test_the_reason_of_the_selected_file_is_shown_in_full(dialog: ProblemsDialog) -> None:
    assert dialog.reason == ""

    dialog.table.selectRow(0)

    assert dialog.reason == "/photos/2025/IMG_0000003.jpg\nThe file ends too early."
    dialog.table.selectAll()
    assert dialog.reason == ""


def test_selected_files_are_tried_again(
    dialog: ProblemsDialog, library: FakeLibraryService, qtbot: QtBot
) -> None:
    retry, _, _ = dialog.buttons
    assert not retry.isEnabled()
    dialog.table.selectRow(1)

    with qtbot.waitSignal(dialog.retried):
        qtbot.mouseClick(retry, Qt.MouseButton.LeftButton)

    assert library.calls_of("retry_problems") == [((4,),)]
    qtbot.waitUntil(lambda: dialog.table.model().rowCount() == 2)


def test_all_files_are_tried_again(dialog: ProblemsDialog, library: FakeLibraryService, qtbot: QtBot) -> None:
    _, retry_all, _ = dialog.buttons

    qtbot.mouseClick(retry_all, Qt.MouseButton.LeftButton)

    qtbot.waitUntil(lambda: dialog.intro == "Every file could be read.")
    assert library.calls_of("retry_problems") == [(None,)]
    assert not retry_all.isEnabled()


def test_one_file_can_be_shown_in_the_file_manager(dialog: ProblemsDialog, qtbot: QtBot) -> None:
    _, _, reveal = dialog.buttons
    dialog.table.selectRow(2)

    with qtbot.waitSignal(dialog.reveal_wanted) as wanted:
        qtbot.mouseClick(reveal, Qt.MouseButton.LeftButton)

    assert wanted.args == [5]
