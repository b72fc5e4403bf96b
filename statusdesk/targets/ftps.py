"""A folder on an FTP server, over TLS: commands and data. Plain FTP is refused, it would show the password to anyone.

Each file is sent aside into the site's folder and renamed into place (RNFR, RNTO). Some servers allow few connections
at once; as many are used as they take, at most four.

Sources: RFC 959, RFC 4217 (FTP over TLS), RFC 3659 (MLSD). Data connections go on with the TLS session of the command
connection, which vsftpd, ProFTPD and FileZilla Server demand by default and Python's ftplib does not do by itself
(https://github.com/python/cpython/issues/63699).
"""

from __future__ import annotations

import contextlib
import ftplib
import hashlib
import io
import platform
import secrets
import socket
import ssl
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from statusdesk.domain.text import tidy_line
from statusdesk.net import route
from statusdesk.net.faults import NeedsPerson, SendingError, TryLater
from statusdesk.net.web import PATIENCE, Patience
from statusdesk.targets.address import Login, login
from statusdesk.targets.base import Place, TargetHost
from statusdesk.targets.files import (
    ASIDE,
    MOST,
    Beat,
    Connections,
    Files,
    Found,
    Outgoing,
    folders_of,
    levels,
    side_by_side,
    walk,
)
from statusdesk.targets.tree import TreeHost

FTP_PORT = 21
AT_ONCE = 4
_NO_FILE = "550"  # also "no right": the words that come with it differ from server to server


class _Ftp(ftplib.FTP_TLS):
    """FTP over TLS whose data connections go on with the session of its command connection."""

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        """A data connection, encrypted always."""
        line, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321  not the class's own way: it knows no session
        try:
            if not isinstance(self.sock, ssl.SSLSocket):
                raise ssl.SSLError("the command connection is not encrypted")
            # OpenSSL has read the system's authorities for the command connection; reading them again for each file
            # would take longer than the file. Windows and macOS judge certificates themselves, so there it is asked.
            context = self.context if sys.platform in ("darwin", "win32") else self.sock.context
            data = context.wrap_socket(line, server_hostname=self.host, session=self.sock.session)
        except BaseException:
            line.close()
            raise
        data.unwrap = partial(_ended, data)  # type: ignore[method-assign]  # what ftplib calls at the end
        return data, size


def _ended(data: ssl.SSLSocket) -> socket.socket:
    """The end of a data connection. Servers part in many ways, above all when there was nothing to say.

    Whether all of it came through, the server says on the command connection, which is read after this.
    """
    with contextlib.suppress(OSError):  # SSLError is one
        return ssl.SSLSocket.unwrap(data)
    return data


class FtpFiles(Files):
    """The files in one folder of one server."""

    def __init__(self, place: Place, beat: Beat, patience: Patience = PATIENCE) -> None:
        self._at = login(place.location, place.settings, FTP_PORT)
        self._secret, self._beat, self._patience = place.secret, beat, patience
        self.where, self.identity, self.url = self._at.where, self._at.identity, ""
        desk = hashlib.sha256(f"{platform.node()} {place.state_file}".encode()).hexdigest()[:8]
        self._aside = f"{ASIDE}{desk}-"
        self._lists_kinds = True
        self._lines = Connections(self._log_in, _hang_up, AT_ONCE)
        with self._lent():
            pass
        self.greeting = f"{self._at.user} is logged in to {self._at.host}, over TLS."

    def _log_in(self) -> _Ftp:
        with _said(self._at):
            ftp = _Ftp(context=route.tls_context(), timeout=self._patience.connect_s)
            try:
                ftp.connect(self._at.host, self._at.port)
                if ftp.sock is not None:
                    ftp.sock.settimeout(self._patience.read_s)
                ftp.timeout = self._patience.read_s
                self._greet(ftp)
                ftp.prot_p()
                ftp.voidcmd("TYPE I")
                self._go_to_folder(ftp)
            except BaseException:
                _hang_up(ftp)
                raise
            return ftp

    def _greet(self, ftp: _Ftp) -> None:
        try:
            ftp.auth()
        except ftplib.error_perm:
            words = f"{self._at.host} offers no TLS for FTP, so the password was not sent. Use SFTP, or ask its owner."
            raise NeedsPerson(words, code="no-tls") from None
        try:
            ftp.login(self._at.user, self._secret)
        except ftplib.error_perm:
            words = f"{self._at.host} refused the login of {self._at.user}. Check user name and password."
            raise NeedsPerson(words, code="login") from None

    def _go_to_folder(self, ftp: _Ftp) -> None:
        try:
            if self._at.folder != ".":
                ftp.cwd(self._at.folder)
        except ftplib.error_perm:
            words = f"There is no folder {self._at.folder} on {self._at.host}. Make it, or name another."
            raise NeedsPerson(words, code="missing") from None

    @contextmanager
    def _lent(self) -> Iterator[_Ftp]:
        with _said(self._at), self._lines.lent() as ftp:
            yield ftp

    def read(self, path: str) -> Found | None:
        """A whole file, or None when there is none."""
        found = io.BytesIO()

        def take(data: bytes) -> None:
            if found.tell() + len(data) > MOST:
                raise TryLater(f"{path} on {self._at.host} is too long to be ours.", code="too-long")
            found.write(data)

        with self._lent() as ftp:
            try:
                ftp.retrbinary(f"RETR {path}", take)
            except ftplib.error_perm as error:
                if not str(error).startswith(_NO_FILE):
                    raise
                return None
        return Found(found.getvalue())

    def standing(self, files: Sequence[Outgoing]) -> Mapping[str, bool]:
        """Only names can be asked for, so what is there counts as different."""
        return dict.fromkeys(walk(self._look, [file.path for file in files], AT_ONCE, self._beat), False)

    def _look(self, folder: str) -> Mapping[str, bool]:
        with self._lent() as ftp:
            if self._lists_kinds:
                try:
                    facts = list(ftp.mlsd(folder or ".", ["type"]))
                    return {name: said.get("type") == "dir" for name, said in facts if name not in (".", "..")}
                except ftplib.error_perm as error:
                    if str(error).startswith(_NO_FILE):
                        raise
                    self._lists_kinds = False  # an old server, without RFC 3659
            names = {name.rpartition("/")[2] for name in _names(ftp, folder or ".")} - {".", ".."}
            return {name: _is_folder(ftp, f"{folder}/{name}".lstrip("/")) for name in names}

    def prepare(self, paths: Collection[str]) -> None:
        """Make folders, those of one level at once, and clear what our last try left half-written."""
        for level in levels(folders_of(paths)):
            for _ in side_by_side(self._make, level, AT_ONCE, self._beat):
                pass
        left = [name for name, is_folder in self._look("").items() if name.startswith(self._aside) and not is_folder]
        list(self.remove(left))

    def _make(self, folder: str) -> None:
        with self._lent() as ftp:
            try:
                ftp.mkd(folder)
            except ftplib.error_perm:  # there already, most of the time; servers say it in words of their own
                if _is_folder(ftp, folder):
                    return
                words = (
                    f"The folder {folder} cannot be made in {self.where}. Ask whoever runs the server for the right."
                )
                raise NeedsPerson(words, code="folder") from None

    def write(self, batch: Sequence[Outgoing]) -> Iterator[str]:
        """Several files at once, each aside and then put in place."""
        for file, _ in side_by_side(self._put, batch, AT_ONCE, self._beat):
            yield file.path

    def _put(self, file: Outgoing) -> None:
        data, aside = io.BytesIO(file.data()), f"{self._aside}{secrets.token_hex(6)}.tmp"
        with self._lent() as ftp:
            ftp.storbinary(f"STOR {aside}", data)
            try:
                ftp.rename(aside, file.path)
            except ftplib.error_perm:  # some servers replace nothing: the file is gone for a moment
                with contextlib.suppress(ftplib.error_perm):
                    ftp.delete(file.path)
                ftp.rename(aside, file.path)

    def write_last(self, file: Outgoing, before: Found | None) -> bool:
        """The same; the protocol knows no conditions, so the engine's look just before must do."""
        del before
        self._put(file)
        return True

    def digests(self, paths: Collection[str]) -> Mapping[str, str]:
        """Read back, several at once."""
        found = side_by_side(self.read, paths, AT_ONCE, self._beat)
        return {path: hashlib.sha256(one.data).hexdigest() for path, one in found if one}

    def remove(self, paths: Collection[str]) -> Iterator[str]:
        """Remove files; folders that become empty go too: the server refuses to remove others."""
        for path, _ in side_by_side(self._delete, paths, AT_ONCE, self._beat):
            yield path
        for folder in reversed(folders_of(paths)):
            with self._lent() as ftp, contextlib.suppress(ftplib.error_perm):
                if not set(_names(ftp, folder)) - {".", ".."}:
                    ftp.rmd(folder)

    def _delete(self, path: str) -> None:
        with self._lent() as ftp:
            try:
                ftp.delete(path)
            except ftplib.error_perm as error:
                if not str(error).startswith(_NO_FILE):
                    raise

    def close(self) -> None:
        """Hang up."""
        self._lines.close()


def open_ftps(place: Place) -> TargetHost:
    """The host for one target; nothing is asked yet."""
    return TreeHost(place, lambda beat: FtpFiles(place, beat))


def _hang_up(ftp: _Ftp) -> None:
    ftp.close()  # without QUIT: its answer might never come


def _names(ftp: _Ftp, folder: str) -> list[str]:
    try:
        return ftp.nlst(folder)
    except ftplib.error_perm as error:
        if str(error).startswith(_NO_FILE):  # how many servers say "empty"
            return []
        raise


def _is_folder(ftp: _Ftp, path: str) -> bool:
    """Whether one can go there; one is back where one was afterwards."""
    here = ftp.pwd()
    try:
        ftp.cwd(path)
    except ftplib.error_perm:
        return False
    ftp.cwd(here)
    return True


@contextmanager
def _said(at: Login) -> Iterator[None]:
    """Faults of the connection and refusals, as words."""
    try:
        yield
    except (ftplib.Error, OSError, EOFError) as error:
        raise _fault(at, error) from None


def _fault(at: Login, error: Exception) -> SendingError:  # noqa: PLR0911  one answer for each kind of fault
    host, said = at.host, tidy_line(str(error))[:200]
    if isinstance(error, ssl.SSLCertVerificationError):
        words = (
            f"{host} could not prove who it is (TLS). Nothing was sent. Check the server's name and its certificate."
        )
        return TryLater(words, code="tls")
    if isinstance(error, socket.gaierror):
        return TryLater(f"{host} was not found. This computer may be offline.", code="dns")
    if isinstance(error, TimeoutError):
        return TryLater(f"{host} did not answer in time.", code="timeout")
    if isinstance(error, ftplib.error_temp):
        full = said.startswith(("452", "450"))
        words = f"{host} has no room left" if full else f"{host} cannot do that now"
        return TryLater(f"{words} (it answered “{said}”).", code=f"ftp-{said[:3]}")
    if isinstance(error, ftplib.error_perm):
        if said.startswith("552"):
            return NeedsPerson(f"The quota on {host} is used up. Make room there.", code="ftp-552")
        words = f"{host} does not allow that in {at.where} (it answered “{said}”). Ask whoever runs it for the right."
        return NeedsPerson(words, code=f"ftp-{said[:3]}")
    if isinstance(error, ftplib.Error):
        return TryLater(f"{host} gave an answer that is not from an FTP server.", code="garbled")
    return TryLater(f"{host} cannot be reached now.", code="no-connection")
