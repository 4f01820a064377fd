"""Wrong and hostile checkpoints: a message for people, and nothing of theirs is ever run."""

import json
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.embedding.checkpoint import open_checkpoint
from app.embedding.siglip import Siglip2Encoder
from app.errors import CheckpointError

CheckpointOf = Callable[[str], Path]

pytestmark = pytest.mark.expects_log_warnings


@pytest.fixture
def copy_of(checkpoint_of: CheckpointOf, tmp_path: Path) -> CheckpointOf:
    """A copy that a test may damage."""
    return lambda family: shutil.copytree(checkpoint_of(family), tmp_path / "copy")


def run(folder: Path) -> None:
    """Use both towers."""
    checkpoint = open_checkpoint(str(folder))
    pixels = checkpoint.spec.pixel_spec
    encoder = Siglip2Encoder(checkpoint, "cpu")
    encoder.encode_images([np.zeros((pixels.height, pixels.width, 3), np.uint8)])
    encoder.encode_texts(["a dog on the beach"])


def edit(path: Path, *keys: str, value: Any) -> None:
    content = json.loads(path.read_text())
    place = content
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("family", "part", "key", "value", "words"),
    [
        ("siglip2-fixres", "vision_config", "hidden_size", 64, "is .*32.* instead of .*64"),
        ("siglip2-fixres", "vision_config", "hidden_size", "abc", "cannot be loaded"),
        ("siglip2-naflex", "text_config", "vocab_size", 10, "×32 instead of 10×32"),
        ("clip", "text_config", "max_position_embeddings", 5, "77×32 instead of 5×32"),
        ("clip", "vision_config", "hidden_act", "evil", "cannot be loaded"),
        ("siglip1", "text_config", "num_attention_heads", 7, "cannot be loaded"),
        ("siglip1", "vision_config", "num_hidden_layers", 9, r"incomplete: .*layers\.2"),
        ("siglip1", "vision_config", "num_hidden_layers", 1, r"smaller model than the weights: .*layers\.1"),
        ("clip", "text_config", "num_hidden_layers", -1, "smaller model than the weights"),
    ],
)
def test_a_configuration_of_another_model_is_told(
    copy_of: CheckpointOf, family: str, part: str, key: str, value: Any, words: str
) -> None:
    folder = copy_of(family)
    edit(folder / "config.json", part, key, value=value)
    with pytest.raises(CheckpointError, match=rf"(?s){words}.* Download the checkpoint again\."):
        run(folder)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("tokenizer_class", 5, "cannot be loaded"),
        ("pad_token", None, "names no pad_token"),
    ],
)
def test_a_broken_tokenizer_is_told(copy_of: CheckpointOf, key: str, value: Any, words: str) -> None:
    folder = copy_of("siglip1")
    edit(folder / "tokenizer_config.json", key, value=value)
    with pytest.raises(CheckpointError, match=words):
        run(folder)


def test_the_tokenizer_of_another_model_is_told(copy_of: CheckpointOf, checkpoint_of: CheckpointOf) -> None:
    folder = copy_of("clip")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(checkpoint_of("siglip2-fixres") / name, folder / name)
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"] = {word: n + 5000 for word, n in tokenizer["model"]["vocab"].items()}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(
        CheckpointError, match=r"tokenizer in .* is not the one of its weights|cannot be loaded"
    ):
        run(folder)


@pytest.mark.parametrize(
    ("file", "auto_map"),
    [
        ("config.json", {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}),
        ("tokenizer_config.json", {"AutoTokenizer": ["evil.Tokenizer", "evil.Tokenizer"]}),
        ("preprocessor_config.json", {"AutoImageProcessor": "evil.Processor"}),
    ],
)
@pytest.mark.parametrize("family", ["siglip2-naflex", "clip"])
def test_code_beside_a_checkpoint_is_never_run(
    copy_of: CheckpointOf, tmp_path: Path, family: str, file: str, auto_map: Any
) -> None:
    folder, marker = copy_of(family), tmp_path / "it ran"
    (folder / "evil.py").write_text(f"import os\nos.mkdir({str(marker)!r})\n")
    edit(folder / file, "auto_map", value=auto_map)
    if file == "tokenizer_config.json":
        edit(folder / file, "tokenizer_class", value="EvilTokenizer")
    run(folder)  # the code is passed over, and what is left is a sound checkpoint
    assert not marker.exists()


class _Code:
    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._marker),)


def test_a_pickle_is_neither_opened_nor_taken_for_weights(copy_of: CheckpointOf, tmp_path: Path) -> None:
    import torch

    folder, marker = copy_of("siglip2-fixres"), tmp_path / "it ran"
    torch.save({"x": _Code(marker)}, folder / "pytorch_model.bin")
    run(folder)  # the safetensors beside it serve
    shutil.move(folder / "pytorch_model.bin", folder / "model.safetensors")
    with pytest.raises(CheckpointError, match="holds no weights"):
        run(folder)
    assert not marker.exists()


def header(content: dict[str, Any] | str) -> Callable[[Path], Any]:
    """Replaces the weights by a safetensors header alone."""
    text = (content if isinstance(content, str) else json.dumps(content)).encode()
    return lambda folder: (folder / "model.safetensors").write_bytes(
        struct.pack("<Q", len(text)) + text + bytes(64)
    )


def tensor(**changes: Any) -> dict[str, Any]:
    return {"logit_scale": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} | changes}


def sharded(name: str) -> Callable[[Path], Any]:
    def damage(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        index = {"weight_map": {"logit_scale": name}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))

    return damage


def preprocessor(**changes: Any) -> Callable[[Path], Any]:
    return lambda folder: [
        edit(folder / "preprocessor_config.json", key, value=value) for key, value in changes.items()
    ]


def scaled(value: float) -> Callable[[Path], Any]:
    def damage(folder: Path) -> None:
        from safetensors.numpy import load_file, save_file

        tensors = load_file(folder / "model.safetensors")
        save_file(tensors | {"logit_scale": np.array([value], np.float32)}, folder / "model.safetensors")

    return damage


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (header("[" * 50_000), "holds no weights"),
        (header(tensor(data_offsets=[-8, -4])), "holds no weights"),
        (header(tensor(data_offsets=[0, 2])), "holds no weights"),
        (header(tensor(shape=[10**12])), "holds no weights"),
        (header(tensor(shape=["x"])), "holds no weights"),
        (header(tensor(data_offsets=[10**9, 10**9 + 4])), "is incomplete"),
        (header(tensor(shape=[4], data_offsets=[0, 16])), "lack"),
        (scaled(float("nan")), "damaged: see logit_scale"),
        (scaled(1e30), "damaged: see logit_scale"),
        (sharded("../../../etc/passwd"), "names files of other folders"),
        (sharded("/etc/passwd"), "names files of other folders"),
        (preprocessor(rescale_factor="1/255"), "rescale_factor"),
        (preprocessor(rescale_factor=float("inf")), "rescale_factor"),
        (preprocessor(image_std=[0, 1, 1]), "divides by zero"),
        (preprocessor(image_mean=[float("nan")] * 3), "'image_mean'"),
        (preprocessor(size={"height": 10**9, "width": 10**9}), "do not belong together"),
        (lambda folder: (folder / "config.json").write_text("[" * 50_000), "damaged"),
        (lambda folder: (folder / "config.json").write_bytes(b"\xff\xfe\x00"), "damaged"),
    ],
)
def test_files_made_to_trip_us_up_get_a_message(
    copy_of: CheckpointOf, damage: Callable[[Path], Any], words: str
) -> None:
    folder = copy_of("siglip2-fixres")
    damage(folder)
    with pytest.raises(CheckpointError, match=words):
        open_checkpoint(str(folder))


@pytest.mark.parametrize("patches", [0, -1, 10**9])
def test_naflex_with_more_patches_than_memory_holds_is_refused(copy_of: CheckpointOf, patches: int) -> None:
    folder = copy_of("siglip2-naflex")
    edit(folder / "preprocessor_config.json", "max_num_patches", value=patches)
    with pytest.raises(CheckpointError, match="patches of 16 pixels: not supported"):
        open_checkpoint(str(folder))
