"""From the click to the page and to the last post; and a page that changed, published by us, by rsync, by rclone.

    python -m tests.benchmarks.bench_delivery words     from the verb to the page read back and the last post out
    python -m tests.benchmarks.bench_delivery page N    publishing one changed page of a site of N files

The networks are small servers in this process that follow the vendors' documents; the hosts are real ones. Wall
seconds are medians; CPU seconds are this process's and its children's.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from statusdesk import clock
from statusdesk.channels.base import Channel
from statusdesk.desk import Desk
from statusdesk.domain import ids
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.delivery import Account, DeliveryKind, DeliveryState
from statusdesk.domain.drafts import IncidentDraft, UpdateDraft
from statusdesk.domain.incident import Impact
from statusdesk.outbox.courier import Courier
from statusdesk.outbox.places import OpenPlaces
from statusdesk.secrets import Secrets
from statusdesk.site.builder import publish_order
from statusdesk.store.writer import Writer
from statusdesk.targets import registry
from statusdesk.targets.base import Site
from tests.servers import hosts
from tests.servers.distant import Distant
from tests.servers.vendors.doors import VENDORS, opened

ROUNDS = 5
KINDS = ("webhook", "telegram", "discord", "slack", "ntfy", "teams")
PAGE_BYTES = 8_000


class Quiet(http.server.SimpleHTTPRequestHandler):
    """What lies in a folder."""

    def log_message(self, *_: object) -> None:
        return


class Networks(OpenPlaces):
    """Accounts whose networks are in this process, and a page that is far away, too."""

    ways: dict[str, Callable[[], Channel]]
    page: str

    def channel(self, account_id: str) -> Channel:
        return self.ways[account_id]()

    def public_url(self, target_id: str) -> str:
        return self.page if super().public_url(target_id) else ""


@contextlib.contextmanager
def line(port: int, round_trip_s: float) -> Iterator[int]:
    """The port of a server, near or far."""
    if not round_trip_s:
        yield port
        return
    with Distant(port, round_trip_s) as far:
        yield far.port


def words(accounts: int, round_trip_s: float) -> dict[str, float]:
    """Medians over some updates: the verb, the page read back from its public address, the last post out."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "www").mkdir()
        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder / "www")))
        threading.Thread(target=web.serve_forever, args=(0.05,), daemon=True).start()
        stack.callback(web.shutdown)
        near = f"http://127.0.0.1:{web.server_address[1]}"
        desk = Desk.create(
            folder / "w", name="Northlake", base_url=near, components=["Tills"], output_dir=folder / "site"
        )
        stack.callback(desk.shut)
        desk.add_target(kind="folder", name="Web", location=str(folder / "www"), public_url=near)
        places = Networks(desk._store, Secrets("bench"), clock.now)
        places.page = f"http://127.0.0.1:{stack.enter_context(line(web.server_address[1], round_trip_s))}"
        places.ways = {}
        for number in range(accounts):
            kind = KINDS[number % len(KINDS)]
            vendor = stack.enter_context(VENDORS[kind]())
            port = stack.enter_context(line(int(vendor.url.rpartition(":")[2]), round_trip_s))
            account = Account(id=ids.new_id(clock.now()), kind=kind, name=f"{kind} {number}", created_at=clock.now())
            places.ways[account.id] = partial(opened, kind, f"http://127.0.0.1:{port}")
            with desk._store.write() as sql:
                Writer(sql, at=clock.now(), actor="bench").add_account(account)
        courier = Courier(desk._store, places, clock.now)
        parts = ((desk.find_component("Tills").id, ComponentStatus.PARTIAL_OUTAGE),)
        ref = desk.open_incident(
            IncidentDraft(title="Cards fail", message="Cash works.", impact=Impact.MAJOR, components=parts)
        ).ref
        run(desk, courier, ref, 1)
        return medians([one_update(desk, courier, ref, seq) for seq in range(2, 2 + ROUNDS)])


def one_update(desk: Desk, courier: Courier, ref: str, seq: int) -> dict[str, float]:
    """One update, from the click on: seconds until it is saved, on the page and posted everywhere, and CPU."""
    began, cpu = clock.now(), sum(os.times()[:4])
    desk.post_update(ref, UpdateDraft(message=f"Word {seq}: eleven of 14 stores take cards again."))
    saved = clock.now()
    run(desk, courier, ref, seq)
    rows = [one for one in desk.deliveries(ref) if one.seq == seq]
    assert all(one.state.arrived for one in rows), [(one.destination, one.state, one.error) for one in rows]
    page = max(one.updated_at for one in rows if one.kind is DeliveryKind.PUBLISH)
    last = max(one.updated_at for one in rows if one.kind is DeliveryKind.POST)
    return {
        "saved": (saved - began).total_seconds(),
        "page seen": (page - began).total_seconds(),
        "last post out": (last - began).total_seconds(),
        "CPU": sum(os.times()[:4]) - cpu,
    }


def run(desk: Desk, courier: Courier, ref: str, seq: int) -> None:
    """Rounds until this update is everywhere."""
    waits = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.RETRY_WAIT)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        courier.round()
        rows = [one for one in desk.deliveries(ref) if one.seq == seq]
        if not any(one.state in waits or (one.state is DeliveryState.SENT and one.next_try_at) for one in rows):
            return


def medians(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(row[name] for row in rows), 3) for name in rows[0]}


# One page of many


class Pages:
    """A site of N files on this computer, of which one page changes again and again."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.number, self.files = folder, 0, {}
        for one in range(count - 3):
            self._put(f"incidents/SD-{one:06}/index.html", f"<h1>{one}</h1>" + "Cards fail. " * (PAGE_BYTES // 12))
        self._put("assets/page-0123456789ab.css", "body {}\n" * 500)
        self.change()

    def _put(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        self.files[path] = hashlib.sha256(text.encode()).hexdigest()

    def change(self) -> Site:
        """Another word on the entry page, and so another build."""
        self.number += 1
        self._put("index.html", f"<h1>Northlake</h1><p>{self.number}</p>" + "Everything works. " * 400)
        made = {"build_id": f"b{self.number}", "generated_at": f"2026-06-09T10:{self.number:02}:00.000Z"}
        (self.folder / "build.json").write_text(json.dumps(made), "utf-8")
        files = dict(self.files)
        return Site(folder=self.folder, manifest=lambda: files, build_id=f"b{self.number}", order=publish_order)


def timed(work: Callable[[], object]) -> dict[str, float]:
    """Wall and CPU seconds of a work, its children's included."""
    wall, cpu = time.perf_counter(), sum(os.times()[:4])
    work()
    return {"wall": time.perf_counter() - wall, "CPU": sum(os.times()[:4]) - cpu}


def several(pages: Pages, publish: Callable[[Site], object]) -> dict[str, float]:
    """The first publishing aside: medians of one changed page."""
    publish(pages.change())
    return medians([timed(partial(publish, pages.change())) for _ in range(3)])


def page(count: int) -> dict[str, dict[str, float]]:
    """One changed page, by each of ours and by the others, to the same servers."""
    found: dict[str, dict[str, float]] = {}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name in ("site", "ssh", "s3", "dav", "www"):
            (folder / name).mkdir()
        pages = Pages(folder / "site", count)
        ssh = stack.enter_context(hosts.ssh(folder / "ssh"))
        s3 = stack.enter_context(hosts.seaweed(folder / "s3"))
        dav = stack.enter_context(hosts.nginx(folder / "dav"))
        web = stack.enter_context(hosts.folder(folder / "www"))
        for name, host in {"folder": web, "rsync": ssh["rsync"], "sftp": ssh["sftp"], "s3": s3, "webdav": dav}.items():
            host.make(f"ours-{name}")
            place = host.place(f"ours-{name}", folder / f"{name}.json")
            found[f"StatusDesk, {name}"] = several(pages, registry.kind(host.kind).open(place).publish)
        for name, command in others(folder, ssh["sftp"], s3).items():
            found[name] = several(pages, lambda _site, command=command: call(command))
    return found


def call(command: list[str]) -> None:
    """Run another program. Raises RuntimeError with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr[-500:]}")


def others(folder: Path, ssh: hosts.Host, s3: hosts.Host) -> dict[str, list[str]]:
    """The commands people use for this today."""
    for name in ("rsync", "rclone"):
        ssh.make(f"theirs-{name}")
    key, user = ssh.settings["key_file"], ssh.settings["user"]
    known = folder / "known"
    shell = f"ssh -p {ssh.port} -i {key} -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile={known}"
    rclone = [str(Path(sys.executable).with_name("rclone")), "--config", "/dev/null", "sync", "--transfers", "8"]
    sftp = ["--sftp-host", "127.0.0.1", "--sftp-port", str(ssh.port), "--sftp-user", user, "--sftp-key-file", key]
    bucket = [
        "--s3-provider", "Other", "--s3-endpoint", f"http://127.0.0.1:{s3.port}", "--s3-access-key-id", hosts.KEY,
        "--s3-secret-access-key", hosts.SECRET, "--s3-no-check-bucket",
    ]  # fmt: skip
    site, there = str(folder / "site"), f":s3:{hosts.BUCKET}/theirs"
    return {
        "rsync -a --delete, ssh": [
            str(shutil.which("rsync")), "-a", "--delete", f"--rsh={shell}", f"{site}/",
            f"{user}@127.0.0.1:{ssh.location('theirs-rsync')}/",
        ],
        "rclone sync, sftp": [*rclone, *sftp, site, f":sftp:{ssh.location('theirs-rclone')}"],
        "rclone sync, s3": [*rclone, *bucket, site, there],
        "rclone sync --checksum, s3": [*rclone, "--checksum", *bucket, site, there],
    }  # fmt: skip


def main() -> None:
    """Print the figures as one JSON object."""
    if sys.argv[1] == "words":
        found: object = {
            f"{accounts + 1} destinations, {place}": words(accounts, round_trip)
            for place, round_trip in (("loopback", 0.0), ("100 ms", 0.1))
            for accounts in (1, 11)
        }
    else:
        found = page(int(sys.argv[2]))
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
