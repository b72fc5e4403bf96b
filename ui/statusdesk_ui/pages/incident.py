"""One incident: the promise, the parts customers are told, the history with its ticks, and what to do next."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from statusdesk.clock import now
from statusdesk.domain.board import IncidentView
from statusdesk.domain.delivery import Delivery, DeliveryKind, DeliveryState, may_become
from statusdesk.domain.incident import Certainty, IncidentState, StepState, may_reopen
from statusdesk.domain.people import still_waiting
from statusdesk.domain.promise import PromiseState
from statusdesk_ui import words
from statusdesk_ui.layout import Label, Lines, Scroller, Words, across, box, down, empty, rule, stretch, tab_through
from statusdesk_ui.pages.page import Page
from statusdesk_ui.session import Session
from statusdesk_ui.tables.timeline import Timeline, TimelineRow, timeline_rows
from statusdesk_ui.theme import S1, S2, S3, S4, S6, T
from statusdesk_ui.widgets.clock import PromiseClock, StateTrack
from statusdesk_ui.widgets.controls import Button, Glyph, Pill
from statusdesk_ui.widgets.mark import Gap

ROW = 36  # px at 100 % text: a part whose words need one line
LOW = 600  # px at 100 % text: in a lower window the clock scrolls with the rest
TROUBLES = 3  # shown one by one; more are counted


def part(name: str, value: str, pill: Pill | None, more: QWidget | None, gap: str) -> QWidget:
    """One of the four parts: its name, its words on up to three lines or a dashed gap, and how it stands."""
    title = Label(name, "body", "ink2")
    title.setFixedSize(T.w(112), T.h(ROW))
    if pill is not None:
        pill.setMinimumWidth(pill.sizeHint().width())  # the words give way, not what they are worth
    tail = [box(across(one), ROW) for one in (pill, more) if one is not None]
    if value:
        row = stretch(across(title, Lines(value, "medium", row=ROW), *tail, gap=S3, margins=(S4, 0, S2, 0)), 0, 1)
    else:
        nothing = across(Gap("Nothing yet"), Words(gap, "small", "ink3"), None, gap=S3)
        row = stretch(across(title, nothing, *tail, gap=S3, margins=(S4, 0, S2, 0)), 0, 1)
    for one in (title, *tail):
        row.setAlignment(one, Qt.AlignmentFlag.AlignTop)  # on the first line
    return box(row)


class IncidentPage(Page):
    """Shows one incident and says what was asked for: `asked` gives a word and, for an update, its number."""

    asked = Signal(str, int)
    view_came = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.ref = ""
        self.view: IncidentView | None = None
        self._head()
        self.clock = PromiseClock(self._button("Write update", "update", "primary", "pen", key="Ctrl+U"))
        self.parts = QVBoxLayout()
        self.parts.setSpacing(0)
        self.parts.setContentsMargins(0, 0, 0, 0)
        self.trouble = QVBoxLayout()
        self.trouble.setSpacing(S1)
        self.trouble.setContentsMargins(0, S1, 0, 0)
        self.timeline = Timeline()
        self.timeline.asked.connect(self._menu)
        self.kept = Label("", "small", "ink3")
        self.heading = Label("", "strong")
        self.top = box(down(self.head, self.clock, gap=S3, margins=(S6, 0, S6, S4)))
        self.body = box(
            down(
                box(self.parts, card="true"),
                self.trouble,
                S3,
                across(self.heading, None, self.kept),
                self.timeline,
                None,
                gap=S1,
                margins=(S6, 0, S6 - Scroller.BAR, S2),
            )
        )
        self.setLayout(stretch(down(self.top, Scroller(self.body), rule(), self._foot(), gap=0), 0, 1))
        self.minute = QTimer(self, interval=20_000)
        self.minute.timeout.connect(self._say_since)
        self.minute.start()

    def _button(
        self, text: str, ask: str, kind: str = "plain", icon: str = "", *, key: str = "", folds: bool = False
    ) -> Button:
        button = Button(text, kind, icon, key=key, folds=folds)
        button.clicked.connect(lambda: self.asked.emit(ask, 0))
        return button

    def _head(self) -> None:
        self.ref_label = Label("", "small", "ink2")
        copy = Button("", "quiet", "copy", name="Copy the reference", low=True)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.ref))
        self.since, self.impact, self.title = Words("", "small"), Pill(""), Words("", "title", "ink")
        self.track = StateTrack()
        self.head = down(
            across(self.ref_label, copy, self.since, None, self.impact),
            self.title,
            across(self.track, None),
            gap=S1,
        )

    def _foot(self) -> QWidget:
        self.resolve = self._button("Resolve", "resolve", icon="done", key="Ctrl+R")
        self.close_ = self._button("Close", "close", "primary", "check")
        self.reopen = self._button("Reopen", "reopen", icon="undo")
        self.look = self._button("See it on the page", "look", icon="link-out", folds=True)
        return box(across(self.resolve, self.close_, self.reopen, self.look, None, margins=(S6, 10, S6, 10)))

    def show_incident(self, ref: str) -> None:
        """Read an incident and show it; the old one stays in view until then."""
        self.ref = ref
        self.session.read(self.session.desk.incident, ref, done=self.show_view)

    def again(self) -> None:
        """Read it again."""
        if self.ref:
            self.show_incident(self.ref)

    def show_view(self, view: IncidentView) -> None:
        """Show what was read."""
        if view.incident.ref != self.ref:
            return  # meanwhile another one was chosen
        same, self.view = self.view == view, view
        if same:
            return
        self.view_came.emit(view)
        incident, zone = view.incident, self.session.zone
        self.ref_label.say(incident.ref)
        self.title.say(incident.title)
        rank = incident.impact.rank
        self.impact.say(
            words.IMPACTS[incident.impact],
            words.IMPACT_TONES[incident.impact],
            level=rank,
            icon="" if rank else "tick-off",
        )
        self.track.show_state(incident.state, {update.state_after for update in view.updates})
        promise = view.promise
        self.clock.setVisible(promise is not None)
        if promise is not None:
            self.clock.show_promise(promise.made_at, promise.due_at, zone)
        self._say_since()
        self._show_parts(view)
        self._show_trouble([d for d in view.deliveries if _needs_words(d)])
        told = words.zone_name(now(), zone)
        self.heading.say(f"Updates, times in {told}")
        settled = [p for p in view.promises if p.settled_at is not None]
        kept = sum(p.state is PromiseState.KEPT for p in settled)
        self.kept.say(f"promises kept {kept} of {len(settled)}" if settled and not incident.backfilled else "")
        self.timeline.put(timeline_rows(view, zone))
        self.resolve.setVisible(incident.state.is_open)
        self.reopen.setVisible(may_reopen(incident.state))
        self.close_.setVisible(incident.state is IncidentState.RESOLVED)
        tab_through(self.window())

    def _say_since(self) -> None:
        if self.view is None:
            return
        incident, zone = self.view.incident, self.session.zone
        since = f"Since {words.time_said(incident.started_at, zone)}, {words.span(now() - incident.started_at)}."
        if incident.resolved_at is not None:
            lasted = words.span(incident.resolved_at - incident.started_at)
            since = f"Resolved {words.time_said(incident.resolved_at, zone)} after {lasted}."
            if incident.closed_at is not None:
                since += f" Closed {words.time_said(incident.closed_at, zone)}."
        told = len(self.view.follow_ups)
        reported = f" {told} {'person' if told == 1 else 'people'} reported it." if told else ""
        brought = " Imported." if incident.backfilled else ""
        self.since.say(since + reported + brought)

    def _show_parts(self, view: IncidentView) -> None:
        empty(self.parts)
        incident, zone, still = view.incident, self.session.zone, view.incident.state.is_open
        wrong, ended = words.last_words(view)
        rows = [part("What is wrong" if still else "What was wrong", wrong, None, None, "")]
        cause = view.cause
        known = cause is not None and cause.certainty is not Certainty.UNKNOWN
        sure = None
        if cause is not None and known:
            confirmed = cause.certainty is Certainty.CONFIRMED
            sure = Pill(
                words.CERTAINTIES[cause.certainty], "good" if confirmed else "warn", "check" if confirmed else "target"
            )
        said = cause.public_md if cause is not None and known else "Not known yet"
        rows.append(part("Cause", said, sure, None, ""))
        due = view.eta.due_at if view.eta else None
        when = f"By {words.time_said(due, zone)}" if due else "No estimate yet"
        rows.append(part("When", when, self._estimate_pill(view), None, ""))
        steps = [s for s in view.steps if s.state is not StepState.DROPPED]
        add = None
        if not steps and still:
            add = Button("Add a step", "quiet", "plus", name="Add a prevention step", low=True)
            add.clicked.connect(lambda: self.asked.emit("step", 0))
        first = "; ".join(s.public_md for s in steps)
        dated = [s.due_on for s in steps if s.due_on is not None and s.state is not StepState.DONE]
        by = Pill(f"by {words.date_said(min(dated))}", "plain", "calendar") if dated else None
        rows.append(part("Prevention", first, by, add, "The page says: Not decided yet"))
        for name, text in (
            ("How it ended", ended),
            ("Who", incident.who_affected),
            ("Instead", incident.workaround_md),
        ):
            if text:
                rows.append(part(name, text, None, None, ""))
        for i, row in enumerate(rows):
            if i:
                self.parts.addWidget(rule())
            self.parts.addWidget(row)

    def _estimate_pill(self, view: IncidentView) -> Pill | None:
        due, ended = (view.eta.due_at if view.eta else None), view.incident.resolved_at
        if due is None:
            return None
        if ended is not None:
            early = ended <= due
            said = f"{words.span(due - ended)} {'earlier' if early else 'later'} than we said"
            return Pill(said, "good" if early else "warn", "check" if early else "alert")
        if due < now():
            return Pill("That time has passed", "bad", "alert")
        return Pill(f"in {words.span(due - now())}", "plain", "clock")

    def _show_trouble(self, loud: list[Delivery]) -> None:
        empty(self.trouble)
        zone = self.session.zone
        for delivery in loud[-TROUBLES:]:
            icon, tone, _word = words.TICKS[words.tick_of(delivery)]
            said = Label(f"{delivery.destination}: {words.delivery_word(delivery, zone)}", "body", tone, wrap=True)
            row = across(Glyph(icon, tone), said, *self._ways_out(delivery), margins=(S3, S1, S1, S1))
            self.trouble.addWidget(box(stretch(row, 0, 1), bar=tone))
        if len(loud) > TROUBLES:
            self.trouble.addWidget(Label(f"{len(loud) - TROUBLES} more are not delivered.", "small", "ink2"))

    def _ways_out(self, delivery: Delivery) -> list[QWidget]:
        """What a person can do about a delivery. Where only they can tell what became of a post, they say it here."""
        desk, name = self.session.desk, delivery.destination
        if delivery.state is DeliveryState.UNKNOWN:
            there = Button("It is there", "plain", "check", low=True, name=f"The post is there on {name}")
            there.clicked.connect(lambda: self.session.do(desk.posted_by_hand, delivery.id))
            missing = Button("Send it again", "plain", low=True, name=f"It is not there on {name}, send it again")
            missing.clicked.connect(lambda: self.session.do(desk.send_again, delivery.id))
            return [there, missing]
        again = Button("Try again", "plain", low=True, name=f"Try {name} again")
        again.clicked.connect(self._retry(delivery.id))
        place = "accounts" if delivery.kind is DeliveryKind.POST else "targets"
        fix = Button("Fix", "plain", low=True, name=f"Fix {name}")
        fix.clicked.connect(lambda: self.asked.emit(place, 0))
        return [again, fix]

    def _retry(self, delivery_id: str) -> Callable[[], None]:
        return lambda: self.session.do(self.session.desk.retry_delivery, delivery_id)

    def _cancel(self, delivery_id: str) -> Callable[[], None]:
        return lambda: self.session.do(self.session.desk.cancel_delivery, delivery_id)

    def _menu(self, row: TimelineRow, at: QPoint) -> None:
        menu = QMenu(self)
        copy = menu.addAction("Copy the text")
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(row.text))
        if row.mends:
            correct = menu.addAction(f"Correct update {row.seq}")
            correct.triggered.connect(lambda: self.asked.emit("correct", row.seq))
        if row.takes_back:
            retract = menu.addAction(f"Take back update {row.seq}")
            retract.triggered.connect(lambda: self.asked.emit("retract", row.seq))
        for told in row.told:
            if _needs_words(told.delivery):
                again = menu.addAction(f"Try {told.place} again".replace("&", "&&"))
                again.triggered.connect(self._retry(told.delivery.id))
            if told.delivery.kind is DeliveryKind.POST and may_become(told.delivery.state, DeliveryState.CANCELLED):
                leave = menu.addAction(f"Do not send it to {told.place}".replace("&", "&&"))
                leave.triggered.connect(self._cancel(told.delivery.id))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def waiting(self) -> int:
        """How many people have no answer yet."""
        return still_waiting(self.view.callbacks, self.view.follow_ups) if self.view else 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The clock stays in view; only in a window that is low for the text size it scrolls with the rest."""
        super().resizeEvent(event)
        home = self.body if self.window().height() < T.h(LOW) else self
        if self.top.parentWidget() is not home:
            edge = 0 if home is self.body else S6
            self.top.layout().setContentsMargins(edge, 0, edge, S4)  # type: ignore[union-attr]
            layout = home.layout()
            assert isinstance(layout, QVBoxLayout)
            layout.insertWidget(0, self.top)
            tab_through(self.window())


def _needs_words(delivery: Delivery) -> bool:
    waits = delivery.state is DeliveryState.RETRY_WAIT and bool(delivery.error)
    return waits or delivery.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN)
