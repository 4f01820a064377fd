"""Loads one half of a dual encoder through transformers and runs it, in torch."""

import copy
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.domain.model import Tower
from app.embedding.checkpoint import Checkpoint
from app.embedding.devices import use_physical_cores
from app.embedding.token_ids import unusable
from app.embedding.token_rows import TABLE, TokenRows
from app.errors import CheckpointError

if TYPE_CHECKING:
    import torch

_OWN = {
    Tower.IMAGE: ("vision_model.", "visual_projection", "encoder."),
    Tower.TEXT: ("text_model.", "text_projection", "encoder."),
}

# transformers switches off weight initialisation for the whole process while it loads a model.
_loading = threading.Lock()

_TABLE_END = "token_embedding.weight"


def load_model(checkpoint: Checkpoint, tower: Tower) -> Any:
    """One tower's weights in float32 on the CPU; rows of the token table are read when they are needed.

    Raises CheckpointError when they do not fit.
    """
    with _loading:
        import torch
        import transformers

        transformers.utils.logging.set_verbosity_error()  # it would report the other tower as unexpected
        transformers.utils.logging.disable_progress_bar()
        use_physical_cores()
        try:
            config = _tower_config(checkpoint, tower)
            model, report = getattr(transformers, checkpoint.family.classes[tower]).from_pretrained(
                checkpoint.folder,
                config=_without_table(config) if tower is Tower.TEXT else config,
                dtype=torch.float32,
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # reported below, in words of ours
            )
        except Exception as error:
            raise unusable(checkpoint, error) from error
    if tower is Tower.TEXT:
        _put_table_aside(checkpoint, model, config, report)
    _check_complete(checkpoint, tower, report)
    return model.eval().requires_grad_(False)


def _without_table(config: Any) -> Any:
    """A table of another size is passed over by transformers, and so is never in memory."""
    reduced = copy.deepcopy(config)
    reduced.vocab_size = 1
    return reduced


def _put_table_aside(checkpoint: Checkpoint, model: Any, config: Any, report: dict[str, Any]) -> None:
    """Give the model rows of the file instead of a table of its own."""
    import torch

    rows = TokenRows(checkpoint.folder)
    stored, wanted = (rows.count, rows.dim), (config.vocab_size, config.hidden_size)
    found = {each for each in report["mismatched_keys"] if each[0].endswith(_TABLE_END)}
    report["mismatched_keys"] = set(report["mismatched_keys"]) - found
    if stored != wanted:
        report["mismatched_keys"].add((TABLE, stored, wanted))

    class RowsOfFile(torch.nn.Module):  # here, since torch is not imported before
        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            like = places.weight
            return torch.from_numpy(rows.of(ids.cpu().numpy())).to(like.device, like.dtype)

    embeddings = next(part for part in model.modules() if hasattr(part, "token_embedding"))
    places = embeddings.position_embedding
    embeddings.token_embedding = RowsOfFile()


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


def run_model(model: Any, inputs: dict[str, "torch.Tensor"], output: str) -> "torch.Tensor":
    """(n, dim) float32 on the model's device, which may still be at it."""
    import torch

    with torch.inference_mode():
        embeddings: torch.Tensor = getattr(model(**inputs), output)
        return embeddings.to(torch.float32)
