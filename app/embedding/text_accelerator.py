"""Makes words need neither torch nor transformers: behind, once, in a process that gives way.

It begins when starting has settled, so whoever asks one question from a command line pays nothing for it.
"""

import logging
import threading
from collections.abc import Callable

from app.embedding.accelerator import Workshop
from app.embedding.checkpoint import Checkpoint
from app.errors import AppError, CancelledError, ProcessDiedError
from app.service_process import ServiceProcess

_log = logging.getLogger(__name__)

SETTLED_SECONDS = 30.0


class TextAccelerator:
    """One for each encoder. Thread-safe."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        is_wanted: Callable[[], bool | None],
        on_faster: Callable[[], None],
        settled_seconds: float = SETTLED_SECONDS,
    ) -> None:
        """`is_wanted`: whether the exports are missing and would be used; None: ask again later.

        `on_faster`: they are here.
        """
        self._is_wanted = is_wanted
        self._on_faster = on_faster
        self._settled_seconds = settled_seconds
        self._process = ServiceProcess(Workshop, (checkpoint,), name="text workshop")
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Words are being searched for; does something the first time only."""
        with self._lock:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="text-acceleration", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Call off what is under way; the next program begins again."""
        self._closed.set()
        self._process.close(timeout=0)
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        try:
            if self._wait():
                self._process.call("export_text")
                self._process.stop(timeout=0)
                self._on_faster()
        except CancelledError:
            _log.debug("making words faster was called off")
        except (AppError, ProcessDiedError) as error:
            _log.warning("words are embedded by torch, which takes longer: %s", error)
        except Exception:  # noqa: BLE001 - a bug here must not stop what works without
            _log.exception("making words faster failed")
        finally:
            self._process.stop(timeout=0)

    def _wait(self) -> bool:
        """Until it is certain whether the exports are wanted; False when closed before."""
        while not self._closed.wait(self._settled_seconds):
            wanted = self._is_wanted()
            if wanted is not None:
                return wanted
        return False
