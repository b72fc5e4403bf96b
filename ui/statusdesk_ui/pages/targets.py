"""Targets: where the page is published to."""

from __future__ import annotations

from collections.abc import Mapping

from statusdesk.clock import now
from statusdesk.domain.audit import Changes
from statusdesk.domain.board import Board, CheckLine
from statusdesk.domain.delivery import Target
from statusdesk.errors import StatusDeskError
from statusdesk_ui import words
from statusdesk_ui.pages.accounts import KEYS
from statusdesk_ui.pages.places import FormField, KindForm, PlacesPage
from statusdesk_ui.session import Session
from statusdesk_ui.tables.places import PlaceRow

PUBLIC_URL = FormField("public_url", "Address of the page", "https://status.example.org", secret=False, optional=True)


class TargetsPage(PlacesPage):
    """Add, check, remove."""

    def __init__(self, session: Session) -> None:
        super().__init__(
            session,
            title="Where the page goes",
            add="Add a place",
            noun="Put the page online",
            keys=KEYS,
            can_rest=False,
        )
        self.targets: tuple[Target, ...] = ()
        self.renewing = ""  # the target that gets a new password
        self.form.sent.connect(self._add)
        self.panel.asked.connect(self._asked)
        session.read(self._kinds, done=self.form.offer)

    def _kinds(self) -> tuple[KindForm, ...]:
        found = []
        for one in self.session.desk.target_kinds():
            where = FormField("location", one.location_label, one.location_hint, secret=False, optional=False)
            more = (
                FormField(f.name, f.label, f.hint, secret=f.secret, optional=f.optional)
                for f in one.fields
                if f.name != "replace"  # a second thought, not a first question
            )
            found.append(KindForm(one.kind, one.label, one.icon, one.help, (where, *more, PUBLIC_URL)))
        return tuple(found)

    def begin_adding(self) -> None:
        self.renewing = ""
        super().begin_adding()

    def show_board(self, board: Board) -> None:
        """Show the targets as they stand."""
        self.targets = board.targets
        local = f" It stands in {board.site.output_dir}." if board.site.output_dir else ""
        self.put_rows([self._row(one) for one in board.targets], f"The page is on this computer only.{local}")

    def _row(self, target: Target) -> PlaceRow:
        state = ("Works", "good", "tick-sent")
        if target.trouble:
            state = ("Needs you", "bad", "tick-failed")
        return PlaceRow(
            id=target.id,
            icon=self.session.icon(target.kind, "globe"),
            name=target.name,
            more=target.public_url or target.location,
            state=state[0],
            tone=state[1],
            tick=state[2],
        )

    def _chosen(self) -> Target | None:
        return next((one for one in self.targets if one.id == self.chosen_id()), None)

    def show_chosen(self) -> None:
        target = self._chosen()
        if target is None:
            return
        self.adding, self.renewing = False, ""
        self.right.setCurrentWidget(self.panel)
        # adding looks at the place as a check does
        checked = words.time_said(target.checked_at or target.created_at, self.session.zone)
        facts = (("Goes to", target.location), ("Address", target.public_url), ("Checked", checked))
        self.panel.again.setVisible(
            any(f.secret for one in self.form.kinds if one.kind == target.kind for f in one.fields)
        )
        self.panel.put(self._row(target), target.trouble, facts, resting=False)
        self.panel.checks.put(*self.checked.get(target.id, ((), "")))

    def _add(self, kind: str, name: str, values: Mapping[str, str], secret: str) -> None:
        desk, again = self.session.desk, self.renewing

        def add() -> tuple[Target, tuple[CheckLine, ...]]:
            if again:
                return desk.renew_target(again, secret=secret)
            return desk.add_target(
                kind=kind,
                name=name,
                location=values.get("location", ""),
                settings={
                    name: said for name, said in values.items() if name not in ("location", PUBLIC_URL.name) and said
                },
                secret=secret,
                public_url=values.get("public_url", ""),
            )

        def done(result: tuple[Target, tuple[CheckLine, ...]]) -> None:
            target, lines = result
            self.connected(target.id, lines, words.time_said(now(), self.session.zone))
            said = "has its new password" if again else "is added. The page goes there now and after every change"
            self.session.say(f"{target.name} {said}.")
            self._stale()

        self.session.tasks.fetch(add, done=done, failed=self.form.fail)

    def _stale(self) -> None:
        self.session.refresh()
        self.session.changed.emit(Changes(destinations=True))
        self.session.courier.wake()

    def _asked(self, what: str) -> None:
        target = self._chosen()
        if target is None:
            return
        if what == "check":
            self._check(target)
        elif what == "again":
            self.adding, self.renewing = True, target.id
            self.right.setCurrentWidget(self.form)
            self.form.begin_again(target.kind, target.name)
        elif what == "remove":
            self.session.do(
                self.session.desk.remove_target,
                target.id,
                done=lambda _c: self.session.say(
                    f"{target.name} is removed. What was published there stays until you delete it there."
                ),
            )

    def _check(self, target: Target) -> None:
        self.panel.set_busy(busy=True)

        def done(lines: tuple[CheckLine, ...]) -> None:
            self.panel.set_busy(busy=False)
            self.checked[target.id] = (lines, words.time_said(now(), self.session.zone))
            self._stale()
            self.show_chosen()

        def failed(error: StatusDeskError) -> None:
            self.panel.set_busy(busy=False)
            self.session.fault(error)

        self.session.tasks.fetch(self.session.desk.check_target, target.id, done=done, failed=failed)
