"""Towers as OpenVINO models on disk: made once from torch, and looked at before they are believed.

An export is a folder: the model (`model.xml`, `model.bin`), one input with the output that belongs to it
(`probe.npz`) and a manifest that says what it was made of. It appears whole or not at all. One that is
damaged, of another checkpoint or by another OpenVINO is as good as none, and is made again.
"""

import errno
import hashlib
import json
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from app.embedding.checkpoint import Checkpoint
from app.embedding.openvino_model import Arrays, OpenVinoModel, load_openvino, openvino_version
from app.errors import EncoderError
from app.paths import exports_folder, resource

if TYPE_CHECKING:
    import torch

_log = logging.getLogger(__name__)

SMALLEST_COSINE = 0.9999  # of an export in float32 to torch

_FORMAT = 2  # since 2 the first layer of an image tower is a matrix product
_MODEL, _WEIGHTS, _PROBE, _MANIFEST = "model.xml", "model.bin", "probe.npz", "manifest.json"
_EXPECTED = "expected output"
_UNFINISHED = ".unfinished-"
_DRIFT = 0.9999  # the cosine with which an export must still give what it gave when it was made,
_REDUCED_DRIFT = 0.97  # and of noise in a precision that is held against float32 elsewhere, on photos


@dataclass(frozen=True, slots=True)
class Made:
    """What an export was made of. Where one of these differs, it is another model's."""

    identity: str  # of the model: checkpoint and preprocessing
    tower: str
    precision: str = "float32"  # of the weights

    def manifest(self) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "identity": self.identity,
            "tower": self.tower,
            "precision": self.precision,
            "openvino": openvino_version(),
        }


def exports_of(checkpoint: Checkpoint) -> Path:
    """Where the exports of a checkpoint lie: beside it where that is the user's own, else with our data."""
    if _is_own(checkpoint.folder):
        return checkpoint.folder / "photosift-openvino"
    return exports_folder() / checkpoint.spec.identity


def export_module(
    module: "torch.nn.Module",
    example: "Mapping[str, torch.Tensor]",
    folder: Path,
    made: Made,
    *,
    expected: NDArray[np.float32] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
) -> None:
    """Write what `module(**example)` computes as the export `folder`, in float32.

    `example` is also what the export is verified with, against torch, so it should make every weight count;
    `expected` is what must come out of it, where the module itself is to be verified, too.
    `shapes`, with -1 for any length, are those of the example with a batch of any length unless given.
    Raises EncoderError when OpenVINO cannot do it or computes something else, OSError when the disk refuses.
    """
    import torch

    openvino = load_openvino()
    if expected is None:
        with torch.inference_mode():
            expected = module(**example).to(torch.float32).numpy()
    any_batch = {name: (-1, *tensor.shape[1:]) for name, tensor in example.items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch, about its tracing, which OpenVINO relies on
            model = openvino.convert_model(module, example_input=dict(example))
        model.reshape({name: list(shape) for name, shape in {**any_batch, **(shapes or {})}.items()})
    except Exception as error:
        raise EncoderError(f"The model could not be exported to OpenVINO: {error}") from error
    write_export(model, {name: tensor.numpy() for name, tensor in example.items()}, expected, folder, made)


def write_export(
    model: Any,
    probe: Arrays,
    expected: NDArray[np.float32],
    folder: Path,
    made: Made,
    smallest_cosine: float = SMALLEST_COSINE,
) -> None:
    """Store an OpenVINO model which gives about `expected` for `probe`. Raises EncoderError, OSError."""
    openvino = load_openvino()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / ".lock"):  # two programs, one model
        for left in folder.parent.glob(f"{_UNFINISHED}*"):  # by a process that was killed
            shutil.rmtree(left)
        unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_UNFINISHED))
        try:
            try:
                half = made.precision == "bfloat16"  # float32 weights would stay in memory beside those
                openvino.save_model(model, unfinished / _MODEL, compress_to_fp16=half)
            except RuntimeError as error:
                raise OSError(errno.EIO, "the disk is full or refuses") from error
            found = OpenVinoModel(unfinished / _MODEL, made.precision).run(probe)
            cosine = smallest(expected, found)
            if not cosine >= smallest_cosine:
                raise EncoderError(f"OpenVINO computes other embeddings than torch: cosine {cosine:.6f}.")
            arrays: dict[str, Any] = {**probe, _EXPECTED: found}
            np.savez(unfinished / _PROBE, **arrays)
            _write_manifest(unfinished, {**made.manifest(), "cosine": cosine})
            if folder.exists():
                shutil.rmtree(folder)
            os.replace(unfinished, folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise


def is_made(folder: Path, made: Made) -> bool:
    """Whether the export says that it is this one; a quick look, without OpenVINO."""
    try:
        return _read_manifest(folder, made) is not None
    except (OSError, ValueError, AttributeError):
        return False


def open_export(folder: Path, made: Made, precision: str = "float32") -> OpenVinoModel | None:
    """The export, ready to run; None, with the reason in the log, when there is none that can be trusted.

    Reads all of it: some tenths of a second. Raises EncoderError when OpenVINO cannot be used here.
    """
    reason = _reason_against(folder, made)
    if reason is None:
        model = OpenVinoModel(folder / _MODEL, precision)
        with np.load(folder / _PROBE) as probe:
            expected = probe[_EXPECTED]
            found = model.run({name: probe[name] for name in probe.files if name != _EXPECTED})
        cosine = smallest(expected, found)
        if cosine >= (_DRIFT if precision == made.precision else _REDUCED_DRIFT):
            return model
        reason = f"it gives other embeddings than when it was made: cosine {cosine:.6f}"
    if folder.exists():
        _log.warning("the export %s is not used: %s", folder, reason)
    return None


def smallest(expected: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    """The smallest cosine of rows that belong together; NaN and another shape count as -1."""
    if expected.shape != found.shape:
        return -1.0
    products = (expected.astype(np.float64) * found).sum(axis=-1)
    lengths = np.linalg.norm(expected, axis=-1) * np.linalg.norm(found, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.nan_to_num(products / lengths, nan=-1.0).min())


def _is_own(folder: Path) -> bool:
    """Not what came with Photosift, and nothing that belongs to somebody else."""
    if folder.is_relative_to(resource("")) or not os.access(folder, os.W_OK | os.X_OK):
        return False
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def _reason_against(folder: Path, made: Made) -> str | None:
    try:
        manifest = _read_manifest(folder, made)
        if manifest is None:
            return "it was made of something else"
        damaged = _damaged_file(folder, manifest)
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        return f"it cannot be read: {error}"
    if damaged is None:
        return None
    _take_back(folder, made)
    return f"{damaged} is damaged"


def _damaged_file(folder: Path, manifest: Mapping[str, Any]) -> str | None:
    """The first that is another than when it was made, or that is gone."""
    for name in (_MODEL, _WEIGHTS, _PROBE):
        try:
            if manifest["files"][name] != digest(folder / name):
                return name
        except (FileNotFoundError, KeyError, TypeError):  # the last two: the manifest itself is
            return name
    return None


def _take_back(folder: Path, made: Made) -> None:
    """Remove the manifest of a damaged export: while it says that all is there, nobody makes it again."""
    try:
        with FileLock(folder.parent / ".lock", timeout=0):
            manifest = _read_manifest(folder, made)  # it may have been replaced this moment
            if manifest is not None and _damaged_file(folder, manifest) is not None:
                (folder / _MANIFEST).unlink()
    except (OSError, ValueError) as error:  # somebody makes an export, or nothing may be written
        _log.info("the damaged export %s stays as it is: %s", folder, error)


def _read_manifest(folder: Path, made: Made) -> dict[str, Any] | None:
    """None when it is of something else. Raises OSError, and ValueError and its like when damaged."""
    manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    if any(manifest.get(name) != value for name, value in made.manifest().items()):
        return None
    return manifest


def _write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """The last file: it vouches for the others, which are on the disk by then."""
    files = {name: digest(folder / name) for name in (_MODEL, _WEIGHTS, _PROBE)}
    (folder / _MANIFEST).write_text(json.dumps({**facts, "files": files}, indent=1), encoding="utf-8")
    for name in (*files, _MANIFEST):
        with (folder / name).open("rb+") as file:
            os.fsync(file.fileno())


def digest(path: Path) -> str:
    """Of all its bytes. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20)).hexdigest()
