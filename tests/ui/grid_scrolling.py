"""Measures how long the window's thread is held while a huge grid is scrolled, painted and resized."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from fakes import FakeLibraryService
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from app.domain.query import SearchQuery, SearchResult
from app.ui.photo_grid_model import PhotoGridModel
from app.ui.photo_grid_view import PhotoGridView
from app.ui.task_runner import TaskRunner
from app.ui.thumbnail_loader import ThumbnailLoader


@dataclass(frozen=True, slots=True)
class ScrollFigures:
    """Milliseconds of the window's thread; a frame is a step of the scroll bar with the events it causes."""

    show_ms: float
    frame_p50_ms: float
    frame_p95_ms: float
    frame_longest_ms: float
    frame_cpu_p95_ms: float  # the same without what other programs took meanwhile
    jump_p95_ms: float  # to a random place, everything painted anew
    resize_p95_ms: float
    full_paint_p95_ms: float  # a screen of tiles whose pixmaps are all there
    full_paint_cpu_p95_ms: float
    tiles_on_screen: int


def measure_scrolling(
    photo_count: int = 1_000_000, frames: int = 300, *, tile: int = 160, width: int = 1600, height: int = 900
) -> ScrollFigures:
    """Scroll, jump and resize a grid over a fake library. Needs a QApplication; runs about ten seconds."""
    library, runner = FakeLibraryService(photo_count), TaskRunner()
    model = PhotoGridModel(library, runner, ThumbnailLoader(library, runner))  # type: ignore[arg-type]
    view = PhotoGridView(tile_size=tile)
    view.setModel(model)
    view.resize(width, height)
    try:
        return _measure(view, model, photo_count, frames)
    finally:
        runner.close()
        view.close()
        view.deleteLater()


def _measure(view: PhotoGridView, model: PhotoGridModel, photo_count: int, frames: int) -> ScrollFigures:
    ids = np.arange(1, photo_count + 1, dtype=np.int64)
    scores = np.zeros(photo_count, dtype=np.float32)
    result = SearchResult(SearchQuery(), ids, scores, photo_count, photo_count, complete=True, semantic=True)
    random = np.random.default_rng(7)
    bar = view.verticalScrollBar()

    def show() -> None:
        model.set_result(result)
        view.show()

    shown = _timed(show)
    steady = [_timed(lambda: bar.setValue(bar.value() + 40)) for _ in range(frames)]
    jumps = [_timed(partial(bar.setValue, int(n))) for n in random.integers(0, bar.maximum(), frames // 4)]
    _settle(400)
    paints = [_timed(view.viewport().repaint) for _ in range(30)]
    tiles = len(view.visible_rows())
    resizes = [_timed(partial(view.resize, int(n), view.height())) for n in random.integers(600, 1800, 30)]
    return ScrollFigures(
        show_ms=shown[0],
        frame_p50_ms=_percentile(steady, 50),
        frame_p95_ms=_percentile(steady, 95),
        frame_longest_ms=_percentile(steady, 100),
        frame_cpu_p95_ms=_percentile(steady, 95, cpu=True),
        jump_p95_ms=_percentile(jumps, 95),
        resize_p95_ms=_percentile(resizes, 95),
        full_paint_p95_ms=_percentile(paints, 95),
        full_paint_cpu_p95_ms=_percentile(paints, 95, cpu=True),
        tiles_on_screen=tiles,
    )


def _timed(act: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds by the clock and of this thread, of the act and the events it causes.

    Afterwards a pause of a frame's length, in which threads deliver.
    """
    start, cpu = time.perf_counter(), time.thread_time()
    act()
    QApplication.processEvents()
    spent = ((time.perf_counter() - start) * 1000, (time.thread_time() - cpu) * 1000)
    _settle(4)
    return spent


def _percentile(times: list[tuple[float, float]], percent: float, *, cpu: bool = False) -> float:
    return float(np.percentile([pair[cpu] for pair in times], percent))


def _settle(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()
