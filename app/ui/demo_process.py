"""Opens the demonstration in a program of its own: it has another library, another model, other settings."""

import sys
from pathlib import Path

from PySide6.QtCore import QProcess

import app


def demo_command() -> tuple[str, ...]:
    """The program and its arguments, from a checkout, a wheel and a frozen bundle alike."""
    if getattr(sys, "frozen", False):
        return (sys.executable, "demo")
    return (sys.executable, "-m", "app", "demo")


def open_demo_window() -> bool:
    """Start it; it outlives this program. False when the system refuses."""
    program, *arguments = demo_command()
    folder = str(Path(app.__file__).parents[1])  # where `-m app` finds this app, and no other
    started, _ = QProcess.startDetached(program, arguments, folder)
    return bool(started)
