"""Colours and style: calm in light and dark, following the system while the program runs."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from app.ui import icons
from app.ui.stylesheet import stylesheet

_ROLE = QPalette.ColorRole


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of one scheme, as #rrggbb."""

    window: str
    base: str  # behind photos and text that is edited
    sidebar: str
    raised: str  # buttons, chips
    hover: str
    border: str
    text: str
    muted: str  # second in rank: counts, hints
    accent: str
    on_accent: str
    selection: str  # behind a selected row
    scroll: str  # the handle of a scroll bar
    warning: str


LIGHT = Colours(
    window="#f7f7f8",
    base="#ffffff",
    sidebar="#f0f0f2",
    raised="#ffffff",
    hover="#e7e8eb",
    border="#d9dade",
    text="#1d1e21",
    muted="#65686f",
    accent="#2f66cf",
    on_accent="#ffffff",
    selection="#dbe6fb",
    scroll="#c3c5cb",
    warning="#9a5b00",
)

DARK = Colours(
    window="#1f2023",
    base="#18191b",
    sidebar="#242528",
    raised="#2c2e32",
    hover="#323439",
    border="#3a3c42",
    text="#e7e8ea",
    muted="#9a9da5",
    accent="#7ba4f4",
    on_accent="#10182b",
    selection="#2d3f63",
    scroll="#4b4e55",
    warning="#e5b567",
)


def is_dark() -> bool:
    """Whether the system asks for its dark scheme."""
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark


def colours() -> Colours:
    """The colours in force."""
    return DARK if is_dark() else LIGHT


def palette(scheme: Colours) -> QPalette:
    """The palette of a scheme, for everything that the style draws itself."""
    result = QPalette()
    for role, colour in {
        _ROLE.Window: scheme.window,
        _ROLE.WindowText: scheme.text,
        _ROLE.Base: scheme.base,
        _ROLE.AlternateBase: scheme.sidebar,
        _ROLE.Text: scheme.text,
        _ROLE.Button: scheme.raised,
        _ROLE.ButtonText: scheme.text,
        _ROLE.ToolTipBase: scheme.raised,
        _ROLE.ToolTipText: scheme.text,
        _ROLE.PlaceholderText: scheme.muted,
        _ROLE.Highlight: scheme.accent,
        _ROLE.HighlightedText: scheme.on_accent,
        _ROLE.Accent: scheme.accent,
        _ROLE.Link: scheme.accent,
        _ROLE.Mid: scheme.border,
    }.items():
        result.setColor(role, QColor(colour))
    for role in (_ROLE.Text, _ROLE.WindowText, _ROLE.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, QColor(scheme.muted))
    return result


def scaled_font(font: QFont, factor: float, *, bold: bool = False) -> QFont:
    """A larger or smaller font of the same family; style sheets know no percentages."""
    result = QFont(font)
    if font.pointSizeF() > 0:
        result.setPointSizeF(font.pointSizeF() * factor)
    else:
        result.setPixelSize(round(font.pixelSize() * factor))
    if bold:
        result.setWeight(QFont.Weight.DemiBold)
    return result


class Theme(QObject):
    """Dresses the application, and again whenever the system changes between light and dark."""

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        # One style on every system: the native ones ignore parts of a palette, and half a dark window is
        # worse than one that looks slightly foreign.
        application.setStyle("Fusion")
        self.apply()
        application.styleHints().colorSchemeChanged.connect(self.apply)

    def apply(self) -> None:
        """Put the colours of the current scheme on everything."""
        scheme = colours()
        self._application.setPalette(palette(scheme))
        self._application.setStyleSheet(stylesheet(scheme))
        icons.repaint_all()

    def undress(self) -> None:
        """Follow the system no longer, and take the style sheet off."""
        self._application.styleHints().colorSchemeChanged.disconnect(self.apply)
        self._application.setStyleSheet("")
        self.setParent(None)
