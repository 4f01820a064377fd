"""The command line, as a process of its own; what needs a model is in the integration tests."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.output import printable
from app.cli.status import _precision
from app.domain.precision import PrecisionProof, PrecisionResult
from app.library.library import Library
from tests.homes import ROOT, environment_in
from tests.unit.test_imports import NEURAL, QT, modules_after


def photosift(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT, env=environment_in(home), capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip


def test_help_and_mistakes_need_none_of_the_services():
    loaded = modules_after("from app.cli.arguments import parse; parse(['status'])")

    assert loaded.isdisjoint({*NEURAL, *QT, "numpy", "pydantic", "sqlalchemy", "PIL", "tqdm", "platformdirs"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["search"], "say what to look for"),
        (["search", "  "], "say what to look for"),
        (["search", "a", "--limit", "0"], "'0' is not a number from 1"),
        (["search", "a", "--limit", "many"], "'many' is not a number from 1"),
        (["dance"], "invalid choice"),
        (["index", "--device", "abacus"], "invalid choice"),
        (["index", "--pace", "frantic"], "invalid choice"),
    ],
)
def test_wrong_usage_is_explained(arguments, said, capsys):
    from app.cli.arguments import parse

    with pytest.raises(SystemExit) as ended:
        parse(arguments)

    output = capsys.readouterr()
    assert (ended.value.code, output.out) == (2, "")
    assert said in output.err


def test_the_status_of_a_library_that_is_not_there_makes_none(tmp_path):
    answer = photosift(tmp_path, "--library", str(tmp_path / "library"), "status", "--json")

    assert answer.returncode == 0
    assert "no library" in answer.stderr
    assert json.loads(answer.stdout)["photos"] == 0
    assert not (tmp_path / "library").exists()


@pytest.mark.parametrize(("device", "by"), [("cpu", ""), ("cuda", " by some chip")])
def test_the_status_says_what_the_precision_rests_on(device, by):
    result = PrecisionResult("bfloat16", 0.9987, 0.99, 2.5, True)
    proof = PrecisionProof("bfloat16", 128, "2026-11-21", "some chip", (result,), device)
    assert _precision("auto", proof) == (
        "bfloat16: cosine 0.9987, neighbours 99% alike, 2.5x as fast as float32,"
        f" measured on 128 photos on 2026-11-21{by}"
    )


def test_a_search_on_a_fresh_machine_says_how_to_begin(tmp_path):
    answer = photosift(tmp_path, "search", "a red car")

    assert (answer.returncode, answer.stdout) == (1, "")
    assert "photosift index FOLDER" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_mistyped_filter_is_explained_with_what_may_have_been_meant(tmp_path):
    Library.open(tmp_path / "library" / "library.db").close()

    answer = photosift(tmp_path, "--library", str(tmp_path / "library"), "search", "dog", "camra:canon")

    assert (answer.returncode, answer.stdout) == (2, "")
    assert "There is no filter camra:. Did you mean camera:? Try camera:canon" in answer.stderr


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("a b.jpg", "a b.jpg"),
        ("x\udcff.jpg", "x\ufffd.jpg"),
        ("a\x1b[2J\nb", "a\ufffd[2J\ufffdb"),
        ("京.jpg", "京.jpg"),
    ],
)
def test_names_cannot_command_the_terminal(path, shown):
    assert printable(path) == shown


def test_a_command_works_at_full_speed_unless_it_is_told_otherwise():
    from app.cli.arguments import parse

    usual, told = parse(["index"]), parse(["index", "--pace", "gentle", "--on-mains", "--when-idle"])
    assert (usual.pace, usual.on_mains, usual.when_idle) == ("full", False, False)
    assert (told.pace, told.on_mains, told.when_idle) == ("gentle", True, True)


def test_a_command_says_once_what_it_waits_for(capsys):
    from app.cli.indexing import Bar
    from app.domain.manners import WaitReason
    from app.domain.progress import IndexPhase, IndexProgress

    with Bar() as bar:
        for done in range(3):
            bar.show(IndexProgress(IndexPhase.WAITING, done, 9, waits_for=WaitReason.MAINS))
    assert capsys.readouterr().err.count("waiting for mains power") == 1
