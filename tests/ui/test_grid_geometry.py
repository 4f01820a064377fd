"""The arithmetic of the grid."""

from hypothesis import given
from hypothesis import strategies as st

from app.ui.grid_geometry import GAP, MARGIN, GridGeometry, Rect


@st.composite
def geometries(draw: st.DrawFn, smallest: int = 1) -> GridGeometry:
    count = draw(st.integers(smallest, 400))
    weak_from = draw(st.integers(0, count))
    return GridGeometry(
        count=count,
        weak_from=weak_from,
        possible_from=draw(st.none() | st.integers(0, weak_from)),
        note=30,
        width=draw(st.integers(40, 4000)),
        tile=draw(st.integers(96, 512)),
        caption=draw(st.sampled_from([0, 18])),
        divider=40,
    )


@given(geometries(), st.data())
def test_the_middle_of_every_tile_leads_back_to_it(geometry: GridGeometry, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, geometry.count - 1))
    rect = geometry.rect_of(position)

    assert geometry.position_at(rect.x + rect.width // 2, rect.y + rect.height // 2) == position


@given(geometries())
def test_columns_fill_the_width(geometry: GridGeometry) -> None:
    last = geometry.column_x(geometry.columns - 1) + geometry.edge
    if geometry.columns > 1:
        assert last == geometry.width - MARGIN
    else:
        assert last <= max(geometry.width - MARGIN, MARGIN + 1)


@given(geometries(), st.data())
def test_tiles_never_overlap_and_stay_inside(geometry: GridGeometry, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, geometry.count - 1))
    here = geometry.rect_of(position)
    assert here.y + here.height + MARGIN <= geometry.height
    if position + 1 < geometry.count:
        there = geometry.rect_of(position + 1)
        below, beside = there.y >= here.y + here.height + GAP, there.x >= here.x + here.width + GAP
        assert below or beside


@given(geometries(), st.integers(0, 200_000), st.integers(1, 3000))
def test_every_tile_in_sight_is_painted(geometry: GridGeometry, top: int, page: int) -> None:
    top = min(top, max(0, geometry.height - page))
    visible = geometry.visible(top, top + page)
    rects = {position: geometry.rect_of(position) for position in range(geometry.count)}
    in_sight = {n for n, rect in rects.items() if rect.y < top + page and rect.y + rect.height > top}
    assert in_sight <= set(visible)
    assert len(visible) <= len(in_sight) + 2 * geometry.columns


@given(geometries(), st.integers(0, 3000), st.integers(0, 20_000), st.integers(0, 900), st.integers(0, 900))
def test_a_rubber_band_takes_exactly_what_it_touches(
    geometry: GridGeometry, x: int, y: int, width: int, height: int
) -> None:
    band = Rect(x, y, width, height)
    found = {position for run in geometry.touched(band) for position in run}

    def touches(rect: Rect) -> bool:
        across = rect.x <= band.x + band.width and rect.x + rect.width >= band.x
        return across and rect.y <= band.y + band.height and rect.y + rect.height >= band.y

    assert found == {n for n in range(geometry.count) if touches(geometry.rect_of(n))}


@given(geometries(), st.data(), st.integers(-30, 30))
def test_moving_by_lines_keeps_the_column_where_there_is_one(
    geometry: GridGeometry, data: st.DataObject, lines: int
) -> None:
    position = data.draw(st.integers(0, geometry.count - 1))
    goal = geometry.moved(position, lines)
    before, after = geometry.rect_of(position), geometry.rect_of(goal)
    assert 0 <= goal < geometry.count
    assert (after.y > before.y) == (lines > 0 and goal != position)
    assert after.x <= before.x


def test_weak_matches_begin_on_a_line_of_their_own_below_the_divider() -> None:
    geometry = GridGeometry(count=12, weak_from=5, width=1000, tile=180, divider=40)

    first_weak = geometry.rect_of(5)

    assert first_weak.x == MARGIN
    assert first_weak.y == geometry.divider_rect.y + 40
    assert geometry.rect_of(4).y < geometry.divider_rect.y


def test_possible_matches_lie_between_strong_and_weak_ones_below_a_note() -> None:
    geometry = GridGeometry(count=12, possible_from=2, weak_from=5, width=1000, tile=180, divider=40, note=30)

    strong, possible, weak = (geometry.rect_of(position) for position in (1, 2, 5))

    assert possible.x == weak.x == MARGIN
    assert strong.y + strong.height < geometry.note_rect.y
    assert possible.y == geometry.note_rect.y + 30
    assert geometry.rect_of(4).y + strong.height < geometry.divider_rect.y == weak.y - 40


def test_where_all_matches_are_strong_there_is_no_note() -> None:
    geometry = GridGeometry(count=12, possible_from=5, weak_from=5, width=1000, tile=180, divider=40, note=30)

    assert not geometry.has_note
    assert geometry.rect_of(5).y == geometry.rect_of(4).y + geometry.line + 40


def test_an_empty_grid_has_no_height_and_nothing_in_it() -> None:
    geometry = GridGeometry(count=0, weak_from=0, width=800, tile=200)

    assert geometry.height == 0
    assert geometry.position_near(10, 10) is None
    assert not geometry.visible(0, 600)
    assert geometry.touched(Rect(0, 0, 100, 100)) == []


def test_a_million_tiles_fit_the_scroll_bar() -> None:
    geometry = GridGeometry(count=1_000_000, weak_from=1_000_000, width=300, tile=512, caption=20)

    assert geometry.columns == 1
    assert geometry.height < 2**31
