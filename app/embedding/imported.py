"""Turns files of other programs into checkpoints once, in a process of its own, and finds them again.

MCIP models are published as .pth files of open_clip, with neither configuration nor tokenizer. What becomes
of one lies in the user's folder for models and is used like any other checkpoint.
"""

import os
import shutil
import tempfile
from pathlib import Path

from filelock import FileLock

from app.embedding.checkpoint import describe_checkpoint
from app.embedding.fingerprint import file_fingerprint
from app.embedding.hub_cache import ModelFolder
from app.embedding.open_clip_file import write_checkpoint
from app.embedding.open_clip_models import OPEN_CLIP_MODELS, OpenClipModel
from app.errors import CheckpointError, ProcessDiedError
from app.paths import models_folder
from app.service_process import ServiceProcess

_SUFFIXES = (".pth", ".pt")
_UNFINISHED = ".unfinished-"
_GIGABYTE = 1e9


def is_importable(source: str) -> bool:
    """Whether this names a file that `ready_checkpoint` converts."""
    path = Path(source).expanduser()
    return path.suffix.lower() in _SUFFIXES and path.is_file()


def ready_checkpoint(source: str) -> str:
    """What can be opened: a .pth file's converted folder, anything else as it is.

    Converting happens the first time only and takes some seconds to a minute. Raises CheckpointError that
    says what is wrong and what to do.
    """
    if not is_importable(source):
        return source
    file = Path(source).expanduser().absolute()
    try:
        folder = models_folder() / f"{file.stem}-{file_fingerprint(file)[:12]}"
        if not folder.is_dir():
            _convert(file, folder)
    except OSError as error:
        raise CheckpointError(f"{file} cannot be converted: {error.strerror}.") from error
    return str(folder)


def _convert(file: Path, folder: Path) -> None:
    process = ServiceProcess(_Converter, name="import")
    try:
        process.call("convert", file, folder)
    except ProcessDiedError as error:
        raise CheckpointError(
            f"Converting {file.name} ended unexpectedly; perhaps memory ran out. Close other programs and "
            "try again."
        ) from error
    finally:
        process.close(timeout=0)


class _Converter:
    """What runs over there."""

    def convert(self, file: Path, folder: Path) -> None:
        convert(file, folder)


def convert(file: Path, folder: Path, models: tuple[OpenClipModel, ...] = OPEN_CLIP_MODELS) -> None:
    """Make `folder` the checkpoint of `file`, whole or not at all. Raises CheckpointError, OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / ".lock"):  # two programs, one model
        if folder.is_dir():
            return
        for left in folder.parent.glob(f"{_UNFINISHED}*"):  # by a process that was killed
            shutil.rmtree(left)
        _check_room(file, folder.parent)
        unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_UNFINISHED))
        try:
            model = write_checkpoint(file, unfinished, models)
            _bring_tokenizer(model, file, unfinished)
            describe_checkpoint(str(unfinished))
            os.replace(unfinished, folder)
        except BaseException:
            shutil.rmtree(unfinished)
            raise


def _check_room(file: Path, root: Path) -> None:
    needed, free = file.stat().st_size, shutil.disk_usage(root).free
    if free < needed:
        raise CheckpointError(
            f"Converting {file.name} needs {needed / _GIGABYTE:.1f} GB in {root}, but only "
            f"{free / _GIGABYTE:.1f} GB are free. Free some space and try again."
        )


def _bring_tokenizer(model: OpenClipModel, file: Path, folder: Path) -> None:
    """Copy it from beside the file, or from a model in the hub's cache that has the same."""
    places = [file.parent]
    for relative in model.relatives:
        places += sorted((ModelFolder.of(relative).root / "snapshots").glob("*"))
    for place in places:
        for names in model.tokenizer:
            if all((place / name).is_file() for name in names):
                for name in names:
                    shutil.copyfile(place / name, folder / name)
                return
    wanted = " or ".join(" and ".join(names) for names in model.tokenizer)
    relative = model.relatives[0]
    raise CheckpointError(
        f"{file.name} comes without a tokenizer. The one of {relative} is the same: put {wanted} from "
        f"https://huggingface.co/{relative}/tree/main beside the file, and choose the file again."
    )
