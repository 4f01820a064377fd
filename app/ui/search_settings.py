"""How searching by meaning is set."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QPushButton, QWidget

from app.ui.settings_keeper import SettingsKeeper
from app.ui.settings_parts import settings_form, with_notes, wrapped


class SearchSettings(QWidget):
    """Changes take effect at once. What lost where it was measured is off until somebody wants it."""

    changed = Signal()

    def __init__(self, keeper: SettingsKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        settings = keeper.settings
        self.prompts = QCheckBox(self.tr("Ask one or two words in several phrases"))
        self.prompts.setChecked(settings.average_prompts)
        self.prompts.toggled.connect(lambda on: self._change(average_prompts=on))
        self.hubs = QCheckBox(self.tr("Put photos back that turn up for everything"))
        self.hubs.setChecked(settings.correct_hubs)
        self.hubs.toggled.connect(lambda on: self._change(correct_hubs=on))
        self.reset = QPushButton(self.tr("As many matches as usual"))
        self.reset.setEnabled(bool(settings.match_steps))
        self.reset.clicked.connect(self._on_reset)
        self._lay_out()

    def _lay_out(self) -> None:
        form = settings_form(self)
        form.addRow(
            self.tr("Short words"),
            with_notes(
                self.prompts,
                wrapped(
                    "muted", self.tr("“a photo of snow” beside “snow”. Helps some models, mostly older ones.")
                ),
            ),
        )
        form.addRow(
            self.tr("Hubs"),
            with_notes(
                self.hubs,
                wrapped(
                    "muted", self.tr("Each photo is compared with 1,200 captions once, in the background.")
                ),
            ),
        )
        form.addRow(
            self.tr("Matches"),
            with_notes(
                self.reset,
                wrapped(
                    "muted",
                    self.tr(
                        "Fewer and More above the photos are remembered for each model, and for words"
                        " and pictures apart. This forgets them all."
                    ),
                ),
            ),
        )

    def _on_reset(self) -> None:
        self.reset.setEnabled(False)
        self._change(match_steps={})

    def _change(self, **updates: object) -> None:
        self._keeper.change(**updates)
        self.changed.emit()
