"""What people answer to our posts: read, tagged by hand, turned into work. Nothing of it is ever public."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QResizeEvent
from PySide6.QtWidgets import QFrame

from statusdesk.domain.audit import Changes
from statusdesk.domain.board import Board
from statusdesk.domain.replies import HandledAs, RepliesRead, Reply, ReplyTag
from statusdesk.errors import StatusDeskError
from statusdesk_ui import words
from statusdesk_ui.forms.mend import OneQuestion
from statusdesk_ui.layout import Label, Scroller, across, box, down, narrow, stretch, turn
from statusdesk_ui.pages.page import Page
from statusdesk_ui.session import Session
from statusdesk_ui.tables.places import PlaceRow, Places
from statusdesk_ui.theme import S1, S2, S3, S4, S6
from statusdesk_ui.widgets.controls import Button, Select

TAGS = {
    None: "No tag",
    ReplyTag.QUESTION: "Question",
    ReplyTag.STILL_BROKEN: "Still broken",
    ReplyTag.WRONG_FACT: "Wrong fact",
    ReplyTag.THANKS: "Thanks",
    ReplyTag.SUGGESTION: "Suggestion",
}
_TONES = {ReplyTag.STILL_BROKEN: "bad", ReplyTag.WRONG_FACT: "warn", ReplyTag.QUESTION: "info"}
HANDLED = {
    HandledAs.ANSWERED: "Answered",
    HandledAs.FOLLOW_UP: "Will be asked",
    HandledAs.CALLBACK: "Will be called",
    HandledAs.PREVENTION: "Became a step",
    HandledAs.NOTHING: "Nothing to do",
}
EMPTY = (
    "No replies yet. StatusDesk reads answers to your incident posts on Mastodon and Bluesky, for two weeks after each "
    "first post. They are never shown on the page, and erased after 90 days."
)


def call_sheet(session: Session, reply: Reply) -> OneQuestion:
    """A number to call whoever replied."""
    return OneQuestion(
        session,
        title="Promise a call",
        about=f"{reply.author} · {reply.incident_ref}",
        question="Which number do we call?",
        action="Note the call",
        icon="phone",
        needed="Write the number.",
        hint="+44 113 496 0000",
        more="Only we see it.",
        verb=partial(_call, session, reply),
    )


def _call(session: Session, reply: Reply, phone: str) -> Changes:
    session.desk.reply_to_call(reply.id, phone=phone)
    return Changes(people=True, incidents=frozenset({reply.incident_ref}))


def step_sheet(session: Session, reply: Reply) -> OneQuestion:
    """A prevention step that a reply led to."""
    return OneQuestion(
        session,
        title="Make it a prevention step",
        about=f"{reply.author} · {reply.incident_ref}",
        question="What will you change? In your own words: customers read it.",
        action="Add the step and publish",
        icon="shield",
        needed="Write in your own words what you will change.",
        hint="We test every till at night before a release.",
        more="The reply itself is never shown.",
        verb=lambda text: session.desk.reply_to_step(reply.id, text=text),
    )


class RepliesPage(Page):
    """A list on the left, the reply that is marked on the right."""

    def __init__(self, session: Session, lay_over: Callable[[OneQuestion], None]) -> None:
        super().__init__()
        self.session, self.lay_over = session, lay_over
        self.found: tuple[Reply, ...] = ()
        self.list = Places("Replies")
        self.list.selectionModel().currentChanged.connect(lambda *_: self._show_chosen())
        self.look = Button("Look for new ones", "plain", "search")
        self.look.clicked.connect(self.fetch)
        self.nothing = Label(EMPTY, tone="ink2", wrap=True)
        self.card = self._card()
        left = down(
            self.list,
            across(self.nothing, margins=(S3, 0, S3, 0)),
            None,
            margins=(S6 - S3, 0, 0, 0),
        )
        self.beside = down(self.card, None)
        self.both = stretch(across(left, self.beside, gap=S4, margins=(0, 0, S6 - Scroller.BAR, S6)), 46, 54)
        head = box(across(Label("Replies", "title"), None, self.look, margins=(S6, 0, S6, S2)), 48)
        self.setLayout(stretch(down(head, Scroller(box(self.both)), gap=0), 0, 1))

    def _card(self) -> QFrame:
        self.who, self.when = Label("", "title", wrap=True), Label("", "small", "ink2", wrap=True)
        self.said = Label("", "body", wrap=True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.tag = Select("What it is", list(TAGS.values()))
        self.tag.activated.connect(self._tagged)
        self.open_ = Button("Open it, to answer", "primary", "link-out")
        self.open_.clicked.connect(self._open)
        self.ask = self._button("Ask them before closing", "people", self._follow_up)
        self.call = self._button("Promise a call", "phone", lambda: self._question(call_sheet))
        self.step = self._button("Make it a prevention step", "shield", lambda: self._question(step_sheet))
        self.answered = self._button("I answered", "check", lambda: self._handled(HandledAs.ANSWERED))
        self.none = self._button("Nothing to do", "tick-off", lambda: self._handled(HandledAs.NOTHING))
        self.state = Label("", "small", "ink2", wrap=True)
        return box(
            down(
                self.who,
                self.when,
                self.said,
                across(Label("What it is", "body", "ink2"), self.tag, None),
                across(self.open_, None),
                Label("What you make of it", "strong"),
                across(self.ask, None),
                across(self.call, None),
                across(self.step, None),
                across(self.answered, self.none, None),
                self.state,
                None,
                gap=S3,
                margins=(S6, S4, S6, S4),
            ),
            card="true",
        )

    @staticmethod
    def _button(text: str, icon: str, act: Callable[[], None]) -> Button:
        button = Button(text, "plain", icon)
        button.clicked.connect(act)
        return button

    def start(self) -> None:
        """Begin with the list."""
        self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_board(self, board: Board) -> None:
        """Read the replies again."""
        del board
        self.session.read(self.session.desk.replies, done=self.put, owner=self)

    def put(self, found: tuple[Reply, ...]) -> None:
        """Show the replies there are."""
        if found == self.found and self.list.items.rows:
            return
        before = self.list.current()
        self.found = found
        self.list.put([self._row(one) for one in found])
        self.nothing.setVisible(not found)
        self.card.setVisible(bool(found))
        if found:
            ids = [one.id for one in found]
            self.list.choose(ids.index(before.id) if before is not None and before.id in ids else 0)
            self._show_chosen()

    def _row(self, reply: Reply) -> PlaceRow:
        if reply.handled_as is not None:
            state, tone, tick = HANDLED[reply.handled_as], "plain", "tick-sent"
        else:
            state = TAGS[reply.tag] if reply.tag else "New"
            tone = _TONES.get(reply.tag, "plain") if reply.tag else "accent"
            tick = "speak"
        more = " ".join(reply.text.split())
        return PlaceRow(
            id=reply.id, icon="bubble", name=f"{reply.author} · {reply.incident_ref}", more=more, state=state,
            tone=tone, tick=tick,
        )  # fmt: skip

    def _chosen(self) -> Reply | None:
        row = self.list.current()
        return next((one for one in self.found if row is not None and one.id == row.id), None)

    def _show_chosen(self) -> None:
        reply = self._chosen()
        if reply is None:
            return
        self.who.say(reply.author)
        self.when.say(f"{words.time_said(reply.at, self.session.zone)}, to {reply.incident_ref}")
        self.said.say(reply.text)
        self.tag.setCurrentIndex(list(TAGS).index(reply.tag))
        self.open_.setEnabled(bool(reply.url))
        done = reply.handled_as
        when = words.time_said(reply.handled_at, self.session.zone) if reply.handled_at else ""
        self.state.say(f"{HANDLED[done]}, {when}." if done else "")
        for button in (self.ask, self.call, self.step, self.answered, self.none):
            button.setEnabled(done is None)

    def fetch(self) -> None:
        """Ask the networks now."""
        self.look.setEnabled(False)

        def done(read: RepliesRead) -> None:
            self.look.setEnabled(True)
            said = f"{read.new} new {'reply' if read.new == 1 else 'replies'}." if read.new else "No new replies."
            said += "".join(f" {name}: {why}" for name, why in read.troubles)
            self.session.say(said, icon="tick-failed" if read.troubles else "done")
            self.session.refresh()

        def failed(error: StatusDeskError) -> None:
            self.look.setEnabled(True)
            self.session.fault(error)

        self.session.tasks.fetch(self.session.desk.read_replies, done=done, failed=failed, owner=self)

    def _tagged(self, index: int) -> None:
        reply = self._chosen()
        if reply is not None:
            self.session.do(self.session.desk.tag_reply, reply.id, list(TAGS)[index])

    def _open(self) -> None:
        reply = self._chosen()
        if reply is not None and reply.url and not QDesktopServices.openUrl(QUrl(reply.url)):
            self.session.say(f"No browser opened. The reply is at {reply.url}")

    def _handled(self, handled: HandledAs) -> None:
        reply = self._chosen()
        if reply is not None:
            self.session.do(self.session.desk.handle_reply, reply.id, handled)

    def _follow_up(self) -> None:
        reply = self._chosen()
        if reply is not None:
            self.session.do(
                partial(_follow_up, self.session, reply),
                done=lambda _c: self.session.say(f"{reply.author} will be asked before {reply.incident_ref} closes."),
            )

    def _question(self, made: Callable[[Session, Reply], OneQuestion]) -> None:
        reply = self._chosen()
        if reply is not None:
            self.lay_over(made(self.session, reply))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        below = narrow(self)
        turn(self.both, downward=below)
        self.beside.setContentsMargins(S6 - S3 if below else 0, S1 if below else 0, 0, 0)


def _follow_up(session: Session, reply: Reply) -> Changes:
    session.desk.reply_to_follow_up(reply.id)
    return Changes(people=True, incidents=frozenset({reply.incident_ref}))
