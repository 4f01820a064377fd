"""The log file and what of it reaches the terminal."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import logs

pytestmark = pytest.mark.expects_log_warnings


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield root
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def test_everything_goes_to_the_file_and_only_warnings_to_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(tmp_path / "logs")

    logging.getLogger("app.somewhere").info("a detail")
    logging.getLogger("app.somewhere").warning("a warning")

    written = (tmp_path / "logs" / "photosift.log").read_text(encoding="utf-8")
    assert "INFO app.somewhere a detail" in written
    assert "WARNING app.somewhere a warning" in written
    assert capsys.readouterr().err == "photosift: a warning\n"


def test_verbose_sends_everything_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(None, verbose=True)

    logging.getLogger("app.somewhere").info("a detail")

    assert "INFO app.somewhere a detail" in capsys.readouterr().err


def test_a_name_with_undecodable_bytes_is_logged(tmp_path: Path) -> None:
    logs.configure(tmp_path)

    logging.getLogger("app.somewhere").info("read %s", "caf\udce9.jpg")

    assert r"caf\udce9.jpg" in (tmp_path / "photosift.log").read_text(encoding="utf-8")


def test_a_log_folder_that_cannot_be_made_is_a_warning_and_nothing_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")

    logs.configure(tmp_path / "file" / "logs")

    assert "No log file" in capsys.readouterr().err
