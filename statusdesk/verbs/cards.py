"""Contact cards (F09): putting a person on the page, and taking them off."""

from __future__ import annotations

from statusdesk.domain import ids
from statusdesk.domain.audit import Changes, Touched
from statusdesk.domain.cards import CardDraft, ContactCard
from statusdesk.domain.text import tidy_line
from statusdesk.errors import NotFound, Refused
from statusdesk.outbox.enqueue import enqueue_publish
from statusdesk.verbs.base import Verbs


class CardVerbs(Verbs):
    """The people on the page."""

    def contact_cards(self) -> tuple[ContactCard, ...]:
        """Cards that are on the page now or later, the soonest to end first."""
        with self._read() as reader:
            return reader.contact_cards(self._now())

    def card_on(self, draft: CardDraft) -> ContactCard:
        """Put a person on the page until a time (invariant 11: consent, a start, an end, never for long)."""
        with self._write() as writer:
            wrong = draft.problems(writer.at)
            if wrong:
                raise Refused.because(wrong)
            incident = writer.incident(draft.ref) if draft.ref else None
            if incident is not None and incident.drill:
                raise Refused("This is a practice incident: nothing of it reaches the page, and no number does.")
            card = ContactCard(
                id=ids.new_id(writer.at),
                incident_id=incident.id if incident else None,
                incident_ref=incident.ref if incident else None,
                name=tidy_line(draft.name),
                role=tidy_line(draft.role),
                phone=tidy_line(draft.phone),
                languages=tidy_line(draft.languages),
                starts_at=draft.starts_at or writer.at,
                ends_at=draft.ends_at,
                ends_on_resolve=draft.ends_on_resolve and incident is not None,
                consent_by=self._actor,
                consent_at=writer.at,
            )
            writer.add_card(card)
            writer.event("card-on", Touched.CARD, card.id)
            enqueue_publish(writer)
            return card

    def card_off(self, id_: str = "") -> Changes:
        """Take a card off the page now; without an id the only one there is. Its number is erased."""
        with self._write() as writer:
            live = writer.contact_cards(writer.at)
            found = [one for one in live if one.id == id_] if id_ else list(live)
            if not found:
                raise NotFound("There is no such card on the page." if id_ else "There is no card on the page.")
            if len(found) > 1:
                raise Refused("There are several cards on the page. Say which one: " + ", ".join(c.id for c in found))
            writer.end_card(found[0].id)
            writer.event("card-off", Touched.CARD, found[0].id)
            enqueue_publish(writer)
            return Changes(head=writer.head(), page=True, deliveries=True)
