"""An index beside a program that keeps its files."""

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.domain.model import Embeddings
from app.errors import VectorIndexError
from app.vector_index.files import replace_atomically
from app.vector_index.vector_store import VectorStore
from tests.unit.vector_index.conftest import IDENTITY

OpenStore = Callable[..., VectorStore]
Maker = Callable[..., Embeddings]

_LABELS = np.arange(1, 41)


def _files(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_one_that_only_reads_changes_no_file(
    open_store: OpenStore, embeddings: Maker, tmp_path: Path
) -> None:
    keeper = open_store()
    keeper.add(_LABELS, embeddings(40))
    keeper.save()
    (tmp_path / f"{IDENTITY}.f16.tmp").touch()
    before = _files(tmp_path)
    reader = open_store(writable=False)
    reader.add(_LABELS + 100, embeddings(40, seed=1))
    reader.save()
    assert reader.wait_until_ready(20)
    assert reader.status().count == 80
    reader.clear()
    reader.close()
    assert _files(tmp_path) == before


def test_what_another_process_is_writing_stays(open_store: OpenStore, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        alive = tmp_path / f"{IDENTITY}.f16.{other.pid}.tmp"
        alive.touch()
        dead = tmp_path / f"{IDENTITY}.f16.{2**22 + 1}.tmp"
        dead.touch()
        old = tmp_path / f"{IDENTITY}.hnsw.tmp"
        old.touch()
        open_store()
        assert [path.exists() for path in (alive, dead, old)] == [True, False, False]
        other.communicate(b"\n")


def test_two_processes_write_under_names_of_their_own(tmp_path: Path) -> None:
    names: list[str] = []

    def fill(temporary: Path) -> None:
        names.append(temporary.name)
        temporary.write_text("whole")

    replace_atomically(tmp_path / "index.f16", fill)
    assert names == [f"index.f16.{os.getpid()}.tmp"]


def test_a_folder_that_was_pulled_is_not_made_anew(tmp_path: Path) -> None:
    gone = tmp_path / "library" / "vectors" / "index.f16"
    with pytest.raises(VectorIndexError, match="could not be written"):
        replace_atomically(gone, lambda temporary: temporary.write_text("x") and None)
    assert not (tmp_path / "library").exists()


@pytest.mark.skipif(os.name == "nt", reason="folders are not synced there")
def test_a_drive_that_cannot_sync_a_folder_keeps_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def refuse_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    replace_atomically(tmp_path / "index.f16", lambda temporary: temporary.write_text("x") and None)
    assert (tmp_path / "index.f16").read_text() == "x"
