"""Servers and folders as people type them, made safe for programs and protocols."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from statusdesk.errors import Problem, Refused

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9a-fA-F:]*:[0-9a-fA-F:.]*")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]*")


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in where, and the folder there. `folder` has no slash at its end; `.` is where one lands."""

    host: str
    port: int
    user: str
    folder: str
    key_file: str

    @property
    def where(self) -> str:
        """The place, for people."""
        return f"{self.host}" if self.folder == "." else f"{self.folder} on {self.host}"

    @property
    def identity(self) -> str:
        """The place, for the note."""
        return f"{self.user}@{self.host}:{self.port} {self.folder}"


def login(location: str, settings: Mapping[str, str], port: int) -> Login:
    """What the form says. `port` is the protocol's own. Raises Refused, naming the fields."""
    wrong = []
    text = settings.get("server", "").strip()
    match = re.fullmatch(r"\[?(?P<host>[^\[\]/]+?)\]?(:(?P<port>\d{1,5}))?", text)
    if match is None or (text.count(":") > 1 and not text.startswith("[")):
        match = re.fullmatch(r"(?P<host>[0-9a-fA-F:.]+)(?P<port>)", text)
    host = match["host"] if match else ""
    chosen = int(match["port"]) if match and match["port"] else port
    if not _HOST.fullmatch(host) or not 0 < chosen < 65_536:  # noqa: PLR2004  ports are 16 bits
        wrong.append(Problem("server", "Write the server's name alone, like www.example.com or www.example.com:2222."))
    user = settings.get("user", "").strip()
    if not _USER.fullmatch(user):
        wrong.append(Problem("user", "Write the user name that logs in there."))
    folder = clean_folder(location)
    if folder is None:
        wrong.append(Problem("location", "Write the folder on the server, like /srv/status, without dots between."))
    key_file = settings.get("key_file", "").strip()
    if key_file and not Path(key_file).expanduser().is_file():
        wrong.append(Problem("key_file", f"There is no file {key_file}. Choose the private key."))
    if wrong:
        raise Refused.because(wrong)
    return Login(host, chosen, user, folder or ".", str(Path(key_file).expanduser()) if key_file else "")


def clean_folder(text: str) -> str | None:
    """A folder on a server, without what leads elsewhere; None when it cannot be one."""
    text = text.strip()
    text = "." if text in ("~", "~/", "") else text.removeprefix("~/")
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if not text.isprintable() or ".." in parts or "\\" in text:
        return None
    return ("/" if text.startswith("/") else "") + "/".join(parts) or "."
