"""What is known about the chosen photo: picture, file, camera, place, and why it matched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPalette, QPixmap, QResizeEvent, QTextOption
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.domain.decisions import Kind
from app.domain.photo import Photo, PhotoState
from app.ui import icons
from app.ui.companion_list import CompanionList
from app.ui.decision_row import ConflictNote, DecisionRow
from app.ui.decision_wishes import Wish
from app.ui.glyphs import FAVOURITE_RED, PROBLEM_AMBER, Glyph, glyph
from app.ui.photo_texts import (
    camera_text,
    exposure_text,
    file_name,
    folder_path,
    place_text,
    size_text,
    state_text,
    taken_text,
)
from app.ui.picture_loader import PictureLoader
from app.ui.task_runner import TaskRunner

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.library import LibraryService

_MARGIN = 16
_PICTURE_RATIO = 0.75  # height of the picture's box to its width


class FactText(QTextEdit):
    """Text to read and select, by mouse and keyboard, that breaks long paths and is as tall as it needs."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setReadOnly(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(0)
        self.viewport().setAutoFillBackground(False)
        self.setAutoFillBackground(False)

    def show_text(self, text: str) -> None:
        if text != self.toPlainText():
            self.setPlainText(text)
            self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(max(1, round(self.document().size().height())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()


class PictureFrame(QWidget):
    """One picture, as large as the width allows; a sign where there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: QPixmap | None = None
        self._problem = False
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def picture(self) -> QPixmap | None:
        return self._picture

    def show_picture(self, picture: QPixmap | None, *, problem: bool = False) -> None:
        self._picture, self._problem = picture, problem
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(width * _PICTURE_RATIO)

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(240))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if self._picture is None:
            self._paint_empty(painter)
        else:
            size = self._picture.deviceIndependentSize()
            if size.width() > self.width() or size.height() > self.height():
                size = size.scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            rect = QRect(QPoint(), size.toSize())
            rect.moveCenter(self.rect().center())
            painter.drawPixmap(rect, self._picture)
        painter.end()

    def _paint_empty(self, painter: QPainter) -> None:
        colour = QColor(self.palette().color(QPalette.ColorRole.Text))
        colour.setAlpha(16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(self.rect(), 6, 6)
        colour.setAlpha(80)
        kind, tone = (Glyph.PROBLEM, PROBLEM_AMBER) if self._problem else (Glyph.PICTURE, colour)
        sign = glyph(kind, 40, self.devicePixelRatioF(), tone)
        painter.drawPixmap(self.rect().center() - QPoint(20, 20), sign)


class DetailPanel(QScrollArea):
    """The panel on the right. The window tells it what to show; its wishes go back as signals."""

    favourite_requested = Signal(object, bool)  # list of photo ids, the wish
    open_requested = Signal(object)  # list of photo ids
    reveal_requested = Signal(object)  # photo id
    decision_requested = Signal(object, object)  # list of photo ids, Wish
    file_preferred = Signal(object, object)  # photo id, Kind: its file is right

    def __init__(self, library: LibraryService, runner: TaskRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._loader = PictureLoader(library.thumbnail, runner, self)
        self._loader.loaded.connect(self._on_loaded)
        self._loader.failed.connect(self._on_failed)
        self._photo: Photo | None = None
        self._facts: dict[str, tuple[QLabel, FactText]] = {}
        self.setObjectName("detailPanel")
        self.setAccessibleName(self.tr("Details"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(220)
        self._build()
        self.show_photo(None)

    # --- for the window

    @property
    def photo(self) -> Photo | None:
        return self._photo

    @property
    def picture(self) -> QPixmap | None:
        """The picture shown; None while it is on its way or missing."""
        return self._picture.picture

    @property
    def companions(self) -> CompanionList:
        return self._companions

    @property
    def hint(self) -> str:
        """What is said instead of facts; empty while there are facts."""
        return "" if self._hint.isHidden() else self._hint.text()

    def show_photo(self, photo: Photo | None, why: str = "") -> None:
        """Show one photo; `why` says why it matched. None: the text that asks to choose one."""
        before, self._photo = self._photo, photo
        self._hint.setText(self.tr("Choose a photo to see its details."))
        self._set_empty(photo is None)
        if photo is None:
            self._loader.cancel()
            return
        if before is None or (before.photo_id, before.content_key) != (photo.photo_id, photo.content_key):
            self._ask_for_picture(photo)
        self._show_favourite(photo.favourite)
        self.decisions.show_decisions(photo.decisions)
        self.conflicts.show_conflicts(photo.decisions)
        self._show_facts(photo, why)
        self._companions.show_companions(photo.companions)

    def show_count(self, count: int) -> None:
        """Several photos are chosen."""
        self.show_photo(None)
        self._hint.setText(self.tr("{count} photos chosen").format(count=self.locale().toString(count)))

    # --- building

    def _build(self) -> None:
        inner = QWidget()
        inner.setObjectName("detailContents")
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        layout.setSpacing(2)
        self._hint = QLabel()
        self._hint.setProperty("rank", "muted")
        self._hint.setWordWrap(True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._body = QWidget()
        layout.addWidget(self._hint)
        layout.addWidget(self._body)
        layout.addStretch(1)
        self._fill_body(QVBoxLayout(self._body))
        self.setWidget(inner)

    def _fill_body(self, layout: QVBoxLayout) -> None:
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self._picture = PictureFrame()
        layout.addWidget(self._picture)
        layout.addSpacing(10)
        layout.addLayout(self._build_head())
        self._build_decisions(layout)
        for key, label in (
            ("state", self.tr("State")),
            ("why", self.tr("Why it matched")),
            ("taken", self.tr("Taken")),
            ("size", self.tr("Size")),
            ("camera", self.tr("Camera")),
            ("lens", self.tr("Lens")),
            ("exposure", self.tr("Exposure")),
            ("place", self.tr("Place")),
            ("words", self.tr("Title and keywords")),
            ("folder", self.tr("Folder")),
        ):
            self._add_fact(layout, key, label)
        self._companions = CompanionList()
        self._companions.reveal_requested.connect(self.reveal_requested)
        layout.addWidget(self._companions)
        layout.addSpacing(14)
        layout.addLayout(self._build_buttons())

    def _build_head(self) -> QHBoxLayout:
        self._name = FactText(self.tr("File name"))
        font = self._name.font()
        font.setWeight(font.Weight.DemiBold)
        self._name.setFont(font)
        self._heart = QToolButton()
        self._heart.setCheckable(True)
        self._heart.setIconSize(QSize(20, 20))
        self._heart.clicked.connect(self._toggle_favourite)
        row = QHBoxLayout()
        row.addWidget(self._name, 1)
        row.addWidget(self._heart, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _build_decisions(self, layout: QVBoxLayout) -> None:
        self.decisions = DecisionRow()
        self.conflicts = ConflictNote()
        layout.addWidget(self.decisions)
        layout.addWidget(self.conflicts)
        self.decisions.wished.connect(self._wish)
        self.conflicts.keep_own.connect(self._wish)
        self.conflicts.use_file.connect(self._prefer_file)

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        open_button = QPushButton(self.tr("Open"))
        open_button.clicked.connect(self._open)
        reveal = QPushButton(self.tr("Show in folder"))
        reveal.clicked.connect(self._reveal)
        row.addWidget(open_button)
        row.addWidget(reveal)
        row.addStretch(1)
        return row

    def _add_fact(self, layout: QVBoxLayout, key: str, label: str) -> None:
        caption, value = QLabel(label), FactText(label)
        caption.setProperty("rank", "muted")
        caption.setContentsMargins(0, 10, 0, 0)
        caption.setBuddy(value)
        layout.addWidget(caption)
        layout.addWidget(value)
        self._facts[key] = (caption, value)

    # --- showing

    def fact(self, key: str) -> str:
        """The text of one fact; empty when it is not shown."""
        caption, value = self._facts[key]
        return "" if caption.isHidden() else value.toPlainText()

    def _set_empty(self, empty: bool) -> None:
        self._hint.setVisible(empty)
        self._body.setVisible(not empty)

    def _show_facts(self, photo: Photo, why: str) -> None:
        metadata = photo.metadata
        self._name.show_text(file_name(photo))
        texts = {
            "state": state_text(photo),
            "why": why,
            "taken": taken_text(photo),
            "size": size_text(photo),
            "camera": camera_text(metadata) if metadata else "",
            "lens": (metadata.lens or "") if metadata else "",
            "exposure": exposure_text(metadata) if metadata else "",
            "place": place_text(photo),
            "words": _words(photo),
            "folder": folder_path(photo),
        }
        for key, (caption, value) in self._facts.items():
            caption.setVisible(bool(texts[key]))
            value.setVisible(bool(texts[key]))
            value.show_text(texts[key])

    def _show_favourite(self, favourite: bool) -> None:
        self._heart.setChecked(favourite)
        text = self.tr("Remove from favourites (F)") if favourite else self.tr("Favourite (F)")
        self._heart.setToolTip(text)
        self._heart.setAccessibleName(text)
        self._heart.setIcon(icons.icon("heart-filled", FAVOURITE_RED) if favourite else icons.icon("heart"))

    def _ask_for_picture(self, photo: Photo) -> None:
        self._picture.show_picture(None, problem=photo.state is PhotoState.PROBLEM)
        if photo.content_key is not None:
            self._loader.request(photo)

    # --- slots

    def _on_loaded(self, photo: Photo, image: QImage) -> None:
        if self._photo is not None and photo.photo_id == self._photo.photo_id:
            pixmap = QPixmap.fromImage(image)
            pixmap.setDevicePixelRatio(self.devicePixelRatioF())
            self._picture.show_picture(pixmap)

    def _on_failed(self, photo: Photo, reason: str) -> None:
        """The state below says why; the frame stays empty."""
        self._picture.setToolTip(reason)

    def _toggle_favourite(self) -> None:
        if self._photo is not None:
            self._show_favourite(self._photo.favourite)  # until the window says otherwise
            self.favourite_requested.emit([self._photo.photo_id], not self._photo.favourite)

    def _wish(self, wish: Wish) -> None:
        if self._photo is not None:
            self.decision_requested.emit([self._photo.photo_id], wish)

    def _prefer_file(self, kind: Kind) -> None:
        if self._photo is not None:
            self.file_preferred.emit(self._photo.photo_id, kind)

    def _open(self) -> None:
        if self._photo is not None:
            self.open_requested.emit([self._photo.photo_id])

    def _reveal(self) -> None:
        if self._photo is not None:
            self.reveal_requested.emit(self._photo.photo_id)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._photo is not None:
            self._show_favourite(self._photo.favourite)
            self.decisions.show_decisions(self._photo.decisions)


def _words(photo: Photo) -> str:
    """Title, caption and keywords as the file carries them, one a line."""
    if photo.metadata is None:
        return ""
    found = (photo.metadata.title, photo.metadata.caption, ", ".join(photo.metadata.keywords))
    return "\n".join(filter(None, found))
