"""Processes that crash, hang, eat memory or lose their parent."""

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from app.errors import (
    CancelledError,
    DamagedMediaError,
    MediaCrashedError,
    MediaTimeoutError,
    MediaTooLargeError,
    ProcessDiedError,
)
from app.media.decode import decode_query_image
from app.media.isolation import IsolatedPool

LIMITS = {"time_limit": 30.0, "memory_limit": 1_500_000_000}


def wait_until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture(scope="module")
def pool():
    pool = IsolatedPool(1, **LIMITS)
    yield pool
    pool.close()


def test_a_result_comes_back(pool):
    assert pool.submit(max, 3, 7).result(30) == 7


def test_an_error_for_people_comes_back_as_it_was(pool):
    with pytest.raises(DamagedMediaError, match="empty"):
        pool.submit(decode_query_image, b"", None).result(30)


def test_a_mistake_of_ours_costs_one_task_and_keeps_its_traceback(pool):
    error = pool.submit(divmod, 1, 0).exception(30)
    assert isinstance(error, MediaCrashedError)
    assert "ZeroDivisionError" in "".join(error.__notes__)
    assert pool.submit(max, 1, 2).result(30) == 2


@pytest.mark.parametrize("die", [(os.abort, ()), (os._exit, (0,)), (os.kill, (0, signal.SIGTERM))])
def test_a_crash_costs_one_task_and_one_process(pool, die):
    function, arguments = die
    if function is os.kill and sys.platform == "win32":
        pytest.skip("no process groups here")
    if function is os.kill:
        pid = pool.submit(os.getpid).result(30)
        arguments = (pid, signal.SIGTERM)
    before = pool.submit(os.getpid).result(30)
    crashed, after = pool.submit(function, *arguments), pool.submit(os.getpid)
    with pytest.raises(MediaCrashedError):
        crashed.result(30)
    assert after.result(30) != before


def test_a_process_killed_while_idle_costs_nothing(pool):
    pid = pool.submit(os.getpid).result(30)
    psutil.Process(pid).kill()
    wait_until(lambda: gone(pid))
    assert pool.submit(max, 1, 2).result(30) == 2


def test_a_hang_is_stopped_and_only_its_process_is_replaced():
    pool = IsolatedPool(2, time_limit=0.5, memory_limit=LIMITS["memory_limit"])
    try:
        hanging = pool.submit(time.sleep, 600)
        others = [pool.submit(os.getpid) for _ in range(20)]
        survivors = {other.result(30) for other in others}
        with pytest.raises(MediaTimeoutError, match=r"0\.5 seconds"):
            hanging.result(30)
        assert pool.submit(os.getpid).result(30) > 0
        assert all(psutil.pid_exists(process) for process in survivors)
    finally:
        pool.close()


def test_waiting_in_the_queue_does_not_count_as_hanging():
    pool = IsolatedPool(1, time_limit=1.0, memory_limit=LIMITS["memory_limit"])
    try:
        futures = [pool.submit(time.sleep, 0.3) for _ in range(5)]
        assert [future.exception(30) for future in futures] == [None] * 5
    finally:
        pool.close()


def test_urgent_tasks_go_first(pool):
    order = []
    blocker = pool.submit(time.sleep, 0.3)
    futures = [pool.submit(max, n, 0, priority=n) for n in (3, 1, 2)]
    for number, future in zip((3, 1, 2), futures, strict=True):
        future.add_done_callback(lambda _, number=number: order.append(number))
    blocker.result(30)
    for future in futures:
        future.result(30)
    assert order == [1, 2, 3]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps to a memory limit")
def test_a_task_that_eats_memory_is_stopped_by_the_limit():
    pool = IsolatedPool(1, time_limit=30, memory_limit=300_000_000)
    try:
        assert len(pool.submit(bytes, 100_000_000).result(30)) == 100_000_000
        with pytest.raises(MediaTooLargeError):
            pool.submit(bytes, 400_000_000).result(30)
        assert pool.submit(max, 1, 2).result(30) == 2
    finally:
        pool.close()


def test_closing_cancels_what_runs_and_what_waits():
    pool = IsolatedPool(1, **LIMITS)
    pool.submit(max, 1, 2).result(30)
    pids = pool.pids()
    running, waiting = pool.submit(time.sleep, 600), pool.submit(time.sleep, 600)
    wait_until(running.running)
    pool.close()
    for future in (running, waiting, pool.submit(max, 1, 2)):
        with pytest.raises(CancelledError):
            future.result(1)
    assert all(gone(pid) for pid in pids)
    assert pool.pids() == ()


def test_closing_while_a_process_starts_leaves_none_behind():
    pool = IsolatedPool(2, **LIMITS)
    futures = [pool.submit(time.sleep, 600) for _ in range(4)]
    wait_until(pool.pids)
    pids = pool.pids()
    pool.close()
    assert all(isinstance(future.exception(1), CancelledError) for future in futures)
    assert all(gone(pid) for pid in pids)


@pytest.mark.expects_log_warnings
def test_a_system_that_starts_no_process_blames_no_photo(monkeypatch):
    """Out of memory or of process numbers: the photo is tried again later, not called damaged."""
    pool = IsolatedPool(1, **LIMITS)

    def refuse(_):
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    with monkeypatch.context() as patched:
        patched.setattr(multiprocessing.get_context("spawn").Process, "start", refuse)
        with pytest.raises(ProcessDiedError, match="starts no process"):
            pool.submit(max, 1, 2).result(30)
    assert pool.submit(max, 1, 2).result(30) == 2
    pool.close()


def test_closing_from_a_callback_does_not_wait_for_itself():
    pool = IsolatedPool(1, **LIMITS)
    closed = threading.Event()

    def close(_):
        pool.close()
        closed.set()

    blocker = pool.submit(time.sleep, 0.2)
    blocker.add_done_callback(close)
    assert closed.wait(30)


def test_a_task_that_has_not_started_can_be_cancelled(pool):
    blocker = pool.submit(time.sleep, 0.3)
    waiting = pool.submit(max, 1, 2)
    assert waiting.cancel()
    blocker.result(30)
    assert pool.submit(max, 1, 2).result(30) == 2


def test_an_idle_process_gives_its_memory_back_and_returns_when_needed():
    pool = IsolatedPool(1, **LIMITS, idle_limit=0.2)
    try:
        first = pool.submit(os.getpid).result(30)
        wait_until(lambda: pool.pids() == () and gone(first))
        assert pool.submit(os.getpid).result(30) != first
    finally:
        pool.close()


PARENT = """
import sys, time
from app.media.isolation import IsolatedPool
if __name__ == "__main__":
    pool = IsolatedPool(2, time_limit=600, memory_limit=10**9)
    pool.submit(max, 1, 2).result(30)
    futures = [pool.submit(time.sleep, 600), pool.submit(time.sleep, 600)]
    while len(pool.pids()) < 2:
        time.sleep(0.01)
    print(*pool.pids(), flush=True)
    time.sleep(600)
"""


def test_processes_end_with_a_parent_that_was_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, env=environment, text=True
    ) as parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(pids) == 2
    wait_until(lambda: all(gone(pid) for pid in pids))


def test_a_process_starts_without_the_heavy_libraries(pool):
    heavy = {"PySide6", "torch", "transformers", "sqlalchemy", "hnswlib", "tests"}
    heavy |= {"rawpy", "pillow_heif", "av", "pylibjxl"}
    loaded = pool.submit(eval, "sorted(__import__('sys').modules)").result(30)
    assert not heavy & set(loaded)
    assert "app.media.decode" in loaded
    rooms = {name.split(".")[1] for name in loaded if name.startswith("app.")}
    assert rooms == {"domain", "errors", "media"}


def test_a_limited_priority_leaves_processes_for_what_is_urgent():
    pool = IsolatedPool(3, **LIMITS)
    try:
        pool.limit(2, 1)
        blocking = pool.submit(time.sleep, 600, priority=2)
        wait_until(blocking.running)
        second = pool.submit(max, 1, 2, priority=2)
        assert pool.submit(max, 3, 4, priority=0).result(30) == 4
        assert not second.running()
        assert not second.done()
        pool.limit(2, 2)
        assert second.result(30) == 2
    finally:
        pool.close()


def test_a_task_that_was_called_off_gives_its_place_back():
    pool = IsolatedPool(1, **LIMITS)
    try:
        pool.limit(2, 0)
        called_off = pool.submit(max, 1, 2, priority=2)
        called_off.cancel()
        pool.limit(2, 1)
        assert pool.submit(max, 3, 4, priority=2).result(30) == 4
    finally:
        pool.close()


@pytest.mark.skipif("sys.platform == 'win32'", reason="Windows has classes of priority instead")
def test_a_process_is_replaced_when_it_is_to_be_nicer_or_less_nice():
    pool = IsolatedPool(1, **LIMITS)
    try:
        usual = pool.submit(os.getpriority, os.PRIO_PROCESS, 0).result(30)
        pool.niceness = 9
        nicer = pool.submit(os.getpriority, os.PRIO_PROCESS, 0).result(30)
        pool.niceness = 5
        assert (nicer - usual, pool.submit(os.getpriority, os.PRIO_PROCESS, 0).result(30)) == (4, usual)
    finally:
        pool.close()
