"""The ways in which a checkpoint's pictures can be computed on the processor, one after the other."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from app.embedding.checkpoint import open_checkpoint
from app.embedding.export import exports_of
from app.embedding.exported_tower import can_be_exported, export_image_tower


def image_runtimes(folder: Path) -> Iterator[str]:
    """ "torch", then "openvino" where there is one; whoever opens the checkpoint meanwhile runs on it."""
    checkpoint = open_checkpoint(str(folder))
    shutil.rmtree(exports_of(checkpoint), ignore_errors=True)  # by another run
    yield "torch"
    if can_be_exported(checkpoint):
        export_image_tower(checkpoint)
        yield "openvino"
