"""`photosift demo` on the command line."""

from pathlib import Path

import pytest

import app.ui.application
from app.__main__ import main
from app.paths import DemoPaths, settings_file
from app.settings import SettingsStore


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, bool]]:
    """Settings file and kind of every window that would have been opened."""
    opened: list[tuple[Path, bool]] = []

    def run_window(open_services: object, store: SettingsStore, *, library: Path, demo: bool = False) -> int:
        opened.append((store.path, demo))
        return 0

    monkeypatch.setattr(app.ui.application, "run_window", run_window)
    return opened


def test_it_opens_the_window_of_the_demonstration(windows: list[tuple[Path, bool]]) -> None:
    assert main(["demo"]) == 0
    assert windows == [(DemoPaths.default().settings, True)]


def test_without_it_the_users_own_window_opens(windows: list[tuple[Path, bool]]) -> None:
    assert main([]) == 0
    assert windows == [(settings_file(), False)]


def test_its_library_is_opened_as_the_demonstration_by_path_too(windows: list[tuple[Path, bool]]) -> None:
    assert main(["--library", str(DemoPaths.default().library.root)]) == 0
    assert windows == [(DemoPaths.default().settings, True)]


def test_it_says_where_its_library_is_for_the_other_commands(
    capsys: pytest.CaptureFixture[str], windows: list[tuple[Path, bool]]
) -> None:
    assert main(["demo", "--where"]) == 0
    assert capsys.readouterr().out == f"{DemoPaths.default().library.root}\n"
    assert not windows
    assert not DemoPaths.default().root.exists()


def test_another_library_cannot_be_the_demonstration(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--library", "/somewhere", "demo"])

    assert "leave --library away" in capsys.readouterr().err
