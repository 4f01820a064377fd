"""Indexing and searching connect to nothing, seen by the interpreter's own audit of every process."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.checkpoints import make_checkpoint
from tests.connection_record import Attempt, attempts_in, environment_with_record
from tests.homes import ROOT, environment_in


def leaving(folder: Path) -> list[Attempt]:
    return [attempt for attempt in attempts_in(folder) if attempt.leaves_the_machine]


def run_recorded(home: Path, *command: str) -> None:
    environment = environment_with_record({**environment_in(home), "PYTHONPATH": str(ROOT)}, home / "record")
    environment.pop("HF_HUB_OFFLINE")  # it must be the app's own doing
    answer = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert answer.returncode == 0, answer.stderr


@pytest.mark.timeout(400)
def test_indexing_and_searching_connect_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (320, 240), "red").save(tmp_path / "photos" / "red.jpg")
    checkpoint = make_checkpoint(tmp_path / "checkpoint")

    run_recorded(tmp_path, "-m", "app", "index", str(tmp_path / "photos"), "--model", str(checkpoint))
    run_recorded(tmp_path, "-m", "app", "search", "something red")

    recorded = attempts_in(tmp_path / "record")
    assert len({attempt.pid for attempt in recorded}) > 3  # the helpers' processes are recorded, too
    assert leaving(tmp_path / "record") == []


def test_an_attempt_would_be_noticed(tmp_path: Path) -> None:
    script = "import socket\ntry: socket.create_connection(('192.0.2.1', 9), 0.05)\nexcept OSError: pass"

    run_recorded(tmp_path, "-c", script)

    assert [attempt.event for attempt in leaving(tmp_path / "record")] == [
        "socket.getaddrinfo",
        "socket.connect",
    ]


@pytest.mark.parametrize(
    ("event", "target", "leaves"),
    [
        ("socket.connect", "('127.0.0.1', 80)", False),
        ("socket.connect", "('::1', 80, 0, 0)", False),
        ("socket.connect", "('8.8.8.8', 53)", True),
        ("socket.connect", "'/run/user/1000/bus'", False),
        ("socket.getaddrinfo", "'huggingface.co'", True),
        ("socket.getaddrinfo", "'localhost'", False),
        ("socket.bind", "('0.0.0.0', 0)", False),
    ],
)
def test_only_what_leaves_the_machine_counts(event: str, target: str, leaves: bool) -> None:
    assert Attempt(event, target, 1, "").leaves_the_machine is leaves
