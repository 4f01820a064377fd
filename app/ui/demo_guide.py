"""What makes a window that of the demonstration: its banner, its pictures, and what it does not offer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QMessageBox

from app.domain.progress import CancelToken
from app.ui.demo_banner import DemoBanner
from app.ui.task_runner import Lane, TaskRunner
from app.ui.window_body import WindowBody

if TYPE_CHECKING:  # importing the services takes longer than opening the window
    from app.services.demo import DemoService

_REPORT_SECONDS = 0.2


class DemoGuide(QObject):
    """Puts the banner in and keeps it true."""

    close_wanted = Signal()

    def __init__(self, body: WindowBody, tasks: TaskRunner) -> None:
        super().__init__(body)
        self._body = body
        self._tasks = tasks
        self._cancel = CancelToken()
        self.banner = DemoBanner()
        self.banner.example_chosen.connect(self._search)
        self.banner.own_photos_wanted.connect(self.explain_own_photos)
        body.show_banner(self.banner)
        body.sidebar.add_button.hide()

    def start(self, demo: DemoService) -> None:
        """Draw what is missing and offer the searches; the library is open."""
        self.banner.set_examples(demo.examples())
        self._cancel = CancelToken()
        report = self._reporter()
        self._tasks.run(
            lambda: demo.draw(report, self._cancel), self._on_drawn, self._on_failed, lane=Lane.LOOSE
        )

    def stop(self) -> None:
        """Call the drawing off; the window is closing."""
        self._cancel.cancel()

    def explain_own_photos(self) -> None:
        """Say how to go on with one's own photos, and offer to close."""
        self._explain(
            self.tr("Use Photosift with your own photos"),
            self.tr(
                "The demonstration and your own library do not mix. Close this window, open Photosift, add a"
                " folder of photos there, and choose a model that knows the real world."
            ),
        )

    def explain_folders(self) -> None:
        """Say why no folder is added here."""
        self._explain(
            self.tr("No folders are added to the demonstration"),
            self.tr(
                "Its small model has seen drawn scenes only and would be at a loss with real photos."
                " Close this window, open Photosift and add the folder there."
            ),
        )

    def _search(self, words: str) -> None:
        """As if typed: the next words are typed over these."""
        self._body.search_bar.set_text(words)
        self._body.search_bar.focus()

    def _explain(self, title: str, text: str) -> None:
        box = QMessageBox(
            QMessageBox.Icon.Information, title, title, QMessageBox.StandardButton.Cancel, self._body.window()
        )
        box.setInformativeText(text)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        close = box.addButton(self.tr("Close the demonstration"), QMessageBox.ButtonRole.AcceptRole)
        close.clicked.connect(self.close_wanted)
        box.open()

    def _reporter(self) -> Callable[[int, int], None]:
        """Called on a thread for each picture; passes on a few reports a second."""
        last = 0.0

        def report(done: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= _REPORT_SECONDS:
                last = now
                self._tasks.post(lambda: self.banner.show_progress(done, total))

        return report

    def _on_drawn(self, _: None) -> None:
        self.banner.end_progress()

    def _on_failed(self, error: Exception) -> None:
        self.banner.end_progress()
        self._body.messages.say_error(error)
