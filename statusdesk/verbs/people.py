"""People who reported it: follow-ups that must end before an incident is closed, calls that were promised, erasure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from statusdesk.domain import ids
from statusdesk.domain.audit import Changes, Touched
from statusdesk.domain.people import Answer, Callback, CallbackState, FollowUp, FollowUpState, Person
from statusdesk.domain.text import BODY_LIMIT, LINE_LIMIT, tidy, tidy_line
from statusdesk.errors import NotFound, Problem, Refused
from statusdesk.outbox.enqueue import enqueue_publish
from statusdesk.store.writer import Writer
from statusdesk.verbs.base import Verbs, incident_changes

TRIES = 3


class PeopleVerbs(Verbs):
    """Who told us, and what they say when we ask. Only counts ever become public."""

    def add_reporter(self, ref: str, *, name: str, phone: str = "", email: str = "", note: str = "") -> FollowUp:
        """Somebody reported the incident; before it is closed they are asked whether it works again."""
        with self._write() as writer:
            incident = writer.incident(ref)
            person = self._person(writer, name=name, phone=phone, email=email, note=note)
            follow_up = FollowUp(id=ids.new_id(writer.at), incident_id=incident.id, person_id=person.id)
            writer.put_follow_up(follow_up)
            writer.event("reporter-add", Touched.PERSON, incident.ref)
            enqueue_publish(writer, incident=incident)
            return follow_up

    def promise_call(
        self, ref: str, *, name: str, phone: str, promised_at: datetime | None = None, note: str = ""
    ) -> Callback:
        """We promised to call somebody back."""
        with self._write() as writer:
            incident = writer.incident(ref)
            person = self._person(writer, name=name, phone=phone, email="", note=note)
            callback = Callback(
                id=ids.new_id(writer.at),
                incident_id=incident.id,
                person_id=person.id,
                state=CallbackState.PROMISED if promised_at else CallbackState.REQUESTED,
                promised_at=promised_at,
            )
            writer.put_callback(callback)
            writer.event("callback-add", Touched.PERSON, incident.ref)
            return callback

    def end_call(self, ref: str, id_: str, state: CallbackState) -> Changes:
        """How a promised call ended: done, unreachable or declined."""
        if not state.is_over:
            raise Refused("A call ends as done, unreachable or declined.", field="state")
        with self._write() as writer:
            incident = writer.incident(ref)
            found = next((one for one in writer.callbacks(incident.id) if one.id == id_), None)
            if found is None:
                raise NotFound(f"{incident.ref} has no such callback.", field="callback")
            writer.put_callback(replace(found, state=state))
            writer.event("callback-end", Touched.PERSON, incident.ref)
            return incident_changes(writer, incident.ref)

    def answer(self, ref: str, id_: str, answer: Answer) -> Changes:
        """What a reporter said. No answer ends the asking only after three tries."""
        with self._write() as writer:
            incident = writer.incident(ref)
            found = next((one for one in writer.follow_ups(incident.id) if one.id == id_), None)
            if found is None:
                raise NotFound(f"{incident.ref} has no such follow-up.", field="follow_up")
            tries = found.attempts + 1
            if answer is Answer.NO_ANSWER:
                state = FollowUpState.NO_ANSWER if tries >= TRIES else FollowUpState.ASKED
            else:
                state = FollowUpState.DECLINED if answer is Answer.DECLINED else FollowUpState.ANSWERED
            writer.put_follow_up(replace(found, answer=answer, attempts=tries, state=state))
            writer.event("follow-up-answer", Touched.PERSON, incident.ref)
            enqueue_publish(writer, incident=incident)
            return incident_changes(writer, incident.ref)

    def erase_person(self, id_: str) -> Changes:
        """Erase somebody: nothing of them remains but the counts (invariant 18)."""
        with self._write() as writer:
            if not writer.erase_person(id_):
                raise NotFound("That person is not there any more.", field="person")
            return Changes(head=writer.head(), people=True)

    @staticmethod
    def _person(writer: Writer, *, name: str, phone: str, email: str, note: str) -> Person:
        person = Person(
            id=ids.new_id(writer.at),
            name=tidy_line(name),
            phone=tidy_line(phone),
            email=tidy_line(email),
            note=tidy(note),
        )
        if not person.name:
            raise Refused.because([Problem("name", "Write down who it is, so that you can ask for them.")])
        for field, limit in (("name", LINE_LIMIT), ("phone", LINE_LIMIT), ("email", LINE_LIMIT), ("note", BODY_LIMIT)):
            if len(getattr(person, field)) > limit:
                raise Refused.because([Problem(field, f"At most {limit:,} characters fit. Shorten it.")])
        writer.add_person(person)
        return person
