"""The measurement of a GPU: all of it with the processor in its place, and nothing where there is none."""

from pathlib import Path

import pytest

from app.embedding import gpu_proof
from app.embedding.checkpoint import open_checkpoint
from tests.benchmarks import gpu_throughput
from tests.benchmarks.gpu_throughput import Effort, throughput
from tests.checkpoints import make_checkpoint


def test_without_a_gpu_every_figure_is_skipped_and_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_throughput, "choose_device", lambda wish: ("cpu", ""))
    monkeypatch.setattr(gpu_throughput, "make_system", lambda *_: pytest.fail("a checkpoint was made"))
    figures = list(gpu_throughput.run(quick=True))
    assert len({figure.figure for figure in figures}) == len(figures) == 19
    for figure in figures:
        assert (figure.value, figure.holds) == (None, None)
        assert "no GPU" in figure.details["reason"]


def test_the_whole_measurement_runs_with_the_processor_in_the_gpus_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu_proof, "_candidates", lambda device: ("bfloat16",))
    checkpoint = open_checkpoint(str(make_checkpoint(tmp_path / "tiny")))
    figures = {
        figure.figure.partition(": ")[2]: figure
        for figure in throughput("tiny", checkpoint, "cpu", Effort(0.1, 2, pictures=48))
        if "float16, tiny" not in figure.figure or "bfloat16" in figure.figure
    }
    rate = figures["through the encoder's process"]
    share = figures["share of the model-only limit"]
    assert isinstance(rate.value, float)
    assert rate.value > 0
    assert (rate.details["precision"], rate.details["batch"], rate.details["repeats"]) == ("bfloat16", 8, 2)
    assert rate.details["in_process_photos_per_s"] > 0
    assert rate.details["hardware"]["hardware"]
    assert isinstance(share.value, float)
    assert share.holds == (share.value >= 0.9)
    assert figures["times as fast compiled, in the precision that is used"].value is None  # CUDA's alone
    cosine = figures["worst cosine to float32"].value
    assert isinstance(cosine, float)
    assert 0.99 < cosine < 1
