"""A folder on a server that is reached by SFTP, with a password, a key or the agent's keys.

Several channels of one connection write side by side. Each file is written aside in the site's folder and put in place
by `posix-rename@openssh.com`, which replaces at once; a server without it sees a file gone for a moment.

The server's own key must be known: from the user's `known_hosts`, or from the first time this desk was there. A
changed key stops everything. Sources: draft-ietf-secsh-filexfer-02 (SFTP 3), OpenSSH's PROTOCOL, section 4.3.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import platform
import re
import secrets
import socket
import stat
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import paramiko

from statusdesk.domain.text import tidy_line
from statusdesk.net.faults import NeedsPerson, SendingError, TryLater
from statusdesk.net.web import PATIENCE, Patience
from statusdesk.targets.address import Login, login
from statusdesk.targets.base import Place, TargetHost
from statusdesk.targets.files import (
    ASIDE,
    AT_ONCE,
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

SSH_PORT = 22
logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # faults are said by us, in words


class SftpFiles(Files):
    """The files in one folder of one server."""

    def __init__(self, place: Place, beat: Beat, patience: Patience = PATIENCE) -> None:
        self._at = login(place.location, place.settings, SSH_PORT)
        self._beat, self._patience = beat, patience
        self.where, self.identity, self.url = self._at.where, self._at.identity, ""
        desk = hashlib.sha256(f"{platform.node()} {place.state_file}".encode()).hexdigest()[:8]
        self._aside = f"{ASIDE}{desk}-"
        self._keys = HostKeys(place.state_file.with_suffix(".hostkey"), self._at)
        self._client = paramiko.SSHClient()
        self._channels = Connections(self._channel, paramiko.SFTPClient.close, AT_ONCE)
        try:
            with said(self._at):
                log_in(self._client, self._at, self._keys, place.secret, patience)
            self._refuse_missing()
        except BaseException:
            self.close()
            raise
        self.greeting = f"{self._at.user} is logged in to {self._at.host}. {self._keys.words}"

    def _channel(self) -> paramiko.SFTPClient:
        with said(self._at):
            channel = self._client.open_sftp()
            line = channel.get_channel()
            if line is not None:
                line.settimeout(self._patience.read_s)
            return channel

    def _refuse_missing(self) -> None:
        with self._lent() as sftp:
            try:
                found = sftp.stat(self._at.folder)
            except FileNotFoundError:
                found = None
        if found is None or not stat.S_ISDIR(found.st_mode or 0):
            raise NeedsPerson(
                f"There is no folder {self._at.folder} on {self._at.host}. Make it, or name another.", code="missing"
            )

    @contextmanager
    def _lent(self) -> Iterator[paramiko.SFTPClient]:
        with said(self._at), self._channels.lent() as sftp:
            yield sftp

    def _path(self, path: str) -> str:
        return f"{self._at.folder.rstrip('/')}/{path}"

    def read(self, path: str) -> Found | None:
        """A whole file, or None when there is none."""
        with self._lent() as sftp:
            try:
                with sftp.open(self._path(path), "rb") as file:
                    return Found(file.read(MOST))
            except FileNotFoundError:
                return None

    def standing(self, files: Sequence[Outgoing]) -> Mapping[str, bool]:
        """Only names and sizes can be asked for, so what is there counts as different."""
        return dict.fromkeys(walk(self._look, [file.path for file in files], AT_ONCE, self._beat), False)

    def _look(self, folder: str) -> Mapping[str, bool]:
        with self._lent() as sftp:
            return {one.filename: stat.S_ISDIR(one.st_mode or 0) for one in sftp.listdir_attr(self._path(folder))}

    def prepare(self, paths: Collection[str]) -> None:
        """Make folders, those of one level at once, and clear what our last try left half-written."""
        for level in levels(folders_of(paths)):
            for _ in side_by_side(self._make, level, AT_ONCE, self._beat):
                pass
        left = [name for name, is_folder in self._look("").items() if name.startswith(self._aside) and not is_folder]
        list(self.remove(left))

    def _make(self, folder: str) -> None:
        with self._lent() as sftp:
            try:
                sftp.mkdir(self._path(folder))
            except OSError as error:  # there already, most of the time; version 3 of the protocol does not say so
                if error.errno == errno.EACCES:
                    raise
                found = sftp.lstat(self._path(folder))
                if stat.S_ISLNK(found.st_mode or 0):
                    words = f"{folder} in {self.where} is a link. Remove it, so that nothing is written elsewhere."
                    raise NeedsPerson(words, code="link") from None
                if not stat.S_ISDIR(found.st_mode or 0):
                    words = f"A file stands where the folder {folder} is needed in {self.where}. Move it away."
                    raise NeedsPerson(words, code="enotdir") from None

    def write(self, batch: Sequence[Outgoing]) -> Iterator[str]:
        """Several files at once, each aside and then put in place."""
        for file, _ in side_by_side(self._put, batch, AT_ONCE, self._beat):
            yield file.path

    def _put(self, file: Outgoing) -> None:
        data, aside = file.data(), self._path(f"{self._aside}{secrets.token_hex(6)}.tmp")
        with self._lent() as sftp:
            try:
                with sftp.open(aside, "wb") as there:
                    there.set_pipelined(True)
                    there.write(data)
                # Nobody reads the answers to writes that were sent ahead: a full disk shows in the size alone.
                if sftp.stat(aside).st_size != len(data):
                    raise TryLater(
                        f"{self._at.host} kept only a part of {file.path}. Its disk may be full.", code="short"
                    )
                _replace(sftp, aside, self._path(file.path))
            except (OSError, TryLater):
                with contextlib.suppress(Exception):  # the fault that is told is the first
                    sftp.remove(aside)
                raise

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
            with self._lent() as sftp, contextlib.suppress(OSError):
                sftp.rmdir(self._path(folder))

    def _delete(self, path: str) -> None:
        with self._lent() as sftp, contextlib.suppress(FileNotFoundError):
            sftp.remove(self._path(path))

    def close(self) -> None:
        """Log out."""
        self._client.close()


def open_sftp(place: Place) -> TargetHost:
    """The host for one target; nothing is asked yet."""
    return TreeHost(place, lambda beat: SftpFiles(place, beat))


def log_in(client: paramiko.SSHClient, at: Login, keys: HostKeys, secret: str, patience: Patience) -> None:
    """Connect with the key file, the password, or else as the user's own ssh would. Raises what paramiko raises."""
    keys.give_to(client)
    key = at.key_file
    client.connect(
        at.host,
        at.port,
        at.user,
        password=secret if secret and not key else None,
        key_filename=key or None,
        passphrase=secret if secret and key else None,
        # Without either, as the user's own ssh would: the agent's keys and those in ~/.ssh.
        allow_agent=not (key or secret),
        look_for_keys=not (key or secret),
        timeout=patience.connect_s,
        banner_timeout=patience.read_s,
        auth_timeout=patience.read_s,
        channel_timeout=patience.read_s,
    )


class HostKeys(paramiko.MissingHostKeyPolicy):
    """Which key the server showed: known to the user's own ssh, known from last time, or seen for the first time."""

    def __init__(self, file: Path, at: Login) -> None:
        self._file, self._at = file, at
        self._is_new = False
        self.fingerprint = ""

    def give_to(self, client: paramiko.SSHClient) -> None:
        """Let a client believe what is known."""
        client.load_system_host_keys()
        if self._file.exists():
            client.load_host_keys(str(self._file))
        client.set_missing_host_key_policy(self)

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """The first time: believed, and remembered."""
        self._is_new = True
        self.fingerprint = fingerprint(key)
        known = client.get_host_keys()
        known.add(hostname, key.get_name(), key)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        known.save(str(self._file))

    @property
    def words(self) -> str:
        """For the check: what to compare."""
        if self._is_new:
            return f"Its key, seen for the first time, is {self.fingerprint}; from now on it must be that."
        return "Its key is the known one."


def fingerprint(key: paramiko.PKey) -> str:
    """As `ssh-keygen -l` shows it."""
    return "SHA256:" + b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def _replace(sftp: paramiko.SFTPClient, aside: str, path: str) -> None:
    try:
        sftp.posix_rename(aside, path)
    except OSError as error:
        if error.errno is not None or "unsupported" not in str(error).lower():
            raise
        with contextlib.suppress(FileNotFoundError):
            sftp.remove(path)
        sftp.rename(aside, path)


@contextmanager
def said(at: Login) -> Iterator[None]:
    """Faults of the connection and of the server's disk, as words."""
    try:
        yield
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise _fault(at, error) from None


def _fault(at: Login, error: Exception) -> SendingError:  # noqa: C901, PLR0911  one answer for each kind of fault
    host = at.host
    if isinstance(error, paramiko.BadHostKeyException):
        return NeedsPerson(
            f"{host} shows another key than before ({fingerprint(error.key)}), so nothing was sent. If its owner "
            "changed it, remove the old key from known_hosts, or this target, and add it again; else somebody is "
            "between.",
            code="host-key",
        )
    if isinstance(error, paramiko.PasswordRequiredException):
        return NeedsPerson(f"The key {at.key_file} needs its passphrase. Type it as the password.", code="login")
    if isinstance(error, paramiko.AuthenticationException) and re.search("transport shut down|timeout", str(error)):
        # A line that was cut while logging in is no refusal, though paramiko calls both by one name.
        return TryLater(f"The connection to {host} broke off while logging in.", code="no-connection")
    if isinstance(error, paramiko.AuthenticationException):
        what = "key" if at.key_file else "password"
        return NeedsPerson(f"{host} refused the login of {at.user}. Check user name and {what}.", code="login")
    if isinstance(error, socket.gaierror):
        return TryLater(f"{host} was not found. This computer may be offline.", code="dns")
    if isinstance(error, TimeoutError):
        return TryLater(f"{host} did not answer in time.", code="timeout")
    if isinstance(error, ConnectionError | EOFError | paramiko.ssh_exception.NoValidConnectionsError):
        return TryLater(f"{host} cannot be reached now.", code="no-connection")
    if isinstance(error, paramiko.SSHException):
        return TryLater(f"The connection to {host} failed ({tidy_line(str(error))[:200]}).", code="no-connection")
    if isinstance(error, PermissionError):
        words = f"{at.user} may not write to {at.where}. Ask whoever runs the server for the right to write there."
        return NeedsPerson(words, code="eacces")
    if isinstance(error, OSError) and error.errno is None:  # a status of the protocol: "Failure" is all that it says
        words = tidy_line(str(error))[:200] or "Failure"
        return TryLater(f"{host} answered “{words}” for {at.folder}. Its disk or quota may be full.", code="failure")
    said = tidy_line(str(error.strerror if isinstance(error, OSError) else error))[:200]
    return TryLater(f"{host} cannot be used now ({said}).", code="no-connection")
