"""What people answer to our posts (F12): read politely, tagged by hand, turned into work, erased after 90 days.

Nothing of it is ever public, and nobody is answered by a machine.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import cast

from statusdesk.channels import registry as channels
from statusdesk.channels.base import FoundReply, Listener
from statusdesk.clock import Clock
from statusdesk.domain import ids
from statusdesk.domain.audit import Changes, Touched
from statusdesk.domain.delivery import Account, RemotePost
from statusdesk.domain.incident import PreventionStep, Strength
from statusdesk.domain.people import Callback, FollowUp
from statusdesk.domain.replies import KEPT_FOR, HandledAs, RepliesRead, Reply, ReplyTag
from statusdesk.domain.text import BODY_LIMIT, LINE_LIMIT, tidy, tidy_line
from statusdesk.errors import Problem, Refused, StatusDeskError
from statusdesk.net.faults import SendingError, TryLater
from statusdesk.outbox.enqueue import enqueue_publish
from statusdesk.secrets import Secrets
from statusdesk.store import Store
from statusdesk.store.replies import ReplyBook
from statusdesk.verbs.base import html_of
from statusdesk.verbs.people import PeopleVerbs

log = logging.getLogger(__name__)
THREADS = 20  # of one account; the newest
WATCHED = timedelta(days=14)  # how long after its first post a thread is read
OVERLAP = timedelta(hours=1)  # networks show replies late, and their clocks differ
TEXT_LIMIT = 2000


class ReplyVerbs(PeopleVerbs):
    """Read, tag, turn into work."""

    def __init__(self, store: Store, *, secrets: Secrets, now: Clock, actor: str) -> None:
        super().__init__(store, secrets=secrets, now=now, actor=actor)
        self._quiet_until: dict[str, datetime] = {}

    def read_replies(self) -> RepliesRead:
        """Ask every account whose network has replies for new ones. Blocks on the network; one fault stops no other."""
        self._erase_old()
        new, troubles = 0, []
        with self._read() as reader:
            accounts = [one for one in reader.accounts() if one.enabled and channels.kind(one.kind).listens]
        for account in accounts:
            if self._now() < self._quiet_until.get(account.id, self._now()):
                continue
            try:
                new += self._read_account(account)
            except TryLater as fault:
                self._quiet_until[account.id] = self._now() + timedelta(seconds=fault.after_s or 0)
                troubles.append((account.name, fault.message))
            except (SendingError, StatusDeskError) as fault:
                troubles.append((account.name, fault.message))
            except Exception:
                log.exception("reading replies of account %s", account.id)
                troubles.append((account.name, "Reading replies stopped on a fault in StatusDesk; see the log."))
        return RepliesRead(new, tuple(troubles))

    def replies(self, ref: str | None = None, *, unhandled: bool = False) -> tuple[Reply, ...]:
        """Replies to all incidents, or to one, newest first."""
        with self._look() as book:
            return book.replies(book.incident(ref).id if ref else None, unhandled=unhandled)

    def tag_reply(self, id_: str, tag: ReplyTag | None) -> Changes:
        """Say what a reply is."""
        with self._book() as book:
            book.change_reply(book.reply(id_).id, tag=tag)
            return Changes(head=book.head(), people=True)

    def handle_reply(self, id_: str, handled: HandledAs) -> Changes:
        """A person answered by hand, or decided that nothing is to be done."""
        if handled not in (HandledAs.ANSWERED, HandledAs.NOTHING):
            raise Refused("Only “answered” and “nothing” need no more words.", field="handled")
        with self._book() as book:
            self._handled(book, book.reply(id_), handled)
            return Changes(head=book.head(), people=True)

    def reply_to_follow_up(self, id_: str) -> FollowUp:
        """Whoever replied is asked whether it works again before the incident is closed."""
        reply = self._one(id_)
        made = self.add_reporter(reply.incident_ref, name=reply.author, note=_noted(reply))
        self._mark(reply, HandledAs.FOLLOW_UP)
        return made

    def reply_to_call(self, id_: str, *, phone: str, name: str = "", promised_at: datetime | None = None) -> Callback:
        """We promised to call whoever replied."""
        reply = self._one(id_)
        made = self.promise_call(
            reply.incident_ref, name=name or reply.author, phone=phone, promised_at=promised_at, note=_noted(reply)
        )
        self._mark(reply, HandledAs.CALLBACK)
        return made

    def reply_to_step(self, id_: str, *, text: str, due_on: date | None = None, owner: str = "") -> Changes:
        """A reply becomes a prevention step, in our own words: customers are never quoted on the page."""
        said, name = tidy(text), tidy_line(owner)
        if not said:
            raise Refused.because([Problem("text", "Write in your own words what you will change.")])
        for field, value, limit in (("text", said, BODY_LIMIT), ("owner", name, LINE_LIMIT)):
            if len(value) > limit:
                raise Refused.because([Problem(field, f"At most {limit:,} characters fit. Shorten it.")])
        with self._book() as book:
            reply = book.reply(id_)
            incident = book.incident(reply.incident_ref)
            book.add_step(
                PreventionStep(
                    id=ids.new_id(book.at),
                    incident_id=incident.id,
                    position=len(book.steps(incident.id)) + 1,
                    public_md=said,
                    public_html=html_of(said),
                    private_md="It came from a reply to our post.",  # the reply itself is erased after 90 days
                    owner=name,
                    due_on=due_on,
                    strength=Strength.ENGINEER,
                )
            )
            book.change_incident(incident.id, updated_at=max(book.at, incident.updated_at))
            self._handled(book, reply, HandledAs.PREVENTION)
            book.event("step-add", Touched.INCIDENT, incident.ref)
            enqueue_publish(book)
            return Changes(head=book.head(), incidents=frozenset({incident.ref}), deliveries=True, people=True)

    # How it is done

    @contextmanager
    def _book(self) -> Iterator[ReplyBook]:
        with self._store.write() as sql:
            yield ReplyBook(sql, at=self._now(), actor=self._actor)

    @contextmanager
    def _look(self) -> Iterator[ReplyBook]:
        with self._store.read() as sql:
            yield ReplyBook(sql, at=self._now(), actor=self._actor)

    def _one(self, id_: str) -> Reply:
        with self._look() as book:
            return book.reply(id_)

    def _mark(self, reply: Reply, handled: HandledAs) -> None:
        with self._book() as book:
            self._handled(book, reply, handled)

    @staticmethod
    def _handled(book: ReplyBook, reply: Reply, handled: HandledAs) -> None:
        book.change_reply(reply.id, handled_as=handled, handled_at=book.at)

    def _erase_old(self) -> None:
        with self._book() as book:
            book.erase_replies(book.at - KEPT_FOR)

    def _read_account(self, account: Account) -> int:
        now = self._now()
        with self._look() as book:
            threads = book.threads(account.id, now - WATCHED, THREADS)
            newest = book.newest_reply(account.id)
        if not threads:
            return 0
        since = max(now - WATCHED, newest - OVERLAP) if newest else now - WATCHED
        listener = cast("Listener", self._places.channel(account.id))
        found = listener.replies([root for _id, _ref, root in threads.values()], since)
        rows = _rows(account, threads, found, now)
        with self._book() as book:
            return book.add_new_replies(rows)


def _rows(
    account: Account, threads: Mapping[str, tuple[str, str, RemotePost]], found: Sequence[FoundReply], now: datetime
) -> list[Reply]:
    """What was found as we keep it: of our threads only, plain, of a sane length and date."""
    rows = []
    for one in found:
        if one.answers not in threads:
            continue
        incident_id, ref, _root = threads[one.answers]
        row = Reply(
            id=ids.new_id(now),
            account_id=account.id,
            incident_id=incident_id,
            incident_ref=ref,
            remote_id=one.id[:300],
            author=tidy_line(one.author)[:200] or "unknown",
            text=tidy(one.text)[:TEXT_LIMIT],
            url=one.url if one.url.startswith(("https://", "http://")) else "",
            at=min(one.at, now),
            read_at=now,
        )
        rows.append(row)
    return rows


def _noted(reply: Reply) -> str:
    """A reply as a private note."""
    return "\n".join(filter(None, (f"{reply.author} wrote:", reply.text, reply.url)))[:BODY_LIMIT]
