"""Where the library is, what it takes of the disk, and how much pictures may take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.ui import wording
from app.ui.settings_keeper import SettingsKeeper
from app.ui.settings_parts import read_only, settings_form, with_notes, wrapped
from app.ui.task_runner import Lane, TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.storage import StorageService, StorageUse


class StorageSettings(QWidget):
    """Measures when it is first looked at; changes take effect at once."""

    failed = Signal(object)  # Exception
    export_wanted = Signal()  # what the user decided, into a file
    import_wanted = Signal()
    offer_searches_changed = Signal(bool)  # past ones, in the search bar
    clear_searches_wanted = Signal()

    def __init__(
        self,
        storage: StorageService,
        library_root: str,
        keeper: SettingsKeeper,
        tasks: TaskRunner,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._storage = storage
        self._keeper = keeper
        self._tasks = tasks
        self.library = read_only(self.tr("Library folder"))
        self.library.setText(wording.printable(library_root))
        self._used = {name: QLabel(self.tr("measuring…")) for name in ("thumbnails", "previews", "library")}
        self._free = wrapped("muted")
        self.empty = QPushButton(self.tr("Empty previews"))
        self.empty.setToolTip(self.tr("They are made again when photos are looked at"))
        self.empty.clicked.connect(self._on_empty)
        self.cap = QSpinBox()
        self.cap.setAccessibleName(self.tr("Room for previews and thumbnails"))
        self.cap.setRange(1, 10_000)
        self.cap.setSuffix(self.tr(" GB"))
        self.cap.setValue(keeper.settings.picture_cache_gb)
        self.cap.setKeyboardTracking(False)  # a number half typed must not empty anything
        self.cap.valueChanged.connect(self._on_cap)
        self._lay_out()
        self._measure()

    def used(self, name: str) -> str:
        """What is said of "thumbnails", "previews" or "library"."""
        return self._used[name].text()

    @property
    def free(self) -> str:
        return self._free.text()

    def show_use(self, use: StorageUse) -> None:
        """Show what was measured."""
        self._used["thumbnails"].setText(wording.byte_size(use.thumbnails))
        self._used["previews"].setText(wording.byte_size(use.previews))
        self._used["library"].setText(wording.byte_size(use.library + use.vectors))
        free, total = wording.byte_size(use.free), wording.byte_size(use.total)
        self._free.setText(
            self.tr("{free} of {total} are free on this drive.").format(free=free, total=total)
        )
        self.empty.setEnabled(use.previews > 0)

    def _lay_out(self) -> None:
        previews = QHBoxLayout()
        previews.addWidget(self._used["previews"])
        previews.addStretch(1)
        previews.addWidget(self.empty)
        form = settings_form(self)
        form.addRow(self.tr("Library"), with_notes(self.library, self._free))
        form.addRow(self.tr("Photos and index"), self._used["library"])
        form.addRow(self.tr("Thumbnails"), self._used["thumbnails"])
        form.addRow(self.tr("Previews"), previews)
        explanation = self.tr(
            "Previews and thumbnails may take up to this much. Previews that were not looked at for long go"
            " first. The thumbnail of a photo whose drive is not connected always stays."
        )
        self.cap.setMinimumHeight(self.empty.sizeHint().height())
        self.cap.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        form.addRow(self.tr("Room for both"), with_notes(self.cap, wrapped("muted", explanation)))
        form.addRow(self.tr("Decisions"), self._decisions())
        form.addRow(self.tr("Searches"), self._searches())

    def _searches(self) -> QVBoxLayout:
        """What was searched for, which may be nobody else's business."""
        self.offer_searches = QCheckBox(self.tr("Remember what I search for"))
        self.offer_searches.setChecked(self._keeper.settings.remember_searches)
        self.offer_searches.toggled.connect(self.offer_searches_changed)
        explanation = self.tr(
            "Past searches are offered in the empty search bar. They stay on this computer."
        )
        self.clear_searches = QPushButton(self.tr("Clear history"))
        self.clear_searches.clicked.connect(self._on_clear_searches)
        column = with_notes(self.offer_searches, wrapped("muted", explanation))
        column.addSpacing(4)
        column.addWidget(self.clear_searches, 0, Qt.AlignmentFlag.AlignLeft)
        return column

    def _on_clear_searches(self) -> None:
        self.clear_searches.setEnabled(False)
        self.clear_searches_wanted.emit()

    def _decisions(self) -> QVBoxLayout:
        """Favourites, stars and the rest in a file of their own."""
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        for text, wanted in (
            (self.tr("Export…"), self.export_wanted),
            (self.tr("Import…"), self.import_wanted),
        ):
            button = QPushButton(text)
            button.clicked.connect(wanted)
            row.addWidget(button)
        row.addStretch(1)
        explanation = self.tr(
            "Favourites, stars, flags, labels, albums and saved searches, as one file. Importing merges:"
            " what was decided last holds. A copy is kept in the library's folder every week."
        )
        return with_notes(buttons, wrapped("muted", explanation))

    def _measure(self) -> None:
        self._tasks.run(self._storage.use, self.show_use, self.failed.emit, lane=Lane.LOOSE, receiver=self)

    def _on_empty(self) -> None:
        self.empty.setEnabled(False)
        self._tasks.run(
            self._storage.empty_previews,
            lambda _: self._measure(),
            self.failed.emit,
            lane=Lane.LOOSE,
            receiver=self,
        )

    def _on_cap(self, gigabytes: int) -> None:
        self._keeper.change(picture_cache_gb=gigabytes)
        self._tasks.run(lambda: self._storage.allow(gigabytes), on_error=self.failed.emit, lane=Lane.WRITES)
