"""What is printed, and what the exit code says."""

import os
import re
import sys

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_NOTHING, EXIT_INTERRUPTED = 0, 1, 2, 3, 130

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # of a file name, on a terminal: commands


def say(text: str) -> None:
    """To whoever sits there; not part of the answer."""
    print(f"photosift: {text}", file=sys.stderr)


def printable(path: str) -> str:
    """A path for a terminal or JSON: what is no text, or would command the terminal, is replaced."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", os.fsencode(path).decode("utf-8", "replace"))
