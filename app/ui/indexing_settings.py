"""How much indexing may take of the computer, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from app.domain.manners import MannersHere, Pace
from app.ui.closing import tray_available
from app.ui.settings_keeper import SettingsKeeper
from app.ui.settings_parts import settings_form, with_notes, wrapped
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.indexing import IndexingService

_MINUTES = (1, 5, 15, 60, 0)


class IndexingSettings(QWidget):
    """Changes take effect at once."""

    raw_apart_changed = Signal(bool)  # show raw files by themselves
    failed = Signal(object)  # Exception

    def __init__(
        self,
        indexing: IndexingService,
        keeper: SettingsKeeper,
        tasks: TaskRunner,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._indexing = indexing
        self._keeper = keeper
        self._tasks = tasks
        settings = keeper.settings
        self.pace = self._choice(self.tr("Speed"), self._paces(), settings.pace)
        self.pace_note = wrapped("muted")
        self.idle = self._switch(self.tr("Only while nobody uses the computer"), settings.only_when_idle)
        self.idle_note = wrapped("muted")
        self.mains = self._switch(self.tr("Only on mains power"), settings.only_on_mains)
        self.mains_note = wrapped("muted")
        self.keep = self._switch(self.tr("Keep indexing when the window is closed"), settings.keep_indexing)
        self.ask = self._switch(
            self.tr("Ask before closing while photos are being taken in"), settings.ask_before_closing
        )
        self.release = self._choice(self.tr("Memory"), self._times(), settings.release_after_minutes)
        self.raw_apart = QCheckBox(self.tr("Show RAW files separately"))
        self.raw_apart.setChecked(settings.raw_apart)
        self.raw_apart.toggled.connect(self.raw_apart_changed)
        self._lay_out()
        self._explain_pace()
        self._tasks.run(indexing.choices, self.show_choices, self.failed.emit, lane=Lane.LOOSE, receiver=self)

    def show_choices(self, here: MannersHere) -> None:
        """Switch off what this computer cannot keep to, and say why."""
        for switch, note, reason in (
            (self.idle, self.idle_note, here.no_idle),
            (self.mains, self.mains_note, here.no_mains),
        ):
            switch.setEnabled(not reason or switch.isChecked())  # a wish from elsewhere can be taken back
            note.setText(reason)
            note.setVisible(bool(reason))
        if here.idle_is_load and not here.no_idle:
            self.idle_note.setText(
                self.tr("Judged by what other programs compute: this desktop tells nothing else.")
            )
            self.idle_note.show()

    def _lay_out(self) -> None:
        form = settings_form(self)
        form.addRow(self.tr("Speed"), with_notes(self.pace, self.pace_note))
        form.addRow(self.tr("When"), with_notes(self.idle, self.idle_note))
        form.addRow("", with_notes(self.mains, self.mains_note))
        no_tray = wrapped("muted", self.tr("This desktop has no system tray."))
        form.addRow(self.tr("Window"), with_notes(self.keep, no_tray))
        no_tray.setVisible(not tray_available())
        self.keep.setEnabled(tray_available() or self.keep.isChecked())
        form.addRow("", self.ask)
        quick = wrapped("muted", self.tr("A search for words stays quick in any case."))
        form.addRow(self.tr("Memory"), with_notes(self.release, quick))
        pairs = wrapped("muted", self.tr("When off, a RAW file and the JPEG of the same shot are one photo."))
        form.addRow(self.tr("Photos"), with_notes(self.raw_apart, pairs))
        for note in (self.idle_note, self.mains_note):
            note.setWordWrap(False)  # words that come later would be given the room of two lines
            note.hide()

    def _switch(self, text: str, on: bool) -> QCheckBox:
        switch = QCheckBox(text)
        switch.setChecked(on)
        switch.toggled.connect(self._on_changed)
        return switch

    def _choice(self, name: str, choices: dict[object, str], chosen: object) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        for value, text in choices.items():
            box.addItem(text, value)
        if box.findData(chosen) < 0:  # the settings file may hold any number
            box.addItem(self.tr("As the settings file says: {value}").format(value=chosen), chosen)
        box.setCurrentIndex(box.findData(chosen))
        box.activated.connect(self._on_changed)
        return box

    def _paces(self) -> dict[object, str]:
        return {
            Pace.FULL: self.tr("Full speed"),
            Pace.BALANCED: self.tr("Balanced"),
            Pace.GENTLE: self.tr("Gentle"),
        }

    def _times(self) -> dict[object, str]:
        return {
            minutes: (
                self.tr("Give back the model's memory after {n} min").format(n=minutes)
                if minutes
                else self.tr("Keep the model in memory")
            )
            for minutes in _MINUTES
        }

    def _explain_pace(self) -> None:
        self.pace_note.setText(
            {
                Pace.FULL: self.tr("Takes every core. Searches still go first."),
                Pace.BALANCED: self.tr("Lets other programs go first, and takes what they leave."),
                Pace.GENTLE: self.tr("One photo at a time with rests between: quiet and cool, and slow."),
            }[Pace(self.pace.currentData())]
        )

    def _on_changed(self) -> None:
        self._explain_pace()
        self._keeper.change(
            pace=Pace(self.pace.currentData()),
            only_when_idle=self.idle.isChecked(),
            only_on_mains=self.mains.isChecked(),
            keep_indexing=self.keep.isChecked(),
            ask_before_closing=self.ask.isChecked(),
            release_after_minutes=int(self.release.currentData()),
        )
        settings = self._keeper.settings
        self._tasks.run(
            lambda: self._indexing.behave(settings.manners, settings.release_after_minutes),
            on_error=self.failed.emit,
            lane=Lane.WRITES,
        )
