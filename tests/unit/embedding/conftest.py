"""Stand-in checkpoints of every family, made once for all tests of this room."""

from collections.abc import Callable
from pathlib import Path

import pytest

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
