"""The main window: which page is shown, which form is open, which sheet lies over it. It holds no truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from statusdesk.domain.audit import Changes
from statusdesk.domain.board import Board, ComponentRow, Diagnosis, HandOff, IncidentView, Line
from statusdesk.domain.delivery import DeliveryKind, DeliveryState
from statusdesk_ui import words
from statusdesk_ui.forms.keeper import NEW_KEY, draft_key
from statusdesk_ui.later import warm_up
from statusdesk_ui.layout import FocusRing, Label, across, down, tab_through
from statusdesk_ui.pages.frame import DeskFrame
from statusdesk_ui.pages.page import Page
from statusdesk_ui.session import Session
from statusdesk_ui.widgets.hold import HOLD_S
from statusdesk_ui.widgets.message import Message
from statusdesk_ui.widgets.sheet import Panel, Sheet

if TYPE_CHECKING:
    from statusdesk_ui.forms.composer import Composer
    from statusdesk_ui.forms.mend import OneQuestion
    from statusdesk_ui.pages.incident import IncidentPage

LEAST = (960, 600)


class MainWindow(QMainWindow):
    """Painted before the record is open; `begin` brings it to life. `scheme_asked` is for whoever owns the look."""

    scheme_asked = Signal()
    text_asked = Signal(int)  # one size larger (1) or smaller (-1), or the usual one (0)
    closing = Signal()
    ready = Signal()

    def __init__(self, *, hold_s: float = HOLD_S) -> None:
        super().__init__()
        self.hold_s = hold_s
        self.session: Session | None = None
        self.pages: dict[str, Page] = {}
        self.incident_page: IncidentPage | None = None
        self.page, self.ref = "", ""
        self.composer: Composer | None = None
        self.sheet: Sheet | None = None
        self.asked_drafts = False
        self.watched: tuple[str, int] | None = None  # the update whose way is being told in the message bar
        self.setWindowTitle("StatusDesk")
        self.setMinimumSize(*LEAST)
        self.frame, self.stack = DeskFrame(), QStackedWidget()
        opening = QWidget()
        opening.setLayout(down(None, across(None, Label("Opening", "body", "ink3"), None), None))
        self.frame.pages.addWidget(opening)
        self.stack.addWidget(self.frame)
        self.setCentralWidget(self.stack)
        self.ring = FocusRing(self)
        for key, step in (("Ctrl++", 1), ("Ctrl+=", 1), ("Ctrl+-", -1), ("Ctrl+0", 0)):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.activated.connect(partial(self.text_asked.emit, step))
        find = QShortcut(QKeySequence("Ctrl+F"), self)
        find.activated.connect(lambda: self._asked("search"))
        self.frame.setEnabled(False)
        self.frame.asked.connect(self._asked)
        self.frame.opened.connect(self.show_incident)

    def begin(self, session: Session) -> None:
        """The record is open."""
        self.session = session
        session.board_came.connect(self._board)
        session.changed.connect(self._changed)
        session.said.connect(self.say)
        self.frame.setEnabled(True)
        session.refresh()
        session.tasks.run(warm_up)
        session.courier.wake()

    def _open_session(self) -> Session:
        assert self.session is not None
        return self.session

    # What is shown

    def _board(self, board: Board) -> None:
        first = not self.page
        self.setWindowTitle(f"StatusDesk - {board.page.name}")
        if first:
            self._first_page(board)
        elif self.page == "calm" and board.open_incidents:
            self.show_incident(board.open_incidents[0].ref)
        self.frame.show_board(board, self.ref if self.page == "incident" else "")
        if self.page in self.pages:
            self.pages[self.page].show_board(board)
        if first:
            tab_through(self)
            self.ready.emit()
        if not self.asked_drafts:
            self.asked_drafts = True
            session = self._open_session()
            session.read(session.desk.drafts, done=self._offer_drafts)

    def _first_page(self, board: Board) -> None:
        if board.open_incidents:
            self.show_incident(words.most_urgent_first(board.open_incidents)[0].ref)
        else:
            self.show_page("calm")

    def home(self) -> None:
        """The most urgent incident, or the calm page."""
        board = self._open_session().board
        if board is not None:
            self._first_page(board)

    def show_page(self, name: str) -> Page:
        """Show a page, made when it is shown first."""
        session = self._open_session()
        if name not in self.pages:
            self.pages[name] = self._make_page(name, session)
            self.frame.pages.addWidget(self.pages[name])
        page, self.page = self.pages[name], name
        self.frame.pages.setCurrentWidget(page)
        self.frame.show_here(name)
        if name != "incident":
            self.ref = ""
            self.frame.rail.choose(-1)
        if session.board:
            page.show_board(session.board)
        self.frame.arrange()
        tab_through(self)
        return page

    def _make_page(self, name: str, session: Session) -> Page:
        made = import_module(f"statusdesk_ui.pages.{name}")
        page: Any
        if name == "calm":
            page = made.CalmPage()
            page.asked.connect(self._asked)
        elif name == "incident":
            page = self.incident_page = made.IncidentPage(session)
            page.asked.connect(self._incident_asked)
            page.view_came.connect(self._say_outcome)
        elif name == "incidents":
            page = made.IncidentsPage(session)
            page.opened.connect(self.show_incident)
        elif name == "components":
            page = made.ComponentsPage(session)
            page.asked.connect(self._component)
        elif name == "replies":
            page = made.RepliesPage(session, lambda sheet: self._ask(sheet, "It is noted."))
        else:
            page = made.AccountsPage(session) if name == "accounts" else made.TargetsPage(session)
        assert isinstance(page, Page)
        return page

    def show_incident(self, ref: str) -> None:
        """Show one incident."""
        self.ref = ref
        self.show_page("incident")
        assert self.incident_page is not None
        self.incident_page.show_incident(ref)
        board = self._open_session().board
        if board is not None:
            self.frame.show_board(board, ref)

    def _changed(self, changes: Changes) -> None:
        page = self.incident_page
        if page is not None and (changes.deliveries or page.ref in changes.incidents):
            page.again()

    def say(self, message: Message) -> None:
        """Put a message where the user looks."""
        (self.composer.messages if self.composer is not None else self.frame.messages).show_message(message)

    # What is asked for

    def _asked(self, what: str) -> None:
        if self.session is None or self.composer is not None or self.sheet is not None:
            return
        if what == "new":
            self.compose(None)
        elif what == "scheme":
            self.scheme_asked.emit()
        elif what == "keys":
            from statusdesk_ui.pages.keys import KeysSheet  # noqa: PLC0415

            keys = KeysSheet()
            self.lay_over(keys, 560)
            keys.start()
        elif what == "look":
            self.look("")
        elif what == "diagnose":
            self._diagnose()
        elif what == "handoff":
            self._hand_off()
        else:
            self.show_page("incidents" if what == "search" else what).start()

    def _diagnose(self) -> None:
        """Say which of the three is at fault: this computer, this network, or one place."""
        session = self._open_session()
        session.say("Looking at this computer, this network and the places.", icon="search")

        def done(found: Diagnosis) -> None:
            well = found.line is Line.ONLINE
            session.say(found.words, tone="good" if well else "bad", icon="done" if well else "tick-failed")
            if well:
                session.courier.wake()

        session.tasks.fetch(session.desk.diagnose, done=done, failed=session.fault)

    def _hand_off(self) -> None:
        """The posts that wait, for a phone."""
        session = self._open_session()
        queue = session.board.queue if session.board else ()
        refs = [one.incident_ref for one in queue if one.incident_ref and one.kind is DeliveryKind.POST]
        if not refs:
            return
        ref = refs[-1]

        def open_sheet(posts: tuple[HandOff, ...]) -> None:
            from statusdesk_ui.forms.hand_off import HandOffSheet  # noqa: PLC0415

            if self.sheet is not None or self.composer is not None:  # something else was opened meanwhile
                session.do(session.desk.hand_back, ref)
                return
            sheet = HandOffSheet(session, ref, posts)
            sheet.finished.connect(lambda: self.sheet.close_sheet() if self.sheet else None)
            self.lay_over(sheet, 800)
            assert self.sheet is not None
            self.sheet.closed.connect(lambda: session.do(session.desk.hand_back, ref))
            sheet.start()

        session.read(session.desk.hand_off, ref, done=open_sheet)

    def look(self, path: str) -> None:
        """Open the page as it is built, in the user's browser."""
        session = self._open_session()
        session.tasks.fetch(
            session.desk.preview_url, done=lambda url: self.open_url(f"{url}{path}"), failed=session.fault
        )

    def open_url(self, url: str) -> None:
        """Hand an address to the system."""
        if not QDesktopServices.openUrl(QUrl(url)):
            self._open_session().say(f"No browser opened. The page is at {url}")

    def _incident_asked(self, what: str, seq: int) -> None:
        page, session = self.incident_page, self._open_session()
        if page is None or page.view is None or self.composer is not None:
            return
        from statusdesk_ui.forms.mend import close_sheet, correct_sheet, reopen_sheet, retract_sheet  # noqa: PLC0415

        view, ref, title = page.view, page.view.incident.ref, page.view.incident.title
        if what in ("update", "step"):
            self.compose(view, step=what == "step")
        elif what == "resolve":
            self._resolve(view)
        elif what == "look":
            self.look(f"incidents/{ref}/")
        elif what in ("accounts", "targets"):
            self._asked(what)
        elif what == "correct":
            text = next((u.body_md for u in view.updates if u.seq == seq), "")
            self._ask(correct_sheet(session, ref, seq, text), f"Update {seq} is corrected.")
        elif what == "retract":
            self._ask(retract_sheet(session, ref, seq), f"Update {seq} is taken back.")
        elif what == "reopen":
            self._ask(reopen_sheet(session, ref, title), f"{ref} is open again.")
        elif what == "close":
            self._ask(close_sheet(session, ref, title, page.waiting()), f"{ref} is closed.")

    def _component(self, row: ComponentRow | None) -> None:
        from statusdesk_ui.forms.component import ComponentSheet  # noqa: PLC0415

        session = self._open_session()
        if session.board is not None:
            sheet = ComponentSheet(session, session.board, row)
            said = "is changed" if row else "is added"
            sheet.finished.connect(lambda _c: self._over(f"{sheet.name.text().strip()} {said}."))
            self.lay_over(sheet, 560)
            sheet.start()

    # Sheets

    def lay_over(self, panel: Panel, width: int = 720) -> None:
        """Lay a sheet over the window; one at a time."""
        sheet = Sheet(self, panel, width)
        self.sheet = sheet
        sheet.closed.connect(self._sheet_closed)
        sheet.cover(self.stack)
        sheet.show()
        sheet.fit()
        self.ring.raise_()

    def _sheet_closed(self) -> None:
        self.sheet = None
        tab_through(self)

    def _over(self, said: str) -> None:
        if self.sheet is not None:
            self.sheet.close_sheet()
        self._open_session().say(said)

    def _ask(self, sheet: OneQuestion, said: str) -> None:
        sheet.finished.connect(lambda _c: self._over(said))
        self.lay_over(sheet, 640)
        sheet.start()

    def _resolve(self, view: IncidentView) -> None:
        from statusdesk_ui.forms.resolve import ResolveSheet  # noqa: PLC0415

        session = self._open_session()
        board = session.board
        if board is None or self.sheet is not None:
            return

        def open_sheet(payload: Mapping[str, Any] | None) -> None:
            if self.sheet is not None or self.composer is not None:
                return
            sheet = ResolveSheet(session, board, view, hold_s=self.hold_s)
            sheet.published.connect(lambda _c: self._over(f"{view.incident.ref} is resolved. The page says so now."))
            self.lay_over(sheet, 920)
            sheet.start(payload)

        session.read(session.desk.load_draft, draft_key(view.incident.ref, "resolve"), done=open_sheet)

    # The composer

    def compose(self, view: IncidentView | None, *, step: bool = False) -> None:
        """Open the composer for an update, or for a new incident; it begins where a draft left off."""
        session = self._open_session()
        board = session.board
        if board is None:
            return
        key = draft_key(view.incident.ref if view else None)
        from statusdesk_ui.forms.composer import Composer  # noqa: PLC0415
        from statusdesk_ui.forms.update_form import UpdateForm  # noqa: PLC0415

        # Made in three turns of the event loop, so that none of them holds the window up.
        def make_form(payload: Mapping[str, Any] | None) -> None:
            if self.composer is None and self.sheet is None:
                form = UpdateForm(board, view)
                QTimer.singleShot(0, form, lambda: make_composer(form, payload))

        def make_composer(form: UpdateForm, payload: Mapping[str, Any] | None) -> None:
            if self.composer is not None or self.sheet is not None:
                form.deleteLater()
                return
            composer = self.composer = Composer(session, board, form, hold_s=self.hold_s)
            composer.left.connect(self._left)
            composer.published.connect(self._published)
            composer.elsewhere.connect(self._update_of)
            QTimer.singleShot(0, composer, lambda: show_composer(composer, payload))

        def show_composer(composer: Composer, payload: Mapping[str, Any] | None) -> None:
            self.stack.addWidget(composer)
            self.stack.setCurrentWidget(composer)
            composer.arrange()
            composer.start(payload)
            if step:
                composer.form.steps.lines[0].text.setFocus(Qt.FocusReason.ShortcutFocusReason)
            if self.frame.messages.message is not None and self.frame.messages.message.action == "Continue":
                self.frame.messages.clear()

        session.read(session.desk.load_draft, key, done=make_form)

    def _close_composer(self) -> None:
        composer, self.composer = self.composer, None
        self.stack.setCurrentWidget(self.frame)
        if composer is not None:
            self.stack.removeWidget(composer)
            composer.deleteLater()
        tab_through(self)
        self.frame.rail.setFocus(Qt.FocusReason.OtherFocusReason)

    def _left(self) -> None:
        self._close_composer()

    def _published(self, changes: Changes) -> None:
        composer = self.composer
        places = composer.bar.words() if composer is not None else "Page"
        self._close_composer()
        ref = changes.ref or next(iter(changes.incidents), "")
        self._open_session().say(f"{ref} is saved. {places}: on the way.", icon="tick-waiting")
        if ref:
            self.watched = (ref, changes.seq)
            self.show_incident(ref)

    def _say_outcome(self, view: IncidentView) -> None:
        """Say once whether the words that were published here arrived everywhere."""
        if self.watched is None or view.incident.ref != self.watched[0]:
            return
        _ref, seq = self.watched
        mine = [d for d in view.deliveries if d.seq == seq]
        if any(d.state in (DeliveryState.QUEUED, DeliveryState.SENDING) for d in mine):
            return
        self.watched = None
        said, well = words.outcome(mine)
        self._open_session().say(said, tone="good" if well else "plain", icon="done" if well else "tick-failed")

    def _offer_drafts(self, drafts: Any) -> None:
        """After a crash, or the day after: what was being written can go on."""
        session, offers = self._open_session(), sorted(drafts, key=lambda one: one.saved_at)
        if not offers or session.board is None or self.composer is not None:
            return
        key = offers[-1].key
        form, _, ref = key.partition(":")
        names = {r.ref: words.short_name(r.title) for r in (*session.board.open_incidents, *session.board.waiting)}
        name = names.get(ref, ref)
        said = {
            NEW_KEY: "You were writing a new incident. Continue?",
            "update": f"You were writing an update for {name}. Continue?",
            "resolve": f"You were resolving {name}. Continue?",
        }.get(form)
        if said is None:
            return

        def go_on() -> None:
            if form == NEW_KEY:
                self.compose(None)
            else:
                then = self._resolve if form == "resolve" else self.compose
                session.read(session.desk.incident, ref, done=lambda view: self._go_on(view, then))

        self.say(Message(text=said, tone="info", icon="pen", action="Continue", act=go_on))

    def _update_of(self, ref: str) -> None:
        session = self._open_session()
        session.read(session.desk.incident, ref, done=lambda view: self._go_on(view, self.compose))

    def _go_on(self, view: IncidentView, then: Callable[[IncidentView], None]) -> None:
        self.show_incident(view.incident.ref)
        then(view)

    # The window

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.frame.arrange()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.composer is not None:
            self.composer.keeper.save()
        keeper = getattr(self.sheet.panel, "keeper", None) if self.sheet is not None else None
        if keeper is not None:
            keeper.save()
        self.closing.emit()
        super().closeEvent(event)
