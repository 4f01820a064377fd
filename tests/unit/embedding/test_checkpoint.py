"""Finding, checking and describing checkpoints, without torch."""

import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.domain.media import Framing, PixelSpec
from app.embedding.checkpoint import describe_checkpoint, open_checkpoint
from app.errors import CheckpointError
from tests.checkpoints import make_checkpoint

CheckpointOf = Callable[[str], Path]


@pytest.fixture
def folder(checkpoint_of: CheckpointOf, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return shutil.copytree(checkpoint_of("siglip2-fixres"), tmp_path / "copy")


def change(path: Path, **changes: Any) -> None:
    """Set or, with None, remove keys of a JSON file."""
    value = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: item for key, item in value.items() if item is not None}))


@pytest.mark.parametrize(
    ("family", "model_type", "dim", "pixels"),
    [
        ("siglip2-fixres", "siglip", 32, PixelSpec(Framing.SQUASH, 64, 64, 2)),
        ("siglip2-naflex", "siglip2", 32, PixelSpec(Framing.NAFLEX, 256, 256, 2, 16, 256)),
        ("siglip1", "siglip", 32, PixelSpec(Framing.SQUASH, 64, 64, 3)),
        ("clip", "clip", 24, PixelSpec(Framing.CROP, 64, 64, 3)),
    ],
)
def test_each_family_is_described_by_its_own_files(
    checkpoint_of: CheckpointOf, family: str, model_type: str, dim: int, pixels: PixelSpec
) -> None:
    spec = describe_checkpoint(str(checkpoint_of(family)))
    assert (spec.family, spec.dim, spec.pixel_spec) == (model_type, dim, pixels)
    assert spec.checkpoint == "checkpoint"
    assert spec.logit_scale == pytest.approx(109.9, rel=1e-5)


def test_logit_scale_is_exponentiated_and_the_bias_is_not(checkpoint_of: CheckpointOf) -> None:
    spec = describe_checkpoint(str(checkpoint_of("siglip2-fixres")))
    cosine_of_one_half = -spec.logit_bias / spec.logit_scale
    assert spec.logit_bias == pytest.approx(-15.9)
    assert cosine_of_one_half == pytest.approx(0.145, abs=1e-3)
    assert 1 / (1 + math.exp(-(0.145 * spec.logit_scale + spec.logit_bias))) == pytest.approx(0.5, abs=0.02)


def test_text_length_comes_from_the_text_tower(checkpoint_of: CheckpointOf) -> None:
    assert open_checkpoint(str(checkpoint_of("siglip2-fixres"))).text_length == 64
    assert open_checkpoint(str(checkpoint_of("clip"))).text_length == 77


def test_the_dimension_needs_nothing_that_the_hub_leaves_out_of_config_json(folder: Path) -> None:
    expected = describe_checkpoint(str(folder)).dim
    kinds = {"model_type": "siglip", "text_config": {}, "vision_config": {}}
    (folder / "config.json").write_text(json.dumps(kinds))
    assert describe_checkpoint(str(folder)).dim == expected


@pytest.mark.parametrize("size", [{"height": 64, "width": 64}, 64, {"shortest_edge": 64}])
def test_every_form_of_size_is_read(folder: Path, size: Any) -> None:
    crop = isinstance(size, dict) and "shortest_edge" in size
    change(folder / "preprocessor_config.json", size=size, do_center_crop=crop, crop_size=64)
    pixels = describe_checkpoint(str(folder)).pixel_spec
    assert (pixels.height, pixels.width) == (64, 64)
    assert pixels.framing is (Framing.CROP if crop else Framing.SQUASH)


def test_filter_and_normalisation_come_from_the_file(folder: Path) -> None:
    change(
        folder / "preprocessor_config.json",
        resample=3,
        rescale_factor=0.25,
        image_mean=[0.1, 0.2, 0.3],
        image_std=[1, 2, 4],
    )
    checkpoint = open_checkpoint(str(folder))
    assert checkpoint.spec.pixel_spec.resample == 3
    assert checkpoint.normalisation.rescale == 0.25
    assert checkpoint.normalisation.mean == (0.1, 0.2, 0.3)
    assert checkpoint.normalisation.std == (1.0, 2.0, 4.0)


def test_a_moved_folder_keeps_its_identity(folder: Path, tmp_path: Path) -> None:
    before = describe_checkpoint(str(folder))
    moved = describe_checkpoint(str(folder.rename(tmp_path / "elsewhere")))
    assert moved.identity == before.identity
    assert moved.checkpoint == "elsewhere"


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json", "tokenizer.json"])
def test_any_changed_file_changes_the_identity(folder: Path, name: str) -> None:
    before = describe_checkpoint(str(folder)).identity
    (folder / name).write_text((folder / name).read_text() + "\n")
    assert describe_checkpoint(str(folder)).identity != before


def test_other_weights_change_the_identity(checkpoint_of: CheckpointOf, tmp_path: Path) -> None:
    other = make_checkpoint(tmp_path / "other", seed=1)
    assert (
        describe_checkpoint(str(other)).identity
        != describe_checkpoint(str(checkpoint_of("siglip2-fixres"))).identity
    )


def test_weights_in_several_files_are_found(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "sharded", max_shard_size="100KB")
    assert not (folder / "model.safetensors").exists()
    assert describe_checkpoint(str(folder)).dim == 32
    min(folder.glob("model-*.safetensors")).unlink()
    with pytest.raises(CheckpointError, match=r"files are missing: model-00001-of-"):
        describe_checkpoint(str(folder))


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def write(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text) and None


def cut(name: str, kept: int) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:kept]) and None


def only_pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def other_picture_size(folder: Path) -> None:
    change(folder / "preprocessor_config.json", size={"height": 96, "width": 96})


_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 34362429\n"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (remove("config.json"), "config.json is missing"),
        (remove("preprocessor_config.json"), "preprocessor_config.json is missing"),
        (remove("tokenizer.json"), "tokenizer is missing"),
        (remove("model.safetensors"), "weights are missing"),
        (only_pickled, "can run code"),
        (write("config.json", "{"), "damaged"),
        (write("config.json", "[]"), "damaged"),
        (write("config.json", '{"model_type": "bert"}'), "'bert'.*siglip2-base-patch16-256"),
        (write("config.json", "{}"), "does not know"),
        (cut("tokenizer.json", 5000), "tokenizer.json is incomplete"),
        (write("tokenizer.json", _POINTER), "tokenizer.json is incomplete"),
        (write("tokenizer_config.json", ""), "tokenizer_config.json is incomplete"),
        (cut("model.safetensors", 100_000), "is incomplete: it has 100,000 of"),
        (cut("model.safetensors", 100), "holds no weights"),
        (cut("model.safetensors", 0), "holds no weights"),
        (write("model.safetensors", _POINTER), "git-lfs"),
        (other_picture_size, "do not belong together"),
        (lambda folder: change(folder / "preprocessor_config.json", size=None), "'size'"),
        (lambda folder: change(folder / "preprocessor_config.json", resample=None), "'resample'"),
        (lambda folder: change(folder / "preprocessor_config.json", image_mean=[0.5]), "'image_mean'"),
        (lambda folder: change(folder / "preprocessor_config.json", do_resize=False), "not supported"),
        (
            lambda folder: change(folder / "preprocessor_config.json", do_center_crop=True, crop_size=32),
            "not supported",
        ),
    ],
)
def test_a_damaged_checkpoint_says_what_is_wrong(
    folder: Path, damage: Callable[[Path], None], words: str
) -> None:
    damage(folder)
    with pytest.raises(CheckpointError, match=words):
        describe_checkpoint(str(folder))


def test_a_checkpoint_without_a_text_tower_is_refused(folder: Path) -> None:
    from safetensors.numpy import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    image_only = {name: value for name, value in tensors.items() if not name.startswith("text_model")}
    save_file(image_only, folder / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"lack text_model\.head\.weight"):
        describe_checkpoint(str(folder))


def test_half_precision_logits_are_read(folder: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    tensors["logit_bias"] = torch.tensor([-16.0], dtype=torch.bfloat16)
    tensors["logit_scale"] = torch.tensor([2.0], dtype=torch.float16)
    save_file(tensors, folder / "model.safetensors")
    spec = describe_checkpoint(str(folder))
    assert spec.logit_bias == -16.0
    assert spec.logit_scale == pytest.approx(math.exp(2.0))


@pytest.mark.parametrize("source", ["no/such/model", "/no/such/folder", ""])
def test_what_is_not_there_says_so(source: str) -> None:
    with pytest.raises(CheckpointError):
        describe_checkpoint(source)


def test_a_file_instead_of_its_folder_says_so(folder: Path) -> None:
    with pytest.raises(CheckpointError, match="Choose the folder"):
        describe_checkpoint(str(folder / "model.safetensors"))


def hub_cache(folder: Path, root: Path) -> Path:
    """`folder` as the hub's client lays it out: models--ORG--NAME/snapshots/COMMIT, refs/main."""
    model = root / "models--google--siglip2-tiny"
    shutil.copytree(folder, model / "snapshots" / "0123abc")
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text("0123abc")
    return model


def test_a_hub_id_is_found_in_the_cache(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub_cache(folder, tmp_path / "hub")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    spec = describe_checkpoint("google/siglip2-tiny")
    assert spec.checkpoint == "google/siglip2-tiny"
    assert spec.identity == describe_checkpoint(str(folder)).identity


def test_a_model_folder_of_the_cache_may_be_chosen_itself(folder: Path, tmp_path: Path) -> None:
    model = hub_cache(folder, tmp_path / "hub")
    assert describe_checkpoint(str(model)).checkpoint == "google/siglip2-tiny"
    snapshot = describe_checkpoint(str(model / "snapshots" / "0123abc"))
    assert snapshot == describe_checkpoint(str(model))


def test_describing_imports_neither_torch_nor_transformers(folder: Path) -> None:
    code = (
        "import sys; from app.embedding.encoder_process import open_encoder\n"
        "from app.embedding.devices import device_choices; device_choices()\n"
        f"open_encoder({str(folder)!r}); print({{'torch', 'transformers'}} & sys.modules.keys())"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


def test_a_large_checkpoint_is_described_at_once(folder: Path) -> None:
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(1_500_000_000)  # sparse: nothing is written
    start = time.perf_counter()
    describe_checkpoint(str(folder))
    assert time.perf_counter() - start < 0.3


@pytest.mark.parametrize(
    ("family", "scoring"),
    [
        ("siglip2-fixres", "sigmoid"),
        ("siglip2-naflex", "sigmoid"),
        ("siglip1", "sigmoid"),
        ("clip", "softmax"),
    ],
)
def test_how_a_model_was_trained_to_score_is_told(
    checkpoint_of: CheckpointOf, family: str, scoring: str
) -> None:
    assert describe_checkpoint(str(checkpoint_of(family))).scoring == scoring


def test_other_patches_are_another_model_but_only_of_naflex(checkpoint_of: CheckpointOf) -> None:
    folder = str(checkpoint_of("siglip2-naflex"))
    own, same, finer = (describe_checkpoint(folder, patches) for patches in (None, 256, 1024))
    assert own == same
    assert finer.identity == f"{own.identity}-1024patches"
    assert finer.pixel_spec == PixelSpec(Framing.NAFLEX, 512, 512, 2, 16, 1024)
    fixed = str(checkpoint_of("siglip2-fixres"))
    assert describe_checkpoint(fixed, 1024) == describe_checkpoint(fixed)
    assert open_checkpoint(folder, 1024).is_unchanged()


def test_only_siglip_1_wants_texts_without_punctuation(checkpoint_of: CheckpointOf) -> None:
    families = ("siglip2-fixres", "siglip2-naflex", "siglip1", "clip")
    canonical = [open_checkpoint(str(checkpoint_of(family))).canonical_text for family in families]
    assert canonical == [False, False, True, False]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere names are text")
def test_a_folder_whose_name_is_no_text_is_refused(folder: Path, tmp_path: Path) -> None:
    """Settings could be written with it, and not be read again."""
    odd = tmp_path / os.fsdecode(b"mod\xe8le")
    folder.rename(odd)
    with pytest.raises(CheckpointError, match="Rename the folder"):
        describe_checkpoint(str(odd))
