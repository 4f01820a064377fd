"""Searches in the real window, in a process of its own: prints one JSON line for each query.

python -m tests.benchmarks.query_probe --queries N ARGUMENTS OF photosift
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.domain.query import SearchResult
    from app.ui.main_window import MainWindow
    from tests.benchmarks.window_script import Condition

_WARM = 8  # queries that are not reported
_THINGS = ("a dog", "two cats", "a red car", "children", "a birthday cake", "mountains", "an old church")
_PLACES = ("on the beach", "in the snow", "at night", "under a tree", "in Kyoto", "beside the river")
_LIGHTS = ("in the morning", "in black and white", "with a blue sky")


@dataclass(slots=True)
class _Moments:
    """When what happened in one query, in seconds of time.perf_counter; 0 for not yet."""

    dispatched: float = 0.0
    found: float = 0.0
    rows_painted: float = 0.0
    pictures_painted: float = 0.0
    timings_ms: dict[str, float] = field(default_factory=dict)


class _Searcher:
    """Types, and notes the moments."""

    def __init__(self, queries: int) -> None:
        self._queries = queries
        self._ready = False
        self._moments = _Moments()

    def script(self, window: MainWindow) -> Iterator[Condition]:
        """Wait until everything is loaded and quiet, then query after query."""
        from tests.benchmarks.window_script import after

        # Connected before the workspace is: the first to hear that the typing pause is over.
        window.body.search_bar.terms_changed.connect(self._on_dispatch)
        yield lambda: window.workspace is not None and window.workspace.is_settled
        assert window.workspace is not None
        window.workspace.model_changed.connect(self._on_model)
        window.workspace.session.found.connect(self._on_found)
        self._watcher = _watch_painting(window, self._on_painting)
        yield lambda: self._ready
        yield lambda: _is_quiet(window)
        for number, words in enumerate(_texts(self._queries + _WARM)):
            yield after(0.3)
            self._moments = moments = _Moments()
            window.body.search_bar.edit.setText(words)
            yield lambda moments=moments: moments.pictures_painted > 0  # type: ignore[misc]
            if number >= _WARM:
                print(json.dumps(_report(words, moments)), flush=True)

    def _on_dispatch(self, terms: object) -> None:
        self._moments.dispatched = time.perf_counter()

    def _on_found(self, result: SearchResult) -> None:
        self._moments.found = time.perf_counter()
        self._moments.timings_ms = dict(result.timings_ms)

    def _on_model(self, status: Any) -> None:
        from app.domain.status import ModelState

        self._ready = status.state is ModelState.READY

    def _on_painting(self, rows: bool, pictures: bool) -> None:
        """The grid was painted; whether every visible row was there, and every picture."""
        now = time.perf_counter()
        if not self._moments.found:
            return  # still the photos of the query before
        if rows and not self._moments.rows_painted:
            self._moments.rows_painted = now
        if rows and pictures and not self._moments.pictures_painted:
            self._moments.pictures_painted = now


def _is_quiet(window: MainWindow) -> bool:
    """Indexing is done, and the graph of the vector index is there."""
    services = window._services
    assert services is not None
    target = services.models.target
    assert target is not None
    return services.indexing.wait_until_idle(0) and target.index.status().graph_ready


def _watch_painting(window: MainWindow, on_painting: Any) -> object:
    """Looks at each painting of the grid: at its beginning what is there, at its end the clock."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    assert window.workspace is not None
    view, model = window.workspace.photos.view, window.workspace.photos.model

    class Watcher(QObject):
        """Filters the events of the grid's viewport."""

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                rows = view.visible_rows()
                there = bool(rows) and all(model.photo_at(row) is not None for row in rows)
                pictures = there and all(model.pixmap_at(row) is not None for row in rows)
                # The next turn of the event loop: Qt has painted and put the picture on the screen.
                QTimer.singleShot(0, self, lambda: on_painting(there, pictures))
            return False

    watcher = Watcher(view)
    view.viewport().installEventFilter(watcher)
    return watcher


def _texts(count: int) -> list[str]:
    """Different ones, as somebody would type them."""
    texts = [f"{thing} {place} {light}" for light in _LIGHTS for place in _PLACES for thing in _THINGS]
    return texts[:count]


def _report(words: str, moments: _Moments) -> dict[str, object]:
    start = moments.dispatched
    return {
        "words": words,
        "found_ms": (moments.found - start) * 1000,
        "rows_ms": (moments.rows_painted - start) * 1000,
        "pictures_ms": (moments.pictures_painted - start) * 1000,
        "encode_ms": moments.timings_ms.get("encode", 0.0),
        "timings_ms": moments.timings_ms,
    }


def main() -> int:
    """Run the session; the program's exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--queries", type=int, required=True)
    options, rest = parser.parse_known_args()
    from tests.benchmarks.window_script import run_window

    return run_window(rest, _Searcher(options.queries).script, lambda: None)


if __name__ == "__main__":
    sys.exit(main())
