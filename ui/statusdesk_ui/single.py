"""One desktop per workspace and computer: the second one brings the first one's window to the front and ends."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QLockFile
from PySide6.QtNetwork import QLocalServer, QLocalSocket

ASK_MS = 1000


class SingleInstance:
    """Holds the lock while it lives."""

    def __init__(self, workspace: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = "statusdesk-" + hashlib.sha256(workspace.encode()).hexdigest()[:16]
        self._lock = QLockFile(str(folder / f"{self.name}.lock"))
        self._lock.setStaleLockTime(0)  # a lock is stale when its process is gone, however long it ran
        self._server: QLocalServer | None = None

    def claim(self, shown: Callable[[], None]) -> bool:
        """Whether we are the first; `shown` is called whenever another one starts."""
        if not self._lock.tryLock(0):
            return False
        QLocalServer.removeServer(self.name)
        server = QLocalServer()
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.newConnection.connect(lambda: self._greet(server, shown))
        server.listen(self.name)
        self._server = server
        return True

    def _greet(self, server: QLocalServer, shown: Callable[[], None]) -> None:
        socket = server.nextPendingConnection()
        if socket is not None:
            socket.disconnected.connect(socket.deleteLater)
            socket.disconnectFromServer()
        shown()

    def wake_other(self) -> bool:
        """Ask the first one to show itself; whether it answered."""
        socket = QLocalSocket()
        socket.connectToServer(self.name)
        answered = socket.waitForConnected(ASK_MS)
        socket.abort()
        return answered

    def release(self) -> None:
        """Let another one start."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._lock.unlock()
