"""Rows, runs of rows and selections, one made from the other; where the keys lead."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractItemModel, QItemSelection
from PySide6.QtWidgets import QAbstractItemView

from app.ui.grid_geometry import GridGeometry

_Cursor = QAbstractItemView.CursorAction


def ranges(selection: QItemSelection) -> list[range]:
    """The rows of each part, ascending."""
    parts = (selection.at(position) for position in range(selection.count()))
    return sorted((range(part.top(), part.bottom() + 1) for part in parts), key=lambda run: run.start)


def ids_of(selection: QItemSelection, photo_ids: NDArray[np.int64]) -> list[int]:
    """The photos of a selection, in the order of the rows."""
    parts = [photo_ids[run.start : run.stop] for run in ranges(selection)]
    found: list[int] = np.concatenate(parts).tolist() if parts else []
    return found


def runs_of(rows: NDArray[np.int64]) -> list[range]:
    """Ascending rows as runs without gaps."""
    if not len(rows):
        return []
    parts = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)
    return [range(int(part[0]), int(part[-1]) + 1) for part in parts]


def selection_of(model: QAbstractItemModel, runs: Iterable[range]) -> QItemSelection:
    selection = QItemSelection()
    for run in runs:
        if len(run):
            selection.select(model.index(run.start, 0), model.index(run.stop - 1, 0))
    return selection


def next_row(geometry: GridGeometry, action: _Cursor, row: int, page_height: int) -> int:
    """Where a cursor key leads from a row; at the ends it stays."""
    page = geometry.lines_in(page_height)
    lines = {
        _Cursor.MoveUp: -1,
        _Cursor.MoveDown: 1,
        _Cursor.MovePageUp: -page,
        _Cursor.MovePageDown: page,
    }
    steps = {_Cursor.MoveLeft: -1, _Cursor.MovePrevious: -1, _Cursor.MoveRight: 1, _Cursor.MoveNext: 1}
    if action in lines:
        return geometry.moved(row, lines[action])
    if action in steps:
        return max(0, min(row + steps[action], geometry.count - 1))
    return 0 if action == _Cursor.MoveHome else geometry.count - 1
