"""A folder on a server that is reached by rsync over ssh: the system's own programs, keys and `known_hosts`.

Each of the engine's phases is one run of rsync, with the list of its files on standard input, so no name ever is an
argument. rsync writes each file aside and renames it into place. `--delay-updates` is not used: it would leave folders
called `.~tmp~` after a cut, and the order that readers need comes from the phases.

A password cannot be given: ssh must get in with a key, or the agent's. A server's key that is new is kept beside the
note; one that has changed stops everything. Source: rsync(1) and ssh_config(5).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from statusdesk.domain.text import tidy_line
from statusdesk.net.faults import NeedsPerson, SendingError, TryLater
from statusdesk.net.web import PATIENCE, Patience
from statusdesk.targets.address import login
from statusdesk.targets.base import Place, TargetHost
from statusdesk.targets.files import Beat, Files, Found, Outgoing
from statusdesk.targets.tree import TreeHost

SSH_PORT = 22
_BEAT_S = 2.0
_HANG_UP_S = 10.0
_NOT_ALL = 23  # some files could not be transferred
_NO_PROGRAM = 127
_WELL = (0, 24)  # 24: something vanished on the way, which is what deleting is about

# What ssh and rsync say (in English: LC_ALL is set), what that means, and whether a person must act.
_REASONS = (
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", "host-key", True),
    ("Host key verification failed", "host-key", True),
    ("Too many authentication failures", "login", True),
    ("Could not resolve hostname", "dns", False),
    ("timed out", "timeout", False),
    ("command not found", "no-rsync", True),
    ("No space left on device", "enospc", False),
    ("Disk quota exceeded", "edquot", True),
    ("Permission denied (13)", "eacces", True),  # the number is rsync's, of the disk; ssh names its ways to log in
    ("Permission denied (", "login", True),
    ("Permission denied", "eacces", True),
    ("Read-only file system", "erofs", True),
    ("Not a directory", "enotdir", True),
)
_WORDS = {
    "host-key": "{host} shows another key than before, so nothing was sent. If its owner changed it, remove the old "
    "key from known_hosts, or this target, and add it again; else somebody is between.",
    "login": "{host} refused the login of {user}. Check the user name, and that ssh gets in there without a password.",
    "dns": "{host} was not found. This computer may be offline.",
    "timeout": "{host} did not answer in time.",
    "no-rsync": "rsync is not installed on {host}. Ask whoever runs it, or use SFTP.",
    "enospc": "The disk of {host} is full. Make room there.",
    "edquot": "The quota on {host} is used up. Make room there.",
    "eacces": "{user} may not write to {where}. Ask whoever runs the server for the right to write there.",
    "erofs": "{where} is read-only. Ask whoever runs the server.",
    "enotdir": "A file stands where a folder is needed in {where}. Move it away.",
    "missing": "There is no folder {folder} on {host}. Make it, or name another.",
    "no-connection": "{host} cannot be reached now.",
}


class RsyncFiles(Files):
    """The files in one folder of one server."""

    def __init__(self, place: Place, beat: Beat, patience: Patience = PATIENCE) -> None:
        self._at = login(place.location, place.settings, SSH_PORT)
        self._beat, self._patience = beat, patience
        self.where, self.identity, self.url = self._at.where, self._at.identity, ""
        programs = {name: shutil.which(name) for name in ("rsync", "ssh")}
        for name, found in programs.items():
            if not found:
                words = f"{name} is not installed on this computer. Install it (apt install {name}), or use SFTP."
                raise NeedsPerson(words, code="no-program")
        self._program = str(programs["rsync"])
        self._own = tempfile.TemporaryDirectory(prefix="statusdesk-rsync-")
        self._ssh = self._ssh_command(str(programs["ssh"]), place.state_file.with_suffix(".hostkey"))
        host = f"[{self._at.host}]" if ":" in self._at.host else self._at.host
        self._there = f"{self._at.user}@{host}:{self._at.folder.rstrip('/')}/"
        self.greeting = f"{self._at.user} gets in to {self._at.host} with ssh, and rsync answers."

    def _ssh_command(self, program: str, known_hosts: Path) -> list[str]:
        """How to connect: without questions, and where the system can do that, once for all runs."""
        known_hosts.parent.mkdir(parents=True, exist_ok=True)
        wait = round(self._patience.connect_s)
        options = {
            "BatchMode": "yes",
            "StrictHostKeyChecking": "accept-new",
            "UserKnownHostsFile": f'"{known_hosts}" ~/.ssh/known_hosts',
            "ConnectTimeout": str(wait),
            "ServerAliveInterval": str(wait),
            "ServerAliveCountMax": "4",
        }
        if os.name == "posix":
            # The first run's connection stays open for the next ones, for a minute at most when nobody closes it.
            options |= {"ControlMaster": "auto", "ControlPath": f"{self._own.name}/line", "ControlPersist": "60"}
        words = [program, "-p", str(self._at.port)]
        if self._at.key_file:
            words += ["-i", self._at.key_file, "-o", "IdentitiesOnly=yes"]
        for name, value in options.items():
            words += ["-o", f"{name}={value}"]
        return words

    def _run(self, source: str, target: str, names: Collection[str], *options: str) -> tuple[int, str, str]:
        """One run for these files; gives its exit code, its output, and what it complains of."""
        shell = " ".join("'" + word.replace("'", "''") + "'" for word in self._ssh)  # rsync takes it apart again
        command = [
            self._program,
            "-s",  # --protect-args, by its later name --secluded-args: no shell over there reads the folder's name
            f"--rsh={shell}",
            f"--timeout={round(self._patience.read_s)}",
            "--files-from=-",
            "--from0",
            "--no-motd",
            *options,
            "--",
            source,
            target,
        ]
        given: bytes | None = "".join(f"{name}\0" for name in names).encode()
        # Not a pipe: the line that ssh keeps open for the next run holds on to it.
        with tempfile.TemporaryFile(dir=self._own.name) as complaints:
            running = subprocess.Popen(  # noqa: S603  a list, and nothing in it comes from elsewhere
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=os.environ | {"LC_ALL": "C"},
            )
            try:
                while True:
                    self._beat()
                    try:
                        out, _ = running.communicate(given, _BEAT_S)
                        break
                    except subprocess.TimeoutExpired:
                        given = None
            except BaseException:
                running.terminate()
                running.communicate()
                raise
            complaints.seek(0)
            return running.returncode, out.decode("utf-8", "replace"), complaints.read().decode("utf-8", "replace")

    def _asked(self, source: str, target: str, names: Collection[str], *options: str) -> str:
        code, out, complaints = self._run(source, target, names, *options)
        if code:
            raise self._fault(code, complaints)
        return out

    def _fault(self, exit_code: int, complaints: str) -> SendingError:
        at = self._at
        code, is_for_person = "no-connection", False
        for said, found, must_act in _REASONS:
            if said in complaints:
                code, is_for_person = found, must_act
                break
        else:
            if "change_dir" in complaints and "No such file" in complaints:
                code, is_for_person = "missing", True
            elif exit_code == _NO_PROGRAM:
                code, is_for_person = "no-rsync", True
            elif exit_code == _NOT_ALL:
                said = tidy_line(complaints)[:200]
                return TryLater(f"rsync could not bring everything to {self.where} (“{said}”).", code="rsync-23")
        words = _WORDS[code].format(host=at.host, user=at.user, folder=at.folder, where=self.where)
        return NeedsPerson(words, code=code) if is_for_person else TryLater(words, code=code)

    def read(self, path: str) -> Found | None:
        """A whole file, or None when there is none."""
        found = self._fetched([path])
        return Found(found[path]) if path in found else None

    def _fetched(self, paths: Collection[str]) -> dict[str, bytes]:
        with tempfile.TemporaryDirectory(dir=self._own.name) as folder:
            self._asked(self._there, f"{folder}/", paths, "--ignore-missing-args", "--max-size=20m")
            files = {path: Path(folder, path) for path in paths}
            return {path: file.read_bytes() for path, file in files.items() if file.is_file() and not file.is_symlink()}

    def standing(self, files: Sequence[Outgoing]) -> Mapping[str, bool]:
        """Compared by checksum, over there: rsync says what it would do."""
        if not files:
            return {}
        options = ("--dry-run", "--checksum", "-ii", "--out-format=%i %n")
        said = self._asked(_root(files[0]), self._there, [file.path for file in files], *options)
        found = {}
        for line in said.splitlines():
            change, _, path = line.partition(" ")
            path = path.strip()
            if change[1:2] == "f" and "+" not in change:
                found[path] = change[0] == "."
        return found

    def prepare(self, paths: Collection[str]) -> None:
        """Nothing: rsync makes folders, and clears up after itself."""

    def write(self, batch: Sequence[Outgoing]) -> Iterator[str]:
        """One run. What is there already, of a run that was cut off, is not sent again."""
        for file in batch:
            file.data()  # raises when the site was built anew meanwhile
        options = ("--checksum", "--chmod=D755,F644")
        self._asked(_root(batch[0]), self._there, [file.path for file in batch], *options)
        for file in batch:
            file.data()
            yield file.path

    def write_last(self, file: Outgoing, before: Found | None) -> bool:
        """The same; rsync knows no conditions, so the engine's look just before must do."""
        del before
        list(self.write([file]))
        return True

    def digests(self, paths: Collection[str]) -> Mapping[str, str]:
        """Read back, all at once."""
        return {path: hashlib.sha256(data).hexdigest() for path, data in self._fetched(paths).items()}

    def remove(self, paths: Collection[str]) -> Iterator[str]:
        """What an empty folder lacks is deleted there; so are their folders when empty: rsync refuses others."""
        folders = sorted({path.rpartition("/")[0] for path in paths} - {""})
        with tempfile.TemporaryDirectory(dir=self._own.name) as empty:
            for batch in filter(None, (list(paths), folders)):
                code, _, complaints = self._run(f"{empty}/", self._there, batch, "--delete-missing-args")
                if code not in _WELL and "cannot delete non-empty directory" not in complaints:
                    raise self._fault(code, complaints)
        yield from paths

    def close(self) -> None:
        """Hang up, and remove what lay on this computer meanwhile."""
        if Path(self._own.name, "line").exists():
            command = [*self._ssh, "-O", "exit", f"{self._at.user}@{self._at.host}"]
            subprocess.run(command, capture_output=True, timeout=_HANG_UP_S, check=False)  # noqa: S603  as above
        self._own.cleanup()


def open_rsync(place: Place) -> TargetHost:
    """The host for one target; nothing is asked yet."""
    return TreeHost(place, lambda beat: RsyncFiles(place, beat))


def _root(file: Outgoing) -> str:
    """The folder that a file's path begins in."""
    return f"{file.source.parents[file.path.count('/')]}/"
