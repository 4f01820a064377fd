"""One library, all the way through real processes and a real, tiny checkpoint."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkpoints import make_checkpoint
from tests.homes import ROOT, environment_in
from tests.unit.services.service_parts import picture

_SECONDS = 300
_COLOURS = ("red", "green", "blue", "yellow", "white", "black")


class Machine:
    """A home with a library, and the command."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.photos = root / "photos"
        self.library = root / "library"

    def photosift(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "app", "--library", str(self.library), *arguments],
            cwd=ROOT, env=environment_in(self.root / "home"), capture_output=True, text=True, check=False,
            timeout=_SECONDS,
        )  # fmt: skip

    def search(self, *arguments: str) -> list[dict]:
        answer = self.photosift("search", "--json", *arguments)
        assert answer.returncode == 0, answer.stderr
        return [json.loads(line) for line in answer.stdout.splitlines()]

    def embeddings(self) -> list[tuple]:
        """What is stored, by whom and when."""
        connection = sqlite3.connect(self.library / "library.db")
        try:
            return connection.execute(
                "SELECT id, content_key, created_at, runtime, device FROM embeddings ORDER BY id"
            ).fetchall()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny")


@pytest.mark.timeout(600)
def test_a_folder_is_indexed_searched_and_nothing_is_embedded_again(tmp_path, checkpoint):
    machine = Machine(tmp_path)
    for colour in _COLOURS:
        picture(machine.photos / f"{colour}.jpg", colour)
    shutil.copy(machine.photos / "red.jpg", machine.photos / "copy of red.jpg")
    (machine.photos / "blue.jpg").rename(os.fsdecode(os.fsencode(machine.photos) + b"/bl\xffue.jpg"))
    for name, content in {"empty.jpg": b"", "cut.jpg": b"\xff\xd8\xff\xe0\x00", "text.png": b"hello"}.items():
        (machine.photos / name).write_bytes(content)

    first = machine.photosift("index", str(machine.photos), "--model", str(checkpoint))

    assert first.returncode == 0, first.stderr
    assert "7 photos, 7 of them found by what is in them" in first.stdout
    for damaged in ("empty.jpg: ", "cut.jpg: ", "text.png: "):
        assert damaged in first.stderr
    assert "Traceback" not in first.stderr
    stored = machine.embeddings()
    assert len(stored) == 6  # the copy shares one

    found = machine.search("red", "--limit", "9")
    like_red = machine.search("--image", str(machine.photos / "red.jpg"), "--limit", "2")
    assert {Path(photo["path"]).name for photo in like_red} == {"red.jpg", "copy of red.jpg"}

    (machine.photos / "sub").mkdir()
    again = machine.photosift("index", str(machine.photos / "sub"))
    assert again.returncode == 0, again.stderr
    assert machine.embeddings() == stored
    assert machine.search("red", "--limit", "9") == found


@pytest.mark.photos
@pytest.mark.timeout(900)
def test_real_photos_go_the_same_way(tmp_path, checkpoint, camera_photos):
    machine = Machine(tmp_path)
    machine.photos = camera_photos

    first = machine.photosift("index", str(camera_photos), "--model", str(checkpoint))
    assert first.returncode == 0, first.stderr
    assert int(first.stdout.split()[0]) >= 300
    stored = machine.embeddings()
    found = machine.search("a dog on the beach", "--limit", "50")

    assert machine.photosift("index").returncode == 0
    assert machine.embeddings() == stored
    assert machine.search("a dog on the beach", "--limit", "50") == found
