"""Where words go: accounts and targets, their checks, the deliveries, and the rounds that work them off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from statusdesk.channels import registry as channels
from statusdesk.channels.base import ChannelKind, Checked
from statusdesk.clock import Clock
from statusdesk.domain import ids, times
from statusdesk.domain.audit import Changes, Touched
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import Account, Delivery, DeliveryState, SettingField, Target
from statusdesk.domain.text import tidy_line
from statusdesk.errors import EnvironmentFault, Problem, Refused
from statusdesk.outbox.courier import Courier
from statusdesk.outbox.enqueue import enqueue_publish
from statusdesk.outbox.places import bound_to_here, check_apart, check_free
from statusdesk.paths import overlap
from statusdesk.secrets import Secrets
from statusdesk.site.stamp import stamp
from statusdesk.store import Store
from statusdesk.targets import registry as targets
from statusdesk.targets.base import TargetKind
from statusdesk.verbs.base import Verbs

if TYPE_CHECKING:
    from statusdesk.site.builder import BuildReport


@dataclass(frozen=True, slots=True)
class Tally:
    """How deliveries stand after a round: `sent` in it, the others in all."""

    sent: int
    waiting: int
    failed: int
    unknown: int

    @property
    def complete(self) -> bool:
        """Whether every word is out."""
        return not (self.waiting or self.failed or self.unknown)


class DestinationVerbs(Verbs):
    """Connect, check, remove; deliver, retry, cancel; build."""

    def __init__(self, store: Store, *, secrets: Secrets, now: Clock, actor: str) -> None:
        super().__init__(store, secrets=secrets, now=now, actor=actor)
        self._courier = Courier(store, self._places, now)
        self._delivering = threading.Lock()
        self._turned_at: datetime | None = None

    # Accounts

    def channel_kinds(self) -> Sequence[ChannelKind]:
        """The kinds of accounts that can be connected."""
        return tuple(channels.KINDS.values())

    def accounts(self) -> tuple[Account, ...]:
        """Connected accounts."""
        with self._read() as reader:
            return reader.accounts()

    def connect_account(
        self, *, kind: str, name: str = "", settings: Mapping[str, str] | None = None, secret: str = ""
    ) -> tuple[Account, tuple[CheckLine, ...]]:
        """Connect an account: look whether posting would work, then keep it and put its token into the keyring.

        Nothing is posted. Raises Refused when the network says no: then nothing was kept.
        """
        known = channels.kind(kind)
        given = self._filled(known.label, known.fields, dict(settings or {}), secret)
        at = self._now()
        if kind == "preview":
            given["folder"] = self._out_of_sight(given["folder"])
        account = Account(
            id=ids.new_id(at),
            kind=kind,
            name=tidy_line(name) or known.label,
            handle=given.pop("handle", ""),
            base_url=given.pop("server", "").rstrip("/"),
            settings=given,
            created_at=at,
        )
        if any(one.name.casefold() == account.name.casefold() for one in self.accounts()):
            raise Refused.because(
                [Problem("name", f"There is already an account “{account.name}”. Name it otherwise.")]
            )
        if secret.strip():
            self._secrets.require()
        checked = self._places.open_account(account, secret.strip(), known.default_limits).check()
        if not checked.ok:
            wrong = next((line.result for line in checked.lines if line.ok is False), "It did not answer.")
            raise Refused(wrong, title=f"{known.label} was not connected")
        account = self._as_checked(account, checked)
        if secret.strip():
            self._secrets.put(f"account/{account.id}", secret.strip())
        with self._write() as writer:
            writer.add_account(account)
            writer.event("account-connect", Touched.ACCOUNT, account.id)
            enqueue_publish(writer)
        return account, tuple(checked.lines)

    def _out_of_sight(self, folder: str) -> str:
        """The whole path of a folder that no reader of the site can see."""
        place = _whole(folder, "folder")
        folders = [Path(one.location) for one in self.targets() if one.kind == "folder"]
        if any(place.is_relative_to(one.resolve()) for one in (self._places.site_folder(), *folders)):
            raise Refused.because([Problem("folder", "That folder is part of the site: readers would see the posts.")])
        return str(place)

    @staticmethod
    def _filled(label: str, fields: Sequence[SettingField], given: dict[str, str], secret: str) -> dict[str, str]:
        """What a form says, tidied. Raises Refused, naming what is missing and what is no field of it."""
        wrong = []
        for field in fields:
            value = secret.strip() if field.secret else given.get(field.name, "").strip()
            if not value and not field.optional:
                wrong.append(Problem(field.name, f"{field.label} is missing. {field.hint}".strip()))
        known = {field.name for field in fields if not field.secret}
        wrong += [Problem(name, f"{label} has no setting “{name}”.") for name in given if name not in known]
        if wrong:
            raise Refused.because(wrong)
        return {name: tidy_line(value) for name, value in given.items() if value.strip()}

    @staticmethod
    def _as_checked(account: Account, checked: Checked) -> Account:
        limits = checked.limits
        return replace(
            account,
            handle=checked.handle or account.handle,
            profile_url=checked.profile_url,
            limits={
                "characters": limits.characters,
                "max_bytes": limits.max_bytes,
                "link_length": limits.link_length,
            },
            trouble="",
        )

    def check_account(self, key: str) -> tuple[CheckLine, ...]:
        """Look whether posting would work, without posting; what was found is kept."""
        with self._read() as reader:
            account = reader.account(key)
        try:
            checked = self._places.channel(account.id).check()
        except (Refused, EnvironmentFault) as error:
            checked = Checked(ok=False, lines=(CheckLine(what="Key store", ok=False, result=error.message),))
        trouble = "" if checked.ok else next((one.result for one in checked.lines if one.ok is False), "No answer")
        columns: dict[str, object] = {"checked_at": self._now(), "trouble": trouble}
        if checked.ok:
            found = self._as_checked(account, checked)
            columns |= {"handle": found.handle, "profile_url": found.profile_url, "limits": dict(found.limits)}
        with self._write() as writer:
            writer.change_account(account.id, **columns)
            if columns.get("profile_url", account.profile_url) != account.profile_url:  # the page links to it
                writer.event("account-check", Touched.ACCOUNT, account.id)
                enqueue_publish(writer)
        return tuple(checked.lines)

    def renew_account(self, key: str, *, secret: str) -> tuple[Account, tuple[CheckLine, ...]]:
        """Give an account a new token, after looking whether posting would work with it. Refused: the old one stays."""
        with self._read() as reader:
            account = reader.account(key)
        known = channels.kind(account.kind)
        if not secret.strip() or not any(field.secret for field in known.fields):
            raise Refused.because([Problem("secret", f"{known.label} needs its token or password here.")])
        self._secrets.require()
        checked = self._places.open_account(account, secret.strip(), known.default_limits).check()
        if not checked.ok:
            wrong = next((line.result for line in checked.lines if line.ok is False), "It did not answer.")
            raise Refused(wrong, title=f"{account.name} was not connected again")
        for name in known.keeps:
            self._secrets.forget(f"account/{account.id}/{name}")
        self._secrets.put(f"account/{account.id}", secret.strip())
        found = replace(self._as_checked(account, checked), checked_at=self._now())
        with self._write() as writer:
            writer.change_account(
                account.id,
                handle=found.handle,
                profile_url=found.profile_url,
                limits=dict(found.limits),
                checked_at=found.checked_at,
                trouble="",
            )
            writer.event("account-renew", Touched.ACCOUNT, account.id)
            enqueue_publish(writer)
        return found, tuple(checked.lines)

    def enable_account(self, key: str, *, enabled: bool) -> Changes:
        """Send updates to an account, or not for now: then what waits for it is not sent either."""
        with self._write() as writer:
            account = writer.account(key)
            writer.change_account(account.id, enabled=enabled)
            if not enabled:
                writer.cancel_for(account.id, "The account was turned off.", doubts=False)
            writer.event("account-enable" if enabled else "account-disable", Touched.ACCOUNT, account.id)
            enqueue_publish(writer)
            return Changes(head=writer.head(), destinations=True)

    def remove_account(self, key: str) -> Changes:
        """Disconnect an account: its token leaves the keyring, what waits for it is cancelled."""
        with self._write() as writer:
            account = writer.account(key)
            writer.change_account(account.id, removed_at=writer.at, enabled=False, name=f"{account.name} (removed)")
            writer.cancel_for(account.id, "The account was removed.", doubts=True)
            writer.event("account-remove", Touched.ACCOUNT, account.id)
            enqueue_publish(writer)
            changes = Changes(head=writer.head(), destinations=True, deliveries=True)
        if any(field.secret for field in channels.kind(account.kind).fields):
            try:
                self._secrets.forget(f"account/{account.id}")
                for name in channels.kind(account.kind).keeps:
                    self._secrets.forget(f"account/{account.id}/{name}")
            except EnvironmentFault as fault:
                title = f"{account.name} is disconnected, but its token is still in the key store"
                raise EnvironmentFault(f"{fault.message} Then remove the entry StatusDesk.", title=title) from None
        return changes

    # Targets

    def target_kinds(self) -> Sequence[TargetKind]:
        """The kinds of hosts one can publish to."""
        return tuple(targets.KINDS.values())

    def targets(self) -> tuple[Target, ...]:
        """Where the site goes."""
        with self._read() as reader:
            return reader.targets()

    def add_target(
        self,
        *,
        kind: str,
        name: str,
        location: str,
        settings: Mapping[str, str] | None = None,
        secret: str = "",
        public_url: str = "",
    ) -> tuple[Target, tuple[CheckLine, ...]]:
        """Add a place to publish to, after looking whether publishing would work. Refused: nothing was kept."""
        known, at = targets.kind(kind), self._now()
        given = self._filled(known.label, known.fields, dict(settings or {}), secret)
        target = Target(
            id=ids.new_id(at),
            kind=kind,
            name=tidy_line(name) or known.label,
            location=tidy_line(location),
            settings=given,
            public_url=tidy_line(public_url),
            created_at=at,
            checked_at=at,
        )
        if not target.location:
            raise Refused.because([Problem("location", f"{known.location_label} is missing. {known.location_hint}")])
        if any(one.name.casefold() == target.name.casefold() for one in self.targets()):
            raise Refused.because([Problem("name", f"There is already a target “{target.name}”. Name it otherwise.")])
        if kind == "folder":
            folder = _whole(target.location, "location")
            check_apart(self._store.workspace.folder, folder)
            own = self._places.site_folder()
            if folder != own and overlap(folder, own):
                words = f"That folder lies inside the built site ({own}), or around it. Choose another folder."
                raise Refused.because([Problem("location", words)])
            settings = dict(target.settings) | bound_to_here(self._store.workspace)
            target = replace(target, location=str(folder), settings=settings)
        if secret.strip():
            self._secrets.require()
        lines = tuple(self._places.open_target(target, secret.strip()).check())
        wrong = next((line.result for line in lines if line.ok is False), None)
        if wrong is not None:
            raise Refused(wrong, title=f"{target.name} was not added", field="location")
        if secret.strip():
            self._secrets.put(f"target/{target.id}", secret.strip())
        with self._write() as writer:
            writer.add_target(target)
            writer.event("target-add", Touched.TARGET, target.id)
            enqueue_publish(writer)
        return target, lines

    def check_target(self, key: str) -> tuple[CheckLine, ...]:
        """Look whether publishing would work, without changing what readers see; what was found is kept."""
        with self._read() as reader:
            target = reader.target(key)
        try:
            lines = tuple(self._places.host(target.id).check())
        except (Refused, EnvironmentFault) as error:
            lines = (CheckLine(what="Key store", ok=False, result=error.message),)
        trouble = next((line.result for line in lines if line.ok is False), "")
        with self._write() as writer:
            writer.change_target(target.id, checked_at=self._now(), trouble=trouble)
        return lines

    def renew_target(self, key: str, *, secret: str) -> tuple[Target, tuple[CheckLine, ...]]:
        """Give a target a new secret, after looking whether it works. Refused: the old one stays."""
        with self._read() as reader:
            target = reader.target(key)
        known = targets.kind(target.kind)
        if not secret.strip() or known.secret is None:
            raise Refused.because([Problem("secret", f"{known.label} needs its password or token here.")])
        self._secrets.require()
        lines = tuple(self._places.open_target(target, secret.strip()).check())
        wrong = next((line.result for line in lines if line.ok is False), None)
        if wrong is not None:
            raise Refused(wrong, title=f"{target.name} was not changed")
        self._secrets.put(f"target/{target.id}", secret.strip())
        with self._write() as writer:
            writer.change_target(target.id, checked_at=self._now(), trouble="")
            writer.event("target-renew", Touched.TARGET, target.id)
            enqueue_publish(writer)
        return target, lines

    def remove_target(self, key: str) -> Changes:
        """Publish there no more. What lies there stays."""
        with self._write() as writer:
            target = writer.target(key)
            writer.change_target(target.id, removed_at=writer.at, name=f"{target.name} (removed)")
            writer.cancel_for(target.id, "The target was removed.", doubts=True)
            writer.event("target-remove", Touched.TARGET, target.id)
            changes = Changes(head=writer.head(), destinations=True, deliveries=True)
        if targets.kind(target.kind).secret:
            self._secrets.forget(f"target/{target.id}")
        return changes

    # Deliveries

    def deliveries(self, ref: str | None = None) -> tuple[Delivery, ...]:
        """All deliveries, or those of one incident, oldest first."""
        with self._read() as reader:
            return reader.deliveries(incident_id=reader.incident(ref).id if ref else None)

    def undelivered(self) -> tuple[Delivery, ...]:
        """What is not where it belongs: it waits, failed, or nobody knows."""
        with self._read() as reader:
            return reader.deliveries(states=tuple(one for one in DeliveryState if one.undelivered))

    def deliver(self, told: Callable[[], None] = lambda: None) -> Tally:
        """Work off everything that is due: build, publish, post. Blocks on the network; one round at a time.

        `told` is called after each place that was worked on, from a thread of the round.
        """
        with self._delivering:
            self._turn_the_page()
            before = self._arrived()
            self._courier.round(told)
            return self.tally(since=before)

    def _turn_the_page(self) -> None:
        """Publish once, though nobody said anything: for a new day's bars, and when a contact card begins or ends."""
        now = self._now()
        if self._turned_at is None:
            built = stamp(self._places.site_folder())
            self._turned_at = built.built_at if built else now
        with self._read() as reader:
            zone = reader.page().zone
            new_day = times.local_day(now, zone) > times.local_day(self._turned_at, zone)
            turned = reader.cards_turn_between(self._turned_at, now)
        if new_day or turned:
            with self._write() as writer:
                enqueue_publish(writer)
        self._turned_at = now

    def next_due(self) -> datetime | None:
        """When `deliver` should be called again; None when nothing waits."""
        return self._courier.next_due()

    def _arrived(self) -> int:
        with self._read() as reader:
            return reader.count_deliveries((DeliveryState.SENT, DeliveryState.VERIFIED))

    def tally(self, since: int = 0) -> Tally:
        """How deliveries stand. `since` is the number that had arrived before."""
        waits = tuple(one for one in DeliveryState if one.waits)
        with self._read() as reader:
            return Tally(
                sent=reader.count_deliveries((DeliveryState.SENT, DeliveryState.VERIFIED)) - since,
                waiting=reader.count_deliveries(waits),
                failed=reader.count_deliveries((DeliveryState.FAILED,)),
                unknown=reader.count_deliveries((DeliveryState.UNKNOWN,)),
            )

    # The site on this computer

    def build(self, *, full: bool = False, output: Path | None = None) -> BuildReport:
        """Render the site into its folder, or into another one."""
        own = self._places.site_folder()
        out = (output or own).expanduser().resolve()
        if out != own:
            check_free(out)
        return self._places.render(out, full=full)


def _whole(folder: str, field: str) -> Path:
    """A folder as typed, as a whole path: a courier started elsewhere must find it, too."""
    try:
        return Path(folder).expanduser().resolve()
    except (RuntimeError, OSError, ValueError):
        raise Refused.because([Problem(field, f"“{folder[:80]}” is not a folder. Give the whole path.")]) from None
