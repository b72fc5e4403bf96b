"""The built site on this computer only, with what its `_headers` says: for previews and `statusdeskctl serve`."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from statusdesk.domain import headers
from statusdesk.errors import EnvironmentFault


class _Handler(SimpleHTTPRequestHandler):
    """Files of one folder: no listing of folders, right content types, the 404 page of the site."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body leave one after the other; without this the body waits 40 ms
    extensions_map = {  # noqa: RUF012  the base class wants a plain dict
        **SimpleHTTPRequestHandler.extensions_map,
        **headers.TYPES,
    }

    def end_headers(self) -> None:
        """The headers of `_headers`, for this path; as the hosts that read it do, pages are asked for again."""
        for name, value in ({"Cache-Control": headers.ASK_AGAIN} | self._rules()).items():
            if name != "Content-Type":
                self.send_header(name, value)
        super().end_headers()

    def guess_type(self, path: Any) -> str:
        """A type that `_headers` names goes before one that is guessed from the name."""
        return self._rules().get("Content-Type") or super().guess_type(path)

    def _rules(self) -> dict[str, str]:
        try:
            said = (Path(str(self.directory)) / "_headers").read_text("utf-8")
        except OSError:
            return {}
        return headers.for_path(headers.read(said), self.path.split("?", 1)[0])

    def list_directory(self, path: Any) -> None:
        """A folder without a page is not found."""
        del path
        self.send_error(404)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Not found is the site's own page."""
        own = Path(str(self.directory)) / "404.html"
        if code != 404 or not own.is_file():  # noqa: PLR2004
            super().send_error(code, message, explain)
            return
        body = own.read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Quiet: nobody counts readers, not even here."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True


def site_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server for a folder on 127.0.0.1; port 0 takes a free one. Raises EnvironmentFault when the port is taken."""
    try:
        return _Server(("127.0.0.1", port), partial(_Handler, directory=str(folder)))
    except OSError as error:
        raise EnvironmentFault(f"Port {port} cannot be used: {error.strerror}. Choose another with --port.") from None
