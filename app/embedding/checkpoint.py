"""Finds a checkpoint on disk, checks that it is whole and one we know, and describes it, all without torch.

It runs in the window's process, where importing torch would freeze the window, and never goes online: a
checkpoint is a folder, or the hub id of one that lies in the hub's cache already.
"""

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.domain.media import Framing, PixelSpec
from app.domain.model import MatchBand, ModelSpec, Tower
from app.embedding.families import FAMILIES, Family
from app.embedding.fingerprint import fingerprint
from app.embedding.preprocessor import Normalisation, naflex_pixel_spec, read_normalisation, read_pixel_spec
from app.embedding.weights import Weights, read_weights
from app.errors import CheckpointError

PREPROCESSING = (
    "pil-2"  # app.media frames and resizes with Pillow; a change there that alters pixels counts up
)

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_CACHE_FOLDER = re.compile(r"models--(.+?)--(.+)")
_CONFIG = "config.json"
_MATCH_BAND = "photosift_match_log_odds"  # two numbers, in the configuration of a checkpoint of ours
_PREPROCESSOR = "preprocessor_config.json"
_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer.model",
    "spiece.model",
    "vocab.json",
    "merges.txt",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
_LARGEST_LOGIT_SCALE = 20.0  # of its logarithm; trained models have about 4.7
_SIGLIP1_TOKENIZERS = ("SiglipTokenizer", "SiglipTokenizerFast")
_ONE_OF_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint on disk that passed every check that needs no torch."""

    folder: Path
    spec: ModelSpec
    normalisation: Normalisation
    text_length: int  # positions of the text tower: 64 for SigLIP, 77 for CLIP
    canonical_text: bool = False  # SigLIP 1 was trained on texts without punctuation

    @property
    def family(self) -> Family:
        return FAMILIES[self.spec.family]

    @property
    def weight_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.folder.glob("*.safetensors"))

    def is_unchanged(self) -> bool:
        """Whether the files on disk still are the model that was described."""
        pixels = self.spec.pixel_spec
        patches = pixels.max_patches if pixels.framing is Framing.NAFLEX else None
        return open_checkpoint(str(self.folder), patches).spec == self.spec


def describe_checkpoint(source: str, naflex_patches: int | None = None) -> ModelSpec:
    """The identity and the needs of the checkpoint at `source`, a folder or a hub id in the hub's cache.

    `naflex_patches`: how many patches a NaFlex model looks at, instead of what its own file says; other
    models have no choice. Raises CheckpointError with a text that says what is wrong and what to do.
    """
    return open_checkpoint(source, naflex_patches).spec


def open_checkpoint(source: str, naflex_patches: int | None = None) -> Checkpoint:
    """Find, check and describe a checkpoint. Raises CheckpointError like `describe_checkpoint`."""
    folder = _locate(source)
    _refuse_undecodable(folder)
    try:
        checkpoint = _read(folder)
    except OSError as error:
        raise CheckpointError(f"The checkpoint in {folder} cannot be read: {error.strerror}.") from error
    return replace(checkpoint, spec=_looking_at(checkpoint.spec, naflex_patches))


def _looking_at(spec: ModelSpec, patches: int | None) -> ModelSpec:
    """Another number of patches gives other embeddings, so it is part of the identity."""
    pixels = spec.pixel_spec
    if pixels.framing is not Framing.NAFLEX or patches is None or patches == pixels.max_patches:
        return spec
    return replace(
        spec,
        preprocessing=f"{spec.preprocessing}-{patches}patches",
        pixel_spec=naflex_pixel_spec(pixels.patch_size, patches, pixels.resample),
    )


def _read(folder: Path) -> Checkpoint:
    config = _read_json(folder / _CONFIG)
    family = _family(config, folder)
    preprocessor = _read_json(folder / _PREPROCESSOR)
    tokenizer = _tokenizer_files(folder)
    weights = read_weights(folder)
    pixel_spec = read_pixel_spec(preprocessor, family.name)
    _check_tensors(weights, family, folder)
    _check_picture_size(weights, pixel_spec, folder)
    spec = ModelSpec(
        checkpoint=_name(folder),
        revision=fingerprint([folder / _CONFIG, folder / _PREPROCESSOR, *tokenizer], weights.paths),
        preprocessing=PREPROCESSING,
        family=family.name,
        dim=_dimension(weights, family, folder),
        pixel_spec=pixel_spec,
        logit_scale=_logit_scale(weights, folder),
        logit_bias=weights.scalar("logit_bias") or 0.0,
        scoring=family.scoring,
        match_band=_match_band(config),
    )
    positions = weights.shape("text_model.embeddings.position_embedding.weight") or (64,)
    return Checkpoint(
        folder, spec, read_normalisation(preprocessor), positions[0], _canonical_text(tokenizer)
    )


def _locate(source: str) -> Path:
    path = Path(source).expanduser()
    if path.is_file():
        raise CheckpointError(f"{path} is a file. Choose the folder that holds the checkpoint's files.")
    if path.is_dir():
        return _snapshot(path) or path.absolute()
    if _HUB_ID.fullmatch(source):
        return _in_hub_cache(source)
    raise CheckpointError(f"There is no folder {path}. Choose the folder that holds the checkpoint.")


def _refuse_undecodable(folder: Path) -> None:
    """On Linux a name need not be text; settings, identities and other libraries' files are."""
    shown = os.fsencode(folder).decode("utf-8", "replace")
    if shown != str(folder):
        raise CheckpointError(
            f"The name of {shown} cannot be read as text. Rename the folder, or move the checkpoint."
        )


def _snapshot(path: Path) -> Path | None:
    """The newest snapshot when `path` is a model's folder in the hub's cache, which people choose too."""
    reference = path / "refs" / "main"
    if not reference.is_file():
        return None
    snapshot = path / "snapshots" / reference.read_text(encoding="utf-8").strip()
    return snapshot.absolute() if snapshot.is_dir() else None


def _in_hub_cache(hub_id: str) -> Path:
    from huggingface_hub.constants import HF_HUB_CACHE

    snapshot = _snapshot(Path(HF_HUB_CACHE) / f"models--{hub_id.replace('/', '--')}")
    if snapshot is None:
        raise CheckpointError(
            f"There is neither a folder {hub_id} nor a model of that name in the Hugging Face cache. "
            "Download the model first, or choose its folder."
        )
    return snapshot


def _name(folder: Path) -> str:
    """The hub id where the cache's folder names it, else the folder's own name."""
    if folder.parent.name == "snapshots" and (match := _CACHE_FOLDER.fullmatch(folder.parents[1].name)):
        return f"{match[1]}/{match[2]}"
    return folder.name


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise CheckpointError(
            f"{path.name} is missing in {path.parent}. Choose the folder of a complete SigLIP 2 checkpoint."
        )
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged. Download the checkpoint again.") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} is damaged. Download the checkpoint again.")
    return value


def _family(config: Mapping[str, Any], folder: Path) -> Family:
    name = config.get("model_type")
    if name not in FAMILIES:
        raise CheckpointError(
            f"The model in {folder} is of the kind {str(name)!r}, which Photosift does not know. "
            "Choose a SigLIP 2 checkpoint, for example google/siglip2-base-patch16-256."
        )
    return FAMILIES[str(name)]


def _tokenizer_files(folder: Path) -> list[Path]:
    found = [folder / name for name in _TOKENIZER_FILES if (folder / name).is_file()]
    if not any(path.name in _ONE_OF_TOKENIZERS for path in found):
        raise CheckpointError(
            f"The tokenizer is missing: {folder} has no tokenizer.json. Download the checkpoint again."
        )
    for path in found:
        _check_whole(path)
    return found


def _canonical_text(tokenizer: Sequence[Path]) -> bool:
    """SigLIP 1 and 2 share their `model_type`; only the tokenizer tells them apart."""
    config = next((path for path in tokenizer if path.name == "tokenizer_config.json"), None)
    return config is not None and _read_json(config).get("tokenizer_class") in _SIGLIP1_TOKENIZERS


def _check_whole(path: Path) -> None:
    """A download that broke off leaves JSON without its end; git without git-lfs leaves a pointer."""
    with path.open("rb") as file:
        head = file.read(64)
        file.seek(max(0, path.stat().st_size - 64))
        tail = file.read().rstrip()
    truncated = path.suffix == ".json" and not tail.endswith(b"}")
    if not head or truncated or head.startswith(b"version https://git-lfs"):
        raise CheckpointError(f"{path} is incomplete. Download the checkpoint again.")


def _check_tensors(weights: Weights, family: Family, folder: Path) -> None:
    missing = [name for name in family.required_tensors if name not in weights.tensors]
    if missing:
        raise CheckpointError(
            f"The weights in {folder} lack {', '.join(missing)}: this is not a complete model with an image "
            "and a text part. Choose another checkpoint."
        )


def _check_picture_size(weights: Weights, pixels: PixelSpec, folder: Path) -> None:
    """A preprocessor of another checkpoint beside the weights would fail late, or silently give nonsense."""
    shape = weights.shape("vision_model.embeddings.patch_embedding.weight") or ()
    positions = weights.shape("vision_model.embeddings.position_embedding.weight") or ()
    if pixels.framing is Framing.NAFLEX:
        fits = len(shape) == 2 and shape[1] == 3 * pixels.patch_size**2
    else:
        patches = (pixels.height // shape[-1]) * (pixels.width // shape[-1]) if len(shape) == 4 else -1
        fits = bool(positions) and positions[0] in (patches, patches + 1)  # CLIP has a class token
    if not fits:
        raise CheckpointError(
            f"{_PREPROCESSOR} and the weights in {folder} do not belong together: they are for pictures of "
            "different sizes. Download the checkpoint again."
        )


def _match_band(config: dict[str, Any]) -> MatchBand | None:
    """Our own addition to a configuration; whatever else may stand there is not for us."""
    band = config.get(_MATCH_BAND)
    if isinstance(band, list) and len(band) == 2 and all(isinstance(each, int | float) for each in band):
        return MatchBand(*map(float, band))
    return None


def _logit_scale(weights: Weights, folder: Path) -> float:
    logarithm = weights.scalar("logit_scale") or 0.0
    if not abs(logarithm) <= _LARGEST_LOGIT_SCALE:  # neither is NaN
        raise CheckpointError(f"The weights in {folder} are damaged: see logit_scale. Download them again.")
    return math.exp(logarithm)


def _dimension(weights: Weights, family: Family, folder: Path) -> int:
    """From the tensors: the hub's config.json leaves out what equals a class's default."""
    dimensions = {(weights.shape(family.dimensions[tower]) or (0,))[0] for tower in Tower}
    if len(dimensions) != 1:
        raise CheckpointError(f"The image and the text part in {folder} do not belong together.")
    return dimensions.pop()
