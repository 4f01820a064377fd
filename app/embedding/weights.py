"""Reads what a checkpoint's safetensors files say about themselves, and writes such files, without torch.

The format: eight bytes with the header's length (little endian), the header as JSON, then the tensors' bytes
(https://github.com/huggingface/safetensors#format).
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from app.errors import CheckpointError

_SINGLE = "model.safetensors"
_INDEX = "model.safetensors.index.json"
_PICKLED = ("pytorch_model.bin", "pytorch_model.bin.index.json")
_LENGTH_BYTES = 8
_LONGEST_HEADER = 100_000_000  # the format's own limit
_WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}  # bytes of one number
_SCALARS = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}


@dataclass(frozen=True, slots=True)
class _Tensor:
    """Where one tensor lies."""

    path: Path
    dtype: str
    shape: tuple[int, ...]
    start: int  # offset in the file
    end: int


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """A tensor to be written."""

    name: str
    dtype: str  # as safetensors names it: "F32"
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return prod(self.shape) * _WIDTHS[self.dtype]


@dataclass(frozen=True, slots=True)
class Weights:
    """The weight files of a checkpoint and the tensors in them."""

    paths: tuple[Path, ...]
    tensors: Mapping[str, _Tensor]

    def shape(self, name: str) -> tuple[int, ...] | None:
        """The shape of a tensor; None when there is none of that name."""
        tensor = self.tensors.get(name)
        return tensor.shape if tensor else None

    def scalar(self, name: str) -> float | None:
        """The value of a tensor with one element; None when there is none of that name."""
        tensor = self.tensors.get(name)
        return _read_scalar(tensor) if tensor else None


def read_weights(folder: Path) -> Weights:
    """The weights of the checkpoint in `folder`. Raises CheckpointError when they are missing or partial."""
    paths = _weight_files(folder)
    tensors: dict[str, _Tensor] = {}
    for path in paths:
        tensors |= _read_header(path)
    return Weights(paths, tensors)


def write_weights(path: Path, entries: Sequence[TensorEntry], contents: Iterable[Iterable[bytes]]) -> None:
    """Write a safetensors file piece by piece, so that no more than a piece is ever in memory.

    `contents`: for each entry, in order, the pieces of its bytes. Raises OSError, ValueError.
    """
    header, end = {}, 0
    for entry in entries:
        header[entry.name] = {
            "dtype": entry.dtype,
            "shape": list(entry.shape),
            "data_offsets": [end, end + entry.size],
        }
        end += entry.size
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    text += b" " * (-len(text) % _LENGTH_BYTES)  # tensors begin aligned
    with path.open("wb") as file:
        file.write(len(text).to_bytes(_LENGTH_BYTES, "little") + text)
        for entry, pieces in zip(entries, contents, strict=True):
            written = sum(file.write(piece) for piece in pieces)
            if written != entry.size:
                raise ValueError(f"{entry.name} has {written} bytes instead of {entry.size}")
        file.flush()
        os.fsync(file.fileno())


def header_length(path: Path) -> int:
    """Bytes before the first tensor's."""
    with path.open("rb") as file:
        return _LENGTH_BYTES + int.from_bytes(file.read(_LENGTH_BYTES), "little")


def _weight_files(folder: Path) -> tuple[Path, ...]:
    if (folder / _SINGLE).is_file():
        return (folder / _SINGLE,)
    if (folder / _INDEX).is_file():
        return _shards(folder)
    if any((folder / name).is_file() for name in _PICKLED):
        raise CheckpointError(
            f"The checkpoint in {folder} has its weights only as pytorch_model.bin, which can run code "
            f"when it is opened. Download the same model with {_SINGLE}."
        )
    raise CheckpointError(
        f"The weights are missing: there is no {_SINGLE} in {folder}. Download the checkpoint again."
    )


def _shards(folder: Path) -> tuple[Path, ...]:
    try:
        names = sorted(set(json.loads((folder / _INDEX).read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise CheckpointError(
            f"{_INDEX} in {folder} cannot be read. Download the checkpoint again."
        ) from error
    if any(Path(name).name != name for name in names):
        raise CheckpointError(
            f"{_INDEX} in {folder} names files of other folders. Download the checkpoint from its own page."
        )
    missing = [name for name in names if not (folder / name).is_file()]
    if missing or not names:
        raise CheckpointError(
            f"Of the weights in {folder} these files are missing: {', '.join(missing) or 'all'}. "
            "Download the checkpoint again."
        )
    return tuple(folder / name for name in names)


def _read_header(path: Path) -> dict[str, _Tensor]:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            if not 2 <= length <= min(_LONGEST_HEADER, size - _LENGTH_BYTES):
                raise CheckpointError(_no_weights(path))
            header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        first = _LENGTH_BYTES + length
        tensors = {name: _tensor(path, entry, first) for name, entry in header.items()}
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(_no_weights(path)) from error
    expected = max((tensor.end for tensor in tensors.values()), default=first)
    if size < expected:
        raise CheckpointError(
            f"{path} is incomplete: it has {size:,} of {expected:,} bytes. Download the checkpoint again."
        )
    return tensors


def _tensor(path: Path, entry: Mapping[str, object], first: int) -> _Tensor:
    shape, offsets, dtype = entry["shape"], entry["data_offsets"], str(entry["dtype"])
    if not isinstance(shape, list) or not isinstance(offsets, list):
        raise TypeError("a tensor's shape and offsets are lists")
    start, end = offsets
    if not all(isinstance(number, int) and number >= 0 for number in (*shape, start, end)):
        raise ValueError("a tensor's shape and offsets are numbers from 0")
    if dtype in _WIDTHS and end - start != prod(shape) * _WIDTHS[dtype]:
        raise ValueError("a tensor's bytes are as many as its shape says")
    return _Tensor(path, dtype, tuple(shape), first + start, first + end)


def _no_weights(path: Path) -> str:
    return (
        f"{path} holds no weights: it is damaged, or only a pointer left by a download without git-lfs. "
        "Download the checkpoint again."
    )


def _read_scalar(tensor: _Tensor) -> float:
    if tensor.dtype not in _WIDTHS or prod(tensor.shape) != 1:
        raise CheckpointError(
            f"{tensor.path} holds weights that are not supported: {tensor.dtype} where one number belongs. "
            "Choose a checkpoint in float32, float16 or bfloat16."
        )
    with tensor.path.open("rb") as file:
        file.seek(tensor.start)
        raw = file.read(tensor.end - tensor.start)
    if tensor.dtype == "BF16":  # the upper half of a float32
        return float(np.frombuffer(b"\0\0" + raw, "<f4")[0])
    return float(np.frombuffer(raw, _SCALARS[tensor.dtype])[0])
