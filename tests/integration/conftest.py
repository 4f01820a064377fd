"""A rig for every test that asks, ended when the test is over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_encoder import FakeEncoder
from tests.indexing_rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    built = Rig(tmp_path)
    yield built
    built.close()


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()
