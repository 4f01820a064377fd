"""Threads that give way to the window, to searches and to other programs."""

import os
import sys
import threading


def come_after_others(niceness: int) -> None:
    """Lower the priority of this thread, and so of the threads that compute for it.

    Only Linux gives a thread a priority of its own; elsewhere the process would answer searches later, too.
    No program may take it back: a smaller number than before changes nothing until the process starts anew.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        if niceness > os.getpriority(os.PRIO_PROCESS, thread):
            os.setpriority(os.PRIO_PROCESS, thread, niceness)
