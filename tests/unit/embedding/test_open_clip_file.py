"""Files of open_clip become checkpoints whose embeddings are open_clip's own."""

import os
import pickle
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.media import Framing
from app.domain.model import Scoring
from app.embedding.checkpoint import open_checkpoint
from app.embedding.open_clip_file import write_checkpoint
from app.embedding.siglip import Siglip2Encoder
from app.embedding.text_tower import TextTower, load_text_tower
from app.errors import CheckpointError
from app.media.preparing import prepare_pixels
from tests.checkpoints import make_checkpoint
from tests.open_clip_rig import MODELS, Reference, pictures, token_rows, write_file

CASES = ["clip-small", "siglip-small"]
SMALL = tuple(MODELS[case] for case in CASES)
BAR = 0.9999


@pytest.fixture(scope="session")
def file_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The .pth file of a small model; never to be changed."""
    folder = tmp_path_factory.mktemp("open-clip")

    def make(case: str) -> Path:
        path = folder / f"{case}.pth"
        return path if path.exists() else write_file(path, Reference.load(case).shapes)

    return make


@pytest.fixture(scope="session")
def converted(
    tmp_path_factory: pytest.TempPathFactory, file_of: Callable[[str], Path]
) -> Callable[[str], Path]:
    """The checkpoint made of it, with a stand-in tokenizer."""
    made: dict[str, Path] = {}

    def make(case: str) -> Path:
        if case not in made:
            family = "clip" if case.startswith("clip") else "siglip1"
            folder = make_checkpoint(tmp_path_factory.mktemp("converted") / case, family=family)
            write_checkpoint(file_of(case), folder, SMALL)
            made[case] = folder
        return made[case]

    return make


def cosines(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return (found * expected).sum(axis=1) / np.linalg.norm(found, axis=1) / np.linalg.norm(expected, axis=1)


@pytest.mark.parametrize("case", ["clip-small", "siglip-small", "clip-full", "siglip-full"])
def test_every_tensor_that_open_clip_has_is_accounted_for(case: str) -> None:
    assert MODELS[case].expected() == Reference.load(case).shapes


@pytest.mark.parametrize("case", CASES)
def test_transformers_finds_every_tensor_it_wants_and_no_other(
    case: str, converted: Callable[[str], Path]
) -> None:
    from transformers import AutoModel

    _, report = AutoModel.from_pretrained(converted(case), output_loading_info=True)
    assert {kind: names for kind, names in report.items() if names} == {}


@pytest.mark.parametrize("case", CASES)
def test_pictures_are_embedded_as_open_clip_does(case: str, converted: Callable[[str], Path]) -> None:
    encoder = Siglip2Encoder(open_checkpoint(str(converted(case))), "cpu")
    spec = encoder.spec.pixel_spec
    found = encoder.encode_images([prepare_pixels(picture, spec, picture.size) for picture in pictures()])
    assert cosines(found, Reference.load(case).images).min() > BAR


@pytest.mark.parametrize("case", CASES)
def test_texts_are_embedded_as_open_clip_does(case: str, converted: Callable[[str], Path]) -> None:
    checkpoint = open_checkpoint(str(converted(case)))
    rows = token_rows(MODELS[case])
    tower = TextTower(checkpoint, load_text_tower(checkpoint).model, _Rows(rows))
    assert cosines(tower.encode([""] * len(rows)), Reference.load(case).texts).min() > BAR


class _Rows:
    """Stands for a tokenizer: the rows of tokens that open_clip was given."""

    def __init__(self, rows: np.ndarray) -> None:
        self._rows = rows

    def of(self, texts: Sequence[str]) -> np.ndarray:
        return self._rows


def test_the_details_that_a_file_does_not_tell_are_known(converted: Callable[[str], Path]) -> None:
    clip, siglip = (open_checkpoint(str(converted(case))) for case in CASES)
    assert clip.spec.pixel_spec.framing is Framing.CROP_HALF_EVEN
    assert siglip.spec.pixel_spec.framing is Framing.SQUASH
    assert (clip.spec.scoring, siglip.spec.scoring) == (Scoring.SOFTMAX, Scoring.SIGMOID)
    assert clip.spec.logit_scale == pytest.approx(100.0)
    assert siglip.spec.logit_bias == -12.0
    assert clip.normalisation.mean[0] == 0.48145466
    assert siglip.normalisation.mean[0] == 0.5
    assert (clip.canonical_text, siglip.canonical_text) == (False, True)


def test_wrappers_of_training_scripts_and_half_precision_are_read(
    file_of: Callable[[str], Path], tmp_path: Path
) -> None:
    import torch

    state = torch.load(file_of("clip-small"), weights_only=True)
    wrapped = {"epoch": 3, "state_dict": {f"module.{name}": value.half() for name, value in state.items()}}
    torch.save(wrapped, tmp_path / "wrapped.pth", _use_new_zipfile_serialization=False)
    folder = tmp_path / "folder"
    folder.mkdir()
    write_checkpoint(tmp_path / "wrapped.pth", folder, SMALL)

    from safetensors.torch import load_file

    written = load_file(folder / "model.safetensors")
    assert written["visual_projection.weight"].equal(state["visual.proj"].half().t())
    assert written["text_model.encoder.layers.1.self_attn.v_proj.bias"].equal(
        state["transformer.resblocks.1.attn.in_proj_bias"][128:].half()
    )


class _Code:
    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._marker),)


def changed(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    """Sets tensors, or with None takes them away."""

    def change(state: dict[str, Any]) -> dict[str, Any]:
        everything = state | {name.replace("__", "."): value for name, value in changes.items()}
        return {name: value for name, value in everything.items() if value is not None}

    return change


def with_nan(state: dict[str, Any]) -> dict[str, Any]:
    bad = state["visual.proj"].clone()
    bad[0, 0] = float("nan")
    return state | {"visual.proj": bad}


def _zeros(*shape: int) -> Any:
    import torch

    return torch.zeros(shape)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (changed(visual__proj=None, ln_final__bias=None), r"lacks visual\.proj, ln_final\.bias"),
        (changed(extra__weight=_zeros(2)), r"unknown extra\.weight"),
        (changed(visual__proj=_zeros(128, 47)), "visual.proj is 128×47 instead of 128×48"),
        (changed(visual__proj=_zeros(128, 48).int()), "of a type that weights do not have: visual.proj"),
        (with_nan, r"visual\.proj holds values that are no numbers"),
        (lambda state: list(state.values()), "holds no weights of a model"),
        (lambda state: {}, "holds no weights of a model"),
        (lambda state: state | {"epoch": 3}, "things that are no weights: epoch"),
        (lambda state: {"conv1.weight": _zeros(3)}, "knows ViT-L-14-336 and ViT-SO400M-14-SigLIP-384"),
    ],
)
def test_a_file_with_other_contents_says_what_is_wrong(
    file_of: Callable[[str], Path], tmp_path: Path, change: Callable[[Any], Any], words: str
) -> None:
    import torch

    torch.save(change(torch.load(file_of("clip-small"), weights_only=True)), tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match=words):
        write_checkpoint(tmp_path / "other.pth", tmp_path, SMALL)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_file_is_named_and_never_run(tmp_path: Path, zipped: bool) -> None:
    import torch

    marker = tmp_path / "it ran"
    torch.save({"x": _Code(marker)}, tmp_path / "evil.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match=r"holds \w+\.mkdir, which could run code"):
        write_checkpoint(tmp_path / "evil.pth", tmp_path, SMALL)
    assert not marker.exists()


def _plain_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(_Code(path.with_name("it ran"))))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100_000])


def _other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "hello")


@pytest.mark.parametrize(
    "damage",
    [
        _plain_pickle,
        _cut,
        _other_zip,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("<html>404</html>"),
        lambda path: path.write_bytes(os.urandom(5000)),
    ],
)
def test_what_is_no_such_file_at_all_says_so(
    file_of: Callable[[str], Path], tmp_path: Path, damage: Callable[[Path], Any]
) -> None:
    path = tmp_path / "damaged.pth"
    path.write_bytes(file_of("clip-small").read_bytes())
    damage(path)
    with pytest.raises(CheckpointError, match=r"damaged\.pth"):
        write_checkpoint(path, tmp_path, SMALL)
    assert not (tmp_path / "it ran").exists()
    assert not (tmp_path / "model.safetensors").exists()
