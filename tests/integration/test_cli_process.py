"""The command line as the shell meets it: interrupted, cut short, and piped."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.indexing_process import read_contents
from tests.homes import ROOT, environment_in
from tests.indexing_rig import make_photo, wait_for
from tests.library_seed import seed_library

termios = pytest.importorskip("termios")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and pipes of POSIX")

_PATIENCE_SECONDS = 60.0
_INTERRUPTED = 130


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Tests that were started in the background ignore Ctrl+C, and so would whatever they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@contextmanager
def photosift(home: Path, *arguments: str, stderr: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    """Running in a group of its own, as a shell would have it; nothing of it is left at the end."""
    command = [sys.executable, "-m", "app", "--library", str(home / "library"), *arguments]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment_in(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def photos_in(folder: Path, count: int) -> Path:
    for number in range(count):
        make_photo(folder / f"{number:04d}.jpg", number)
    return folder


def test_ctrl_c_ends_indexing_and_keeps_what_was_done(tmp_path: Path) -> None:
    folder, database = photos_in(tmp_path / "photos", 600), tmp_path / "library" / "library.db"

    def taken_in() -> int:
        return sum(state == "ready" for state in read_contents(database).photos.values())

    with photosift(tmp_path, "index", str(folder)) as process:
        wait_for(lambda: taken_in() > 0, "the first photos are in", _PATIENCE_SECONDS)
        os.killpg(process.pid, signal.SIGINT)  # a terminal tells the helpers too
        _, said = process.communicate(timeout=_PATIENCE_SECONDS)
    assert process.returncode == _INTERRUPTED
    assert said.splitlines()[-1] == "photosift: interrupted; what was done is kept"
    assert "Traceback" not in said
    assert len(read_contents(database).photos) == 600
    assert taken_in() > 0


def test_ctrl_c_while_the_program_starts_is_no_traceback(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "import app.__main__ as program\n"
        "def interrupt(): os.kill(os.getpid(), signal.SIGINT)\n"
        "program._go_offline = interrupt\n"
        "sys.exit(program.main(['status']))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT, env=environment_in(tmp_path), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (answer.returncode, answer.stdout, answer.stderr) == (_INTERRUPTED, "", "")


def test_a_reader_that_has_seen_enough_ends_a_search_quietly(tmp_path: Path) -> None:
    seed_library(tmp_path / "library" / "library.db", 3000)
    with photosift(tmp_path, "search", "img", "--limit", "3000") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "IMG_" in process.stdout.readline()
        process.stdout.close()  # as `| head -1` does, while more is coming than a pipe holds
        said = process.stderr.read()
        assert process.wait(_PATIENCE_SECONDS) == 0
    assert "Traceback" not in said
    assert "Broken pipe" not in said


@pytest.mark.parametrize("terminal", [False, True])
def test_progress_is_drawn_on_a_terminal_only(tmp_path: Path, terminal: bool) -> None:
    folder = photos_in(tmp_path / "photos", 3)
    ours, theirs = os.openpty() if terminal else os.pipe()
    if terminal:
        termios.tcsetwinsize(theirs, (24, 80))
    with photosift(tmp_path, "index", str(folder), stderr=theirs) as process:
        os.close(theirs)
        said = _all_from(ours)
        answer, _ = process.communicate(timeout=_PATIENCE_SECONDS)
    assert process.returncode == 0
    assert answer == "3 photos, 0 of them found by what is in them.\n"
    assert ("photo/s" in said) is terminal
    assert ("\r" in said.replace("\r\n", "\n")) is terminal


def _all_from(handle: int) -> str:
    """Everything until the other end is closed, which a terminal tells as an error."""
    parts: list[bytes] = []
    try:
        while part := os.read(handle, 4096):
            parts.append(part)
    except OSError:
        pass
    finally:
        os.close(handle)
    return b"".join(parts).decode()
