"""What Linux adds to watching: limits that may be reached, and a queue that may overflow."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter, InotifyObserver
from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchCallback,
    WatchDescriptor,
)

_LIMITS = Path("/proc/sys/fs/inotify")
_KEEP_IT = " To keep it after a restart, put the part after “sysctl” into /etc/sysctl.d/60-photosift.conf."


class LimitObserver(InotifyObserver):
    """Watches with inotify, and says what watchdog keeps to itself.

    `on_full` is called with the path of a directory that could not be watched for want of room, `on_overflow`
    when the system dropped events. Raises OSError (EMFILE) when there are too many observers.
    """

    def __init__(self, on_full: Callable[[str], None], on_overflow: Callable[[], None]) -> None:
        self._inotify_fd = _Reader(on_full, on_overflow)
        self._inotify_fd.start()
        BaseObserver.__init__(self, InotifyEmitter, inotify_fd=self._inotify_fd)


class _Reader(InotifyFD):
    """Reads the events of all watches."""

    def __init__(self, on_full: Callable[[str], None], on_overflow: Callable[[], None]) -> None:
        super().__init__()
        self._on_full = on_full
        self._on_overflow = on_overflow

    def add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        """As watchdog does it, but a directory that is watched already, as after a move, is no warning."""
        try:
            with self._lock:
                watch = self._get_or_create_watch(path, mask)
                watch.callbacks[id_] = callback
                return watch.wd
        except OSError as error:
            if is_limit(error):
                self._on_full(os.fsdecode(path))
            raise

    def handle_event(self, event: InotifyEvent) -> None:
        super().handle_event(event)
        if event.is_queue_overflow:
            self._on_overflow()


def is_limit(error: OSError) -> bool:
    """Whether inotify refused for want of room; these are its words for it."""
    return error.errno in (errno.ENOSPC, errno.EMFILE)


def remedy(error_number: int, directories: int) -> str:
    """What people can do about a limit that is reached, with a number that suffices for these directories."""
    if error_number == errno.EMFILE:
        wanted = _next_power(_limit("max_user_instances", 128) + 1)
        return (
            "The system’s limit of programs that watch folders is used up, so changes here are noticed later."
            f" To watch live: sudo sysctl fs.inotify.max_user_instances={wanted}.{_KEEP_IT}"
        )
    wanted = _next_power(_limit("max_user_watches", 8192) + directories)
    return (
        "The system’s limit of watched folders is used up, so changes here are noticed later."
        f" To watch live: sudo sysctl fs.inotify.max_user_watches={wanted}.{_KEEP_IT}"
    )


def _limit(name: str, usual: int) -> int:
    try:
        return int((_LIMITS / name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return usual


def _next_power(number: int) -> int:
    return 1 << (number - 1).bit_length()
