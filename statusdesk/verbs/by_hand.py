"""What a person does or decides in the courier's place: try now, post by hand, say what became of a post."""

from __future__ import annotations

from datetime import timedelta

from statusdesk.domain.audit import Changes
from statusdesk.domain.board import HandOff
from statusdesk.domain.delivery import DeliveryKind, DeliveryState, may_become
from statusdesk.domain.text import tidy_line
from statusdesk.errors import Refused
from statusdesk.outbox.ledger import BY_HAND_NOW, look_at
from statusdesk.verbs.base import Verbs

IN_HAND_FOR = timedelta(minutes=10)
# What a person may post: it is not out, nobody is at it, and it is not in doubt.
_MAY_BE_POSTED = (DeliveryState.QUEUED, DeliveryState.RETRY_WAIT, DeliveryState.FAILED)
_STANDS = {
    DeliveryState.QUEUED: "It waits for its turn",
    DeliveryState.SENDING: "It is being sent in this very moment",
    DeliveryState.SENT: "It is out already",
    DeliveryState.VERIFIED: "It is out already",
    DeliveryState.RETRY_WAIT: "It waits for its next try",
    DeliveryState.FAILED: "It was refused",
    DeliveryState.UNKNOWN: "Whether it arrived is not known",
    DeliveryState.SUPERSEDED: "A newer update went out instead",
    DeliveryState.CANCELLED: "It was stopped",
}
_IN_HAND = "This delivery is being sent in this very moment."


class ByHandVerbs(Verbs):
    """Deliveries one by one."""

    def retry_delivery(self, id_: str) -> Changes:
        """Try again now what failed or waits. What may have arrived is looked for first, and not at once."""
        with self._write() as writer:
            row = writer.delivery(id_)
            if row.state is DeliveryState.UNKNOWN:
                done = writer.change_delivery(row, next_try_at=look_at(row, writer.at))
            elif may_become(row.state, DeliveryState.QUEUED):
                done = writer.change_delivery(
                    row, state=DeliveryState.QUEUED, next_try_at=None, error="", error_code=""
                )
            else:
                raise Refused(f"{_STANDS[row.state]}; there is nothing to try again.")
            if not done:
                raise Refused(_IN_HAND)
            return Changes(head=writer.head(), deliveries=True)

    def cancel_delivery(self, id_: str) -> Changes:
        """Do not send it. What may have arrived stays where it is, and is not sent again."""
        with self._write() as writer:
            row = writer.delivery(id_)
            sending = row.state is DeliveryState.SENDING
            if sending or not may_become(row.state, DeliveryState.CANCELLED):
                raise Refused(f"{_STANDS[row.state]}; it cannot be cancelled any more.")
            if not writer.change_delivery(row, state=DeliveryState.CANCELLED, next_try_at=None):
                raise Refused("This delivery is being sent in this very moment; it cannot be cancelled any more.")
            return Changes(head=writer.head(), deliveries=True)

    def posted_by_hand(self, id_: str, url: str = "") -> Changes:
        """A person posted it from elsewhere, or looked and found it there: it counts as out, and is not sent again."""
        address = tidy_line(url)
        with self._write() as writer:
            row = writer.delivery(id_)
            if row.kind is not DeliveryKind.POST:
                raise Refused("Only a post can be posted by hand; the page is published by the app.")
            if row.state is DeliveryState.SENDING:
                raise Refused(_IN_HAND)
            if not may_become(row.state, DeliveryState.SENT):
                raise Refused(f"{_STANDS[row.state]}; there is nothing to post by hand.")
            said = "Found there by hand" if row.state is DeliveryState.UNKNOWN else "Posted by hand"
            note = f"{said}: {address[:300]}" if address else f"{said}."
            if not writer.change_delivery(
                row, state=DeliveryState.SENT, next_try_at=None, error="", error_code="", note=note
            ):
                raise Refused(_IN_HAND)
            return Changes(head=writer.head(), deliveries=True)

    def send_again(self, id_: str) -> Changes:
        """A person looked, and a post in doubt is not there: send it."""
        with self._write() as writer:
            row = writer.delivery(id_)
            if row.state is not DeliveryState.UNKNOWN:
                raise Refused(f"{_STANDS[row.state]}; only one in doubt is sent again.")
            note = "Sent again after a look by hand."
            if not writer.change_delivery(
                row, state=DeliveryState.QUEUED, next_try_at=None, error="", error_code="", note=note
            ):
                raise Refused(_IN_HAND)
            return Changes(head=writer.head(), deliveries=True)

    def hand_off(self, ref: str | None = None) -> tuple[HandOff, ...]:
        """The posts of one incident, or of all, that are not out: finished text, link, and where they go.

        The courier leaves them alone for ten minutes, so that nothing is said twice when the line comes back just now.
        """
        with self._write() as writer:
            accounts = {one.id: one for one in writer.accounts()}
            rows = writer.deliveries(incident_id=writer.incident(ref).id if ref else None, states=_MAY_BE_POSTED)
            rows = tuple(one for one in rows if one.kind is DeliveryKind.POST)
            until = writer.at + IN_HAND_FOR
            for row in rows:
                if row.state is not DeliveryState.FAILED:
                    writer.change_delivery(row, state=DeliveryState.RETRY_WAIT, next_try_at=until, note=BY_HAND_NOW)
        return tuple(
            HandOff(
                delivery_id=row.id,
                incident_ref=row.incident_ref or "",
                destination=row.destination,
                profile_url=accounts[row.destination_id].profile_url if row.destination_id in accounts else "",
                state=row.state,
                text=row.text,
                link=row.link,
            )
            for row in rows
        )

    def hand_back(self) -> Changes:
        """Nobody posts by hand any more: the courier may go on with what is not out."""
        with self._write() as writer:
            for row in writer.deliveries(states=(DeliveryState.RETRY_WAIT,)):
                if row.note == BY_HAND_NOW:
                    writer.change_delivery(row, next_try_at=None, note="")
            return Changes(head=writer.head(), deliveries=True)
