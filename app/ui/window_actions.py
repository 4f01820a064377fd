"""The keys of the window, what they do, and the list that shows them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from app.ui.photo_commands import COMMANDS


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """Keys, as QKeySequence reads them, what they do in words, and what is called.

    Without a call the keys belong to the grid or the search bar and are only listed here.
    """

    keys: tuple[str, ...]
    text: str
    act: Callable[[], object] | None = None


def add_actions(window: QWidget, bindings: Sequence[KeyBinding]) -> list[QAction]:
    """Make the keys work anywhere in the window."""
    actions = []
    for binding in bindings:
        if binding.act is None:
            continue
        action = QAction(binding.text, window)
        action.setShortcuts([QKeySequence(keys) for keys in binding.keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.triggered.connect(binding.act)
        window.addAction(action)
        actions.append(action)
    return actions


def photo_keys() -> tuple[KeyBinding, ...]:
    """The keys that the grid handles itself."""
    commands = (
        KeyBinding(tuple(keys.toString() for keys in info.keys[:1]), info.translated().rstrip("…"))
        for info in COMMANDS.values()
    )
    return (*commands, KeyBinding(("Ctrl+A",), _tr("Select all")))


class ShortcutsDialog(QDialog):
    """Every key and what it does."""

    def __init__(self, bindings: Sequence[KeyBinding], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        half = (len(bindings) + 1) // 2  # side by side: all of them below each other overflow a small screen
        columns = QHBoxLayout()
        columns.setSpacing(48)
        columns.addLayout(_table(bindings[:half]))
        columns.addLayout(_table(bindings[half:]))
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(18)
        layout.addLayout(columns)
        layout.addWidget(close)


def _table(bindings: Sequence[KeyBinding]) -> QGridLayout:
    """Keys beside what they do, from the top."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(28)
    grid.setVerticalSpacing(7)
    for row, binding in enumerate(bindings):
        keys = QLabel(key_text(binding.keys))
        keys.setProperty("rank", "muted")
        keys.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(keys, row, 0)
        grid.addWidget(QLabel(binding.text), row, 1)
    grid.setColumnStretch(1, 1)
    grid.setRowStretch(len(bindings), 1)
    return grid


def key_text(keys: Sequence[str]) -> str:
    """Keys as this system writes them."""
    native = QKeySequence.SequenceFormat.NativeText
    return _tr(" or ").join(QKeySequence(key).toString(native) for key in keys)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Shortcuts", text)
