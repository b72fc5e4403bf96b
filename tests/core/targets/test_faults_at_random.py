"""Every host behind a bad line, at random and by number: the newest site arrives whole, and readers never see a mix.

Two or three builds of a site are published over a line that fails, again after each fault as the outbox does, and then over a
good one. Whoever looks in between finds that every link of the entry page leads somewhere and that `build.json` names no
build whose files are not all there. The faults are drawn from a seed that a failure names; where connections run side
by side, which of them meets a fault is the day's luck. `STATUSDESK_FAULT_RUNS` asks for more runs of each host.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import random
import re
import shutil
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from statusdesk.net.faults import NeedsPerson, TryLater
from statusdesk.net.web import PATIENCE, Patience
from statusdesk.site.builder import publish_order
from statusdesk.targets.base import Place, Published, Site
from statusdesk.targets.files import Files, Found, Outgoing
from statusdesk.targets.ftps import FtpFiles
from statusdesk.targets.rsync import RsyncFiles
from statusdesk.targets.s3 import S3Files
from statusdesk.targets.sftp import SftpFiles
from statusdesk.targets.tree import TreeHost
from statusdesk.targets.webdav import DavFiles
from tests.servers.badline import BadHttp, BadLine
from tests.servers.fault import HOST
from tests.servers.hosts import Host

FILES = {"sftp": SftpFiles, "rsync": RsyncFiles, "s3": S3Files, "webdav": DavFiles, "ftps": FtpFiles}
HTTP = ("s3", "webdav")
QUICK = Patience(connect_s=1.0, read_s=0.3, total_s=0.5)
OTHER = "127.0.0.2"  # where the line stands for those whose data go over connections of their own
# Runs of each host in the suite: a dozen of each kind, shared by servers with different manners; fewer where each
# connection takes its time.
RUNS = {
    "sftp": 4,
    "rsync": 2,
    "s3": 4,
    "s3-without-conditions": 3,
    "webdav": 4,
    "webdav-without-conditions": 3,
    "ftps": 2,
}
SLOW = ("rsync", "ftps")  # these get two builds
MORE = int(os.environ.get("STATUSDESK_FAULT_RUNS", "0"))
THEIRS = {"CNAME": b"status.example", "incidents/SD-2026-0001/photo.txt": b"of somebody else"}


@dataclass
class Build:
    """One state of a site: its files, `build.json` among them."""

    number: int
    files: Mapping[str, bytes]

    @property
    def id(self) -> str:
        return f"build-{self.number}"

    def site(self, folder: Path) -> Site:
        """Written as the builder would; in a folder of its own."""
        for path, data in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        shas = {path: hashlib.sha256(data).hexdigest() for path, data in self.files.items() if path != "build.json"}
        return Site(folder=folder, manifest=lambda: shas, build_id=self.id, order=publish_order)


def builds(chance: random.Random, count: int) -> list[Build]:
    """Builds of about thirty files; each changes some pages, adds some and drops some."""
    numbers, made = list(range(1, 10)), []
    for number in range(1, count + 1):
        changed = {one: number if chance.random() < 0.4 else 1 for one in numbers}
        style = f"assets/page-{chance.choice((1, number)):012x}.css"
        files = {style: b"p{}" * chance.choice((10, 5_000)), "assets/logo-000000000000.svg": b"<svg/>"}
        for one, version in changed.items():
            text = f"<p>{version}<a href=/{style}>" + "words " * (5, 500, 9_000)[one * version % 3]
            files[f"incidents/SD-2026-{one:04}/index.html"] = text.encode()
            files[f"api/v2/incidents/{one}.json"] = json.dumps({"id": one, "version": version}).encode()
        links = "".join(f"<a href=/{path}>" for path in sorted(files))
        files["history/2026-06/index.html"] = f"<p>{number}{links}".encode()
        files["feed.atom"] = f"<feed>{number}".encode()
        files["404.html"] = b"<p>Not here"
        files["fi/index.html"] = f"<p>{number}{links}".encode()
        links += "<a href=/history/2026-06/index.html><a href=/feed.atom><a href=/fi/index.html>"
        files["index.html"] = f"<p>{number}{links}".encode()
        at = f"2026-06-09T{9 + number:02}:41:00.000Z"
        files["build.json"] = json.dumps({"build_id": f"build-{number}", "generated_at": at}).encode()
        made.append(Build(number, files))
        numbers = [one for one in numbers if chance.random() > 0.15] + [20 + number * 3, 21 + number * 3]
    return made


class Readers:
    """Looks at a host as its readers may at any moment."""

    def __init__(self, host: Host, name: str, known: Sequence[Build]) -> None:
        self._host, self._name = host, name
        self._known = {one.id: one for one in known}
        self.looks = 0

    def tree(self) -> dict[str, bytes]:
        """Every file; looked at again when one vanishes under the look, as half-written ones do."""
        for _ in range(50):
            with contextlib.suppress(FileNotFoundError):
                return self._host.tree(self._name)
        raise AssertionError("the tree does not come to rest")

    def look(self) -> None:
        self.looks += 1
        tree = self.tree()
        for path in re.findall(r"<a href=/([^>]+)>", tree.get("index.html", b"").decode()):
            assert path in tree, f"the entry page leads to {path}"
            assert self._is_whole(path, tree[path], 1), f"{path} is half a file"
        if "build.json" in tree:
            named = self._known[json.loads(tree["build.json"])["build_id"]]
            for path in named.files:
                assert path in tree, f"build.json names {named.id}, but {path} is not there"
                assert self._is_whole(path, tree[path], named.number), f"{path} is older than {named.id}"

    def _is_whole(self, path: str, data: bytes, since: int) -> bool:
        return any(one.files.get(path) == data for one in self._known.values() if one.number >= since)


class Watched(Files):
    """A host's files, looked at after each thing that was done to them."""

    def __init__(self, files: Files, readers: Readers) -> None:
        self._files, self._look = files, readers.look
        self.where, self.identity, self.url, self.greeting = files.where, files.identity, files.url, files.greeting
        self.read, self.vanished = files.read, files.vanished
        self.standing, self.digests, self.close = files.standing, files.digests, files.close

    def prepare(self, paths: Collection[str]) -> None:
        self._files.prepare(paths)
        self._look()

    def write(self, batch: Sequence[Outgoing]) -> Iterator[str]:
        yield from self._files.write(batch)
        self._look()

    def write_last(self, file: Outgoing, before: Found | None) -> bool:
        done = self._files.write_last(file, before)
        self._look()
        return done

    def remove(self, paths: Collection[str]) -> Iterator[str]:
        yield from self._files.remove(paths)
        self._look()


_names = itertools.count(1)


@dataclass
class Desk:
    """A desk with its own note of a place, and the line to it."""

    host: Host
    name: str
    folder: Path
    line: BadLine | BadHttp | None = None
    readers: Readers | None = None
    faults: list[str] = field(default_factory=list)

    def publish(self, build: Build, patience: Patience = PATIENCE) -> Published | None:
        """One try; None after a fault, which is noted."""
        folder = self.folder / build.id
        site = build.site(folder)
        try:
            return TreeHost(self._place(), lambda beat: self._open(beat, patience)).publish(site)
        except (TryLater, NeedsPerson) as error:
            self.faults.append(f"{build.id}: {error.code}: {error.message}")
            return None
        finally:
            shutil.rmtree(folder)

    def _open(self, beat, patience):
        if self.host.kind == "rsync":  # its programs take whole seconds
            patience = Patience(connect_s=max(1.0, patience.connect_s), read_s=max(1.0, patience.read_s))
        files = FILES[self.host.kind](self._place(), beat, patience)
        return Watched(files, self.readers) if self.readers else files

    def _place(self) -> Place:
        more = {"server": f"{OTHER}:{self.line.port}"} if self.line and self.host.data_ports else {}
        port = self.line.port if self.line else 0
        return self.host.place(self.name, self.folder / "note.json", port=port, **more)


@pytest.fixture(scope="session")
def lines(host: Host) -> Iterator[list[BadLine | BadHttp]]:
    """The bad lines that lead to a host: one of bytes, and where it speaks HTTP one of requests."""
    with contextlib.ExitStack() as stack:
        likely = {"ftps": 0.06, "s3": 0.3, "webdav": 0.3}.get(host.kind, 0.8)
        here = OTHER if host.data_ports else HOST
        made = [stack.enter_context(BadLine(host.port, likely=likely, ports=host.data_ports, here=here))]
        if host.kind in HTTP:
            made.append(stack.enter_context(BadHttp(host.port, likely=0.04)))
        yield made


def numbered() -> list[tuple[str, int]]:
    return [(host, number) for host, runs in RUNS.items() for number in range(MORE or runs)]


@pytest.mark.parametrize(("host", "number"), numbered(), indirect=["host"])
def test_the_newest_site_arrives_and_readers_never_see_a_mix(host, lines, number, tmp_path, monkeypatch):
    if host.authority:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(host.authority))
    chance = random.Random(f"{host.kind} {number}")
    name, line = f"random-{next(_names)}", lines[number % len(lines)]
    host.make(name)
    known = builds(chance, 2 if host.kind in SLOW else 3)
    readers = Readers(host, name, known)
    desk = Desk(host, name, tmp_path, line, readers)
    for path, data in THEIRS.items():
        host.put(name, path, data)
    try:
        line.go_bad(chance)
        for build in known:
            for _ in range(chance.randint(1, 3)):
                done = desk.publish(build, QUICK)
                line.settle()
                readers.look()
                if done:
                    break
    finally:
        line.mend()
    for _ in range(3):  # what the bad line left behind (an old answer, a lock) may cost a try
        if desk.publish(known[-1]):
            break
    assert settled(readers) == dict(known[-1].files) | THEIRS, desk.faults


def settled(readers: Readers) -> dict[str, bytes]:
    """What is there once programs whose line was cut have cleared up after themselves."""
    until = time.monotonic() + 5
    while True:
        tree = readers.tree()
        if time.monotonic() > until or not any(re.search(r"(^|/)\.[^/]+\.\w{6}$", path) for path in tree):
            return tree
        time.sleep(0.05)  # between two looks, not instead of one
