"""Where the site goes: targets and their checks; the deliveries, and the rounds that work them off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from statusdesk.clock import Clock
from statusdesk.domain import ids, times
from statusdesk.domain import promise as promises
from statusdesk.domain.audit import Changes, Touched
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import Delivery, DeliveryState, Target
from statusdesk.domain.text import tidy_line
from statusdesk.errors import EnvironmentFault, Problem, Refused
from statusdesk.outbox.courier import Courier
from statusdesk.outbox.enqueue import enqueue_publish
from statusdesk.outbox.places import KEYLESS, bound_to_here, check_apart, check_free, keyless
from statusdesk.paths import overlap
from statusdesk.secrets import Secrets
from statusdesk.site.stamp import stamp
from statusdesk.store import Store
from statusdesk.store.outbox import Outbox
from statusdesk.targets import registry as targets
from statusdesk.targets.base import TargetKind
from statusdesk.verbs.accounts import AccountVerbs, filled, whole_path

if TYPE_CHECKING:
    from statusdesk.site.builder import BuildReport


JUDGED_FOR = timedelta(days=1)


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


class DestinationVerbs(AccountVerbs):
    """Targets; deliver; build."""

    def __init__(self, store: Store, *, secrets: Secrets, now: Clock, actor: str) -> None:
        super().__init__(store, secrets=secrets, now=now, actor=actor)
        self._courier = Courier(store, self._places, now)
        self._delivering = threading.Lock()
        self._turned_at: datetime | None = None

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
        given = filled(known.label, known.fields, dict(settings or {}), secret)
        target = Target(
            id=ids.new_id(at),
            kind=kind,
            name=tidy_line(name) or known.label,
            location=tidy_line(location),
            settings=given | keyless(known.fields, secret.strip()),
            public_url=tidy_line(public_url),
            created_at=at,
            checked_at=at,
        )
        if not target.location:
            raise Refused.because([Problem("location", f"{known.location_label} is missing. {known.location_hint}")])
        if any(one.name.casefold() == target.name.casefold() for one in self.targets()):
            raise Refused.because([Problem("name", f"There is already a target “{target.name}”. Name it otherwise.")])
        if kind == "folder":
            folder = whole_path(target.location, "location")
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
            settings = {key: value for key, value in target.settings.items() if key != KEYLESS}
            writer.change_target(target.id, settings=settings, checked_at=self._now(), trouble="")
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
        self._places.forget_target(target.id)
        if targets.kind(target.kind).secret and KEYLESS not in target.settings:
            self._secrets.forget(f"target/{target.id}")
        return changes

    # Deliveries

    def deliveries(self, ref: str | None = None) -> tuple[Delivery, ...]:
        """All deliveries, or those of one incident, oldest first."""
        with self._read() as reader:
            return reader.deliveries(incident_id=reader.incident(ref).id if ref else None)

    def delivery(self, id_: str) -> Delivery:
        """One delivery. Raises NotFound."""
        with self._read() as reader:
            return reader.delivery(id_)

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
            self._judge_promises()
            return self.tally(since=before)

    def _judge_promises(self) -> None:
        """Words saved in time that reached the page late came late: what counts is what customers could read."""
        with self._store.read() as sql:
            found = Outbox(sql).kept_and_shown(self._now() - JUDGED_FOR)
        late = [
            (incident_id, ref, judged)
            for incident_id, ref, promise, shown_at in found
            if (judged := promises.judged_by_page(promise, shown_at)) is not promise
        ]
        if late:
            with self._write() as writer:
                for incident_id, ref, promise in late:
                    writer.judge_promise(incident_id, promise)
                    writer.event("promise-late", Touched.INCIDENT, ref)
                enqueue_publish(writer)

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
