"""`photosift evaluate`: each data set's layout on drawn pictures, with the demonstration's model."""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from app.demo.captions import Language, caption
from app.demo.drawing import draw
from app.demo.scenes import ATTRIBUTES, Kind, random_scene, wanted_of
from app.domain.evaluation import Benchmark, EvaluationReport, Task
from app.domain.model import Tower
from app.domain.progress import CancelToken
from app.embedding import encoder_process
from app.embedding.checkpoint import open_checkpoint
from app.embedding.encoder_process import ProcessEncoder
from app.errors import CancelledError, EvaluationError
from app.paths import resource
from app.services.evaluation.captioned import (
    CROSSMODAL_LANGUAGES,
    read_coco,
    read_crossmodal,
    read_flickr30k,
    read_folder,
)
from app.services.evaluation.embedding import BenchmarkEmbedder
from app.services.evaluation.evaluate import evaluate, limited
from app.services.evaluation.grouped import read_gpr1200
from tests.fake_encoder import FakeEncoder
from tests.homes import ROOT, environment_in
from tests.indexing_rig import ThreadDecoder

DEMO = resource("demo/photosift-drawn-scenes")
NAMES = [f"{number}_0.jpg" for number in range(len(Kind))]


@pytest.fixture(scope="module")
def encoder() -> Iterator[ProcessEncoder]:
    with closing(ProcessEncoder(open_checkpoint(str(DEMO)), "cpu", accelerate=False)) as opened:
        opened.prepare(Tower.TEXT)
        yield opened


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures of each kind of scene, and captions of the first one in three languages."""
    folder, rng = tmp_path_factory.mktemp("scenes"), Random(7)
    captions = {}
    for number, kind in enumerate(Kind):
        scene = next(scene for scene in iter(lambda: random_scene(rng), None) if scene.kind is kind)
        for variant in range(2):
            draw(scene, (400, 300), seed=variant).save(folder / f"{number}_{variant}.jpg")
        wanted = wanted_of(scene, ATTRIBUTES)
        captions[f"{number}_0.jpg"] = {
            language.value: [caption(wanted, language, rng) for _ in range(2)] for language in Language
        }
    (folder / "captions.json").write_text(json.dumps(captions), encoding="utf-8")
    return folder


def captions_of(scenes: Path) -> dict[str, dict[str, list[str]]]:
    said: dict[str, dict[str, list[str]]] = json.loads((scenes / "captions.json").read_text(encoding="utf-8"))
    return said


def report_on(benchmark: Benchmark, encoder: ProcessEncoder | FakeEncoder) -> EvaluationReport:
    with closing(ThreadDecoder()) as decoder:
        embedder = BenchmarkEmbedder(encoder, decoder, lambda what, done, total: None, CancelToken())
        return evaluate(benchmark, embedder)


def recall(report: EvaluationReport, task: Task, at: int | None = 1, language: str = "") -> float:
    return next(
        one.value for one in report.measures if (one.task, one.at, one.language) == (task, at, language)
    )


def splits(scenes: Path, file: Path) -> str:
    """Karpathy's form."""
    images = [
        {
            "filename": name,
            "filepath": "val2014",
            "split": "test",
            "sentences": [{"raw": each} for each in said["en"]],
        }
        for name, said in captions_of(scenes).items()
    ]
    file.write_text(json.dumps({"images": images, "dataset": "coco"}), encoding="utf-8")
    return str(file)


def table(scenes: Path, file: Path) -> str:
    with file.open("w", newline="", encoding="utf-8-sig") as opened:
        writer = csv.writer(opened, delimiter=";")
        writer.writerow(["image", "caption"])
        writer.writerows((name, each) for name, said in captions_of(scenes).items() for each in said["en"])
    return str(file)


@pytest.mark.parametrize("read", [read_coco, read_flickr30k])
def test_splits_as_karpathy_made_them(read, scenes: Path, tmp_path: Path, encoder: ProcessEncoder) -> None:
    report = report_on(read(str(scenes), splits(scenes, tmp_path / "dataset.json")), encoder)
    assert (report.images, report.captions) == (len(NAMES), 2 * len(NAMES))
    assert recall(report, Task.TEXT_TO_IMAGE) >= 80
    assert recall(report, Task.IMAGE_TO_TEXT) >= 80
    assert not report.left_out


def test_crossmodal_measures_each_language_and_their_mean(
    scenes: Path, tmp_path: Path, encoder: ProcessEncoder
) -> None:
    lines = [
        json.dumps(
            {"image/key": name.removesuffix(".jpg")}
            | {code: {"caption": each} for code, each in said.items()}
        )
        for name, said in captions_of(scenes).items()
    ]
    (tmp_path / "captions.jsonl").write_text("\n".join(lines), encoding="utf-8")
    report = report_on(read_crossmodal(str(scenes), str(tmp_path / "captions.jsonl")), encoder)
    each = [recall(report, Task.TEXT_TO_IMAGE, language=language) for language in ("de", "en", "ja")]
    assert min(each) >= 60
    assert recall(report, Task.TEXT_TO_IMAGE, language="mean") == pytest.approx(sum(each) / 3)
    assert len(report.measures) == 4 * 6


def test_gpr1200_finds_pictures_by_pictures(scenes: Path, encoder: ProcessEncoder) -> None:
    report = report_on(read_gpr1200(str(scenes)), encoder)
    counted, strict = report.measures
    assert (report.images, report.captions) == (2 * len(NAMES), 0)
    assert counted.value >= strict.value >= 50
    assert counted.low <= counted.value <= counted.high


def test_a_folder_with_captions_from_the_command_line(scenes: Path, tmp_path: Path) -> None:
    arguments = ["evaluate", "folder", str(scenes), "--captions", table(scenes, tmp_path / "captions.csv")]
    answer = subprocess.run(
        [sys.executable, "-m", "app", *arguments, "--model", str(DEMO), "--device", "cpu", "--json"],
        cwd=ROOT, env=environment_in(tmp_path), capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    report = json.loads(answer.stdout)
    assert report.keys() == {
        "benchmark", "title", "model", "images", "captions", "measures", "left_out", "differs", "source",
        "hints", "comparable",
    }  # fmt: skip
    assert report["model"]["checkpoint"] == "photosift-drawn-scenes"
    assert [(one["task"], one["measure"]) for one in report["measures"]] == [
        (task, f"R@{cut}") for task in ("text_to_image", "image_to_text") for cut in (1, 5, 10)
    ]
    assert all(one["low"] <= one["value"] <= one["high"] for one in report["measures"])
    assert report["measures"][0]["value"] >= 80
    assert not list(tmp_path.rglob("library.db"))  # the user's library is not touched, nor made


# -- what is wrong with the data; no model is needed to see it


def colours(folder: Path, text: str = "") -> Benchmark:
    """Two pictures of one colour each, for the fake encoder, and what else is said."""
    from PIL import Image

    for name in ("red", "blue"):
        Image.new("RGB", (64, 64), name).save(folder / f"{name}.png")
    rows = f"image,caption\nred.png,red\nblue.png,blue\n{text}"
    (folder / "captions.csv").write_text(rows, encoding="utf-8")
    return read_folder(str(folder), str(folder / "captions.csv"))


def test_what_cannot_be_read_is_counted_and_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    benchmark = colours(tmp_path, "broken.png,green\ngone.png,black\ngone.png,white\n")
    report = report_on(benchmark, FakeEncoder())
    assert (report.images, report.captions) == (2, 2)
    assert recall(report, Task.TEXT_TO_IMAGE) == 100
    assert [one.name for one in report.left_out] == ["broken.png", "gone.png"]
    assert "no longer there" in report.left_out[1].reason
    assert "Its 2 captions took no part" in report.left_out[1].reason
    assert "2 left out" in report.differs


def test_pictures_that_are_all_elsewhere_are_told_at_once(tmp_path: Path) -> None:
    benchmark = colours(tmp_path)
    for image in benchmark.images:
        Path(image.path).unlink()
    encoder = FakeEncoder()
    with pytest.raises(EvaluationError, match=r"None of the 2 pictures is in .*Name the folder"):
        report_on(benchmark, encoder)
    assert not encoder.image_batches


def test_pictures_that_are_all_damaged_are_told(tmp_path: Path) -> None:
    benchmark = colours(tmp_path)
    for image in benchmark.images:
        Path(image.path).write_bytes(b"no picture")
    with pytest.raises(EvaluationError, match="None of the pictures can be read"):
        report_on(benchmark, FakeEncoder())


def test_only_what_is_whole_has_a_mean_to_compare(tmp_path: Path) -> None:
    """Thirty-six languages that all name the colours."""
    colours(tmp_path)
    for code, name in (("r", "red"), ("b", "blue")):
        (tmp_path / f"{name}.png").rename(tmp_path / f"{code}.jpg")
    lines = [
        json.dumps({"image/key": code} | {language: {"caption": [name]} for language in CROSSMODAL_LANGUAGES})
        for code, name in (("r", "red"), ("b", "blue"))
    ]
    (tmp_path / "captions.jsonl").write_text("\n".join(lines), encoding="utf-8")
    report = report_on(read_crossmodal(str(tmp_path), str(tmp_path / "captions.jsonl")), FakeEncoder())
    assert recall(report, Task.TEXT_TO_IMAGE, language="mean") == 100
    assert report.differs == ("2 pictures instead of 3,600",)


def test_captions_that_are_the_same_are_embedded_once(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    report_on(colours(tmp_path, "red.png,red\nred.png,red\n"), encoder)
    assert sorted(encoder.texts) == ["blue", "red"]


def test_calling_off_is_heard(tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with closing(ThreadDecoder()) as decoder, pytest.raises(CancelledError):
        evaluate(colours(tmp_path), BenchmarkEmbedder(FakeEncoder(), decoder, lambda *_: None, cancel))


def test_a_limit_is_said(tmp_path: Path) -> None:
    report = report_on(limited(colours(tmp_path), 1), FakeEncoder())
    assert (report.images, report.differs) == (1, ("only the first 1 pictures were taken",))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["coco", "--images", ".", "--captions", "nowhere.json"], "nowhere.json cannot be read"),
        (["gpr1200", "--images", "nowhere"], "There is no folder"),
    ],
)
def test_mistakes_are_told_without_a_traceback(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from app.__main__ import main

    assert main(["evaluate", *arguments]) == 1
    assert said in capsys.readouterr().err


def test_without_a_model_it_says_how_to_name_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from app.__main__ import main

    colours(tmp_path)
    assert main(["evaluate", "folder", str(tmp_path), "--captions", str(tmp_path / "captions.csv")]) == 1
    assert "--model" in capsys.readouterr().err


def test_nothing_is_made_faster_amid_a_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the texts would be embedded in another way than the rest."""
    monkeypatch.setattr(encoder_process, "_WORTHWHILE_BYTES", 0)
    checkpoint = open_checkpoint(str(DEMO))
    with (
        closing(ProcessEncoder(checkpoint)) as usual,
        closing(ProcessEncoder(checkpoint, accelerate=False)) as even,
    ):
        assert usual._wants_text_export() is None  # asks again once it runs
        assert even._wants_text_export() is False
