"""Stand-in checkpoints of every family, made once for all tests of this room."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.embedding.checkpoint import Checkpoint, open_checkpoint
from app.embedding.text_export import export_text_tower
from tests.checkpoints import make_checkpoint


@pytest.fixture(scope="session")
def checkpoint_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny checkpoint of a family; never to be changed, copy it first."""
    made: dict[str, Path] = {}

    def make(family: str) -> Path:
        if family not in made:
            folder = tmp_path_factory.mktemp(family) / "checkpoint"
            made[family] = make_checkpoint(folder, family=family)
        return made[family]

    return make


@pytest.fixture(scope="session")
def text_exported(
    checkpoint_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Checkpoint]:
    """A checkpoint with all that texts need without torch; never to be changed, copy it first."""
    made: dict[str, Checkpoint] = {}

    def make(family: str) -> Checkpoint:
        if family not in made:
            folder = tmp_path_factory.mktemp("exported") / family
            shutil.copytree(checkpoint_of(family), folder)
            made[family] = open_checkpoint(str(folder))
            export_text_tower(made[family])
        return made[family]

    return make
