"""An object in a process of its own, called like a local one.

torch holds the interpreter lock for hundreds of milliseconds while it is imported, and hnswlib holds it while
it reads or writes an index. In the window's process both would freeze the window, so each lives in a process
that this package starts, talks to, ends and starts again.
"""

from app.service_process.channel import RemoteBugError
from app.service_process.priority import come_after_others
from app.service_process.process import ServiceProcess

__all__ = ["RemoteBugError", "ServiceProcess", "come_after_others"]
