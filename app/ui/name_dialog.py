"""Asks for a name without stopping the window."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QInputDialog, QLineEdit, QWidget

_LONGEST = 120


def ask_for_name(
    window: QWidget, title: str, label: str, name: str, on_name: Callable[[str], object]
) -> QInputDialog:
    """Open a dialog; `on_name` gets the name, never an empty one."""
    dialog = QInputDialog(window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    dialog.setLabelText(label)
    dialog.setTextValue(name)
    dialog.setMinimumWidth(360)
    edit, buttons = dialog.findChild(QLineEdit), dialog.findChild(QDialogButtonBox)
    if edit is not None and buttons is not None:
        ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        edit.setMaxLength(_LONGEST)
        edit.textChanged.connect(lambda text: ok.setEnabled(bool(text.strip())))
        ok.setEnabled(bool(name.strip()))
    dialog.textValueSelected.connect(lambda text: on_name(text.strip()) if text.strip() else None)
    dialog.open()
    return dialog
