"""What the accounts and the targets page share: a list of places, a form that connects one, a panel about one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from statusdesk.domain.board import CheckLine
from statusdesk.errors import Refused, StatusDeskError
from statusdesk_ui.layout import Label, Scroller, across, box, down, empty, narrow, rule, stretch, tab_through, turn
from statusdesk_ui.pages.page import Page
from statusdesk_ui.session import Session
from statusdesk_ui.tables.places import PlaceRow, Places
from statusdesk_ui.theme import S1, S2, S3, S4, S6, T
from statusdesk_ui.widgets.controls import Button, Glyph, Pill, Select
from statusdesk_ui.widgets.fields import Field, Trouble, asked, mark_problem, remark

_ANY = QSizePolicy.Policy.Preferred
SIGN_IN = "Sign in in the browser"
HINT_FITS = 60  # characters; a longer hint stands under its field, whole
SURE_MS = 4000  # within which Remove must be pressed again


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of the form that connects a place."""

    name: str
    label: str
    hint: str
    secret: bool
    optional: bool
    browser_only: bool = False  # asked for by signing in, and by nothing else


@dataclass(frozen=True, slots=True)
class KindForm:
    """A kind of place and what must be known to connect one.

    `signs_in` names the fields that are needed to sign in in the browser; empty where that cannot be done.
    """

    kind: str
    label: str
    icon: str
    help: str
    fields: tuple[FormField, ...]
    signs_in: frozenset[str] = frozenset()

    @property
    def takes_token(self) -> bool:
        """Whether there is another way than the browser."""
        return not self.signs_in or any(one.secret and one.name not in self.signs_in for one in self.fields)


def check_row(line: CheckLine) -> QWidget:
    """One line of a connection check: what was looked at, and the result in a shape and words."""
    icon, tone = {True: ("tick-sent", "good"), False: ("tick-failed", "bad"), None: ("tick-off", "plain")}[line.ok]
    result = Label(line.result, "small", "bad" if line.ok is False else "ink3", wrap=True)
    result.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return box(stretch(across(Glyph(icon, tone), Label(line.what), result, margins=(0, 6, 0, 6)), 0, 0, 1))


class CheckList(QWidget):
    """The result of the last check."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = QVBoxLayout()
        self.rows.setSpacing(0)
        self.when = Label("", "small", "ink3")
        self.setLayout(down(rule(), S1, across(Label("Last check", "strong"), None, self.when), self.rows, gap=0))
        self.hide()

    def put(self, lines: Sequence[CheckLine], when: str) -> None:
        """Show the lines of a check, or nothing."""
        empty(self.rows)
        for line in lines:
            self.rows.addWidget(check_row(line))
        self.when.say(when)
        self.setVisible(bool(lines))


class ConnectForm(QFrame):
    """Asks for what a kind of place needs. `sent` gives kind, name, values by field name, and the secret.

    `signed_in` asks for the browser instead: kind, name and all values, secret ones too. `stopped` ends the waiting.
    """

    sent = Signal(str, str, object, str)
    signed_in = Signal(str, str, object)
    stopped = Signal()

    def __init__(self, noun: str, keys: str) -> None:
        super().__init__()
        self.keys = keys
        self.kinds: tuple[KindForm, ...] = ()
        self.kind = Select("Kind", [noun])
        self.name = Field("Name", hint="What you call it here")
        self.rows, self.fields = down(gap=S2), dict[str, tuple[FormField, Field, Trouble]]()
        self.trouble = Trouble()
        self.act = Button("Connect and check", "primary", "check", key="Ctrl+Return")
        self.act.clicked.connect(self._send)
        self.browser = Button(SIGN_IN, "primary", "link-out")
        self.browser.clicked.connect(self._sign_in)
        self.waiting = False
        self.checks = CheckList()
        self.kind.activated.connect(lambda _i: self._show_kind())
        self.setLayout(
            down(
                Label(noun, "title"),
                asked("Kind", across(self.kind, None)),
                asked("Name", self.name),
                self.rows,
                self.trouble,
                across(self.browser, self.act, None),
                self.checks,
                None,
                gap=S3,
                margins=(S6, S4, S6, S4),
            )
        )

    def offer(self, kinds: Sequence[KindForm]) -> None:
        """The kinds there are."""
        self.kinds = tuple(kinds)
        self.kind.clear()
        self.kind.addItems([one.label for one in self.kinds])
        self.kind.updateGeometry()
        self._show_kind()

    def begin(self, kind: str = "", name: str = "", values: Mapping[str, str] | None = None) -> None:
        """Start empty, or with what is known of a place."""
        if not self.kinds:
            return
        index = next((i for i, one in enumerate(self.kinds) if one.kind == kind), max(0, self.kind.currentIndex()))
        self.kind.setCurrentIndex(index)
        self.kind.setEnabled(True)
        self.name.setEnabled(True)
        self._show_kind()
        self.name.setText(name)
        for key, (_spec, field, _trouble) in self.fields.items():
            field.setText((values or {}).get(key, ""))
        self.checks.put((), "")
        self.name.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def begin_again(self, kind: str, name: str) -> None:
        """Ask only for what is secret: a new token for a place that is known."""
        self.begin(kind, name)
        self.kind.setEnabled(False)
        self.name.setEnabled(False)
        first: Field | None = None
        for key, (spec, field, _trouble) in list(self.fields.items()):
            if spec.secret:
                first = first or field
            else:
                field.setEnabled(False)
                del self.fields[key]
        if first is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_kind(self) -> None:
        empty(self.rows)
        self.fields.clear()
        self.trouble.say("")
        kind = self.kinds[self.kind.currentIndex()]
        self.name.setPlaceholderText(kind.label)
        if kind.help:
            self.rows.addWidget(Label(kind.help, "small", "ink2", wrap=True))
        self.browser.setVisible(bool(kind.signs_in))
        self.act.setVisible(kind.takes_token)
        self.act.become("plain" if kind.signs_in else "primary")
        for spec in kind.fields:
            long = len(spec.hint) > HINT_FITS
            field, trouble = Field(spec.label, hint="" if long else spec.hint, secret=spec.secret), Trouble()
            self.fields[spec.name] = (spec, field, trouble)
            title = spec.label + (", may stay empty" if spec.optional else "")
            self.rows.addLayout(asked(title, down(field, trouble, gap=0), spec.hint if long else ""))
            if spec.secret:
                self.rows.addLayout(remark("key", "plain", self.keys, ink="ink3"))
        if self.isVisible():
            tab_through(self.window())

    def _send(self) -> None:
        kind = self.kinds[self.kind.currentIndex()]
        if not self._complete([n for n, (spec, _f, _t) in self.fields.items() if not spec.browser_only]):
            return
        values = {
            n: f.text().strip()
            for n, (s, f, _t) in self.fields.items()
            if not (s.secret or s.browser_only) and f.text().strip()
        }
        secrets = (f.text().strip() for s, f, _t in self.fields.values() if s.secret and not s.browser_only)
        secret = next(secrets, "")
        self.set_busy(busy=True)
        self.trouble.say("")
        self.sent.emit(kind.kind, self.name.text().strip() or kind.label, values, secret)

    def _sign_in(self) -> None:
        if self.waiting:
            self.stopped.emit()
            return
        kind = self.kinds[self.kind.currentIndex()]
        needed = [n for n, (spec, _f, _t) in self.fields.items() if n in kind.signs_in or not spec.secret]
        if not self._complete(needed):
            return
        values = {n: self.fields[n][1].text().strip() for n in needed if self.fields[n][1].text().strip()}
        self.set_busy(busy=True)
        self.waiting = True
        self.browser.rename("Stop waiting for the browser")
        self.trouble.say("")
        self.signed_in.emit(kind.kind, self.name.text().strip() or kind.label, values)

    def _complete(self, names: Sequence[str]) -> bool:
        """Whether everything that is needed of these fields is there; says what is missing."""
        first = None
        for name in names:
            spec, field, trouble = self.fields[name]
            missing = not spec.optional and not field.text().strip()
            trouble.say(f"{spec.label} is needed." if missing else "")
            mark_problem(field, wrong=missing)
            first = first or (field if missing else None)
        if first is not None:
            first.setFocus(Qt.FocusReason.ShortcutFocusReason)
        return first is None

    def set_busy(self, *, busy: bool) -> None:
        """While the connection is looked at, the button waits."""
        self.act.setEnabled(not busy)
        self.act.words = "Looking" if busy else "Connect and check"
        self.act.update()
        if not busy:
            self.waiting = False
            self.browser.rename(SIGN_IN)

    def fail(self, error: StatusDeskError) -> None:
        """Say what is wrong, under the field that is meant."""
        self.set_busy(busy=False)
        problems = error.problems if isinstance(error, Refused) else ()
        rest = [one.message for one in problems if one.field not in self.fields]
        for one in problems:
            if one.field in self.fields:
                _spec, field, trouble = self.fields[one.field]
                trouble.say(one.message)
                mark_problem(field, wrong=True)
        if not problems:
            rest = [f"{error.title}. {error.message}"]
        self.trouble.say(" ".join(rest))
        self.act.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Keep no secret in a field longer than needed."""
        for spec, field, _trouble in self.fields.values():
            if spec.secret:
                field.clear()


class PlacePanel(QFrame):
    """About one place: how it stands, and what can be done. `asked` gives a word: check, again, switch, remove."""

    asked = Signal(str)

    def __init__(self, *, can_rest: bool) -> None:
        super().__init__()
        self.name, self.state = Label("", "title", wrap=True), Pill("")
        self.words = Label("", "body", "", wrap=True)
        self.trouble = box(
            stretch(across(Glyph("tick-failed", "bad"), self.words, margins=(S3, S3, S3, S3)), 0, 1), bar="bad"
        )
        self.facts = QVBoxLayout()
        self.facts.setSpacing(S1)
        self.check = self._button("Check now", "check", "primary", "check", key="Ctrl+Return")
        self.again = self._button("New token", "again")
        self.rest = self._button("Turn off", "switch")
        self.remove = Button("Remove", "quiet")
        self.remove.clicked.connect(self._remove)
        self.sure = QTimer(self, singleShot=True, interval=SURE_MS)
        self.sure.timeout.connect(lambda: self._be_sure(asking=False))
        self.checks = CheckList()
        head = stretch(across(self.name, self.state), 1)
        keys = across(self.check, self.again, *([self.rest] if can_rest else []), None, self.remove)
        self.setLayout(down(head, self.trouble, self.facts, keys, self.checks, None, gap=S3, margins=(S6, S4, S6, S4)))

    def _button(self, text: str, ask: str, kind: str = "plain", icon: str = "", key: str = "") -> Button:
        button = Button(text, kind, icon, key=key)
        button.clicked.connect(lambda: self.asked.emit(ask))
        return button

    def _remove(self) -> None:
        if self.sure.isActive():
            self._be_sure(asking=False)
            self.asked.emit("remove")
        else:
            self._be_sure(asking=True)
            self.sure.start()

    def _be_sure(self, *, asking: bool) -> None:
        self.sure.stop()
        self.remove.words = "Press again to remove" if asking else "Remove"
        self.remove.setAccessibleName(self.remove.words)
        self.remove.updateGeometry()
        self.remove.update()

    def put(self, row: PlaceRow, trouble: str, facts: Sequence[tuple[str, str]], *, resting: bool) -> None:
        """Show a place."""
        self.name.say(row.name)
        self.state.say(row.state, row.tone, row.tick)
        self.words.say(trouble)
        self.trouble.setVisible(bool(trouble))
        self.rest.words = "Turn on" if resting else "Turn off"
        self.rest.setAccessibleName(self.rest.words)
        self.rest.updateGeometry()
        empty(self.facts)
        for name, value in facts:
            if value:
                title = Label(name, "body", "ink2")
                title.setFixedWidth(T.w(96))
                fact = stretch(across(title, Label(value, "body", "", wrap=True)), 0, 1)
                fact.setAlignment(title, Qt.AlignmentFlag.AlignTop)
                self.facts.addLayout(fact)
        if self.sure.isActive():
            self._be_sure(asking=False)

    def set_busy(self, *, busy: bool) -> None:
        """While the connection is looked at, the button waits."""
        self.check.setEnabled(not busy)
        self.check.words = "Looking" if busy else "Check now"
        self.check.update()


class PlacesPage(Page):
    """A list on the left; on the right the form or the panel about the place that is marked."""

    def __init__(self, session: Session, *, title: str, add: str, noun: str, keys: str, can_rest: bool) -> None:
        super().__init__()
        self.session = session
        self.list = Places(title)
        self.list.opened.connect(lambda _row: self.show_chosen())
        self.add = Button(add, "plain", "plus")
        self.add.clicked.connect(self.begin_adding)
        self.form, self.panel = ConnectForm(noun, keys), PlacePanel(can_rest=can_rest)
        self.nothing = Label("", tone="ink2", wrap=True)
        self.right = QStackedWidget()
        self.right.addWidget(self.panel)
        self.right.addWidget(self.form)
        self.right.setProperty("card", True)
        self.right.currentChanged.connect(self._fit_card)
        self._fit_card()
        self.list.selectionModel().currentChanged.connect(lambda *_: self.show_chosen())
        left = down(
            self.list,
            across(self.nothing, margins=(S3, 0, S3, 0)),
            across(self.add, None, margins=(S3, S2, 0, 0)),
            None,
            margins=(S6 - S3, 0, 0, 0),
        )
        self.beside = down(self.right)
        self.both = stretch(across(left, self.beside, gap=S4, margins=(0, 0, S6 - Scroller.BAR, S6)), 42, 58)
        head = box(across(Label(title, "title"), None, margins=(S6, 0, S6, S2)), 48)
        self.setLayout(stretch(down(head, Scroller(box(self.both)), gap=0), 0, 1))
        self.checked: dict[str, tuple[tuple[CheckLine, ...], str]] = {}
        self.adding = False

    def start(self) -> None:
        """Begin with the list, or with the form while there is nothing in it."""
        target: QWidget = self.list if self.list.items.rows else self.form.name
        target.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def begin_adding(self) -> None:
        """Ask for a new place."""
        self.adding = True
        self.list.choose(-1)
        self.right.setCurrentWidget(self.form)
        self.form.begin()

    def chosen_id(self) -> str:
        """The place that is marked."""
        row = self.list.current()
        return row.id if row is not None else ""

    def put_rows(self, rows: Sequence[PlaceRow], nothing: str) -> None:
        """Show the places there are."""
        before = self.chosen_id()
        self.list.put(list(rows))
        self.nothing.say("" if rows else nothing)
        self.nothing.setVisible(not rows)
        if not rows:
            self.right.setCurrentWidget(self.form)
        elif not self.adding:
            self.list.choose(max(0, next((i for i, row in enumerate(rows) if row.id == before), 0)))
            self.show_chosen()

    def _fit_card(self, _index: int = 0) -> None:
        """The card is as high as what it shows, not as the highest of what it could show."""
        for i in range(self.right.count()):
            one = self.right.widget(i)
            assert one is not None
            shown = one is self.right.currentWidget()
            one.setSizePolicy(_ANY, _ANY if shown else QSizePolicy.Policy.Ignored)

    def show_chosen(self) -> None:
        """Show the place that is marked."""
        raise NotImplementedError

    def connected(self, id_: str, lines: Sequence[CheckLine], when: str) -> None:
        """A new place is there: mark it as soon as the board knows it."""
        self.form.set_busy(busy=False)
        self.form.forget()
        self.adding = False
        self.checked[id_] = (tuple(lines), when)
        self.list.choose(-1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        below = narrow(self)
        turn(self.both, downward=below)
        self.beside.setContentsMargins(S6 - S3 if below else 0, 0, 0, 0)  # below the list it begins where that does
