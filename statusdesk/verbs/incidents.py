"""Incidents: open, update, resolve, correct, retract, reopen, close. Each is one transaction with all that follows.

Incident, entry, component statuses, cause, estimate, settled and new promise, prevention steps, audit event and
deliveries are saved together or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from statusdesk.domain import board, drafts, ids, times
from statusdesk.domain import promise as promises
from statusdesk.domain.audit import Changes, Touched
from statusdesk.domain.cards import AFTER_RESOLVE
from statusdesk.domain.drafts import FormContext, IncidentDraft, UpdateDraft
from statusdesk.domain.incident import (
    CauseStatement,
    Certainty,
    EtaStatement,
    Impact,
    Incident,
    IncidentState,
    IncidentUpdate,
    PreventionStep,
    UpdateKind,
    may_reopen,
)
from statusdesk.domain.page import Page
from statusdesk.domain.people import still_waiting
from statusdesk.domain.post import Event
from statusdesk.domain.promise import NextUpdatePromise
from statusdesk.domain.text import BODY_LIMIT, LINE_LIMIT, tidy, tidy_line
from statusdesk.errors import Problem, Refused
from statusdesk.outbox.enqueue import Words, chosen, compose_for, enqueue_publish, enqueue_update, limits_of
from statusdesk.store.reader import Reader
from statusdesk.store.writer import Writer
from statusdesk.verbs.base import Verbs, html_of, incident_changes, plain_of, year_of
from statusdesk.verbs.posts import event_of, words_of_mending, words_of_update


class IncidentVerbs(Verbs):
    """Everything a lead says about an incident."""

    # Reading

    def incidents(
        self,
        *,
        open_only: bool = False,
        since: datetime | None = None,
        text: str = "",
        limit: int = 200,
        offset: int = 0,
    ) -> tuple[board.IncidentRow, ...]:
        """Lines of a list of incidents, newest first; `text` is looked for in reference and title."""
        states = tuple(one for one in IncidentState if one.is_open) if open_only else ()
        with self._read() as reader:
            return reader.incident_rows(states=states, since=since, text=text, limit=limit, offset=offset)

    def incident(self, ref: str) -> board.IncidentView:
        """Everything about one incident. Raises NotFound."""
        with self._read() as reader:
            return reader.view(ref)

    def form_context(self, ref: str | None = None) -> FormContext:
        """What a form is judged against: a new incident's, or an update's to `ref`."""
        with self._read() as reader:
            return self._context(reader, self._now(), reader.incident(ref) if ref else None)

    def preview(self, draft: UpdateDraft, ref: str | None = None) -> tuple[board.PostPreview, ...]:
        """How a draft will look on each connected account, composed exactly as it will be sent."""
        draft, now = drafts.tidied(draft), self._now()
        with self._read() as reader:
            page, accounts = reader.page(), reader.accounts()
            if ref is None:
                new_ref = reader.next_ref(page.ref_prefix, year_of(now, page))
                incident, event = self._begun(draft, page, now, id_="", ref=new_ref), Event.OPENED
            else:
                before = reader.incident(ref)
                incident = self._after(before, draft, now)
                event = event_of(before.state, incident.state)
            words = words_of_update(reader, page, incident, draft, event, now)
        made = []
        for account in accounts:
            post = compose_for(account, words, self._store.workspace.folder)
            limit = limits_of(account).characters
            made.append(
                board.PostPreview(
                    account_id=account.id,
                    kind=account.kind,
                    name=account.name,
                    text=post.text,
                    count=post.count,
                    limit=limit,
                    cut=post.cut,
                    trouble=account.trouble or post.fault,
                )
            )
        return tuple(made)

    # Verbs

    def open_incident(self, draft: IncidentDraft) -> Changes:
        """Post a new incident. Raises Refused with every problem of the form; then nothing was written."""
        draft = drafts.tidied(draft)
        with self._write() as writer:
            self._judge(draft, self._context(writer, writer.at, None), self._earlier_problems(writer, draft))
            page, at = writer.page(), writer.at
            ref = writer.new_ref("DRILL" if draft.drill else page.ref_prefix, year_of(at, page))
            incident = self._begun(draft, page, at, id_=ids.new_id(at), ref=ref)
            writer.add_incident(incident)
            return self._save(writer, incident, draft, page, Event.OPENED)

    def post_update(self, ref: str, draft: UpdateDraft) -> Changes:
        """Post an update. Going to resolved or withdrawn ends the incident, as `resolve` does."""
        draft = drafts.tidied(draft)
        with self._write() as writer:
            before = writer.incident(ref)
            self._judge(draft, self._context(writer, writer.at, before))
            incident = self._after(before, draft, writer.at)
            kind = drafts.update_kind(draft, before.state)
            return self._save(writer, incident, draft, writer.page(), event_of(before.state, incident.state), kind)

    def resolve(self, ref: str, draft: UpdateDraft) -> Changes:
        """Post the last update: it works again. The components are operational in the same save."""
        if draft.state not in (None, IncidentState.RESOLVED):
            raise Refused.because([Problem("state", f"Resolving cannot make it {draft.state}. Leave the state out.")])
        return self.post_update(ref, replace(draft, state=IncidentState.RESOLVED))

    def reopen(self, ref: str, draft: UpdateDraft) -> Changes:
        """It is still broken: back to investigating, with the components as they were, and a new promise."""
        draft = drafts.tidied(draft)
        with self._write() as writer:
            before = writer.incident(ref)
            if not may_reopen(before.state):
                raise Refused(f"{before.ref} is {before.state}. Only resolved or closed incidents can be reopened.")
            context = replace(self._context(writer, writer.at, before), state=IncidentState.INVESTIGATING)
            self._judge(replace(draft, state=None), context, self._reopening_problems(draft))
            page = writer.page()
            held = {e.component_id: e.status for e in writer.entries(before.id) if e.to_at == before.resolved_at}
            named = dict(draft.components)
            draft = replace(draft, state=IncidentState.INVESTIGATING, components=tuple((held | named).items()))
            writer.change_incident(before.id, reopened=before.reopened + 1, closed_at=None)
            writer.reopen_etas(before.id)
            return self._save(writer, self._after(before, draft, writer.at), draft, page, Event.REOPENED)

    def correct(self, ref: str, seq: int, message: str) -> Changes:
        """Say that an update was wrong, and what is right. The old text stays, struck out (invariant 2)."""
        return self._mend(ref, seq, tidy(message), UpdateKind.CORRECTION, Event.CORRECTED)

    def retract(self, ref: str, seq: int, reason: str) -> Changes:
        """Take an update's text off the page; the reason stands in its place (invariant 2).

        A text that was corrected before can still be taken off. Accounts that never got the text get no post about it.
        """
        return self._mend(ref, seq, tidy(reason), UpdateKind.RETRACTION, Event.RETRACTED)

    def close(self, ref: str, reason: str = "") -> Changes:
        """Close a resolved incident: every caller and reporter has an outcome, or a reason is typed (invariant 9)."""
        reason = tidy_line(reason)
        if len(reason) > LINE_LIMIT:
            raise Refused.because([Problem("reason", f"Give the reason in at most {LINE_LIMIT} characters.")])
        with self._write() as writer:
            incident = writer.incident(ref)
            if incident.state is not IncidentState.RESOLVED:
                raise Refused(f"{incident.ref} is {incident.state}. Only resolved incidents can be closed.")
            waiting = still_waiting(writer.callbacks(incident.id), writer.follow_ups(incident.id))
            if waiting and not reason:
                people = "1 person has" if waiting == 1 else f"{waiting} people have"
                raise Refused(
                    f"{people} not answered yet. Ask them first, or type the reason to close.", field="reason"
                )
            at = max(writer.at, incident.updated_at)
            writer.change_incident(
                incident.id, state=IncidentState.CLOSED, closed_at=at, close_reason=reason, updated_at=at
            )
            writer.event(
                "close", Touched.INCIDENT, incident.ref
            )  # a reason may name people: it can be erased, this not
            enqueue_publish(writer, incident=incident)
            return incident_changes(writer, incident.ref)

    # What the verbs share

    @staticmethod
    def _judge(draft: UpdateDraft, context: FormContext, more: Sequence[Problem] = ()) -> None:
        found = (*drafts.problems(draft, context), *more)
        if found:
            raise Refused.because(found)

    @staticmethod
    def _earlier_problems(reader: Reader, draft: IncidentDraft) -> Sequence[Problem]:
        """What comes back must have been here. A public incident does not point to a drill: readers cannot see it."""
        earlier = draft.recurrence_of
        found = reader.find_incident(earlier) if earlier else None
        if earlier is None or (found is not None and (draft.drill or not found.drill)):
            return ()
        said = f"There is no incident {earlier[:60]}" if found is None else f"{earlier} is a drill"
        return [Problem("recurrence_of", f"{said}. Name the earlier incident with the same cause.")]

    @staticmethod
    def _reopening_problems(draft: UpdateDraft) -> Sequence[Problem]:
        """What a reopened incident cannot begin with: it is looked into anew, and nothing is promised yet."""
        found = []
        if draft.state not in (None, IncidentState.INVESTIGATING):
            found.append(Problem("state", "A reopened incident is investigated anew. Leave the state out."))
        if draft.moves_promise:
            found.append(Problem("moves_promise", "After the end there is no promise that could move. Leave it out."))
        return found

    @staticmethod
    def _context(reader: Reader, now: datetime, incident: Incident | None) -> FormContext:
        return FormContext(
            now=now,
            component_ids=frozenset(one.id for one in reader.components()),
            max_promise_s=reader.page().max_promise_s,
            state=incident.state if incident else None,
            started_at=incident.started_at if incident else None,
        )

    @staticmethod
    def _begun(draft: UpdateDraft, page: Page, at: datetime, *, id_: str, ref: str) -> Incident:
        """A new incident as it stands when its first words are saved."""
        first = draft if isinstance(draft, IncidentDraft) else IncidentDraft()
        state = draft.state or IncidentState.INVESTIGATING
        started_at = min(first.started_at or at, at)
        return Incident(
            id=id_,
            code=ids.public_code(id_),
            ref=ref,
            title=first.title,
            state=state,
            impact=draft.impact or Impact.MINOR,
            started_at=started_at,
            first_public_at=at,
            updated_at=at,
            resolved_at=at if state.ends else None,
            recurrence_of=first.recurrence_of,
            drill=first.drill,
            month=times.month_key(started_at, page.zone),
        )

    @staticmethod
    def _after(before: Incident, draft: UpdateDraft, now: datetime) -> Incident:
        """The incident as it stands once an update is saved.

        Public times never run backwards, whoever's clock is behind (invariant 3).
        """
        state, at = draft.state or before.state, max(now, before.updated_at)
        ended_at = (before.resolved_at or at) if state.ends else None
        return replace(before, state=state, impact=draft.impact or before.impact, updated_at=at, resolved_at=ended_at)

    def _save(
        self,
        writer: Writer,
        incident: Incident,
        draft: UpdateDraft,
        page: Page,
        event: Event,
        kind: UpdateKind = UpdateKind.UPDATE,
    ) -> Changes:
        """An update with all that follows from it. `incident` is as it stands afterwards."""
        words = words_of_update(writer, page, incident, draft, event, writer.at)
        accounts = chosen(writer.accounts(), draft.accounts)
        update = self._add_update(writer, incident, draft.message, draft, page, kind=kind)
        self._apply(writer, incident, update, draft, page, ended=event in (Event.RESOLVED, Event.WITHDRAWN))
        writer.event(event.value, Touched.INCIDENT, incident.ref, self._override_reasons(draft))
        enqueue_update(writer, Words(incident, update, words), accounts, self._store.workspace.folder, supersedes=True)
        return incident_changes(writer, incident.ref, update.seq, components=True)

    def _add_update(
        self,
        writer: Writer,
        incident: Incident,
        message: str,
        draft: UpdateDraft | None,
        page: Page,
        *,
        kind: UpdateKind = UpdateKind.UPDATE,
        mends: int | None = None,
    ) -> IncidentUpdate:
        """The next entry of the history: no gap in seq, never before an earlier one (invariant 3)."""
        id_ = ids.new_id(writer.at)
        update = IncidentUpdate(
            id=id_,
            code=ids.public_code(id_),
            incident_id=incident.id,
            seq=incident.last_seq + 1,
            kind=kind,
            state_after=incident.state,
            body_md=message,
            body_html=html_of(message),
            body_plain=plain_of(message),
            published_at=incident.updated_at,
            author=draft.author if draft else "",
            language=page.locale,
            corrects_seq=mends,
            overrides=draft.overrides if draft else (),
        )
        writer.add_update(update)
        return update

    @staticmethod
    def _add_steps(writer: Writer, incident: Incident, draft: UpdateDraft) -> None:
        """The prevention steps of an update, after those that stand."""
        have = len(writer.steps(incident.id))
        for position, step in enumerate(draft.prevention, have + 1):
            writer.add_step(
                PreventionStep(
                    id=ids.new_id(writer.at),
                    incident_id=incident.id,
                    position=position,
                    public_md=step.text,
                    public_html=html_of(step.text),
                    private_md=step.private,
                    owner=step.owner,
                    due_on=step.due_on,
                    strength=step.strength,
                )
            )

    def _apply(
        self,
        writer: Writer,
        incident: Incident,
        update: IncidentUpdate,
        draft: UpdateDraft,
        page: Page,
        *,
        ended: bool,
    ) -> None:
        """Everything an update changes besides its text.

        Promises go by the clock of this desk, not by public time: another desk's clock that is ahead must not make late
        what is promised here.
        """
        at, seq, ends = update.published_at, update.seq, incident.state.ends
        columns: dict[str, object] = {
            "state": incident.state,
            "impact": incident.impact,
            "resolved_at": incident.resolved_at,
            "last_seq": seq,
            "updated_at": at,
        }
        for name in ("workaround", "got_wrong"):
            text = getattr(draft, name)
            if text is not None:
                columns |= {f"{name}_md": text, f"{name}_html": html_of(text)}
        if draft.who_affected is not None:
            columns["who_affected"] = draft.who_affected
        if draft.components and not ends:
            from_at = incident.started_at if seq == 1 else at
            writer.set_components(dict(draft.components), from_at, incident_id=incident.id, drill=incident.drill)
        self._say_cause(writer, incident, draft, at, seq)
        if draft.eta is not None and not ends:
            eta = EtaStatement(due_at=draft.eta.due_at, basis=draft.eta.basis, said_at=at, seq=seq)
            writer.add_eta(incident.id, eta)
        self._add_steps(writer, incident, draft)
        writer.settle_promise(incident.id, writer.at, seq, moved=draft.moves_promise)
        if ends:
            writer.end_cards_of(incident.id, writer.at + AFTER_RESOLVE)
        if not ends:
            due = draft.next_update or promises.default_due(writer.at, page.cadence(incident.impact, incident.state))
            writer.add_promise(incident.id, NextUpdatePromise(due_at=due, made_at=writer.at, seq=seq))
        elif ended or seq == 1:
            if seq == 1:
                writer.set_components(
                    dict(draft.components), incident.started_at, incident_id=incident.id, drill=incident.drill
                )
            writer.recover_components(at, incident_id=incident.id, drill=incident.drill)
            writer.judge_etas(incident.id, at, false_alarm=incident.state is IncidentState.WITHDRAWN)
        writer.change_incident(incident.id, **columns)

    @staticmethod
    def _say_cause(writer: Writer, incident: Incident, draft: UpdateDraft, at: datetime, seq: int) -> None:
        if draft.cause is None:
            return
        cause = draft.cause
        writer.add_cause(
            incident.id,
            CauseStatement(
                certainty=cause.certainty,
                public_md=cause.text if cause.certainty is not Certainty.UNKNOWN else "",
                public_html=html_of(cause.text) if cause.certainty is not Certainty.UNKNOWN else "",
                private_md=cause.private,
                category=cause.category,
                our_action_md=cause.our_action,
                our_action_html=html_of(cause.our_action),
                said_at=at,
                seq=seq,
            ),
        )

    @staticmethod
    def _override_reasons(draft: UpdateDraft) -> str:
        return "; ".join(f"{rule}: {reason}" for rule, reason in draft.overrides)

    def _mend(self, ref: str, seq: int, message: str, kind: UpdateKind, event: Event) -> Changes:
        if not message:
            field = "message" if kind is UpdateKind.CORRECTION else "reason"
            raise Refused.because([Problem(field, "Write what is right, or why the text is taken back.")])
        if len(message) > BODY_LIMIT:
            raise Refused.because([Problem("message", f"At most {BODY_LIMIT:,} characters fit. Shorten the text.")])
        with self._write() as writer:
            incident, page = writer.incident(ref), writer.page()
            said = {one.seq: one for one in writer.updates(incident.id)}
            if seq not in said:
                raise Refused(f"{incident.ref} has no update {seq}. It has 1 to {incident.last_seq}.", field="seq")
            if said[seq].kind is UpdateKind.RETRACTION:
                raise Refused(f"Update {seq} takes back an earlier one. Post a new update instead.", field="seq")
            self._judge_mending(kind, seq, [one for one in said.values() if one.corrects_seq == seq])
            incident = replace(incident, updated_at=max(writer.at, incident.updated_at))
            words = words_of_mending(writer, page, incident, event, message)
            update = self._add_update(writer, incident, message, None, page, kind=kind, mends=seq)
            writer.change_incident(incident.id, last_seq=update.seq, updated_at=update.published_at)
            writer.event(event.value, Touched.INCIDENT, incident.ref)
            out, waited = writer.supersede_update(said[seq].id)
            wanted = out if kind is UpdateKind.RETRACTION else out | waited
            accounts = [one for one in chosen(writer.accounts(), None) if one.id in wanted]
            enqueue_update(
                writer, Words(incident, update, words), accounts, self._store.workspace.folder, supersedes=False
            )
            return incident_changes(writer, incident.ref, update.seq)

    @staticmethod
    def _judge_mending(kind: UpdateKind, seq: int, later: Sequence[IncidentUpdate]) -> None:
        """One correction and one retraction at most; what was taken back is not corrected any more."""
        gone = next((one for one in later if one.kind is UpdateKind.RETRACTION), None)
        if gone is not None:
            raise Refused(
                f"Update {seq} was already taken back by update {gone.seq}. Post a new update instead.", field="seq"
            )
        if later and kind is UpdateKind.CORRECTION:
            raise Refused(
                f"Update {seq} was already replaced by update {later[0].seq}. Correct that one, or take this one back.",
                field="seq",
            )
