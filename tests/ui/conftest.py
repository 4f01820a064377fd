"""What every test of the window shares: no display, a palette of its own, threads that end."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeLibraryService, fake_services
from window_driver import open_window, window  # noqa: F401 - fixtures

from app.bootstrap import Services
from app.ui.task_runner import TaskRunner


@pytest.fixture
def task_runner(qapp: object) -> Iterator[TaskRunner]:
    """A runner whose threads have ended when the test has."""
    runner = TaskRunner()
    yield runner
    runner.close()


@pytest.fixture
def library() -> FakeLibraryService:
    """Two hundred photos in one folder."""
    return FakeLibraryService()


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """Fake services around two hundred photos, with settings in a temporary folder."""
    return fake_services(tmp_path)
