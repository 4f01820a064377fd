"""The heartbeat sees a blocked thread."""

import time

import pytest
from pytestqt.qtbot import QtBot

from tests.benchmarks.heartbeat import Heartbeat, summarise


def _block(seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


def test_a_block_belongs_to_the_phase_it_happened_in(qtbot: QtBot) -> None:
    heart = Heartbeat()
    heart.start("calm")
    qtbot.waitUntil(lambda: bool(heart.phases()))
    heart.enter("busy")
    _block(0.12)
    heart.stop()

    busy = next(beats for beats in heart.phases() if beats.phase == "busy")
    assert busy.longest >= 115
    assert busy.over_50 == 1
    assert heart.total().longest == busy.longest


def test_percentiles_are_those_of_the_nearest_rank() -> None:
    beats = summarise("x", list(range(1, 101)))

    assert (beats.p50, beats.p99, beats.longest, beats.over_50) == (50, 99, 100, 50)


def test_no_beats_are_not_figures() -> None:
    with pytest.raises(ValueError, match="no beats"):
        summarise("x", [])
