"""Where tiles lie in the grid: arithmetic alone, so that a million photos cost no more than ten.

The grid has one or two sections: strong matches, and below a divider the weak ones. Each fills its width
evenly and starts on a line of its own.
"""

from dataclasses import dataclass
from functools import cached_property

MIN_TILE = 96
MAX_TILE = 512
GAP = 8
MARGIN = 12


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle in contents coordinates: logical pixels from the top left of the whole grid."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class GridGeometry:
    """The layout of `count` tiles in `width` logical pixels; rows of the model are called positions here."""

    count: int
    weak_from: int  # position of the first weak match; equal to `count` when there is none
    width: int
    tile: int  # wanted edge of a tile
    caption: int = 0  # height of the text below each picture
    divider: int = 0  # height of the line of text before weak matches

    @cached_property
    def columns(self) -> int:
        inner = max(1, self.width - 2 * MARGIN)
        return max(1, round((inner + GAP) / (self.tile + GAP)))

    @cached_property
    def edge(self) -> int:
        """The edge that tiles really have, so that columns fill the width."""
        inner = max(1, self.width - 2 * MARGIN - GAP * (self.columns - 1))
        return max(1, inner // self.columns)

    @cached_property
    def _slack(self) -> int:
        """Pixels that whole-numbered edges leave over; the gaps share them."""
        return max(0, self.width - 2 * MARGIN - GAP * (self.columns - 1) - self.edge * self.columns)

    @property
    def tile_height(self) -> int:
        return self.edge + self.caption

    @property
    def line(self) -> int:
        """From one line of tiles to the next."""
        return self.tile_height + GAP

    @property
    def has_divider(self) -> bool:
        return self.weak_from < self.count

    @cached_property
    def _strong_lines(self) -> int:
        return -(-self.weak_from // self.columns)

    @cached_property
    def _weak_lines(self) -> int:
        return -(-(self.count - self.weak_from) // self.columns)

    @cached_property
    def divider_rect(self) -> Rect:
        """The band before the weak matches; empty where there are none."""
        height = self.divider if self.has_divider else 0
        return Rect(0, MARGIN + self._strong_lines * self.line, self.width, height)

    @cached_property
    def _weak_top(self) -> int:
        return self.divider_rect.y + self.divider_rect.height

    @cached_property
    def height(self) -> int:
        """Of the whole contents."""
        if not self.count:
            return 0
        return self._weak_top + self._weak_lines * self.line - GAP + MARGIN

    def column_x(self, column: int) -> int:
        spread = self._slack * column // max(1, self.columns - 1)
        return MARGIN + column * (self.edge + GAP) + spread

    def _place(self, position: int) -> tuple[int, int]:
        """Line (strong and weak counted together) and column."""
        if position < self.weak_from:
            return divmod(position, self.columns)
        line, column = divmod(position - self.weak_from, self.columns)
        return self._strong_lines + line, column

    def _line_top(self, line: int) -> int:
        if line < self._strong_lines:
            return MARGIN + line * self.line
        return self._weak_top + (line - self._strong_lines) * self.line

    def rect_of(self, position: int) -> Rect:
        line, column = self._place(position)
        return Rect(self.column_x(column), self._line_top(line), self.edge, self.tile_height)

    def _line_near(self, y: int) -> int:
        """The line at this height, or the nearest above it; clamped to the lines there are."""
        if self.has_divider and y >= self._weak_top:
            line = self._strong_lines + (y - self._weak_top) // self.line
        else:
            line = min((y - MARGIN) // self.line, max(0, self._strong_lines - 1))
        return max(0, min(line, self._strong_lines + self._weak_lines - 1))

    def _column_near(self, x: int) -> int:
        column = (x - MARGIN) * self.columns // max(1, self.width - 2 * MARGIN)
        return max(0, min(column, self.columns - 1))

    def _span(self, line: int) -> tuple[int, int]:
        """First position of a line, and the one after its last."""
        if line < self._strong_lines:
            first, end = line * self.columns, self.weak_from
        else:
            first, end = self.weak_from + (line - self._strong_lines) * self.columns, self.count
        return first, min(first + self.columns, end)

    def position_at(self, x: int, y: int) -> int | None:
        """The tile under a point; None between tiles."""
        near = self.position_near(x, y)
        if near is None:
            return None
        rect = self.rect_of(near)
        inside = rect.x <= x < rect.x + rect.width and rect.y <= y < rect.y + rect.height
        return near if inside else None

    def position_near(self, x: int, y: int) -> int | None:
        """The tile under a point or the one that is meant by it; None only in an empty grid."""
        if not self.count:
            return None
        first, end = self._span(self._line_near(y))
        return min(first + self._column_near(x), end - 1)

    def visible(self, top: int, bottom: int) -> range:
        """Positions on the lines that touch the band top <= y < bottom, in contents coordinates."""
        if not self.count or bottom <= top:
            return range(0)
        return range(self._span(self._line_near(top))[0], self._span(self._line_near(bottom - 1))[1])

    def touched(self, rect: Rect) -> list[range]:
        """Runs of positions whose tiles touch a rectangle, for the rubber band."""
        columns = [c for c in range(self.columns) if self._touches(c, rect)]
        if not columns or not self.count:
            return []
        runs: list[range] = []
        for line in range(self._line_near(rect.y), self._line_near(rect.y + rect.height) + 1):
            top = self._line_top(line)
            if top + self.tile_height < rect.y or top > rect.y + rect.height:
                continue
            first, end = self._span(line)
            run = range(first + columns[0], min(first + columns[-1] + 1, end))
            if runs and runs[-1].stop == run.start and len(run):
                runs[-1] = range(runs[-1].start, run.stop)
            elif len(run):
                runs.append(run)
        return runs

    def _touches(self, column: int, rect: Rect) -> bool:
        left = self.column_x(column)
        return left <= rect.x + rect.width and left + self.edge >= rect.x

    def moved(self, position: int, lines: int) -> int:
        """The tile that many lines below (negative: above), in the same column where there is one."""
        line, column = self._place(position)
        last = self._strong_lines + self._weak_lines - 1
        target = max(0, min(line + lines, last))
        if target == line:
            return position
        first, end = self._span(target)
        return min(first + column, end - 1)

    def lines_in(self, height: int) -> int:
        """How many lines Page Up and Page Down move by."""
        return max(1, height // self.line)
