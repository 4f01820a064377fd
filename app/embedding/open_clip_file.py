"""Reads a .pth file of open_clip and writes what it holds as a checkpoint folder of transformers.

A .pth file is a pickle, which can run any code when it is opened, so torch reads it with `weights_only`: its
unpickler knows tensors and plain containers and refuses everything else. Only ever imported in the process
that converts: everything here needs torch.
"""

import json
import pickle
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.embedding.open_clip_models import OPEN_CLIP_MODELS, OpenClipModel, Origin, Target
from app.embedding.weights import TensorEntry, write_weights
from app.errors import CheckpointError

if TYPE_CHECKING:
    import torch

_NAMED = 3  # of wrong tensors in a message
_WRAPPERS = ("state_dict", "model_state_dict", "model")  # under which training scripts keep the weights
_PARALLEL = "module."  # before every name when several GPUs trained the model
_FORBIDDEN = re.compile(r"GLOBAL ([\w.]+)")
_DTYPES = {"float32": "F32", "float16": "F16", "bfloat16": "BF16", "float64": "F64"}

Tensors = Mapping[str, "torch.Tensor"]


def write_checkpoint(
    file: Path, folder: Path, models: tuple[OpenClipModel, ...] = OPEN_CLIP_MODELS
) -> OpenClipModel:
    """Write weights and configuration, but no tokenizer, into `folder`. Raises CheckpointError, OSError.

    Of the file no more than one tensor at a time is held in memory, where its format allows that.
    """
    tensors = _state(_load(file), file)
    model = _recognise(tensors, file, models)
    _check(tensors, model, file)
    targets = list(model.targets(model))
    entries = [_entry(target, tensors) for target in targets]
    write_weights(
        folder / "model.safetensors", entries, (_bytes(target, tensors, file) for target in targets)
    )
    for name, content in model.configuration(model).items():
        (folder / name).write_text(json.dumps(content, indent=1), encoding="utf-8")
    return model


def _load(file: Path) -> Any:
    """Whatever the file holds, tensors left on disk where they can be."""
    import torch

    try:
        with warnings.catch_warnings(action="ignore"):  # what it thinks of strange pickles; it refuses them
            return torch.load(file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file))
    except pickle.UnpicklingError as error:
        raise CheckpointError(_refusal(file, str(error))) from error
    except (RuntimeError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise CheckpointError(
            f"{file} cannot be read as weights: it is damaged, incomplete or something else. "
            "Download the file again from where it was published."
        ) from error


def _refusal(file: Path, reason: str) -> str:
    found = _FORBIDDEN.search(reason)
    if found is None:
        return (
            f"{file} holds no weights: it is damaged or something else. "
            "Download the file again from where it was published."
        )
    return (
        f"{file} was not opened: besides weights it holds {found[1]}, which could run code on this computer. "
        "Choose a file that holds nothing but weights, from where the model was published."
    )


def _state(content: Any, file: Path) -> Tensors:
    """The tensors by open_clip's names."""
    import torch

    for name in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
    if not isinstance(content, Mapping) or not content:
        raise CheckpointError(
            f"{file} holds no weights of a model. Choose the .pth file that its authors published."
        )
    if all(str(name).startswith(_PARALLEL) for name in content):
        content = {str(name).removeprefix(_PARALLEL): value for name, value in content.items()}
    other = [str(name) for name, value in content.items() if not isinstance(value, torch.Tensor)]
    if other:
        raise CheckpointError(
            f"{file} holds things that are no weights: {_some(other)}. "
            "Choose the file with the weights alone, not one for going on with a training."
        )
    return {str(name): value for name, value in content.items()}


def _recognise(tensors: Tensors, file: Path, models: tuple[OpenClipModel, ...]) -> OpenClipModel:
    for model in models:
        if model.marker in tensors:
            return model
    names = " and ".join(model.name for model in models)
    raise CheckpointError(
        f"{file} is a model of a kind that Photosift does not know. Of open_clip's it knows {names}."
    )


def _check(tensors: Tensors, model: OpenClipModel, file: Path) -> None:
    """Every tensor must be there, have its shape, and be accounted for."""
    expected = model.expected()
    missing = [name for name in expected if name not in tensors]
    unknown = [name for name in tensors if name not in expected]
    wrong = [
        f"{name} is {_shape(tensors[name].shape)} instead of {_shape(shape)}"
        for name, shape in expected.items()
        if name in tensors and _squeezed(tensors[name].shape) != _squeezed(shape)
    ]
    odd = [name for name in expected if name in tensors and _dtype(tensors[name]) not in _DTYPES]
    complaints = [
        f"{what} {_some(names)}"
        for what, names in (
            ("it lacks", missing),
            ("it has the unknown", unknown),
            ("of another size:", wrong),
            ("of a type that weights do not have:", odd),
        )
        if names
    ]
    if complaints:
        raise CheckpointError(
            f"{file} is no complete {model.name}: {'; '.join(complaints)}. "
            "Choose the file of that model, or download it again."
        )


def _shape(shape: "tuple[int, ...]") -> str:
    return "×".join(map(str, shape)) or "a single number"


def _squeezed(shape: "tuple[int, ...]") -> tuple[int, ...]:
    """A single number may be stored with or without a dimension."""
    return () if tuple(shape) == (1,) else tuple(shape)


def _some(names: list[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _dtype(tensor: "torch.Tensor") -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _entry(target: Target, tensors: Tensors) -> TensorEntry:
    """All parts of one tensor come from one layer, so they have one type."""
    return TensorEntry(target.name, _DTYPES[_dtype(tensors[target.origins[0].key])], target.shape)


def _bytes(target: Target, tensors: Tensors, file: Path) -> Iterator[bytes]:
    import torch

    dtype = tensors[target.origins[0].key].dtype
    for origin in target.origins:
        part = _part(tensors[origin.key], origin).to(dtype).contiguous()
        if not torch.isfinite(part).all():
            raise CheckpointError(
                f"{file} is damaged: {origin.key} holds values that are no numbers. Download the file again."
            )
        yield part.reshape(-1).view(torch.uint8).numpy().tobytes()


def _part(tensor: "torch.Tensor", origin: Origin) -> "torch.Tensor":
    if origin.rows is not None:
        return tensor[slice(*origin.rows)]
    return tensor.t() if origin.transposed else tensor
