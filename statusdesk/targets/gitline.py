"""How git's protocol reaches a server: over the house's own HTTP client, or over ssh as SFTP does it.

dulwich speaks git; the lines are ours. So proxies, certificates, time limits and the rule that nobody is sent on with a
token are those of every other host, and a secret stands in no address, no file and no program's arguments.

Sources: git's documentation, "HTTP transfer protocols" (gitprotocol-http) and "Packfile transfer protocols"
(gitprotocol-pack), https://git-scm.com/docs.
"""

from __future__ import annotations

import io
import re
import tempfile
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, Any, BinaryIO, cast
from urllib.parse import quote, unquote, urlsplit

import paramiko
from dulwich.client import AbstractHttpGitClient, GitClient, SSHGitClient, SSHVendor
from dulwich.errors import GitProtocolError, HangupException, NotGitRepository, SendPackError
from dulwich.protocol import Protocol

from statusdesk import __version__
from statusdesk.domain.text import tidy_line
from statusdesk.errors import Problem, Refused
from statusdesk.net.faults import NeedsPerson, SendingError, TryLater
from statusdesk.net.web import Answer, Patience, Web
from statusdesk.targets.address import Login, login
from statusdesk.targets.base import Place
from statusdesk.targets.files import Beat
from statusdesk.targets.sftp import SSH_PORT, HostKeys, log_in, said

_SCP = re.compile(r"(?P<user>[\w.-]+)@(?P<host>[\w.-]+):(?!/{2})(?P<path>.+)")
_MOST = 4_000_000_000  # bytes: a branch with all its files, which goes to the disk
_LONG = 20  # how often the usual patience: a push of a whole site, or its first download
_IN_MEMORY = 1_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Repository:
    """Where a repository is: its server for people, its address without any secret, and a line to it."""

    host: str
    name: str
    address: str
    client: GitClient
    path: bytes
    user: str
    close: Callable[[], None]

    @property
    def where(self) -> str:
        """The place, for people."""
        return f"{self.name} on {self.host}"


def opened(place: Place, beat: Beat, patience: Patience) -> Repository:
    """The repository that an address names; nothing is asked yet. Raises Refused."""
    text = place.location.strip()
    scp = _SCP.fullmatch(text)
    if scp:
        return _over_ssh(place, scp["user"], scp["host"], scp["path"], patience)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme == "ssh" and parts.hostname and not parts.password:
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        server = host + (f":{port}" if port else "")
        return _over_ssh(place, parts.username or "git", server, unquote(parts.path), patience)
    if parts.scheme in ("https", "http") and parts.hostname:
        return _over_http(place, text, beat, patience)
    words = "Write the repository's address like https://codeberg.org/you/pages.git, without a token."
    raise Refused.because([Problem("location", words)])


def _over_http(place: Place, text: str, beat: Beat, patience: Patience) -> Repository:
    path = urlsplit(text).path.strip("/")
    if not path:
        raise Refused.because([Problem("location", "Write the whole address, with the repository's name at its end.")])
    root = text[: text.rindex(path)] if path in text else text
    try:
        web = Web("Git", root, replace(patience, total_s=patience.total_s * _LONG), scheme="Basic", reuse=True)
    except Refused as error:
        raise Refused.because([Problem("location", f"{error.message} A token has its own field.")]) from None
    web.name = web.host
    user = place.settings.get("user", "").strip() or "git"
    token = b64encode(f"{user}:{place.secret}".encode()).decode() if place.secret else ""
    client = _HttpLine(web, token, path, beat)
    name, address = path.removesuffix(".git"), f"{web.base_url}/{path}"
    return Repository(web.host, name, address, client, path.encode(), user, client.close)


class _Body:
    """An answer as dulwich reads one. The body lies in a file, or in memory while it is small."""

    def __init__(self, answer: Answer, file: IO[bytes]) -> None:
        self.content_type = answer.headers.get("Content-Type")
        self.redirect_location = ""
        self.read, self.close = file.read, file.close


class _HttpLine(AbstractHttpGitClient):
    """git over the house's HTTP client."""

    def __init__(self, web: Web, token: str, path: str, beat: Beat) -> None:
        super().__init__(web.base_url, thin_packs=False)
        self._web, self._token, self._name, self._beat = web, token, path.removesuffix(".git"), beat
        self._is_whole = path.endswith(".git")
        self._last: IO[bytes] = io.BytesIO()  # dulwich does not close every answer

    def _http_request(
        self,
        url: str,
        headers: dict[str, str] | None = None,
        data: bytes | Iterator[bytes] | None = None,
        raise_for_status: bool = True,  # noqa: FBT001, FBT002  as dulwich calls it
    ) -> tuple[Any, Callable[[int], bytes]]:
        del raise_for_status
        self._last.close()
        self._last = file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  closed with the next, or at last
        try:
            answer = self._web.ask(
                "GET" if data is None else "POST",
                quote(url.removeprefix(self._web.base_url), safe="/?=&%~"),
                token=self._token,
                # GitHub answers only those whose name begins with git.
                headers={**(headers or {}), "User-Agent": f"git/2 (StatusDesk/{__version__})"},
                data=data,
                most=_MOST,
                into=cast("BinaryIO", _Heard(file, self._beat)),
            )
        except NeedsPerson as error:
            if error.code != "redirect" or self._is_whole:
                raise
            words = f"{self._web.host} sends us on. Write the address with .git at its end, as it gives it for cloning."
            raise NeedsPerson(words, code="redirect") from None
        self._refuse(answer)
        file.seek(0)
        body = _Body(answer, file)
        return body, body.read

    def close(self) -> None:
        """Let go of the connection and of the last answer."""
        self._last.close()
        self._web.close()

    def _refuse(self, answer: Answer) -> None:
        host, status = self._web.host, answer.status
        if status == 200 and answer.whole:  # noqa: PLR2004
            return
        if status == 200:  # noqa: PLR2004
            raise TryLater(f"{host} was cut off in the middle of its answer.", code="cut-off")
        if status == 401:  # noqa: PLR2004
            raise NeedsPerson(f"{host} refused the login. Make a new token with the right to write.", code="login")
        reasons = {
            403: f"the token may not write to {self._name}. It needs write access to its contents",
            404: f"there is no repository {self._name}, or the token may not see it. Check address and token",
            413: "the site is too large for one push. Ask whoever runs the server to allow more",
        }
        words = reasons.get(status, f"it answered {status}. Check the address")
        raise NeedsPerson(f"{host} refused: {words}.", code=f"http-{status}")


class _Heard:
    """A file that tells of each piece that is written to it."""

    def __init__(self, file: IO[bytes], beat: Beat) -> None:
        self._file, self._beat = file, beat

    def write(self, data: bytes) -> int:
        self._beat()
        return self._file.write(data)


def _over_ssh(place: Place, user: str, server: str, path: str, patience: Patience) -> Repository:
    at = login(".", {**place.settings, "server": server, "user": user}, SSH_PORT)
    if not path.strip("/") or not path.isprintable():
        raise Refused.because([Problem("location", "Write the whole address, with the repository's name at its end.")])
    vendor = _SshLine(at, HostKeys(place.state_file.with_suffix(".hostkey"), at), place.secret, patience)
    client = _SshGit(at, vendor)
    name = path.strip("/").removesuffix(".git")
    address = f"ssh://{at.user}@{at.host}:{at.port}/{path.lstrip('/')}"
    return Repository(at.host, name, address, client, path.encode(), at.user, client.close)


class _SshGit(SSHGitClient):
    """git over ssh. dulwich leaves its end of a line open when the server hangs up at once."""

    def __init__(self, at: Login, vendor: _SshLine) -> None:
        super().__init__(at.host, at.port, at.user, vendor=vendor, thin_packs=False)
        self._line, self._open = vendor, list[Protocol]()

    def _connect(self, *words: Any, **more: Any) -> Any:
        found = super()._connect(*words, **more)
        self._open.append(found[0])
        return found

    def close(self) -> None:
        """Log out."""
        for one in self._open:
            one.close()
        self._line.close()


class _SshLine(SSHVendor):
    """One connection; each command of git has a channel of it."""

    def __init__(self, at: Login, keys: HostKeys, secret: str, patience: Patience) -> None:
        self._at, self._keys, self._secret, self._patience = at, keys, secret, patience
        self._client: paramiko.SSHClient | None = None

    def run_command(self, host: str, command: bytes, *_: Any, **__: Any) -> Any:
        """Run it there. Raises TryLater and NeedsPerson."""
        del host
        with said(self._at):
            if self._client is None:
                client = paramiko.SSHClient()
                try:
                    log_in(client, self._at, self._keys, self._secret, self._patience)
                except BaseException:
                    client.close()
                    raise
                self._client = client
            transport = self._client.get_transport()
            if transport is None:
                raise EOFError
            channel = transport.open_session(timeout=self._patience.connect_s)
            channel.settimeout(self._patience.total_s)
            channel.exec_command(command)
            return _Channel(channel)

    def close(self) -> None:
        """Log out."""
        if self._client is not None:
            self._client.close()
            self._client = None


class _Channel:
    """A channel as dulwich uses one."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        self.stderr = channel.makefile_stderr("rb")
        self.can_read, self.close, self.write = channel.recv_ready, channel.close, channel.sendall

    def read(self, size: int) -> bytes:
        """As many bytes as were asked for, unless the other side hangs up."""
        pieces = []
        while size > 0 and (piece := self._channel.recv(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)


@contextmanager
def in_words(at: Repository) -> Iterator[None]:
    """Faults of git's protocol, as words."""
    try:
        yield
    except SendingError:
        raise
    except TimeoutError:
        raise TryLater(f"{at.host} did not answer in time.", code="timeout") from None
    except NotGitRepository:
        raise _missing(at) from None
    except HangupException as error:
        lines = [tidy_line(line.decode("utf-8", "replace")) for line in error.stderr_lines or ()]
        raise _hung_up(at, " ".join(filter(None, lines))) from None
    except SendPackError as error:
        raise TryLater(f"{at.host} could not take the push (“{_cut(error)}”).", code="unpack") from None
    except GitProtocolError as error:
        raise _hung_up(at, _cut(error)) from None
    except (OSError, EOFError, ValueError, AssertionError, zlib.error, paramiko.SSHException):
        raise TryLater(f"The connection to {at.host} broke off.", code="no-connection") from None


def _hung_up(at: Repository, said_there: str) -> SendingError:
    """What a server says before it hangs up; nothing when the line was cut."""
    small = said_there.lower()
    if "not appear to be a git repository" in small or "not found" in small:
        return _missing(at)
    if any(word in small for word in ("denied", "error", "read only", "not allowed", "permission", "unauthorized")):
        words = f"{at.host} refused {at.user} for {at.name} (“{said_there[:200]}”). The key needs the right to write."
        return NeedsPerson(words, code="refused")
    if "invalid content-type" in small or "unexpected first line" in small:
        return NeedsPerson(f"{at.host} has no Git repository at {at.name}. Check the address.", code="missing")
    return TryLater(f"The connection to {at.host} broke off.", code="no-connection")


def _missing(at: Repository) -> NeedsPerson:
    words = f"There is no repository {at.name} on {at.host}. Make it, or correct the address."
    return NeedsPerson(words, code="missing")


def _cut(error: Exception) -> str:
    return tidy_line(str(error))[:200]
