"""The models that have embeddings here, what these take, and deleting them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.domain.model import KeptModel
from app.ui import wording
from app.ui.settings_parts import wrapped
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.kept_models import KeptModelService


class KeptModels(QWidget):
    """A line for each model; those in use cannot be deleted."""

    failed = Signal(object)  # Exception

    def __init__(self, kept: KeptModelService, tasks: TaskRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kept = kept
        self._tasks = tasks
        self._shown: tuple[KeptModel, ...] | None = None
        self._lines: list[_Line] = []
        self._empty = wrapped("muted", self.tr("measuring…"))
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(8)
        self._box.addWidget(self._empty)
        self.refresh()

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Name and description of each line."""
        return [(line.title, line.text) for line in self._lines]

    def delete_button(self, identity: str) -> QPushButton:
        """That of one model's line."""
        return next(line.button for line in self._lines if line.model.identity == identity)

    def refresh(self) -> None:
        """Ask what is here; it takes a moment in a large library."""
        self._tasks.run(self._kept.all, self.show_models, self.failed.emit, lane=Lane.LOOSE, receiver=self)

    def show_models(self, models: tuple[KeptModel, ...]) -> None:
        """One line each."""
        if models == self._shown:
            return
        self._shown = models
        for line in self._lines:
            line.deleteLater()
        self._lines = [_Line(model) for model in models]
        for line in self._lines:
            line.delete_wanted.connect(self._ask)
            self._box.addWidget(line)
        self._empty.setText(self.tr("No photo is embedded yet."))
        self._empty.setVisible(not models)

    def _ask(self, model: KeptModel) -> None:
        box = QMessageBox(
            QMessageBox.Icon.Question,
            self.tr("Delete embeddings?"),
            self.tr("Delete the embeddings of {name}?").format(name=wording.printable(model.name)),
            QMessageBox.StandardButton.Cancel,
            self.window(),
        )
        box.setInformativeText(self._consequence(model))
        delete = box.addButton(self.tr("Delete"), QMessageBox.ButtonRole.DestructiveRole)
        delete.clicked.connect(lambda: self._delete(model))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _consequence(self, model: KeptModel) -> str:
        again = (
            self.tr("Should you change back to it, 1 photo is embedded again.")
            if model.photos == 1
            else self.tr("Should you change back to it, {n} photos are embedded again.")
        ).format(n=wording.number(model.photos))
        room = self.tr(
            "Files beside the library give their room back at once; the room in the library itself is used"
            " for what comes next."
        )
        return " ".join((self.tr("Your photos and the model stay."), again, room))

    def _delete(self, model: KeptModel) -> None:
        self.delete_button(model.identity).setEnabled(False)
        self._tasks.run(
            lambda: self._kept.delete(model.identity),
            lambda _: self.refresh(),
            self._on_failed,
            lane=Lane.LOOSE,
            receiver=self,
        )

    def _on_failed(self, error: Exception) -> None:
        self._shown = None
        self.refresh()
        self.failed.emit(error)


class _Line(QFrame):
    """One model."""

    delete_wanted = Signal(object)  # KeptModel

    def __init__(self, model: KeptModel) -> None:
        super().__init__()
        self.model = model
        self._title = QLabel(wording.printable(model.name))
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setToolTip(model.identity)
        self._text = wrapped("muted", self._described())
        self.button = QPushButton(self.tr("Delete…"))
        self.button.setAccessibleName(self.tr("Delete the embeddings of {name}").format(name=model.name))
        self.button.setEnabled(not (model.answering or model.coming))
        self.button.clicked.connect(lambda: self.delete_wanted.emit(self.model))
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self._title)
        words.addWidget(self._text)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(words, 1)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)

    @property
    def title(self) -> str:
        return self._title.text()

    @property
    def text(self) -> str:
        return self._text.text()

    def _described(self) -> str:
        model = self.model
        parts = [
            wording.photo_count(model.photos),
            wording.byte_size(model.library_bytes + model.file_bytes),
        ]
        if model.answering:
            parts.append(self.tr("in use"))
        elif model.coming:
            parts.append(self.tr("being made ready"))
        return " · ".join(parts)
