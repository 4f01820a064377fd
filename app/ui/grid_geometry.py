"""Where tiles lie in the grid: arithmetic alone, so that a million photos cost no more than ten.

The grid has up to three sections: strong matches, below a line of text the possible ones, and below a divider
the weak ones. Each fills its width evenly and starts on a line of its own.
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


@dataclass(frozen=True, slots=True)
class Section:
    """Positions that lie together, and where."""

    first: int
    end: int
    top: int  # of its first tile
    first_line: int
    lines: int


@dataclass(frozen=True)
class GridGeometry:
    """The layout of `count` tiles in `width` logical pixels; rows of the model are called positions here."""

    count: int
    weak_from: int  # position of the first weak match; equal to `count` when there is none
    width: int
    tile: int  # wanted edge of a tile
    caption: int = 0  # height of the text below each picture
    divider: int = 0  # height of the line of text before weak matches
    possible_from: int | None = None  # position of the first possible match; None: not told apart
    note: int = 0  # height of the line of text before possible matches

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

    @property
    def has_note(self) -> bool:
        """Whether a line of text stands before the possible matches."""
        return self.possible_from is not None and self.possible_from < self.weak_from

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """Those that hold anything, from top to bottom."""
        possible = self.possible_from if self.has_note and self.possible_from is not None else self.weak_from
        found: list[Section] = []
        y, line = MARGIN, 0
        for first, end, above in (
            (0, possible, 0),
            (possible, self.weak_from, self.note),
            (self.weak_from, self.count, self.divider),
        ):
            if first < end:
                lines = -(-(end - first) // self.columns)
                found.append(Section(first, end, y + above, line, lines))
                y, line = y + above + lines * self.line, line + lines
        return tuple(found)

    @cached_property
    def divider_rect(self) -> Rect:
        """The band before the weak matches; empty where there are none."""
        if not self.has_divider:
            return Rect(0, self._end, self.width, 0)
        return Rect(0, self.sections[-1].top - self.divider, self.width, self.divider)

    @cached_property
    def note_rect(self) -> Rect:
        """The band before the possible matches; empty where there are none."""
        for section in self.sections:
            if self.has_note and section.first == self.possible_from:
                return Rect(0, section.top - self.note, self.width, self.note)
        return Rect(0, MARGIN, self.width, 0)

    @cached_property
    def _end(self) -> int:
        """Below the last line and its gap."""
        last = self.sections[-1] if self.sections else None
        return last.top + last.lines * self.line if last else MARGIN

    @cached_property
    def _lines(self) -> int:
        return sum(section.lines for section in self.sections)

    @cached_property
    def height(self) -> int:
        """Of the whole contents."""
        return self._end - GAP + MARGIN if self.count else 0

    def _section_of_line(self, line: int) -> Section:
        return next(s for s in reversed(self.sections) if line >= s.first_line or s is self.sections[0])

    def column_x(self, column: int) -> int:
        spread = self._slack * column // max(1, self.columns - 1)
        return MARGIN + column * (self.edge + GAP) + spread

    def _place(self, position: int) -> tuple[int, int]:
        """Line (those of all sections counted together) and column."""
        section = next(s for s in reversed(self.sections) if position >= s.first or s is self.sections[0])
        line, column = divmod(position - section.first, self.columns)
        return section.first_line + line, column

    def _line_top(self, line: int) -> int:
        section = self._section_of_line(line)
        return section.top + (line - section.first_line) * self.line

    def rect_of(self, position: int) -> Rect:
        line, column = self._place(position)
        return Rect(self.column_x(column), self._line_top(line), self.edge, self.tile_height)

    def _line_near(self, y: int) -> int:
        """The line at this height, or the nearest above it; clamped to the lines there are."""
        section = next((s for s in reversed(self.sections) if y >= s.top), self.sections[0])
        line = (y - section.top) // self.line
        return section.first_line + max(0, min(line, section.lines - 1))

    def _column_near(self, x: int) -> int:
        column = (x - MARGIN) * self.columns // max(1, self.width - 2 * MARGIN)
        return max(0, min(column, self.columns - 1))

    def _span(self, line: int) -> tuple[int, int]:
        """First position of a line, and the one after its last."""
        section = self._section_of_line(line)
        first = section.first + (line - section.first_line) * self.columns
        return first, min(first + self.columns, section.end)

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
        last = self._lines - 1
        target = max(0, min(line + lines, last))
        if target == line:
            return position
        first, end = self._span(target)
        return min(first + column, end - 1)

    def lines_in(self, height: int) -> int:
        """How many lines Page Up and Page Down move by."""
        return max(1, height // self.line)
