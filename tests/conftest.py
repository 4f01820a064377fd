"""What holds for every test: nothing of the developer's own is seen, nothing lasts, nothing warns."""

import logging
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_THREAD_GRACE_SECONDS = 5.0


def pytest_configure(config: pytest.Config) -> None:
    """Set what Qt and the hub's client read once, when they are imported."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # on a busy machine two threads wait for each other
    hub = tempfile.mkdtemp(prefix="photosift-test-hub-")
    config.add_cleanup(lambda: shutil.rmtree(hub, ignore_errors=True))
    os.environ.update(HF_HOME=hub, HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")


@pytest.fixture(autouse=True)
def home_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, library, logs and caches live below a folder of this test."""
    home = tmp_path_factory.mktemp("home")
    folders = {
        "HOME": home,
        "USERPROFILE": home,
        "APPDATA": home / "AppData/Roaming",
        "LOCALAPPDATA": home / "AppData/Local",
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_DATA_HOME": home / ".local/share",
        "XDG_STATE_HOME": home / ".local/state",
        "XDG_CACHE_HOME": home / ".cache",
    }
    for name, folder in folders.items():
        monkeypatch.setenv(name, str(folder))
    return home


@pytest.fixture(autouse=True)
def clipboard_is_left_empty() -> Iterator[None]:
    """What a test copied is gone after it; with something there, the offscreen platform crashes at exit."""
    yield
    qt = sys.modules.get("PySide6.QtGui")  # most tests have no window, and must not load Qt for this
    if qt is not None and qt.QGuiApplication.instance() is not None:
        qt.QGuiApplication.clipboard().clear()


@pytest.fixture(autouse=True)
def threads_end_with_their_test() -> Iterator[None]:
    """No thread that would keep the program alive outlives the test that started it."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + _THREAD_GRACE_SECONDS
    for thread in _lasting(before):
        thread.join(max(0.0, deadline - time.monotonic()))
    left = [thread.name for thread in _lasting(before)]
    assert not left, f"still running after the test: {', '.join(left)}"


def _lasting(before: set[threading.Thread]) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]


@pytest.fixture(autouse=True)
def logging_is_put_back() -> Iterator[None]:
    """A test that runs a command sets logging up; its handlers must not write into the next test."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


@pytest.fixture(autouse=True)
def logs_stay_quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    """A warning in the log fails the test, unless it reads the log (caplog) or is marked for it."""
    expected = "caplog" in request.fixturenames or request.node.get_closest_marker("expects_log_warnings")
    if expected:
        yield
        return
    handler = _Warnings()
    root = logging.getLogger()
    root.addHandler(handler)
    yield
    root.removeHandler(handler)
    assert not handler.messages, "unexpected warnings in the log:\n" + "\n".join(handler.messages)


class _Warnings(logging.Handler):
    """Collects what our own code and its libraries warn about."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture
def camera_photos() -> Path:
    """The folder of real camera files; the test is skipped where there is none."""
    folder = os.environ.get("PHOTOSIFT_TEST_PHOTOS")
    if not folder:
        pytest.skip("PHOTOSIFT_TEST_PHOTOS names no folder of real photos")
    return Path(folder)
