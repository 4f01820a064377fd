"""What `photosift evaluate` prints for people."""

import argparse

import pytest

from app.cli import evaluating
from app.domain.evaluation import Benchmark, EvaluatedModel, EvaluationReport, LeftOut, Measure, Task
from app.settings import Settings

_MODEL = EvaluatedModel("google/siglip2-base-patch16-224", "siglip-1", "torch", "float32", "cpu")
_MEASURES = (
    Measure(Task.TEXT_TO_IMAGE, 1, 51.94, 51.2, 52.6, published=52.1),
    Measure(Task.TEXT_TO_IMAGE, 5, 76.0, 75.0, 77.0),
    Measure(Task.IMAGE_TO_TEXT, 1, 60.0, 59.0, 61.0, published=68.9),
)


def printed(
    report: EvaluationReport, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    def measured(benchmark: Benchmark, options: argparse.Namespace, settings: Settings) -> EvaluationReport:
        return report

    monkeypatch.setattr(evaluating, "_read", lambda options: Benchmark("coco", "COCO", ()))
    monkeypatch.setattr(evaluating, "_measure", measured)
    assert evaluating.run_evaluation(argparse.Namespace(limit=None, json=False, library=None)) == 0
    output = capsys.readouterr()
    return [*output.out.splitlines(), *output.err.splitlines()]


def test_a_figure_stands_beside_the_published_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = EvaluationReport(
        "coco", "COCO", _MODEL, 5000, 25010, _MEASURES, source="a paper", hints=("look here",)
    )
    lines = printed(report, monkeypatch, capsys)
    assert "COCO: 5,000 pictures, 25,010 captions" in lines
    squeezed = [" ".join(line.split()) for line in lines]
    assert "text to image R@1 51.9 51.2 to 52.6 52.1 (-0.2, within the interval)" in squeezed
    assert "text to image R@5 76.0 75.0 to 77.0" in squeezed
    assert "image to text R@1 60.0 59.0 to 61.0 68.9 (-8.9, outside the interval)" in squeezed
    assert {"Published figures: a paper", "look here"} <= set(lines)
    assert not any("comparable" in line for line in lines)


def test_what_was_left_out_is_said_and_makes_it_incomparable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tuple(LeftOut(f"{number}.jpg", "It is gone.") for number in range(7))
    report = EvaluationReport("coco", "COCO", _MODEL, 4993, 24975, _MEASURES, gone, ("7 left out",))
    lines = printed(report, monkeypatch, capsys)
    assert {"They are not comparable with these:", "  7 left out", "photosift: 7 left out:"} <= set(lines)
    assert sum("It is gone." in line for line in lines) == 5
    assert "  and more; --json names them all" in lines
