"""The image tower without torch: same embeddings, and torch goes on wherever it cannot be used."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from app.domain.model import Tower
from app.domain.precision import PrecisionProof
from app.embedding import exported_tower
from app.embedding.checkpoint import Checkpoint, open_checkpoint
from app.embedding.exported_tower import (
    can_be_exported,
    export_image_tower,
    image_export,
    is_exported,
    open_image_tower,
    probe_pictures,
)
from app.embedding.from_pixels import from_pixels
from app.embedding.siglip import Siglip2Encoder
from app.embedding.towers import ImageTower
from app.errors import EncoderError
from tests.checkpoints import make_checkpoint

PICTURES = [np.random.default_rng(number).integers(0, 256, (64, 64, 3), np.uint8) for number in range(3)]


@pytest.fixture(scope="module")
def exported(checkpoint_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with its export; never to be changed, copy it first."""
    folder = Path(shutil.copytree(checkpoint_of("siglip2-fixres"), tmp_path_factory.mktemp("own") / "model"))
    export_image_tower(open_checkpoint(str(folder)))
    return folder


@pytest.fixture
def checkpoint(exported: Path, tmp_path: Path) -> Checkpoint:
    return open_checkpoint(str(shutil.copytree(exported, tmp_path / "model")))


@pytest.mark.parametrize(
    ("family", "patch"),
    [
        ("siglip2-fixres", 16),
        ("siglip1", 16),
        ("clip", 16),
        ("siglip2-fixres", 14),
    ],  # 64 is no multiple of 14
)
def test_an_exported_tower_gives_what_torch_gives(tmp_path: Path, family: str, patch: int) -> None:
    checkpoint = open_checkpoint(str(make_checkpoint(tmp_path / "model", family=family, patch=patch)))
    pictures = [*PICTURES, *probe_pictures(64, 64), np.zeros((64, 64, 3), np.uint8)]
    expected = Siglip2Encoder(checkpoint, "cpu").encode_images(pictures)
    export_image_tower(checkpoint)
    encoder = Siglip2Encoder(checkpoint, "cpu")
    found = encoder.encode_images(pictures)
    assert (expected * found).sum(axis=1).min() > 0.99999
    assert encoder.provenance().runtime == "openvino"
    assert encoder.provenance().precision == "float32"


def test_an_export_that_computes_something_else_is_refused(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first layer is rewritten for the export: a mistake there must not be measured against itself."""

    def wrong(tower: ImageTower) -> torch.nn.Module:
        module = from_pixels(tower)
        module.model.embeddings.patch_embedding.weight.mul_(-1)
        return module

    monkeypatch.setattr(exported_tower, "from_pixels", wrong)
    with pytest.raises(EncoderError, match="other embeddings than torch"):
        export_image_tower(checkpoint)


def test_naflex_stays_with_torch(checkpoint_of: Callable[[str], Path]) -> None:
    checkpoint = open_checkpoint(str(checkpoint_of("siglip2-naflex")))
    assert not can_be_exported(checkpoint)
    assert not is_exported(checkpoint)
    assert Siglip2Encoder(checkpoint, "cpu").provenance().runtime == "torch"


def test_pixels_of_another_model_are_refused(checkpoint: Checkpoint) -> None:
    tower = open_image_tower(checkpoint)
    assert tower is not None
    with pytest.raises(ValueError, match="pixels are"):
        tower.encode([np.zeros((32, 32, 3), np.uint8)])


def test_where_pictures_run_is_known_before_anything_loads(checkpoint: Checkpoint) -> None:
    encoder = Siglip2Encoder(checkpoint, "cpu")
    planned = encoder.provenance()
    assert encoder._image is None
    encoder.prepare(Tower.IMAGE)
    assert encoder.provenance() == planned
    assert planned.runtime == "openvino"


def test_a_torch_precision_is_computed_by_torch(checkpoint: Checkpoint) -> None:
    assert Siglip2Encoder(checkpoint, "cpu", "bfloat16").provenance().runtime == "torch"


def test_an_encoder_with_an_export_does_without_torch(exported: Path) -> None:
    script = f"""
import sys, numpy as np
from app.embedding.checkpoint import open_checkpoint
from app.embedding.siglip import Siglip2Encoder
encoder = Siglip2Encoder(open_checkpoint({str(exported)!r}))
encoder.encode_images([np.zeros((64, 64, 3), np.uint8)])
encoder.release()
print(encoder.provenance().runtime, {{"torch", "transformers"}} & sys.modules.keys())
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
    )
    gpu = any(Path(place).exists() for place in ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd"))
    assert done.stdout.strip() == "openvino set()" or gpu or sys.platform != "linux"


@pytest.mark.expects_log_warnings
def test_torch_goes_on_when_the_export_is_damaged(checkpoint: Checkpoint) -> None:
    (image_export(checkpoint) / "model.bin").write_bytes(b"nothing")
    encoder = Siglip2Encoder(checkpoint, "cpu")
    assert encoder.encode_images(PICTURES).shape == (3, 32)
    assert encoder.provenance().runtime == "torch"


def test_torch_goes_on_where_openvino_is_missing(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise EncoderError("openvino cannot be used on this computer: No module named 'openvino'")

    monkeypatch.setattr("app.embedding.export.OpenVinoModel", missing)
    encoder = Siglip2Encoder(checkpoint, "cpu")
    assert encoder.encode_images(PICTURES).shape == (3, 32)
    assert encoder.provenance().runtime == "torch"
    assert "openvino cannot be used" in encoder.note()


@pytest.mark.expects_log_warnings
def test_torch_goes_on_when_openvino_fails_while_running(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = Siglip2Encoder(checkpoint, "cpu")
    expected = encoder.encode_images(PICTURES)

    def failing(*_: object) -> None:
        raise RuntimeError("a primitive could not be executed")

    monkeypatch.setattr("app.embedding.exported_tower.OpenVinoModel.run", failing)
    encoded = encoder.encode_photos(PICTURES)
    assert encoded.provenance.runtime == "torch"
    assert (encoded.embeddings * expected).sum(axis=1).min() > 0.9999
    assert "could not be executed" in encoder.note()


def test_the_proven_precision_is_used_unless_float32_is_wished_for(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = PrecisionProof("bfloat16", 85, "2026-11-21", "a processor", ())
    monkeypatch.setattr("app.embedding.siglip.read_proof", lambda _: proof)
    assert Siglip2Encoder(checkpoint, "cpu", "auto").provenance().precision == "bfloat16"
    full = Siglip2Encoder(checkpoint, "cpu", "float32")
    full.prepare(Tower.IMAGE)
    assert full.provenance().precision == "float32"
    assert full.provenance().runtime == "openvino"


def test_a_precision_whose_export_is_gone_leaves_float32(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = PrecisionProof("int8", 85, "2026-11-21", "a processor", ())
    monkeypatch.setattr("app.embedding.siglip.read_proof", lambda _: proof)
    encoder = Siglip2Encoder(checkpoint, "cpu", "auto")
    assert encoder.encode_photos(PICTURES).provenance.precision == "float32"
    assert encoder.provenance().runtime == "openvino"
