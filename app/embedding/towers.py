"""The two halves of a dual encoder, each loaded without the other's weights."""

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.domain.model import Tower
from app.embedding.checkpoint import Checkpoint
from app.embedding.devices import REFERENCE, Runtime, use_physical_cores
from app.embedding.pixels import Pixels, model_inputs
from app.embedding.trained_text import as_trained
from app.errors import CheckpointError

if TYPE_CHECKING:
    import torch

_log = logging.getLogger(__name__)

_OWN = {
    Tower.IMAGE: ("vision_model.", "visual_projection", "encoder."),
    Tower.TEXT: ("text_model.", "text_projection", "encoder."),
}

# transformers switches off weight initialisation for the whole process while it loads a model.
_loading = threading.Lock()


class ImageTower:
    """Embeds pictures."""

    def __init__(self, checkpoint: Checkpoint, model: Any, runtime: Runtime = REFERENCE) -> None:
        self.runtime = runtime
        self._checkpoint = checkpoint
        self._model = model

    def move(self, runtime: Runtime) -> "ImageTower":
        """The same tower on another device or in another precision; this one must not be used afterwards."""
        return ImageTower(self._checkpoint, self._model.to(runtime.device, runtime.dtype), runtime)

    def probe(self) -> NDArray[np.float32]:
        """The embedding of one fixed picture, for comparing runtimes: noise, so that every weight counts."""
        spec = self._checkpoint.spec.pixel_spec
        noise = np.random.default_rng(0).integers(0, 256, (spec.height, spec.width, 3), np.uint8)
        return self.encode([noise])

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        """(n, dim) float32, not normalised. RuntimeError from torch when the device fails."""
        checkpoint = self._checkpoint
        inputs = model_inputs(pictures, checkpoint.spec.pixel_spec, checkpoint.normalisation, self.runtime)
        return _run(self._model, inputs, checkpoint.family.outputs[Tower.IMAGE])


class TextTower:
    """Embeds texts."""

    def __init__(
        self, checkpoint: Checkpoint, model: Any, tokenizer: Any, runtime: Runtime = REFERENCE
    ) -> None:
        self.runtime = runtime
        self._checkpoint = checkpoint
        self._model = model
        self._tokenizer = tokenizer

    def move(self, runtime: Runtime) -> "TextTower":
        """The same tower on another device or in another precision; this one must not be used afterwards."""
        return TextTower(
            self._checkpoint, self._model.to(runtime.device, runtime.dtype), self._tokenizer, runtime
        )

    def probe(self) -> NDArray[np.float32]:
        """The embedding of one fixed text, for comparing runtimes."""
        return self.encode(["a photo of a dog on the beach"])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, dim) float32, not normalised. RuntimeError from torch when the device fails."""
        family = self._checkpoint.family
        return _run(self._model, self._tokens(texts), family.outputs[Tower.TEXT])

    def _tokens(self, texts: Sequence[str]) -> dict[str, "torch.Tensor"]:
        """SigLIP pools its last position, so every text is padded to all of them and nothing is masked."""
        padded = self._checkpoint.family.padded_text
        tokens = self._tokenizer(
            [as_trained(text, canonical=self._checkpoint.canonical_text) for text in texts],
            padding="max_length" if padded else True,
            padding_side="right",
            max_length=self._checkpoint.text_length,
            truncation=True,
            return_tensors="pt",
        )
        if int(tokens["input_ids"].max()) >= self._model.config.vocab_size:
            raise CheckpointError(
                f"The tokenizer in {self._checkpoint.folder} is not the one of its weights. "
                "Download the checkpoint again."
            )
        names = ("input_ids",) if padded else ("input_ids", "attention_mask")
        return {name: tokens[name].to(self.runtime.device) for name in names}


def load_image_tower(checkpoint: Checkpoint) -> ImageTower:
    """Load the vision weights in float32 on the CPU. Raises CheckpointError when they do not fit."""
    return ImageTower(checkpoint, _load_model(checkpoint, Tower.IMAGE))


def load_text_tower(checkpoint: Checkpoint) -> TextTower:
    """Load the tokenizer, and the text weights in float32 on the CPU. Raises CheckpointError."""
    return TextTower(checkpoint, _load_model(checkpoint, Tower.TEXT), _load_tokenizer(checkpoint))


def _load_model(checkpoint: Checkpoint, tower: Tower) -> Any:
    with _loading:
        import torch
        import transformers

        transformers.utils.logging.set_verbosity_error()  # it would report the other tower as unexpected
        transformers.utils.logging.disable_progress_bar()
        use_physical_cores()
        try:
            model, report = getattr(transformers, checkpoint.family.classes[tower]).from_pretrained(
                checkpoint.folder,
                config=_tower_config(checkpoint, tower),
                dtype=torch.float32,
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # reported below, in words of ours
            )
        except Exception as error:
            raise _unusable(checkpoint, error) from error
    _check_complete(checkpoint, tower, report)
    return model.eval().requires_grad_(False)


def _check_complete(checkpoint: Checkpoint, tower: Tower, report: Mapping[str, Any]) -> None:
    """What the file lacks, transformers fills with random numbers; what is too much, it leaves out."""
    if report["missing_keys"]:
        names = ", ".join(sorted(report["missing_keys"])[:3])
        raise CheckpointError(
            f"The weights in {checkpoint.folder} are incomplete: {names} and perhaps more are missing. "
            "Download the checkpoint again."
        )
    if report["mismatched_keys"]:
        name, stored, wanted = sorted(report["mismatched_keys"])[0]
        raise CheckpointError(
            f"config.json and the weights in {checkpoint.folder} do not belong together: {name} is "
            f"{_shape(stored)} instead of {_shape(wanted)}. Download the checkpoint again."
        )
    left_out = sorted(name for name in report["unexpected_keys"] if name.startswith(_OWN[tower]))
    if any(not name.endswith("position_ids") for name in left_out):  # old checkpoints count their positions
        raise CheckpointError(
            f"config.json in {checkpoint.folder} describes a smaller model than the weights: "
            f"{left_out[0]} is too much. Download the checkpoint again."
        )


def _shape(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))


def _tower_config(checkpoint: Checkpoint, tower: Tower) -> Any:
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(checkpoint.folder, local_files_only=True, trust_remote_code=False)
    part = config.vision_config if tower is Tower.IMAGE else config.text_config
    if hasattr(config, "projection_dim"):  # CLIP's towers each have one too, and the hub's are often wrong
        part.projection_dim = config.projection_dim
    return part


def _load_tokenizer(checkpoint: Checkpoint) -> Any:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            checkpoint.folder, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:
        raise _unusable(checkpoint, error) from error
    if tokenizer.pad_token is None:
        raise CheckpointError(
            f"tokenizer_config.json in {checkpoint.folder} names no pad_token. Download the checkpoint again."
        )
    return tokenizer


def _unusable(checkpoint: Checkpoint, error: Exception) -> CheckpointError:
    _log.error("loading %s failed", checkpoint.folder, exc_info=error)
    reason = str(error).strip().partition("\n")[0].rstrip(".:") or type(error).__name__
    return CheckpointError(
        f"The model in {checkpoint.folder} cannot be loaded: {reason}. Download the checkpoint again."
    )


def _run(model: Any, inputs: dict[str, "torch.Tensor"], output: str) -> NDArray[np.float32]:
    import torch

    with torch.inference_mode():
        embeddings = getattr(model(**inputs), output)
        return np.asarray(embeddings.to(torch.float32).cpu().numpy())
