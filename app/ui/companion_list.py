"""The files that belong to the chosen photo: its raw file, the film of a Live Photo."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.domain.companions import Companion
from app.ui import icons
from app.ui.elided_label import ElidedLabel
from app.ui.photo_texts import companion_text


class CompanionList(QWidget):
    """One line a file, each with a button that shows it in the file manager; hidden without files."""

    reveal_requested = Signal(object)  # photo id

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Companion, ...] = ()
        caption = QLabel(self.tr("Belongs to it"))
        caption.setProperty("rank", "muted")
        self._lines = QVBoxLayout()
        self._lines.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(caption)
        layout.addLayout(self._lines)
        self.hide()

    @property
    def texts(self) -> list[str]:
        """What is said of each file."""
        return [companion_text(one) for one in self._shown]

    def show_companions(self, companions: tuple[Companion, ...]) -> None:
        """Take the place of what was listed before."""
        self.setVisible(bool(companions))
        if companions == self._shown:
            return
        self._shown = companions
        while (item := self._lines.takeAt(0)) is not None:
            line = item.widget()
            assert line is not None
            line.hide()
            line.deleteLater()
        for companion in companions:
            self._lines.addWidget(self._line(companion))

    def _line(self, companion: Companion) -> QWidget:
        line = QWidget()
        text = companion_text(companion)
        reveal = QToolButton()
        reveal.setIconSize(QSize(16, 16))
        icons.set_icon(reveal, "folder")
        reveal.setToolTip(self.tr("Show in folder"))
        reveal.setAccessibleName(self.tr("Show {file} in folder").format(file=text))
        reveal.clicked.connect(partial(self.reveal_requested.emit, companion.photo_id))
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(ElidedLabel(text), 1)
        row.addWidget(reveal)
        return line
