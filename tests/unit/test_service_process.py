"""A service in a process of its own answers, fails, dies and ends as its callers need."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError as FutureCancelledError
from concurrent.futures import Future, wait
from pathlib import Path

import numpy as np
import psutil
import pytest

from app.errors import CancelledError, CheckpointError, LibraryError, ProcessDiedError
from app.service_process import RemoteBugError, ServiceProcess
from app.service_process.channel import Channel
from tests.unit.recorder_service import (
    TIMEOUT,
    Recorder,
    Refusing,
    crashing_factory,
    failing_factory,
    slow_factory,
)

needs_signals = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, "condition never came true"
        threading.Event().wait(0.005)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceProcess]:
    process = ServiceProcess(
        Recorder,
        (str(tmp_path),),
        name="recorder",
        lanes={"open_gate": "side", "notes": "side", "pid": "side", "crash": "side"},
    )
    yield process
    process.close(timeout=TIMEOUT)
    assert not process.running


def at_the_gate(service: ServiceProcess, folder: Path) -> "Future[str]":
    """The main lane waits, so that what is submitted next queues up behind it."""
    waiting = service.submit("wait_at_gate")
    until((folder / "waiting").exists)
    return waiting


def test_results_come_back_from_another_process(service: ServiceProcess) -> None:
    assert service.call("echo", {"a": (1, 2)}) == {"a": (1, 2)}
    assert service.call("pid") == service.pid != os.getpid()


def test_the_process_starts_at_the_first_call(service: ServiceProcess) -> None:
    assert not service.running
    assert service.pid is None
    service.call("note", "x")
    assert service.running


def test_an_app_error_arrives_as_it_was_raised(service: ServiceProcess) -> None:
    with pytest.raises(LibraryError, match="The library is locked"):
        service.call("fail", LibraryError("The library is locked."))


def test_a_bug_arrives_with_its_remote_traceback(service: ServiceProcess) -> None:
    with pytest.raises(RemoteBugError) as caught:
        service.call("divide", 0)
    assert "ZeroDivisionError" in str(caught.value)
    assert "return 1 / by" in str(caught.value)


def test_an_unknown_method_is_a_bug(service: ServiceProcess) -> None:
    with pytest.raises(RemoteBugError, match="AttributeError"):
        service.call("no_such_method")


@pytest.mark.parametrize("method", ["unpicklable", "raise_demanding", "leave"])
def test_what_cannot_be_sent_back_is_a_bug_and_the_lane_goes_on(service: ServiceProcess, method: str) -> None:
    with pytest.raises(RemoteBugError):
        service.call(method)
    assert service.call("echo", 1) == 1


def test_arguments_that_cannot_be_pickled_raise_at_once(service: ServiceProcess) -> None:
    with pytest.raises((TypeError, pickle.PicklingError)):
        service.submit("echo", threading.Lock())
    assert service.call("echo", 1) == 1


def test_arguments_that_cannot_be_rebuilt_fail_their_own_call_only(service: ServiceProcess) -> None:
    with pytest.raises(RemoteBugError, match="not here"):
        service.call("echo", Refusing())
    assert service.call("echo", 1) == 1


def test_calls_of_a_lane_keep_their_order_and_urgent_ones_go_first(
    service: ServiceProcess, tmp_path: Path
) -> None:
    waiting = at_the_gate(service, tmp_path)
    queued = [service.submit("note", name) for name in ("first", "second")]
    queued.append(service.submit("note", "urgent", urgent=True))
    service.call("open_gate")
    wait([waiting, *queued], TIMEOUT)
    assert service.call("notes") == ["gate", "urgent", "first", "second"]


def test_lanes_run_side_by_side(service: ServiceProcess, tmp_path: Path) -> None:
    waiting = at_the_gate(service, tmp_path)
    assert service.call("pid") == service.pid
    assert not waiting.done()
    service.call("open_gate")
    assert waiting.result(TIMEOUT) == "gate"


def test_a_cancelled_call_that_waits_never_runs(service: ServiceProcess, tmp_path: Path) -> None:
    waiting = at_the_gate(service, tmp_path)
    unwanted = service.submit("note", "unwanted")
    wanted = service.submit("note", "wanted")
    assert unwanted.cancel()
    with pytest.raises(FutureCancelledError):
        unwanted.result(TIMEOUT)
    service.call("open_gate")
    wait([waiting, wanted, unwanted], TIMEOUT)
    assert service.call("notes") == ["gate", "wanted"]


def test_cancelling_a_call_that_runs_only_drops_its_answer(service: ServiceProcess, tmp_path: Path) -> None:
    waiting = at_the_gate(service, tmp_path)
    assert waiting.cancel()
    service.call("open_gate")
    assert service.call("echo", 1) == 1
    assert service.call("notes") == ["gate"]


def test_large_messages_both_ways_at_once_do_not_lock_up(service: ServiceProcess) -> None:
    block = np.arange(4_000_000, dtype=np.float32)
    futures = [service.submit("echo", block) for _ in range(6)]
    for future in futures:
        assert np.array_equal(future.result(TIMEOUT), block)


def test_many_threads_each_get_their_own_answer(service: ServiceProcess) -> None:
    service.call("echo", 0)
    wrong: list[int] = []

    def ask(number: int) -> None:
        for i in range(50):
            value = number * 1000 + i
            if service.call("echo", value) != value:
                wrong.append(value)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    assert wrong == []


def test_a_process_that_dies_fails_its_calls_and_the_next_call_starts_another(
    service: ServiceProcess, tmp_path: Path
) -> None:
    waiting = at_the_gate(service, tmp_path)
    before = service.pid
    with pytest.raises(ProcessDiedError):
        service.call("crash")
    with pytest.raises(ProcessDiedError, match="recorder"):
        waiting.result(TIMEOUT)
    assert service.call("pid") != before


@needs_signals
def test_a_process_killed_while_idle_is_replaced_and_reaped(service: ServiceProcess) -> None:
    service.call("echo", 1)
    before = service.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    until(lambda: not service.running)
    assert service.call("echo", 2) == 2
    until(lambda: not psutil.pid_exists(before))


@needs_signals
def test_killing_at_any_moment_gives_an_answer_or_a_named_error(service: ServiceProcess) -> None:
    outcomes = []
    for round_number in range(6):
        service.call("echo", 0)
        futures = [service.submit("echo", bytes(200_000)) for _ in range(10)]
        pid = service.pid
        if pid is not None and round_number % 2 == 0:
            os.kill(pid, signal.SIGKILL)
        for future in futures:
            error = future.exception(TIMEOUT)
            assert error is None or isinstance(error, ProcessDiedError)
            outcomes.append(error is None)
    assert True in outcomes
    assert False in outcomes


def test_an_error_of_the_factory_reaches_the_caller() -> None:
    process = ServiceProcess(failing_factory, name="failing")
    for _ in range(2):
        with pytest.raises(CheckpointError, match="holds no model"):
            process.call("echo", 1)
    process.close()


def test_a_factory_that_crashes_is_a_process_that_died() -> None:
    process = ServiceProcess(crashing_factory, name="crashing")
    with pytest.raises(ProcessDiedError):
        process.call("echo", 1)
    process.close()


def test_a_large_call_does_not_wait_for_a_slow_factory(tmp_path: Path) -> None:
    process = ServiceProcess(slow_factory, (str(tmp_path),), name="slow")
    futures = [process.submit("echo", bytes(3_000_000)) for _ in range(3)]
    assert not any(future.done() for future in futures)
    (tmp_path / "go").touch()
    assert all(len(future.result(TIMEOUT)) == 3_000_000 for future in futures)
    process.close()


def test_stop_finishes_the_calls_made_so_far_and_closes_the_service(
    service: ServiceProcess, tmp_path: Path
) -> None:
    waiting = at_the_gate(service, tmp_path)
    queued = service.submit("note", "queued")
    service.submit("open_gate")
    service.stop(timeout=TIMEOUT)
    assert waiting.result(0) == "gate"
    assert queued.result(0) == "queued"
    assert (tmp_path / "closed").read_text() == "gate,queued"


def test_stop_kills_a_process_that_does_not_end(service: ServiceProcess, tmp_path: Path) -> None:
    waiting = at_the_gate(service, tmp_path)
    pid = service.pid
    assert pid is not None
    service.stop(timeout=0.1)
    assert not psutil.pid_exists(pid)
    with pytest.raises(CancelledError):
        waiting.result(0)


@needs_signals
def test_stop_gets_rid_of_a_process_that_hangs_with_a_full_pipe(service: ServiceProcess) -> None:
    service.call("echo", 1)
    pid = service.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    outcome: list[BaseException | None] = []

    def send_much() -> None:
        try:
            outcome.append(service.submit("echo", bytes(50_000_000)).exception(TIMEOUT))
        except ProcessDiedError as error:
            outcome.append(error)
        except CancelledError as error:
            outcome.append(error)

    sender = threading.Thread(target=send_much)
    sender.start()
    service.close(timeout=0.2)
    sender.join(TIMEOUT)
    assert not sender.is_alive()
    assert isinstance(outcome[0], (ProcessDiedError, CancelledError))


def test_after_stop_the_next_call_starts_it_again(service: ServiceProcess) -> None:
    service.call("note", "before")
    service.stop()
    assert not service.running
    assert service.call("notes") == []


def test_after_close_calls_are_called_off(service: ServiceProcess) -> None:
    service.call("note", "x")
    service.close()
    with pytest.raises(CancelledError):
        service.call("note", "y")


def test_stopping_while_others_call_leaves_nobody_waiting(service: ServiceProcess) -> None:
    outcomes: list[str] = []

    def ask() -> None:
        for _ in range(40):
            try:
                service.call("echo", 1)
                outcomes.append("answer")
            except (CancelledError, ProcessDiedError):
                outcomes.append("called off")

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        service.stop()
    for thread in threads:
        thread.join(TIMEOUT)
    assert not any(thread.is_alive() for thread in threads)
    assert len(outcomes) == 120


def test_a_callback_may_stop_the_process(service: ServiceProcess) -> None:
    stopped = threading.Event()

    def stop(_: "Future[object]") -> None:
        service.stop()
        stopped.set()

    service.submit("echo", 1).add_done_callback(stop)
    assert stopped.wait(TIMEOUT)
    until(lambda: not service.running)


@needs_signals
def test_the_interrupt_key_is_left_to_the_parent(service: ServiceProcess) -> None:
    service.call("echo", 1)
    pid = service.pid
    assert pid is not None
    os.kill(pid, signal.SIGINT)
    assert service.call("pid") == pid


PARENT = """
import time
from app.service_process import ServiceProcess
from tests.unit.recorder_service import Recorder, slow_factory
if __name__ == "__main__":
    process = ServiceProcess({factory}, ({folder!r},), name="orphan")
    future = process.submit("pid")
    if {factory!r} == "Recorder":
        future.result()
    print(process.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc through psutil")
@pytest.mark.parametrize("factory", ["Recorder", "slow_factory"])
def test_a_killed_parent_takes_the_process_with_it(tmp_path: Path, factory: str) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT.format(folder=str(tmp_path), factory=factory))
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    child.wait(TIMEOUT)
    assert not child.is_running()


def test_a_small_call_costs_less_than_a_millisecond(service: ServiceProcess) -> None:
    service.call("echo", 0)
    costs = []
    for _ in range(200):
        start = time.perf_counter()
        service.call("echo", 0)
        costs.append(time.perf_counter() - start)
    assert np.median(costs) < 0.001


@pytest.mark.expects_log_warnings
def test_an_answer_that_cannot_be_received_leaves_nobody_waiting(
    service: ServiceProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(channel: Channel) -> None:
        receive(channel)
        raise MemoryError

    receive = Channel.receive
    with monkeypatch.context() as patched:
        patched.setattr(Channel, "receive", no_memory)
        with pytest.raises(ProcessDiedError):
            service.submit("note", "a").result(TIMEOUT)
    assert service.call("note", "b") == "b"  # in a process of its own
