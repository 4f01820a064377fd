"""What the pages of the settings are made of."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

_BOX_WIDTH = 25  # of a check box before its text


def settings_form(page: QWidget) -> QFormLayout:
    """The layout of a page: names on the left, controls on the right."""
    form = QFormLayout(page)
    form.setContentsMargins(24, 20, 24, 12)
    form.setHorizontalSpacing(16)
    form.setVerticalSpacing(12)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    return form


def read_only(accessible: str) -> QLineEdit:
    """A text to read and copy, such as a path."""
    field = QLineEdit()
    field.setObjectName("settingsPath")
    field.setReadOnly(True)
    field.setAccessibleName(accessible)
    return field


def wrapped(rank: str, text: str = "") -> QLabel:
    """A remark below a control."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("rank", rank)
    return label


def with_notes(*parts: QWidget) -> QVBoxLayout:
    """A control with remarks close below it; below a check box they begin where its text does."""
    column = QVBoxLayout()
    column.setContentsMargins(0, 4 if isinstance(parts[0], QCheckBox) else 0, 0, 0)  # level with its name
    column.setSpacing(3)
    for part in parts:
        column.addWidget(part)
        if isinstance(part, QLabel) and isinstance(parts[0], QCheckBox):
            part.setContentsMargins(_BOX_WIDTH, 0, 0, 0)
    return column
