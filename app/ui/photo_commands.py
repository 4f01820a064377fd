"""What can be done with selected photos: its names, its keys, its place in the context menu."""

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QKeyCombination, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

_CONTEXT = "PhotoCommands"
_CTRL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Command(StrEnum):
    """One wish of the user about photos."""

    OPEN = "open"
    PREVIEW = "preview"
    SIMILAR = "similar"
    MORE = "more"
    LESS = "less"
    FAVOURITE = "favourite"
    COPY = "copy"
    REVEAL = "reveal"
    TRASH = "trash"


@dataclass(frozen=True, slots=True)
class CommandInfo:
    """How a command shows itself; the first key is the one in the menu."""

    text: str
    keys: tuple[QKeySequence, ...]
    single: bool = False  # makes sense for one photo only

    def translated(self) -> str:
        return QCoreApplication.translate(_CONTEXT, self.text)


def _key(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> QKeySequence:
    return QKeySequence(QKeyCombination(modifiers, key))


COMMANDS: dict[Command, CommandInfo] = {
    Command.OPEN: CommandInfo(
        str(QT_TRANSLATE_NOOP("PhotoCommands", "Open")), (_key(Qt.Key.Key_Return), _key(Qt.Key.Key_Enter))
    ),
    Command.PREVIEW: CommandInfo(
        str(QT_TRANSLATE_NOOP("PhotoCommands", "Preview")), (_key(Qt.Key.Key_Space),), single=True
    ),
    Command.SIMILAR: CommandInfo(
        str(QT_TRANSLATE_NOOP("PhotoCommands", "Find similar photos")), (_key(Qt.Key.Key_S),)
    ),
    Command.MORE: CommandInfo(
        str(QT_TRANSLATE_NOOP("PhotoCommands", "More like this")), (_key(Qt.Key.Key_M),)
    ),
    Command.LESS: CommandInfo(
        str(QT_TRANSLATE_NOOP("PhotoCommands", "Less like this")), (_key(Qt.Key.Key_L),)
    ),
    Command.FAVOURITE: CommandInfo(
        str(QT_TRANSLATE_NOOP("PhotoCommands", "Favourite")), (_key(Qt.Key.Key_F),)
    ),
    Command.COPY: CommandInfo(str(QT_TRANSLATE_NOOP("PhotoCommands", "Copy")), (_key(Qt.Key.Key_C, _CTRL),)),
    Command.REVEAL: CommandInfo(
        str(QT_TRANSLATE_NOOP("PhotoCommands", "Show in file manager")),
        (_key(Qt.Key.Key_R, _CTRL | _SHIFT),),
        single=True,
    ),
    Command.TRASH: CommandInfo(
        str(QT_TRANSLATE_NOOP("PhotoCommands", "Move to trash…")),
        (_key(Qt.Key.Key_Delete), _key(Qt.Key.Key_Backspace, _CTRL)),
    ),
}


def command_of(event: QKeyEvent) -> Command | None:
    """The command that a key means; the keypad counts as the other keys do."""
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    pressed = QKeySequence(QKeyCombination(modifiers, Qt.Key(event.key())))
    for command, info in COMMANDS.items():
        if pressed in info.keys:
            return command
    return None
