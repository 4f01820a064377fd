"""The inside of a decoding process: limits, and a loop that runs one task after the other."""

import contextlib
import gc
import io
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from app.errors import MediaCrashedError, MediaError, MediaTooLargeError

Task = tuple[Callable[..., Any], tuple[Any, ...]]

RECEIPT = (True, None)  # sent when the process is ready, and when it has a task: what ends it now is the task

_IDLE_DISK_NICENESS = 15  # from here on the disk, too, is left to others first


def serve(connection: Connection, memory_limit: int, niceness: int) -> None:
    """Answer each task with a receipt, then (succeeded, result or MediaError), until the pipe closes."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal goes to the parent alone
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # whole photos are handled side by side instead
    import app.media.decode  # noqa: F401 - before the first photo, not with it

    _silence_codecs()
    _lower_priority(niceness)
    _limit_memory(memory_limit)
    connection.send(RECEIPT)
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            return
        connection.send(RECEIPT)
        succeeded, value = _run(task)
        connection.send((succeeded, value))
        if (
            not succeeded
        ):  # its traceback may hold a half-decoded picture that the next photo needs the room of
            del value
            gc.collect()


def _run(task: Task) -> tuple[bool, Any]:
    function, arguments = task
    try:
        return True, function(*arguments)
    except MediaError as error:
        return False, error
    except MemoryError:
        return False, MediaTooLargeError("The picture needs more memory than one photo may take.")
    except Exception as error:  # noqa: BLE001 - one photo must not end the process, whatever our mistake
        text = f"Photosift failed on this file ({type(error).__name__}: {error}). Please report it."
        failure = MediaCrashedError(text.encode(errors="replace").decode())
        failure.add_note(traceback.format_exc())
        return False, failure


def _end_with_parent() -> None:
    """A process whose parent was killed must not linger, not even while it decodes."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _silence_codecs() -> None:
    """libtiff and others print to stderr what they think of a file; nobody there can use it."""
    with contextlib.suppress(OSError, ValueError, io.UnsupportedOperation):
        sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _lower_priority(niceness: int) -> None:
    """Come after other programs, on the processor and, where the system knows such a thing, at the disk."""
    import psutil

    process = psutil.Process()
    if sys.platform == "win32":
        gentle = niceness >= _IDLE_DISK_NICENESS
        process.nice(psutil.IDLE_PRIORITY_CLASS if gentle else psutil.BELOW_NORMAL_PRIORITY_CLASS)
        if gentle:
            process.ionice(psutil.IOPRIO_VERYLOW)
        return
    os.nice(niceness)
    if sys.platform == "linux" and niceness >= _IDLE_DISK_NICENESS:
        with contextlib.suppress(psutil.Error):  # a container may forbid it; the processor's share remains
            process.ionice(psutil.IOPRIO_CLASS_IDLE)


def _limit_memory(limit: int) -> None:
    """Let allocations beyond `limit` fail, counted from what an idle process has mapped.

    Only Linux keeps to it; elsewhere the limits on pixels in `opening` stand alone.
    """
    if sys.platform == "linux":
        import resource

        with open("/proc/self/statm") as file:
            mapped = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        ceiling = mapped + limit if hard == resource.RLIM_INFINITY else min(mapped + limit, hard)
        resource.setrlimit(resource.RLIMIT_AS, (ceiling, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash is expected here; no core files
