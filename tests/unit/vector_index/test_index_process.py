"""The index in a process of its own: the same answers, and what happens when the process dies."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from app.domain.model import Embeddings
from app.errors import CancelledError, ProcessDiedError, VectorIndexError
from app.vector_index.index_process import IndexProcess, open_index
from tests.unit.vector_index.conftest import DIM, IDENTITY, TIMEOUT

Maker = Callable[..., Embeddings]
needs_signals = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


@pytest.fixture
def index(tmp_path: Path) -> Iterator[IndexProcess]:
    process = IndexProcess(tmp_path, IDENTITY, DIM)
    yield process
    process.close()


def fill(index: IndexProcess, embeddings: Maker, count: int = 300) -> None:
    index.add(np.arange(count) + 1, embeddings(count))


def test_it_answers_as_the_one_in_this_process(
    index: IndexProcess, embeddings: Maker, tmp_path: Path
) -> None:
    near = open_index(tmp_path / "near", IDENTITY, DIM, in_process=True)
    query = embeddings(1, seed=1)[0]
    for one in (index, near):
        one.add(np.arange(300) + 1, embeddings(300))
        one.remove([3, 4])
    assert index.status() == near.status()
    assert np.array_equal(index.labels(), near.labels())
    for ask in (
        lambda one: one.search(query, 10).labels,
        lambda one: one.search(query, 10).scores,
        lambda one: one.score(query).scores,
        lambda one: one.score(query, np.array([1, 2, 3])).labels,
        lambda one: one.sample_scores(query, 50),
        lambda one: one.get(np.array([9, 1])),
    ):
        assert np.array_equal(ask(index), ask(near))
    near.close()


def test_errors_arrive_as_errors_of_the_index(index: IndexProcess, embeddings: Maker) -> None:
    with pytest.raises(VectorIndexError):
        index.add([1], np.full((1, DIM), np.nan, np.float32))
    with pytest.raises(VectorIndexError):
        index.get(np.array([5]))


def test_hnswlib_stays_out_of_the_callers_process() -> None:
    code = (
        "import sys; from pathlib import Path; from app.vector_index.index_process import open_index;"
        f"open_index(Path('x'), 'y', {DIM}).close(); sys.exit('hnswlib' in sys.modules)"
    )
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


@needs_signals
def test_killed_it_comes_back_with_what_was_saved(index: IndexProcess, embeddings: Maker) -> None:
    fill(index, embeddings)
    index.save()
    index.add([1000], embeddings(1, seed=5))
    before = index.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(before)] if psutil.pid_exists(before) else [], TIMEOUT)
    try:
        status = index.status()
    except ProcessDiedError:
        status = index.status()
    assert index.pid != before
    assert (status.count, status.high_water) == (300, 300)
    index.add([1000], embeddings(1, seed=5))
    assert index.search(embeddings(1, seed=5)[0], 1).labels.tolist() == [1000]


@needs_signals
def test_killed_at_any_moment_while_saving_the_files_stay_good(
    index: IndexProcess, embeddings: Maker
) -> None:
    rows = embeddings(2000)
    saved = 0
    for round_number in range(8):
        first = round_number * 200
        index.add(np.arange(first, first + 200) + 1, rows[first : first + 200])
        saving = index.start_saving()
        if round_number % 2:
            pid = index.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        if saving.exception(TIMEOUT) is None:
            saved = first + 200
        try:
            status = index.status()
        except ProcessDiedError:
            status = index.status()
        assert status.problem is None
        assert status.count >= saved - 200
        missing = np.setdiff1d(np.arange(first + 200) + 1, index.labels())
        if missing.size:
            index.add(missing, rows[missing - 1])
    assert np.array_equal(index.get(np.arange(1600) + 1), rows[:1600].astype(np.float16).astype(np.float32))


def test_searches_go_on_while_a_save_is_under_way(index: IndexProcess, embeddings: Maker) -> None:
    fill(index, embeddings)
    query = embeddings(1, seed=3)[0]
    with ThreadPoolExecutor(2) as pool:
        searches = [pool.submit(index.search, query, 5) for _ in range(20)]
        saving = index.start_saving()
        assert all(len(search.result(TIMEOUT).labels) == 5 for search in searches)
        saving.result(TIMEOUT)


def test_after_close_calls_are_called_off(index: IndexProcess, embeddings: Maker) -> None:
    fill(index, embeddings)
    index.close()
    with pytest.raises(CancelledError):
        index.status()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB, where the system lets us make one."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if not sys.platform.startswith("linux") or mount is None:
        pytest.skip("needs Linux")
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.expects_log_warnings
@pytest.mark.parametrize("exact_below", [10, 100_000])
def test_on_a_full_disk_saving_fails_by_name_and_nothing_is_lost(
    tiny_disk: Path, embeddings: Maker, exact_below: int
) -> None:
    from app.vector_index.vector_store import VectorStore

    store = VectorStore(tiny_disk, IDENTITY, DIM, exact_below=exact_below, quiet_seconds=0.0)
    store.add(np.arange(300) + 1, embeddings(300))
    assert store.wait_until_ready(TIMEOUT)
    if exact_below > 300:
        store.save()
        store.add(np.arange(3000) + 301, embeddings(3000, seed=1))
    with pytest.raises(VectorIndexError, match=r"No space left|were written"):
        store.save()
    assert store.search(embeddings(300)[0], 1).labels.tolist() == [1]
    assert not list(tiny_disk.glob("*.tmp"))
    store._keeper.stop()
    again = VectorStore(tiny_disk, IDENTITY, DIM)
    assert again.status().count in (0, 300)
    assert "damaged" not in str(again.status().problem)
    again.close()
