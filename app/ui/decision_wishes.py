"""What users can decide about photos with a key: stars, flags, colour labels; their names and menus."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QKeyEvent, QKeySequence, QPainter, QPixmap
from PySide6.QtWidgets import QMenu

from app.domain.decisions import LABELS, MOST_STARS, Decisions, Flag, Kind
from app.ui import icons, wording
from app.ui.window_actions import KeyBinding

_CONTEXT = "DecisionWishes"

LABEL_COLOURS = {
    "Red": QColor(224, 68, 62),
    "Yellow": QColor(235, 190, 40),
    "Green": QColor(74, 168, 86),
    "Blue": QColor(62, 124, 226),
    "Purple": QColor(150, 92, 202),
}
_LABEL_NAMES = {
    "Red": str(QT_TRANSLATE_NOOP("DecisionWishes", "Red")),
    "Yellow": str(QT_TRANSLATE_NOOP("DecisionWishes", "Yellow")),
    "Green": str(QT_TRANSLATE_NOOP("DecisionWishes", "Green")),
    "Blue": str(QT_TRANSLATE_NOOP("DecisionWishes", "Blue")),
    "Purple": str(QT_TRANSLATE_NOOP("DecisionWishes", "Purple")),
}
_LABEL_KEYS = dict(zip(LABELS, (6, 7, 8, 9), strict=False))  # as photographers know them: purple has none


@dataclass(frozen=True, slots=True)
class Wish:
    """One decision: stars from 0, a flag or None, a label or ""."""

    kind: Kind
    value: int | str | Flag | None


def label_name(label: str) -> str:
    """In the user's language; what other programs named themselves stays."""
    return _tr(_LABEL_NAMES[label]) if label in _LABEL_NAMES else wording.printable(label)


def stars_text(stars: int) -> str:
    """As in "No stars", "1 star", "4 stars"."""
    if not stars:
        return _tr("No stars")
    return _tr("1 star") if stars == 1 else _tr("{n} stars").format(n=stars)


def wish_text(wish: Wish) -> str:
    """How a menu names it."""
    if wish.kind is Kind.RATING:
        return stars_text(int(str(wish.value)))
    if wish.kind is Kind.FLAG:
        return {Flag.PICK: _tr("Picked"), Flag.REJECT: _tr("Rejected"), None: _tr("No flag")}[
            Flag(str(wish.value)) if wish.value else None
        ]
    return label_name(str(wish.value)) if wish.value else _tr("No label")


def done_text(wish: Wish, photo_count: int) -> str:
    """What was done, for the message with the way back."""
    photos = wording.photo_count(photo_count)
    if wish.kind is Kind.RATING:
        if not wish.value:
            return _tr("{photos} without stars now.").format(photos=photos)
        return _tr("{photos}: {stars}.").format(photos=photos, stars=wish_text(wish))
    if wish.kind is Kind.FLAG:
        return {
            Flag.PICK: _tr("{photos} picked."),
            Flag.REJECT: _tr("{photos} rejected."),
            None: _tr("{photos} without a flag now."),
        }[Flag(str(wish.value)) if wish.value else None].format(photos=photos)
    if not wish.value:
        return _tr("{photos} without a label now.").format(photos=photos)
    return _tr("{photos}: label {label}.").format(photos=photos, label=wish_text(wish))


def decisions_text(held: Decisions) -> str:
    """What holds for a photo, in one line: "★★★ · Picked · Red"; "" when nothing does."""
    parts = [
        "★" * held.rating,
        wish_text(Wish(Kind.FLAG, held.flag)) if held.flag else "",
        label_name(held.label) if held.label else "",
    ]
    return " · ".join(filter(None, parts))


def decisions_spoken(held: Decisions) -> str:
    """The same for screen readers, which cannot say stars."""
    stars = stars_text(held.rating) if held.rating else ""
    return ", ".join(filter(None, (stars, decisions_text(replace(held, rating=0)).replace(" · ", ", "))))


def wish_of(event: QKeyEvent) -> Wish | None:
    """The decision that a key means: 0 to 5, 6 to 9, P, X, U."""
    if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return None
    return _KEYS.get(Qt.Key(event.key()))


def add_menus(menu: QMenu, held: Decisions | None, act: Callable[[Wish], object]) -> None:
    """Submenus for stars, flag and label; what holds for the photo in front is ticked."""
    for title, wishes in (
        (_tr("Stars"), _STARS),
        (_tr("Flag"), _FLAGS),
        (_tr("Colour label"), _LABELS),
    ):
        submenu = menu.addMenu(title)
        for wish in wishes:
            action = QAction(wish_text(wish), submenu)
            key = next((key for key, meant in _KEYS.items() if meant == wish), None)
            if key is not None:
                action.setShortcut(QKeySequence(key))  # shown only: the view handles the keys
                action.setShortcutVisibleInContextMenu(True)
            if wish.kind is Kind.LABEL and wish.value:
                action.setIcon(swatch(str(wish.value)))
            else:
                action.setCheckable(True)
                action.setChecked(_holds(held, wish))
            action.triggered.connect(partial(act, wish))
            submenu.addAction(action)


def decision_keys() -> tuple[KeyBinding, ...]:
    """For the list of all keys."""
    return (
        KeyBinding(("1", "2", "3", "4", "5"), _tr("One to five stars")),
        KeyBinding(("0",), _tr("No stars")),
        KeyBinding(("6", "7", "8", "9"), _tr("Label red, yellow, green or blue")),
        KeyBinding(("P",), _tr("Pick")),
        KeyBinding(("X",), _tr("Reject")),
        KeyBinding(("U",), _tr("Neither picked nor rejected")),
    )


def swatch(label: str, size: int = 16) -> QIcon:
    """A dot in the colour of a label; grey for one that is none of ours."""
    pixmap = QPixmap(size * 2, size * 2)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(LABEL_COLOURS.get(label, QColor(128, 128, 128)))
    painter.drawEllipse(2, 2, size - 4, size - 4)
    painter.end()
    return QIcon(pixmap)


def star_icon(filled: bool) -> QIcon:
    """A star of the rating."""
    return icons.icon("star-filled", STAR_GOLD) if filled else icons.icon("star")


def _holds(held: Decisions | None, wish: Wish) -> bool:
    return held is not None and getattr(held, wish.kind.value) == wish.value


def _tr(text: str) -> str:
    return QCoreApplication.translate(_CONTEXT, text)


STAR_GOLD = QColor(240, 178, 42)
_STARS = tuple(Wish(Kind.RATING, stars) for stars in range(MOST_STARS + 1))
_FLAGS = (Wish(Kind.FLAG, Flag.PICK), Wish(Kind.FLAG, Flag.REJECT), Wish(Kind.FLAG, None))
_LABELS = (*(Wish(Kind.LABEL, label) for label in LABELS), Wish(Kind.LABEL, ""))
_KEYS: dict[Qt.Key, Wish] = {
    **{Qt.Key(Qt.Key.Key_0.value + stars): wish for stars, wish in enumerate(_STARS)},
    **{Qt.Key(Qt.Key.Key_0.value + key): Wish(Kind.LABEL, label) for label, key in _LABEL_KEYS.items()},
    Qt.Key.Key_P: Wish(Kind.FLAG, Flag.PICK),
    Qt.Key.Key_X: Wish(Kind.FLAG, Flag.REJECT),
    Qt.Key.Key_U: Wish(Kind.FLAG, None),
}
