"""Reduced precisions prove themselves on photos, or are not used."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.domain.precision import PrecisionProof
from app.embedding import openvino_proof
from app.embedding import proof as proof_module
from app.embedding.checkpoint import Checkpoint, open_checkpoint
from app.embedding.export import exports_of
from app.embedding.exported_tower import export_image_tower, image_export, open_image_tower
from app.embedding.openvino_proof import is_proven, prove
from app.embedding.proof import NEIGHBOURS, compare, proof_of, read_proof
from app.embedding.siglip import Siglip2Encoder

DICE = np.random.default_rng(0)


def photos(count: int) -> list[np.ndarray]:
    """Blotches of colour, all different."""
    small = DICE.integers(0, 256, (count, 4, 4, 3), np.uint8)
    return [np.ascontiguousarray(each.repeat(16, 0).repeat(16, 1)) for each in small]


@pytest.fixture(scope="module")
def proven(
    checkpoint_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, PrecisionProof]:
    folder = Path(shutil.copytree(checkpoint_of("siglip2-fixres"), tmp_path_factory.mktemp("own") / "model"))
    checkpoint = open_checkpoint(str(folder))
    export_image_tower(checkpoint)
    return folder, prove(checkpoint, photos(64))


@pytest.fixture
def checkpoint(proven: tuple[Path, PrecisionProof], tmp_path: Path) -> Checkpoint:
    return open_checkpoint(str(shutil.copytree(proven[0], tmp_path / "model")))


def test_every_precision_is_measured_and_the_fastest_sound_one_is_chosen(
    proven: tuple[Path, PrecisionProof],
) -> None:
    _, proof = proven
    assert {"int8", "int8-dynamic"} <= {result.precision for result in proof.results}
    assert proof.photos == 42
    for result in proof.results:
        assert 0.9 < result.cosine <= 1.0001
        assert result.passed == (result.cosine >= 0.995 and result.overlap >= 0.95)
    usable = [result for result in proof.results if result.passed and result.speed >= 1.1]
    fastest = max(usable, key=lambda result: result.speed).precision if usable else "float32"
    assert proof.chosen == fastest
    assert (proof.result is None) == (fastest == "float32")


def test_what_was_measured_is_read_again(checkpoint: Checkpoint, proven: tuple[Path, PrecisionProof]) -> None:
    assert read_proof(checkpoint) == proven[1]
    assert proof_of(str(checkpoint.folder)) == proven[1]
    assert proof_of(str(checkpoint.folder / "nothing")) is None
    assert Siglip2Encoder(checkpoint, "cpu", "auto").provenance().precision == proven[1].chosen


@pytest.mark.parametrize("name", ["processor", "openvino_version", "nncf_version", "physical_cores"])
def test_a_proof_of_elsewhere_or_of_other_versions_is_none(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(proof_module, name, lambda: "another")
    assert read_proof(checkpoint) is None


def test_a_proof_for_a_lower_bar_is_none(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_module, "SMALLEST_COSINE", 0.999)
    assert read_proof(checkpoint) is None


def test_a_proof_of_another_model_is_none(checkpoint: Checkpoint) -> None:
    other = replace(checkpoint, spec=replace(checkpoint.spec, revision="another"))
    assert read_proof(other) is None


@pytest.mark.expects_log_warnings
@pytest.mark.parametrize("content", ["", "[]", '{"chosen": "int8"}', "\0"])
def test_a_damaged_proof_is_none(checkpoint: Checkpoint, content: str) -> None:
    (exports_of(checkpoint) / "precision.json").write_text(content)
    assert read_proof(checkpoint) is None


def test_a_proof_whose_model_is_gone_is_made_anew(
    checkpoint: Checkpoint, proven: tuple[Path, PrecisionProof], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deleted, or given up as damaged: float32 would answer for good, without anybody's being told."""
    assert is_proven(checkpoint)
    chosen = replace(proven[1], chosen="int8")
    monkeypatch.setattr(openvino_proof, "read_proof", lambda _: chosen)

    shutil.rmtree(image_export(checkpoint, "int8"), ignore_errors=True)

    assert not is_proven(checkpoint)


def test_float32_stays_when_nothing_passes(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_module, "SMALLEST_OVERLAP", 1.1)
    monkeypatch.setattr(openvino_proof, "_candidates", lambda: ("int8-dynamic",))
    proof = prove(checkpoint, photos(64))
    assert proof.chosen == "float32"
    assert [result.passed for result in proof.results] == [False]
    assert not image_export(checkpoint, "int8-dynamic").exists()
    assert open_image_tower(checkpoint) is not None
    assert json.loads((exports_of(checkpoint) / "precision.json").read_text())["chosen"] == "float32"


def test_too_few_photos_prove_nothing(checkpoint: Checkpoint) -> None:
    with pytest.raises(ValueError, match="prove nothing"):
        prove(checkpoint, photos(59))


def test_agreement_is_of_directions_and_of_neighbours() -> None:
    rows = DICE.standard_normal((60, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert compare(rows, rows) == (pytest.approx(1), 1.0)
    noisy = rows + DICE.normal(0, 0.05, rows.shape).astype(np.float32)
    cosine, overlap = compare(rows, noisy)
    assert cosine < 0.995
    assert 0.5 < overlap < 1
    cosine, overlap = compare(rows, rows[::-1].copy())
    assert overlap < 3 * NEIGHBOURS / len(rows)
