"""A .pth file is converted once, in a process of its own, whole or not at all."""

import shutil
from math import prod
from pathlib import Path

import pytest

from app.embedding import imported
from app.embedding.checkpoint import describe_checkpoint
from app.embedding.imported import convert, is_importable, ready_checkpoint
from app.errors import CheckpointError
from tests.checkpoints import make_checkpoint
from tests.open_clip_rig import MODELS, SMALL_CLIP, SMALL_SIGLIP, write_file

SMALL = (SMALL_CLIP, SMALL_SIGLIP)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A CLIP file with a tokenizer beside it."""
    tokenizer = make_checkpoint(tmp_path / "base", family="clip") / "tokenizer.json"
    (tmp_path / "mcip").mkdir()
    shutil.copy(tokenizer, tmp_path / "mcip")
    return write_file(tmp_path / "mcip" / "mcip.pth", MODELS["clip-small"].expected())


def test_a_file_becomes_a_checkpoint_that_opens_like_any_other(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "mcip"
    convert(file, folder, SMALL)
    spec = describe_checkpoint(str(folder))
    assert (spec.checkpoint, spec.family, spec.dim) == ("mcip", "clip", 48)
    assert sorted(path.name for path in folder.parent.iterdir()) == [".lock", "mcip"]


def test_what_was_converted_is_not_converted_again(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "mcip"
    convert(file, folder, SMALL)
    written = (folder / "model.safetensors").stat().st_mtime_ns
    file.write_bytes(b"")
    convert(file, folder, SMALL)
    assert (folder / "model.safetensors").stat().st_mtime_ns == written


def test_without_a_tokenizer_it_says_where_to_get_one_and_leaves_nothing(file: Path, tmp_path: Path) -> None:
    (file.parent / "tokenizer.json").unlink()
    (tmp_path / "models" / ".unfinished-killed").mkdir(parents=True)
    with pytest.raises(
        CheckpointError, match=r"tokenizer\.json or vocab\.json and merges\.txt from .*clip-vit-base-patch32"
    ):
        convert(file, tmp_path / "models" / "mcip", SMALL)
    assert [path.name for path in (tmp_path / "models").iterdir()] == [".lock"]


def test_the_tokenizer_of_a_downloaded_base_model_serves(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = tmp_path / "hub" / "models--openai--clip-vit-large-patch14-336" / "snapshots" / "0123abc"
    snapshot.mkdir(parents=True)
    (file.parent / "tokenizer.json").rename(snapshot / "tokenizer.json")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    convert(file, tmp_path / "models" / "mcip", SMALL)
    assert (tmp_path / "models" / "mcip" / "tokenizer.json").is_file()


def test_a_full_disk_is_noticed_before_anything_is_written(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(CheckpointError, match=r"needs 0\.0 GB .* Free some space"):
        convert(file, tmp_path / "models" / "mcip", SMALL)


@pytest.mark.parametrize("source", ["google/siglip2-base-patch16-256", "/no/such/file.pth", "."])
def test_anything_else_is_left_as_it_is(source: str) -> None:
    assert not is_importable(source)
    assert ready_checkpoint(source) == source


def test_a_file_of_another_size_is_refused_by_the_process_that_reads_it(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over there only the published sizes are known, so this also shows that its errors come back."""
    monkeypatch.setattr(imported, "models_folder", lambda: tmp_path / "models")
    with pytest.raises(CheckpointError, match=r"no complete ViT-L-14-336: .*is 128 instead of 1024"):
        ready_checkpoint(str(file))


def test_the_published_sizes_are_those_of_the_hub_models_they_were_trained_from() -> None:
    clip, siglip = MODELS["clip-full"], MODELS["siglip-full"]
    assert (clip.tokens, siglip.tokens) == (576, 729)
    parameters = [sum(prod(shape) for shape in model.expected().values()) for model in (clip, siglip)]
    assert [round(count / 1e6) for count in parameters] == [428, 878]
