"""The list of files that could not be read, with the reason for each and a way to try again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.domain.photo import ProblemFile
from app.ui import wording
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.library import LibraryService

Index = QModelIndex | QPersistentModelIndex


class ProblemsModel(QAbstractTableModel):
    """Name, reason and folder of each file."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._problems: tuple[ProblemFile, ...] = ()

    def set_rows(self, problems: Sequence[ProblemFile]) -> None:
        """Show these files."""
        self.beginResetModel()
        self._problems = tuple(problems)
        self.endResetModel()

    def problem_at(self, row: int) -> ProblemFile:
        return self._problems[row]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._problems)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else 3

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        problem = self._problems[index.row()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _in_full(problem)
        folder, name = os.path.split(problem.path)
        return (wording.printable(name), problem.reason, wording.printable(folder))[index.column()]

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (self.tr("Name"), self.tr("Why it could not be read"), self.tr("Folder"))[section]


class ProblemsDialog(QDialog):
    """Shows the problem files and asks for them to be read again."""

    reveal_wanted = Signal(object)  # photo id
    retried = Signal()

    def __init__(self, library: LibraryService, tasks: TaskRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Problem files"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(900, 500)
        self._library = library
        self._tasks = tasks
        self._model = ProblemsModel(self)
        self._table = self._build_table()
        self._intro = QLabel(self.tr("Looking…"))
        self._intro.setWordWrap(True)
        self._reason = QLabel()  # in full, which the column has no room for
        self._reason.setWordWrap(True)
        self._reason.setTextFormat(Qt.TextFormat.PlainText)
        self._reason.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._reason.setAccessibleName(self.tr("Why it could not be read"))
        self._retry = QPushButton(self.tr("Try again"))
        self._retry.clicked.connect(self._retry_selected)
        self._retry_all = QPushButton(self.tr("Try all again"))
        self._retry_all.clicked.connect(lambda: self._retry_ids(None))
        self._reveal = QPushButton(self.tr("Show in file manager"))
        self._reveal.clicked.connect(self._reveal_selected)
        self._lay_out()
        self._on_selection()
        self.reload()

    @property
    def table(self) -> QTableView:
        return self._table

    @property
    def buttons(self) -> tuple[QPushButton, QPushButton, QPushButton]:
        """Try again, try all again, show in file manager."""
        return self._retry, self._retry_all, self._reveal

    @property
    def intro(self) -> str:
        return self._intro.text()

    @property
    def reason(self) -> str:
        """Of the selected file, in full; "" unless one is selected."""
        return self._reason.text()

    def reload(self) -> None:
        """Ask the library for the list."""
        self._tasks.run(self._library.problems, self._show, self._on_error, receiver=self)

    def _build_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self._model)
        table.setAccessibleName(self.tr("Problem files"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 12)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setStretchLastSection(True)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        table.setColumnWidth(0, 200)
        table.setColumnWidth(1, 440)
        table.selectionModel().selectionChanged.connect(self._on_selection)
        table.doubleClicked.connect(self._reveal_selected)
        return table

    def _lay_out(self) -> None:
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (self._retry, self._retry_all, self._reveal):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 16)
        layout.setSpacing(12)
        layout.addWidget(self._intro)
        layout.addWidget(self._table, 1)
        layout.addWidget(self._reason)
        layout.addLayout(row)

    def _show(self, problems: tuple[ProblemFile, ...]) -> None:
        self._model.set_rows(problems)
        if problems:
            text = self.tr("{files} could not be read. They are tried again when they change.")
            self._intro.setText(text.format(files=wording.file_count(len(problems))))
        else:
            self._intro.setText(self.tr("Every file could be read."))
        self._retry_all.setEnabled(bool(problems))
        self._on_selection()

    def _selected(self) -> list[ProblemFile]:
        return [self._model.problem_at(index.row()) for index in self._table.selectionModel().selectedRows()]

    def _on_selection(self) -> None:
        selected = self._selected()
        self._retry.setEnabled(bool(selected))
        self._reveal.setEnabled(len(selected) == 1)
        self._reason.setText(_in_full(selected[0]) if len(selected) == 1 else "")
        self._reason.setVisible(len(selected) == 1)

    def _retry_selected(self) -> None:
        self._retry_ids([problem.photo_id for problem in self._selected()])

    def _retry_ids(self, photo_ids: list[int] | None) -> None:
        def done(_: None) -> None:
            self.retried.emit()
            self.reload()

        work = lambda: self._library.retry_problems(photo_ids)  # noqa: E731
        self._tasks.run(work, done, self._on_error, lane=Lane.WRITES, receiver=self)

    def _reveal_selected(self) -> None:
        for problem in self._selected()[:1]:
            self.reveal_wanted.emit(problem.photo_id)

    def _on_error(self, error: Exception) -> None:
        self._intro.setText(str(error))


def _in_full(problem: ProblemFile) -> str:
    return f"{wording.printable(problem.path)}\n{problem.reason}"
