"""Rows of the token table, read from the file: exactly the stored numbers, whatever their type."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.embedding.token_rows import TABLE, TokenRows
from app.embedding.weights import TensorEntry, write_weights
from app.errors import CheckpointError
from tests.checkpoints import make_checkpoint


def table_file(folder: Path, dtype: str, raw: np.ndarray) -> Path:
    """A checkpoint's weights with a table before and one behind the one that is asked for."""
    shape = raw.shape
    entries = [TensorEntry(name, dtype, shape) for name in ("before", TABLE, "behind")]
    noise = np.full(raw.shape, 7, raw.dtype)
    write_weights(folder / "model.safetensors", entries, [[part.tobytes()] for part in (noise, raw, noise)])
    return folder


def numbers() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_every_number_is_the_stored_one(dtype: str, tmp_path: Path) -> None:
    import torch

    types = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    table = torch.from_numpy(numbers()).to(types[dtype])
    raw = table.view(torch.int16).numpy() if dtype == "BF16" else table.numpy()
    rows = TokenRows(table_file(tmp_path, dtype, raw))
    ids = np.array([[3, 49, 0], [3, 3, 12]])
    found = rows.of(ids)
    assert found.dtype == np.float32
    assert np.array_equal(found, table.to(torch.float32).numpy()[ids])


def test_a_table_in_one_of_several_files_is_found(tmp_path: Path) -> None:
    from safetensors import safe_open

    folder = make_checkpoint(tmp_path / "sharded", max_shard_size="100KB")
    shards = sorted(folder.glob("model-*.safetensors"))
    assert len(shards) > 1
    tables = []
    for shard in shards:
        with safe_open(shard, "np") as file:
            tables += [file.get_tensor(name) for name in file.keys() if name == TABLE]  # noqa: SIM118
    ids = np.array([[1, 17, 4]])
    assert np.array_equal(TokenRows(folder).of(ids), tables[0][ids])


def test_a_token_beyond_the_table_names_the_tokenizer(tmp_path: Path) -> None:
    rows = TokenRows(table_file(tmp_path, "F32", numbers()))
    with pytest.raises(CheckpointError, match=r"tokenizer in .* is not the one of its weights"):
        rows.of(np.array([[50]]))


def _touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def _truncate(path: Path) -> None:
    status = path.stat()
    path.write_bytes(path.read_bytes()[:-1300])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("change", [_touch, _truncate])
def test_rows_of_a_file_that_changed_are_not_mixed_with_the_old_model(
    change: Callable[[Path], None], tmp_path: Path
) -> None:
    rows = TokenRows(table_file(tmp_path, "F32", numbers()))
    change(tmp_path / "model.safetensors")
    with pytest.raises(CheckpointError, match="has changed"):
        rows.of(np.array([[49]]))


def test_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    rows = TokenRows(table_file(tmp_path, "F32", numbers()))
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="cannot be read: No such file"):
        rows.of(np.array([[0]]))


def test_a_table_of_unknown_numbers_is_refused(tmp_path: Path) -> None:
    entries = [TensorEntry(TABLE, "F64", (2, 2))]
    write_weights(tmp_path / "model.safetensors", entries, [[bytes(32)]])
    with pytest.raises(CheckpointError, match="F64"):
        TokenRows(tmp_path)
