"""A million photos in the grid: figures printed, only the order of magnitude asserted."""

from dataclasses import asdict

from grid_scrolling import measure_scrolling


def test_scrolling_a_million_photos_is_measured(qapp, capsys) -> None:
    figures = measure_scrolling(1_000_000, frames=60)

    with capsys.disabled():
        print("\n  " + "  ".join(f"{name}={value:.1f}" for name, value in asdict(figures).items()))
    assert figures.tiles_on_screen >= 40
    assert figures.frame_cpu_p95_ms < 100, "a layout that walks every photo takes seconds"
