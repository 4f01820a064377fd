"""One session of the window with a heartbeat, in a process of its own: prints one JSON line for each phase.

    python -m tests.benchmarks.gui_probe [--folder FOLDER --photos N] [--why] ARGUMENTS OF photosift

With a folder: it is added, and until N photos are embedded in all somebody searches and scrolls.
`--why` samples what the threads do whenever a beat is late and prints it on stderr.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.ui.main_window import MainWindow
    from tests.benchmarks.heartbeat import Heartbeat
    from tests.benchmarks.window_script import Condition

_LOADING = "load"
_WORKING = "index, search and scroll"
_LATE_SECONDS = 0.04
_WORDS = (
    "red car",
    "dog on the beach",
    "sunset",
    "Kyoto",
    "a table full of food",
    "children",
    "IMG_00001",
    "",
)
_AT_LEAST_SECONDS = 10.0  # of searching and scrolling


class _Session:
    """What the user does, and what the heartbeat says."""

    def __init__(self, folder: str | None, photos: int, *, why: bool) -> None:
        self._folder = folder
        self._photos = photos
        self._why = why
        self._embedded = 0
        self._ready = False
        self._beat: Heartbeat | None = None

    def start(self) -> None:
        """On the window's thread, when its event loop begins."""
        from tests.benchmarks.heartbeat import Heartbeat

        self._beat = Heartbeat()
        self._beat.start(_LOADING)
        if self._why:
            threading.Thread(target=_explain, args=(self._beat, threading.get_ident()), daemon=True).start()

    def script(self, window: MainWindow) -> Iterator[Condition]:
        from tests.benchmarks.window_script import after

        assert self._beat is not None, "begun before the window was there"
        yield lambda: window.workspace is not None
        assert window.workspace is not None
        window.workspace.model_changed.connect(self._on_model)
        window.workspace.overview.counts_changed.connect(self._on_counts)
        yield lambda: self._ready
        yield after(2.0)
        if self._folder is not None:
            self._beat.enter(_WORKING)
            yield from self._work(window, self._photos)
        self._beat.stop()
        for beats in self._beat.phases():
            print(json.dumps(dataclasses.asdict(beats)), flush=True)

    def _work(self, window: MainWindow, wanted: int) -> Iterator[Condition]:
        from tests.benchmarks.window_script import after

        assert window.workspace is not None
        assert self._folder is not None
        window.workspace.overview.add_folders([self._folder])
        view, field = window.workspace.photos.view, window.body.search_bar.edit
        since, turn = time.monotonic(), 0
        while self._embedded < wanted or time.monotonic() - since < _AT_LEAST_SECONDS:
            words = _WORDS[turn % len(_WORDS)]
            for end in range(len(words) + 1):
                field.setText(words[:end])
                yield after(0.06)
            yield after(0.5)
            for _ in range(20):
                bar = view.verticalScrollBar()
                bar.setValue((bar.value() + view.height() // 3) % max(1, bar.maximum()))
                yield after(0.02)
            turn += 1

    def _on_model(self, status: object) -> None:
        from app.domain.status import ModelState, ModelStatus

        assert isinstance(status, ModelStatus)
        self._ready = status.state is ModelState.READY

    def _on_counts(self, counts: object) -> None:
        from app.domain.status import LibraryCounts

        assert isinstance(counts, LibraryCounts)
        self._embedded = counts.embedded


def _explain(beat: Heartbeat, window_thread: int) -> None:
    """Print what every thread does while a beat is late."""
    told = 0.0
    while True:
        time.sleep(0.005)
        since = beat.last
        late = time.perf_counter() - since
        if late < _LATE_SECONDS or since == told:
            continue
        told = since
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        print(f"--- {late * 1000:.0f} ms late", file=sys.stderr)
        for ident, frame in sys._current_frames().items():
            if ident != threading.get_ident():
                mark = ">>> " if ident == window_thread else ""
                stack = traceback.extract_stack(frame)[-7:]
                calls = " < ".join(
                    f"{'/'.join(line.filename.split('/')[-2:])}:{line.lineno} {line.name}"
                    for line in reversed(stack)
                )
                print(f"{mark}{names.get(ident)}: {calls}", file=sys.stderr)


def main() -> int:
    """Run the session; the program's exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder")
    parser.add_argument("--photos", type=int, default=0)
    parser.add_argument("--why", action="store_true")
    options, rest = parser.parse_known_args()
    from tests.benchmarks.window_script import run_window

    session = _Session(options.folder, options.photos, why=options.why)
    return run_window(rest, session.script, session.start)


if __name__ == "__main__":
    sys.exit(main())
