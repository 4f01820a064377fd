"""How precisely pictures are computed: the choice, and what comparing precisions on this machine showed."""

from __future__ import annotations

from PySide6.QtCore import QDate, QLocale, Qt, Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from app.domain.precision import CompiledResult, PrecisionProof, PrecisionResult
from app.domain.status import ModelStatus
from app.ui.settings_parts import with_notes, wrapped

_RUNTIMES = {"openvino": "OpenVINO", "torch": "PyTorch"}


class PrecisionChoice(QWidget):
    """A box and a line below it."""

    wished = Signal(str)  # "auto" or "float32"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._status: ModelStatus | None = None
        self._proof: PrecisionProof | None = None
        self.box = QComboBox()
        self.box.setAccessibleName(self.tr("Precision"))
        self.box.addItem(self.tr("Automatic (the fastest that was verified here)"), "auto")
        self.box.addItem(self.tr("Full (float32)"), "float32")
        self.box.activated.connect(lambda: self.wished.emit(str(self.box.currentData())))
        self._note = wrapped("muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(with_notes(self.box, self._note))
        self._describe()

    @property
    def note(self) -> str:
        """What is said below the box."""
        return self._note.text()

    def show_wish(self, wish: str, proof: PrecisionProof | None) -> None:
        """Show what the settings say, and what was measured."""
        self.box.setCurrentIndex(max(0, self.box.findData(wish)))
        self._proof = proof
        self._describe()

    def show_status(self, status: ModelStatus) -> None:
        """Show how the model computes now."""
        self._status = status
        self._describe()

    def _describe(self) -> None:
        text = self._text()
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def _text(self) -> str:
        status, proof = self._status, self._proof
        if proof is not None and status is not None and proof.device != status.device:
            proof = None  # the model moved since
        if status is None or not status.precision:
            return ""
        how = self.tr("Pictures: {precision} by {runtime}.").format(
            precision=self._name(status.precision), runtime=_RUNTIMES.get(status.runtime, status.runtime)
        )
        if self.box.currentData() != "auto":
            return how
        if proof is None:
            return f"{how} {self.tr('Faster precisions are compared on your first photos.')}"
        when = QLocale().toString(QDate.fromString(proof.day, Qt.DateFormat.ISODate), "d MMMM yyyy")
        compiled = self._compiled(proof.compiled)
        if proof.result is None:
            why = self.tr(
                "No faster precision was alike enough, as measured on {count} of your photos on {day}."
            )
            return f"{how} {why.format(count=proof.photos, day=when)}{compiled}"
        if proof.result.precision != status.precision:
            return how  # it failed since; the model's own note says why
        measured = self.tr("Measured on {count} of your photos on {day}.").format(
            count=proof.photos, day=when
        )
        return f"{self._result(proof.result)} {measured}{compiled}"

    def _result(self, result: PrecisionResult) -> str:
        text = self.tr(
            "{name}: cosine {cosine}, neighbours {overlap} % alike, {speed}x as fast as full precision."
        )
        return text.format(
            name=self._name(result.precision),
            cosine=QLocale().toString(result.cosine, "f", 4),
            overlap=round(100 * result.overlap),
            speed=QLocale().toString(result.speed, "f", 1),
        )

    def _compiled(self, result: CompiledResult | None) -> str:
        """With a space before it; nothing where it is not used."""
        if result is None or not result.photos:
            return ""
        text = self.tr("With many photos, compiled code makes that {speed}x as fast.")
        return " " + text.format(speed=QLocale().toString(result.speed, "f", 1))

    def _name(self, precision: str) -> str:
        return {
            "float32": self.tr("full precision"),
            "bfloat16": self.tr("16-bit"),
            "float16": self.tr("16-bit"),
            "int8": self.tr("8-bit"),
            "int8-dynamic": self.tr("8-bit weights"),
        }.get(precision, precision)
