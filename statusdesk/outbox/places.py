"""How the courier gets at destinations: accounts and targets opened with their secrets, and the site built."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from statusdesk import redact
from statusdesk.channels import registry as channels
from statusdesk.channels.base import Channel, Connection, Limits
from statusdesk.clock import Clock
from statusdesk.domain.delivery import Account, SettingField, Target
from statusdesk.errors import EnvironmentFault, Refused
from statusdesk.outbox.enqueue import limits_of
from statusdesk.paths import overlap, state_dir, this_computer
from statusdesk.secrets import Secrets
from statusdesk.site.stamp import BUILD_FILE
from statusdesk.store import Store, Workspace
from statusdesk.store.reader import Reader
from statusdesk.targets import registry as targets
from statusdesk.targets.base import Place, Site, TargetHost

if TYPE_CHECKING:
    from statusdesk.site.builder import BuildReport
    from statusdesk.site.reading import Kept
    from statusdesk.store.public import PublicRecordReader

COMPUTER = "computer"  # the setting of a folder target that says on which computer the folder lies

# The setting of a place whose kind may have a secret, and that has none: its key store is not asked.
KEYLESS = "keyless"


def keyless(fields: Sequence[SettingField], secret: str) -> dict[str, str]:
    """The settings of a place that is added now, when it has no secret though it might."""
    may = any(one.secret and one.optional for one in fields)
    return {KEYLESS: "yes"} if may and not secret else {}


def bound_to_here(workspace: Workspace) -> dict[str, str]:
    """The settings of a folder target that is added now: with a shared database it belongs to this computer."""
    return {} if workspace.is_file else {COMPUTER: this_computer()}


class OpenPlaces:
    """The destinations of one workspace on this computer."""

    def __init__(self, store: Store, secrets: Secrets, clock: Clock) -> None:
        self._store = store
        self._secrets = secrets
        self._now = clock
        self._folder = store.workspace.folder
        # What the site's builder keeps between two builds of a folder: only one build of a folder goes on at a time.
        self._kept: dict[Path, Kept] = {}

    def open_account(self, account: Account, secret: str, limits: Limits | None = None) -> Channel:
        """An account's network, with a token that need not be in the keyring yet."""
        redact.remember(secret)
        return channels.kind(account.kind).open(
            Connection(
                handle=account.handle,
                base_url=account.base_url,
                settings=account.settings,
                limits=limits or limits_of(account),
                secret=secret,
                keeper=self._secrets.kept(f"account/{account.id}"),
            )
        )

    def channel(self, account_id: str) -> Channel:
        """An account's network, with its token from the keyring."""
        with self._store.read() as sql:
            account = Reader(sql).account(account_id)
        wanted = None if KEYLESS in account.settings else channels.kind(account.kind).secret
        return self.open_account(account, self._secret(f"account/{account_id}", wanted, account.name))

    def open_target(self, target: Target, secret: str) -> TargetHost:
        """A target's host, with a credential that need not be in the keyring yet."""
        redact.remember(secret)
        if target.kind == "folder":  # looked at each time: a link may lead elsewhere by now
            check_apart(self._folder, Path(target.location).expanduser())
        state = self._folder / "targets" / f"{target.id}.json"
        place = Place(location=target.location, settings=target.settings, state_file=state, secret=secret)
        return targets.kind(target.kind).open(place)

    def host(self, target_id: str) -> TargetHost:
        """A target's host, with its credential from the keyring."""
        with self._store.read() as sql:
            target = Reader(sql).target(target_id)
        wanted = None if KEYLESS in target.settings else targets.kind(target.kind).secret
        return self.open_target(target, self._secret(f"target/{target_id}", wanted, target.name))

    def forget_target(self, target_id: str) -> None:
        """Remove what this computer remembers of its publishing there."""
        for left in (self._folder / "targets").glob(f"{target_id}*"):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)

    def _secret(self, entry: str, wanted: SettingField | None, place: str) -> str:
        """What the keyring holds for a place; empty when its kind needs nothing. Raises Refused, EnvironmentFault."""
        secret = self._secrets.get(entry) if wanted else ""
        if secret is None and wanted is not None and not wanted.optional:
            raise Refused(f"{wanted.label} of {place} is not in this computer's key store. Connect it again.")
        return secret or ""

    def public_url(self, target_id: str) -> str:
        """Where readers find what a target holds; empty for a folder that nobody named an address for."""
        with self._store.read() as sql:
            reader = Reader(sql)
            target = reader.target(target_id)
            return target.public_url or ("" if target.kind == "folder" else reader.page().base_url)

    def seen_build(self, url: str) -> str:
        """The id of the build that readers get now."""
        from statusdesk.targets.readback import shown_build  # noqa: PLC0415  loads the HTTP library

        return shown_build(url)

    def picture(self, incident_ref: str) -> Path | None:
        """An incident's card in the built site, if it has one."""
        card = self.site_folder() / "incidents" / incident_ref / "card.png"
        return card if incident_ref and card.is_file() else None

    @contextmanager
    def public(self) -> Iterator[PublicRecordReader]:
        """One consistent view of everything public."""
        from statusdesk.store.public import PublicRecordReader  # noqa: PLC0415  only the site needs these types

        with self._store.read() as sql:
            yield PublicRecordReader(sql)

    @contextmanager
    def _public_again(self) -> Iterator[PublicRecordReader]:
        """The same for another process: connections are not carried into one."""
        from statusdesk.store.public import PublicRecordReader  # noqa: PLC0415

        store = Store.open(self._store.workspace)
        try:
            with store.read() as sql:
                yield PublicRecordReader(sql)
        finally:
            store.close()

    def site_folder(self) -> Path:
        """Where this computer renders the site: the page's folder, or with a shared database one of its own.

        A path in a shared database is one computer's. Another computer renders beside it, into its own state.
        """
        with self._store.read() as sql:
            reader = Reader(sql)
            out, known = Path(reader.page().output_dir), reader.targets()
        workspace = self._store.workspace
        ours = any(one.location == str(out) and self._is_here(one) for one in known)
        return out if workspace.is_file or ours else state_dir() / "sites" / workspace.folder.name

    def out_of_reach(self) -> frozenset[str]:
        """Folder targets of a shared workspace that lie on another computer: only that one can publish there."""
        if self._store.workspace.is_file:
            return frozenset()
        with self._store.read() as sql:
            return frozenset(one.id for one in Reader(sql).targets() if not self._is_here(one))

    @staticmethod
    def _is_here(target: Target) -> bool:
        return target.settings.get(COMPUTER, this_computer()) == this_computer()

    def state_file(self, out: Path) -> Path:
        """What is remembered of the site rendered into a folder."""
        name = hashlib.sha256(str(out.resolve()).encode()).hexdigest()[:16]
        return self._folder / "site" / f"{name}.db"

    def render(self, out: Path, *, full: bool = False) -> BuildReport:
        """Bring the site in a folder to the record. Private data and public files must lie apart (invariant 13)."""
        from statusdesk.site import builder, reading  # noqa: PLC0415  Jinja2, Babel: a window must not wait for them

        check_apart(self._folder, out)
        with self.public() as reader:
            return builder.build(
                reader,
                out=out,
                state_file=self.state_file(out),
                now=self._now(),
                kept=self._kept.setdefault(out, reading.Kept()),
                templates=self._folder / "templates",
                again=self._public_again,
                full=full,
            )

    def build(self) -> Site:
        """Render what changed into the site folder of this computer, and return the site."""
        from statusdesk.site import builder  # noqa: PLC0415

        out = self.site_folder()
        self.render(out)
        built = builder.load_site(out, self.state_file(out))
        if built is None:  # somebody took the folder away between the two lines
            raise EnvironmentFault(f"The site in {out} is gone. It is rendered again at the next try.")
        return Site(
            folder=built.folder, manifest=lambda: built.files, build_id=built.build_id, order=builder.publish_order
        )


def check_apart(private: Path, public: Path) -> None:
    """Refuse a site folder that holds the workspace, or lies in it."""
    if overlap(private, public):
        raise Refused(
            "That folder holds your private data. Choose another, so callers' numbers can never be published.",
            field="output",
        )


def check_free(out: Path) -> None:
    """Refuse a site folder that is a file, or holds a site we did not make."""
    if out.exists() and not out.is_dir():
        raise Refused(f"{out} is a file. Choose a folder.", field="output")
    if (out / "index.html").exists() and not (out / BUILD_FILE).exists():
        files = sum(1 for one in out.rglob("*") if one.is_file())
        raise Refused(
            f"There is already a site in {out} ({files} files). Choose another folder, or empty this one first.",
            field="output",
        )
