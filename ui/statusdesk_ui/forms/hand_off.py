"""Posts that are not out, for a phone: each as its text and two codes, and a tick when it was posted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from statusdesk.domain.board import HandOff
from statusdesk_ui.layout import Label, across, box, down, empty, rule, stretch, tab_through
from statusdesk_ui.session import Session
from statusdesk_ui.theme import S1, S2, S3, S4, S6
from statusdesk_ui.widgets.code import Code
from statusdesk_ui.widgets.controls import Button
from statusdesk_ui.widgets.fields import Field, asked
from statusdesk_ui.widgets.sheet import Panel, sheet_form

HOLD_AGAIN_MS = 4 * 60 * 1000  # the courier leaves the posts alone for ten minutes; a phone may take longer


class HandOffSheet(Panel):
    """`finished` when nothing is left to post by hand."""

    finished = Signal()

    def __init__(self, session: Session, ref: str, posts: Sequence[HandOff]) -> None:
        self.session, self.ref = session, ref
        self.rows = QVBoxLayout()
        self.rows.setSpacing(S4)
        self.done_ = Button("Done", "primary", "check", key="Ctrl+Return")
        about = "Read a code with your phone, post the text, and say here that it is out. Nothing is sent meanwhile."
        super().__init__(
            f"Post {ref} by hand",
            about,
            sheet_form(down(self.rows, None)),
            box(across(None, self.done_, margins=(S6, S3, S6, S3))),
        )
        self.done_.clicked.connect(self.finished.emit)
        self.fields: dict[str, Field] = {}
        self.ticks: dict[str, Button] = {}
        self.put(posts)
        self.holding = QTimer(self, interval=HOLD_AGAIN_MS)
        self.holding.timeout.connect(self._hold)
        self.holding.start()

    def start(self) -> None:
        """Begin with the first post."""
        first = next(iter(self.ticks.values()), self.done_)
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def put(self, posts: Sequence[HandOff]) -> None:
        """Show what is still to be posted."""
        empty(self.rows)
        self.fields.clear()
        self.ticks.clear()
        for number, post in enumerate(posts):
            if number:
                self.rows.addWidget(rule())
            self.rows.addWidget(self._post(post))
        if not posts:
            self.rows.addWidget(Label("Every post is out.", "body", "ink2"))
        if self.isVisible():
            tab_through(self.window())

    def _post(self, post: HandOff) -> QWidget:
        text = Label(post.text, "body", wrap=True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        copy = Button("Copy the text", "plain", "copy", low=True, name=f"Copy the text for {post.destination}")
        copy.clicked.connect(partial(self._copy, post.text))
        where = Field(f"Where the post on {post.destination} is", hint="https://…")
        self.fields[post.delivery_id] = where
        tick = Button(f"I posted it on {post.destination}", "plain", "check")
        tick.clicked.connect(partial(self._posted, post))
        self.ticks[post.delivery_id] = tick
        words = down(
            Label(post.destination, "strong"),
            *([Label(post.profile_url, "small", "ink2", wrap=True)] if post.profile_url else []),
            text,
            across(copy, None),
            asked("Its address, may stay empty", where),
            across(tick, None),
            None,
            gap=S2,
        )
        return box(stretch(across(words, self._codes(post), gap=S4), 1, 0))

    @staticmethod
    def _codes(post: HandOff) -> QWidget:
        shown: list[QWidget] = []
        for text, name in ((post.text, "The text"), (post.link, "The link")):
            if Code.fits(text):
                side = 208 if name == "The text" else 132
                shown += [Label(name, "small", "ink2"), Code(text, f"{name} for {post.destination} as a code", side)]
            elif text:
                shown.append(Label("The text is too long for a code. Copy it.", "small", "ink2", wrap=True))
        return box(down(*shown, None, gap=S1))

    @staticmethod
    def _copy(text: str) -> None:
        QGuiApplication.clipboard().setText(text)

    def _posted(self, post: HandOff) -> None:
        self.ticks[post.delivery_id].setEnabled(False)
        desk, url = self.session.desk, self.fields[post.delivery_id].text().strip()
        self.session.do(desk.posted_by_hand, post.delivery_id, url, done=lambda _c: self._again(), owner=self)

    def _hold(self) -> None:
        """While the sheet is open somebody may be typing on a phone: the courier keeps its hands off."""
        self.session.read(self.session.desk.hand_off, self.ref, done=lambda _posts: None, owner=self)

    def _again(self) -> None:
        self.session.read(self.session.desk.hand_off, self.ref, done=self.put, owner=self)
