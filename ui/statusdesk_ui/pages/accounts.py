"""Accounts: where words go, whether each place took the last ones, and the way back when it does not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from threading import Event

from PySide6.QtCore import QDir, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from statusdesk.clock import now
from statusdesk.domain.audit import Changes
from statusdesk.domain.board import Board, CheckLine
from statusdesk.domain.delivery import Account
from statusdesk.errors import StatusDeskError
from statusdesk_ui import words
from statusdesk_ui.pages.places import FormField, KindForm, PlacesPage
from statusdesk_ui.session import Session
from statusdesk_ui.tables.places import PlaceRow

KEYS = "Kept in this computer's key store, nowhere else."


class AccountsPage(PlacesPage):
    """Connect, check, turn off, remove."""

    browser_asked = Signal(str)  # from the thread that waits for the browser

    def __init__(self, session: Session) -> None:
        super().__init__(
            session, title="Accounts", add="Add an account", noun="Connect an account", keys=KEYS, can_rest=True
        )
        self.accounts: tuple[Account, ...] = ()
        self.renewing = ""  # the account that gets a new token
        self.form.sent.connect(self._connect)
        self.form.signed_in.connect(self._sign_in)
        self.form.stopped.connect(self._stop_signing_in)
        self.browser_asked.connect(self._open, Qt.ConnectionType.QueuedConnection)
        self.given_up = Event()
        self.panel.asked.connect(self._asked)
        session.read(self._kinds, done=self.form.offer)

    def begin_adding(self) -> None:
        self.renewing = ""
        super().begin_adding()

    def _kinds(self) -> tuple[KindForm, ...]:
        found = []
        for one in self.session.desk.channel_kinds():
            own = {field.name for field in one.fields}
            fields = [FormField(f.name, f.label, f.hint, f.secret, f.optional) for f in one.fields]
            fields += [
                FormField(f.name, f.label, f.hint, f.secret, f.optional, browser_only=True)
                for f in one.sign_in_fields
                if f.name not in own
            ]
            signs_in = frozenset(f.name for f in one.sign_in_fields) if one.sign_in else frozenset()
            found.append(KindForm(one.kind, one.label, one.icon, one.help, tuple(fields), signs_in))
        return tuple(found)

    def show_board(self, board: Board) -> None:
        """Show the accounts as they stand."""
        self.accounts = board.accounts
        rows = [self._row(account) for account in board.accounts]
        self.put_rows(rows, "No account yet. Every update is on the page; an account brings it to people's feeds.")

    def _row(self, account: Account) -> PlaceRow:
        state = ("Connected", "good", "tick-sent")
        if not account.enabled:
            state = ("Turned off", "plain", "tick-off")
        elif account.trouble:
            state = ("Needs you", "bad", "tick-failed")
        more = account.handle or account.base_url or account.kind
        icon = self.session.icon(account.kind)
        return PlaceRow(
            id=account.id, icon=icon, name=account.name, more=more, state=state[0], tone=state[1], tick=state[2]
        )

    def _chosen(self) -> Account | None:
        return next((one for one in self.accounts if one.id == self.chosen_id()), None)

    def show_chosen(self) -> None:
        account = self._chosen()
        if account is None:
            return
        self.adding, self.renewing = False, ""
        self.right.setCurrentWidget(self.panel)
        has_token = any(f.secret for one in self.form.kinds if one.kind == account.kind for f in one.fields)
        self.panel.again.setVisible(has_token)
        # connecting looks at the account as a check does
        checked = words.time_said(account.checked_at or account.created_at, self.session.zone)
        limit = account.limits.get("characters", 0)
        folder = QDir.toNativeSeparators(QUrl(account.profile_url).toLocalFile())  # of a preview, which posts there
        facts = (
            ("Handle", account.handle),
            ("Server", account.base_url),
            ("Folder", folder) if folder else ("Profile", account.profile_url),
            ("Limit", f"{limit:,} characters" if limit else ""),
            ("Checked", checked),
        )
        self.panel.put(self._row(account), account.trouble, facts, resting=not account.enabled)
        self.panel.checks.put(*self.checked.get(account.id, ((), "")))

    def _connect(self, kind: str, name: str, settings: Mapping[str, str], secret: str) -> None:
        desk, again = self.session.desk, self.renewing

        def connect() -> tuple[Account, tuple[CheckLine, ...]]:
            if again:
                return desk.renew_account(again, secret=secret)
            return desk.connect_account(kind=kind, name=name, settings=settings, secret=secret)

        def done(result: tuple[Account, tuple[CheckLine, ...]]) -> None:
            account, lines = result
            self.connected(account.id, lines, words.time_said(now(), self.session.zone))
            self.session.say(f"{account.name} is connected. Updates go there from now on.")
            self._stale()

        self.session.tasks.fetch(connect, done=done, failed=self.form.fail)

    def _sign_in(self, kind: str, name: str, answers: Mapping[str, str]) -> None:
        desk, given_up = self.session.desk, Event()
        self.given_up = given_up

        def sign_in() -> tuple[Account, tuple[CheckLine, ...]]:
            return desk.sign_in_account(
                kind=kind, name=name, settings=answers, show=self.browser_asked.emit, cancelled=given_up.is_set
            )

        def done(result: tuple[Account, tuple[CheckLine, ...]]) -> None:
            account, lines = result
            self.connected(account.id, lines, words.time_said(now(), self.session.zone))
            self.session.say(f"{account.name} is connected. Updates go there from now on.")
            self._stale()

        self.session.tasks.fetch(sign_in, done=done, failed=self.form.fail)

    def _stop_signing_in(self) -> None:
        self.given_up.set()

    def _open(self, address: str) -> None:
        if QDesktopServices.openUrl(QUrl(address)):
            self.session.say("Sign in in the browser, then come back here.", icon="link-out")
        else:
            self.session.say(f"No browser opened. Open this address: {address}", icon="link-out")

    def _stale(self) -> None:
        self.session.refresh()
        self.session.changed.emit(Changes(destinations=True))
        self.session.courier.wake()

    def _asked(self, what: str) -> None:
        account = self._chosen()
        if account is None:
            return
        desk = self.session.desk
        if what == "check":
            self._check(account)
        elif what == "switch":
            self.session.do(partial(desk.enable_account, account.id, enabled=not account.enabled))
        elif what == "again":
            self.adding, self.renewing = True, account.id
            self.right.setCurrentWidget(self.form)
            self.form.begin_again(account.kind, account.name)
        elif what == "remove":
            self.session.do(
                desk.remove_account,
                account.id,
                done=lambda _c: self.session.say(f"{account.name} is removed, and its token with it."),
            )

    def _check(self, account: Account) -> None:
        self.panel.set_busy(busy=True)

        def done(lines: tuple[CheckLine, ...]) -> None:
            self.panel.set_busy(busy=False)
            self.checked[account.id] = (lines, words.time_said(now(), self.session.zone))
            self._stale()
            self.show_chosen()

        def failed(error: StatusDeskError) -> None:
            self.panel.set_busy(busy=False)
            self.session.fault(error)

        self.session.tasks.fetch(self.session.desk.check_account, account.id, done=done, failed=failed)
