"""One window a library: a second start brings the first one's window forward instead of opening another."""

import hashlib
import logging
import os
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_log = logging.getLogger(__name__)

_PATIENCE_MS = 500  # a window that does not answer for so long is not waited for


class WindowDoor(QObject):
    """Listens, on this machine and for this user only, for others who would open the same library."""

    knocked = Signal()

    def __init__(self, library: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = _name_of(library)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)

    def knock(self) -> bool:
        """Ask a window that is there already to come forward; whether there is one."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        answered = socket.waitForConnected(_PATIENCE_MS)
        socket.abort()
        return answered

    def open(self) -> None:
        """Be the window that others find. What a killed program left at the same place is taken away."""
        QLocalServer.removeServer(self._name)
        if not self._server.listen(self._name):  # the library's lock still keeps a second one out
            _log.warning("a second start cannot find this window: %s", self._server.errorString())

    def close(self) -> None:
        """Be found no more."""
        self._server.close()

    def _on_connection(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.deleteLater()
            self.knocked.emit()


def _name_of(library: Path) -> str:
    """The same for every start on one library by one user, and short enough for a socket's path."""
    user = str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    place = f"{user}:{os.path.realpath(library)}"
    return "photosift-" + hashlib.blake2b(os.fsencode(place), digest_size=12).hexdigest()
