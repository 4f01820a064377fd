"""One model on offer: how large, how good, how fast here, and a button."""

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.domain.download import ModelOffer, ModelTier
from app.ui import theme, wording


class ModelCard(QFrame):
    """Says what a person needs to know to choose."""

    wanted = Signal(str)  # hub id: download or use it

    def __init__(self, offer: ModelOffer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelCard")
        self._offer = offer
        self._title = QLabel(tier_name(offer.model.tier))
        self._title.setFont(theme.scaled_font(self.font(), 1.25, bold=True))
        self._badge = QLabel(self.tr("Recommended"))
        self._badge.setObjectName("badge")
        self._quality = _line("", wrap=True)
        self._speed = _line("muted", wrap=True)
        self._size = _line("muted", wrap=True)
        self._found = _line("muted", wrap=True)
        self._button = QPushButton()
        self._button.clicked.connect(lambda: self.wanted.emit(self._offer.model.hub_id))
        self._lay_out()
        self.show_offer(offer)

    @property
    def offer(self) -> ModelOffer:
        return self._offer

    @property
    def button(self) -> QPushButton:
        return self._button

    @property
    def speed_text(self) -> str:
        return self._speed.text()

    @property
    def is_recommended(self) -> bool:
        return not self._badge.isHidden()

    def show_offer(self, offer: ModelOffer, *, measuring: bool = False) -> None:
        """Describe a model as it stands now."""
        self._offer = offer
        model = offer.model
        self._quality.setText(model.quality)
        self._size.setText(_size_text(offer))
        self._speed.setText(_speed_text(offer, measuring=measuring))
        found = self.tr("Finds {n} of 100 described photos first among 5,000.")
        score = model.coco_text_to_image
        self._found.setText(found.format(n=round(score)) if score is not None else "")
        self.setToolTip(f"{model.hub_id} · {model.licence}")
        self._badge.setVisible(offer.recommended)
        self._mark(offer.recommended)
        self._button.setText(_button_text(offer))
        self._button.setAccessibleName(f"{_button_text(offer)}: {self._title.text()}")
        self.setAccessibleName(self._title.text())
        self.setAccessibleDescription(f"{model.quality} {self._size.text()} {self._speed.text()}")

    def set_usable(self, usable: bool) -> None:
        """Let the button be pressed, unless the model is in use already."""
        self._button.setEnabled(usable and not self._offer.in_use)

    def _mark(self, recommended: bool) -> None:
        """The style sheet draws a recommended card and its button as the main ones."""
        for part in (self, self._button):
            part.setProperty("rank", "main" if recommended else "")
            part.style().unpolish(part)
            part.style().polish(part)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._badge)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 16)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(self._quality)
        layout.addStretch(1)
        for part in (self._found, self._speed, self._size):
            layout.addWidget(part)
        layout.addSpacing(6)
        layout.addWidget(self._button)
        self.setMinimumWidth(180)


def tier_name(tier: ModelTier | None) -> str:
    """What people call a model."""
    names = {
        ModelTier.LIGHT: _tr("Light"),
        ModelTier.STANDARD: _tr("Standard"),
        ModelTier.BEST: _tr("Best"),
    }
    return names[tier] if tier is not None else ""


def _size_text(offer: ModelOffer) -> str:
    if offer.downloaded:
        return _tr("Downloaded")
    size = wording.byte_size(offer.model.download_bytes)
    if offer.partial_bytes:
        done = wording.byte_size(offer.partial_bytes)
        return _tr("{done} of {size} are here").format(done=done, size=size)
    return _tr("{size} to download").format(size=size)


def _speed_text(offer: ModelOffer, *, measuring: bool) -> str:
    rate = offer.photos_a_minute
    if rate is None:
        return _tr("Measuring how fast…") if measuring else ""
    return _tr("About {n} photos a minute here").format(n=wording.number(wording.rounded(rate)))


def _button_text(offer: ModelOffer) -> str:
    if offer.in_use:
        return _tr("In use")
    if offer.downloaded:
        return _tr("Use")
    return _tr("Go on downloading") if offer.partial_bytes else _tr("Download")


def _line(rank: str, *, wrap: bool = False) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wrap)
    if rank:
        label.setProperty("rank", rank)
    return label


def _tr(text: str) -> str:
    return QCoreApplication.translate("ModelCard", text)
