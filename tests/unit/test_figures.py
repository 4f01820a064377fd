"""Figures and the runner that prints them."""

import importlib
import json
from pathlib import Path

import pytest

from tests.benchmarks import runner
from tests.benchmarks.figures import Figure, percentile, skipped, spread


def test_a_figure_is_one_line_of_json_with_its_machine() -> None:
    line = Figure("latency", 1 / 3, "ms", "<= 1 ms", True, {"repeats": 5}).as_json()

    assert "\n" not in line
    read = json.loads(line)
    assert read["value"] == 0.333333
    assert read["holds"] is True
    assert read["repeats"] == 5
    assert read["machine"]["cores"] >= 1


def test_what_cannot_run_says_skipped_and_why() -> None:
    read = json.loads(skipped("speed on a GPU", ">= 90 %", "no GPU").as_json())

    assert read["holds"] == "skipped"
    assert read["value"] is None
    assert read["reason"] == "no GPU"


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1), (50, 50), (95, 95), (99, 99), (99.5, 100), (100, 100)]
)
def test_a_percentile_is_one_of_the_values(percent: float, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), percent) == expected


def test_the_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        percentile([], 50)


def test_the_spread_names_the_middle_and_the_extremes() -> None:
    assert spread([3.0, 1.0, 2.0]) == {
        "repeats": 3, "min": 1.0, "median": 2.0, "p95": 3.0, "p99": 3.0, "max": 3.0,
    }  # fmt: skip


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An importable package `measured` with one module for each outcome."""
    folder = tmp_path / "measured"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "shared.py").write_text('"""Not a measurement."""\n')
    for name, holds in {"fine": True, "missed": False, "absent": None}.items():
        (folder / f"{name}.py").write_text(
            f'"""Measures {name}."""\n'
            "from tests.benchmarks.figures import Figure\n"
            "def run(quick):\n"
            f'    yield Figure("{name}", 1.0, "s", "<= 2 s", {holds}, {{"quick": quick}})\n'
        )
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_the_list_names_measurements_only(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main("measured", package, ["--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "absent  Measures absent.",
        "fine    Measures fine.",
        "missed  Measures missed.",
    ]


@pytest.mark.parametrize(("name", "code"), [("fine", 0), ("absent", 0), ("missed", 1)])
def test_only_a_missed_bar_fails_the_run(
    package: Path, capsys: pytest.CaptureFixture[str], name: str, code: int
) -> None:
    assert runner.main("measured", package, [name, "--quick"]) == code
    line = json.loads(capsys.readouterr().out)
    assert line["figure"] == name
    assert line["quick"] is True


def test_an_unknown_name_is_answered_with_the_known_ones(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert runner.main("measured", package, ["shared"]) == 2
    assert "absent, fine, missed" in capsys.readouterr().err


@pytest.mark.parametrize("package", ["tests.benchmarks", "tests.faults"])
def test_every_measurement_can_be_imported(package: str) -> None:
    folder = Path(__file__).parents[1] / package.rpartition(".")[2]
    for path in folder.glob("*.py"):
        if path.stem != "__main__":
            importlib.import_module(f"{package}.{path.stem}")
