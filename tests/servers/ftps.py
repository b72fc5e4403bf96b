"""An FTP server with TLS and a certificate of its own authority: PORT FOLDER FILES USER PASSWORD DATA-PORT..."""

from __future__ import annotations

import sys
from pathlib import Path

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import FTPServer

from tests.servers.authority import HOST, certificate


def main(port: str, folder: str, files: str, user: str, password: str, *data_ports: str) -> None:
    """Serve until the end."""
    users = DummyAuthorizer()
    users.add_user(user, password, files, perm="elradfmwMT")
    TLS_FTPHandler.certfile = str(certificate(Path(folder)))
    TLS_FTPHandler.authorizer = users
    TLS_FTPHandler.auth_failed_timeout = 0
    TLS_FTPHandler.passive_ports = [int(one) for one in data_ports]
    TLS_FTPHandler.tls_control_required = TLS_FTPHandler.tls_data_required = True
    FTPServer((HOST, int(port)), TLS_FTPHandler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
