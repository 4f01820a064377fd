"""The settings of one folder: what it leaves out, and what is switched on for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.domain.folder_rules import FolderRules, RulesPreview
from app.ui import wording
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.folders import FolderService

_PAUSE_MS = 250  # after the last key, before the photos are counted


class FolderSettingsDialog(QDialog):
    """Counts what the patterns would leave out while they are typed; nothing changes before it is saved."""

    saved = Signal()

    def __init__(
        self,
        folders: FolderService,
        folder_id: int,
        path: str,
        tasks: TaskRunner,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings of {name}").format(name=wording.folder_name(path)))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._folders = folders
        self._folder_id = folder_id
        self._tasks = tasks
        self._asked = 0
        self._exclude = self._patterns(self.tr("Leave out"), "*.png\nprivate/")
        self._include = self._patterns(self.tr("Only these"), self.tr("everything"))
        self._videos = QCheckBox(self.tr("Show videos"))
        self._sidecars = QCheckBox(self.tr("Write stars, labels and keywords beside the photos"))
        self._note = _label("muted")
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        self._buttons.accepted.connect(self._save)
        self._buttons.rejected.connect(self.reject)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._count)
        self._lay_out(path)
        self._set_usable(False)
        self._tasks.run(lambda: folders.rules(folder_id), self._show, self._show_error, receiver=self)

    @property
    def exclude_field(self) -> QPlainTextEdit:
        return self._exclude

    @property
    def include_field(self) -> QPlainTextEdit:
        return self._include

    @property
    def switches(self) -> tuple[QCheckBox, QCheckBox]:
        """Videos, sidecars."""
        return self._videos, self._sidecars

    @property
    def save_button(self) -> QPushButton:
        return self._buttons.button(QDialogButtonBox.StandardButton.Save)

    @property
    def note(self) -> str:
        """How many photos would be left out, or what is wrong."""
        return self._note.text()

    def rules(self) -> FolderRules:
        """What is in the fields now."""
        return FolderRules(
            include=_lines(self._include),
            exclude=_lines(self._exclude),
            write_sidecars=self._sidecars.isChecked(),
            videos=self._videos.isChecked(),
        )

    def _lay_out(self, path: str) -> None:
        place = _label("muted")
        place.setText(wording.printable(path))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(6)
        layout.addWidget(place)
        layout.addSpacing(8)
        self._add_patterns(layout, self.tr("Leave out"), self._exclude, self._exclude_help())
        layout.addSpacing(8)
        self._add_patterns(layout, self.tr("Only these"), self._include, self._include_help())
        layout.addSpacing(2)
        layout.addWidget(self._note)
        layout.addSpacing(8)
        videos = self.tr(
            "A picture out of each video stands for it in the grid and in searches. The film of a Live Photo"
            " goes with its picture."
        )
        self._add_switch(layout, self._videos, videos)
        sidecars = self.tr(
            "Other programs read them from .xmp files. The photos themselves are never changed."
        )
        self._add_switch(layout, self._sidecars, sidecars)
        layout.addSpacing(6)
        layout.addWidget(self._buttons)

    def _exclude_help(self) -> str:
        return self.tr(
            "One pattern a line, as in .gitignore: *.png is every such file, private/ every folder of"
            " that name, /\u20602019/raw/ only this one. A line that begins with ! keeps what one above"
            " it leaves out."
        )

    def _include_help(self) -> str:
        return self.tr("Empty, everything counts. With 2024/ only what lies in folders of that name does.")

    def _patterns(self, name: str, example: str) -> QPlainTextEdit:
        field = QPlainTextEdit()
        field.setObjectName("patterns")
        field.setAccessibleName(name)
        field.setPlaceholderText(example)
        field.setTabChangesFocus(True)
        field.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        field.textChanged.connect(lambda: self._pause.start())
        return field

    def _add_patterns(self, layout: QVBoxLayout, name: str, field: QPlainTextEdit, text: str) -> None:
        title, help_text = _label(""), _label("muted")
        title.setText(name)
        title.setBuddy(field)
        help_text.setText(text)
        field.setMinimumHeight(field.fontMetrics().lineSpacing() * 3 + 18)
        layout.addWidget(title)
        layout.addWidget(field, 1)
        layout.addWidget(help_text)

    def _add_switch(self, layout: QVBoxLayout, switch: QCheckBox, text: str) -> None:
        explanation = _label("muted")
        explanation.setText(text)
        explanation.setIndent(24)
        layout.addWidget(switch)
        layout.addWidget(explanation)

    def _show(self, rules: FolderRules) -> None:
        self._exclude.setPlainText("\n".join(rules.exclude))
        self._include.setPlainText("\n".join(rules.include))
        self._videos.setChecked(rules.videos)
        self._sidecars.setChecked(rules.write_sidecars)
        self._set_usable(True)
        self._exclude.setFocus()
        self._count()

    def _count(self) -> None:
        self._asked += 1
        number, rules = self._asked, self.rules()

        def show(preview: RulesPreview) -> None:
            if number == self._asked:
                self._show_count(preview)

        def refuse(error: Exception) -> None:
            if number == self._asked:
                self._show_error(error)

        self._tasks.run(
            lambda: self._folders.preview_rules(self._folder_id, rules), show, refuse, receiver=self
        )

    def _show_count(self, preview: RulesPreview) -> None:
        self.save_button.setEnabled(True)
        if preview.left_out:
            text = self.tr("{count} of {photos} would be left out; they come back when the pattern goes.")
        else:
            text = self.tr("No photo would be left out.")
        photos = wording.photo_count(preview.photos)
        self._say(text.format(count=wording.number(preview.left_out), photos=photos))

    def _save(self) -> None:
        rules = self.rules()
        self._set_usable(False)
        self._tasks.run(
            lambda: self._folders.set_rules(self._folder_id, rules),
            self._on_saved,
            self._on_refused,
            lane=Lane.WRITES,
            receiver=self,
        )

    def _on_saved(self, _: object) -> None:
        self.saved.emit()
        self.accept()

    def _on_refused(self, error: Exception) -> None:
        self._set_usable(True)
        self._show_error(error)

    def _show_error(self, error: Exception) -> None:
        self.save_button.setEnabled(False)
        self._say(str(error), warning=True)

    def _say(self, text: str, *, warning: bool = False) -> None:
        self._note.setText(text)
        self._note.setProperty("rank", "warning" if warning else "muted")
        self._note.style().unpolish(self._note)
        self._note.style().polish(self._note)

    def _set_usable(self, usable: bool) -> None:
        fields: Sequence[QWidget] = (self._exclude, self._include, self._videos, self._sidecars)
        for field in (*fields, self.save_button):
            field.setEnabled(usable)

    def sizeHint(self) -> QSize:
        return QSize(600, 580)


def _label(rank: str) -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if rank:
        label.setProperty("rank", rank)
    return label


def _lines(field: QPlainTextEdit) -> tuple[str, ...]:
    """The patterns of a field, without empty lines."""
    return tuple(line.strip() for line in field.toPlainText().splitlines() if line.strip())
