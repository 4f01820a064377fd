"""Text out of metadata: bytes of unknown encoding, padding and control characters."""

from typing import Any

_LONGEST = 2000


def clean_text(value: Any, longest: int = _LONGEST) -> str | None:
    """A text fit to show and to store, None when nothing is left of it."""
    if isinstance(value, (tuple, list)):
        value = value[0] if value else None
    if isinstance(value, bytes):
        value = decode_text(value)
    elif isinstance(value, str):
        value = _repaired(value)
    else:
        return None
    text = value.partition("\0")[0]
    text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())[:longest].strip() or None


def decode_text(data: bytes) -> str:
    """UTF-8 where it is that, else Latin-1, which reads any bytes."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _repaired(text: str) -> str:
    """Pillow reads EXIF text as Latin-1, while most programs write UTF-8."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
