"""The ground of the main window around every page: rail, top bar, message bar, status bar."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QStackedWidget, QWidget

from statusdesk.clock import now
from statusdesk.domain.board import Board
from statusdesk.domain.delivery import DeliveryKind
from statusdesk_ui import words
from statusdesk_ui.layout import Label, Words, across, box, down, narrow, rule, stretch
from statusdesk_ui.tables.rail import Rail, RailRow, rail_rows
from statusdesk_ui.theme import S1, S2, S3, S4, S6, T
from statusdesk_ui.widgets.controls import Button, Glyph
from statusdesk_ui.widgets.mark import Mark
from statusdesk_ui.widgets.message import MessageBar
from statusdesk_ui.widgets.waiting import WaitingBar

NAV = (  # page, words, icon, key
    ("incidents", "All incidents", "pulse", ""),
    ("components", "Components", "sliders", ""),
    ("replies", "Replies", "bubble", ""),
    ("accounts", "Accounts", "share", "Ctrl+,"),
    ("targets", "Publishing", "globe", ""),
)


class StatusBar(QFrame):
    """One quiet line: whether the page is up to date, what is in trouble, how promises go, what time it is."""

    fix = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("ground", "canvas")
        self.setFixedHeight(T.h(32))
        self.page_glyph, self.page = Glyph("tick-waiting", "plain", 14), Words("Opening", "small", least=140)
        self.trouble_glyph, self.trouble = Glyph("tick-failed", "bad", 14), Words("", "small", "bad", 120)
        self.fix_button = Button("Fix", "link", low=True)
        self.kept, self.time = Words("", "small", least=120), Label("", "small", "ink2")
        self.where = "accounts"
        self.fix_button.clicked.connect(lambda: self.fix.emit(self.where))
        row = across(
            self.page_glyph,
            self.page,
            S3,
            self.trouble_glyph,
            self.trouble,
            self.fix_button,
            S2,
            self.kept,
            None,
            self.time,
            gap=6,
            margins=(S4, 0, S4, 0),
        )
        self.setLayout(row)
        self._show_trouble("", "", "")
        self.board: Board | None = None
        timer = QTimer(self, interval=1000)
        timer.timeout.connect(self._tick)
        timer.start()

    def _show_trouble(self, text: str, name: str, where: str) -> None:
        self.where = where
        self.trouble.say(text)
        self.fix_button.setAccessibleName(name or "Fix")
        for one in (self.trouble_glyph, self.trouble, self.fix_button):
            one.setVisible(bool(text))

    def show_board(self, board: Board) -> None:
        """Say how things stand."""
        self.board = board
        zone, site = board.page.zone, board.site
        if site.built_at is None:
            self.page.say("The page is being built")
            self.page_glyph.say("tick-waiting", "info")
        else:
            live = "live" if words.online(board) else "built on this computer"
            at = f"{site.built_at.astimezone(zone):%H:%M:%S} {words.zone_name(site.built_at, zone)}"
            day = words.day_word(site.built_at.astimezone(zone).date(), now().astimezone(zone).date())
            behind = ", being updated" if site.behind else ""
            self.page.say(f"Page {live} {day + ' ' if day else ''}{at}, build {site.build_id[:7]}{behind}")
            self.page_glyph.say("tick-waiting" if site.behind else "done", "info" if site.behind else "good")
        resting = [a for a in board.accounts if a.enabled and a.trouble]
        if board.trouble:
            first = board.trouble[0]
            more = f" and {len(board.trouble) - 1} more" if len(board.trouble) > 1 else ""
            where = "accounts" if first.kind is DeliveryKind.POST else "targets"
            said = f"{first.destination}: {words.delivery_word(first, zone)}{more}"
            self._show_trouble(said, f"Fix {first.destination}", first.incident_ref or where)
        elif resting:
            self._show_trouble(f"{resting[0].name}: {resting[0].trouble}", f"Fix {resting[0].name}", "accounts")
        else:
            self._show_trouble("", "", "")
        total = board.promises.total
        self.kept.say(f"Promises kept {board.promises.kept} of {total}" if total else "")
        self._tick()

    def _tick(self) -> None:
        if self.board is not None:
            zone = self.board.page.zone
            self.time.say(f"{words.clock_time(now(), zone)} {words.zone_name(now(), zone)}")


class DeskFrame(QFrame):
    """Holds the pages. `asked` gives the word on the button that was pressed; `opened` an incident's reference."""

    asked = Signal(str)
    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("ground", "canvas")
        self.messages, self.pages, self.status = MessageBar(), QStackedWidget(), StatusBar()
        self.status.fix.connect(self._fix)
        self.page_name = Words("StatusDesk", "lead", "ink")
        self.rail = Rail()
        self.rail.opened.connect(self._open)
        self.nav: dict[str, Button] = {}
        self.waiting = WaitingBar()
        self.waiting.asked.connect(self.asked)
        self.told = box(down(self.messages, self.waiting, gap=S1, margins=(S6, 0, S6, S3)))
        self.told.hide()
        for bar in (self.messages, self.waiting):
            bar.changed.connect(self._told)
        page = box(stretch(down(self._top_bar(), self.told, self.pages, gap=0), 0, 0, 1), ground="surface")
        middle = stretch(across(self._side(), page, gap=0), 0, 1)
        self.setLayout(stretch(down(middle, rule(), self.status, gap=0), 1))

    def _button(
        self,
        text: str,
        ask: str,
        kind: str = "quiet",
        icon: str = "",
        *,
        key: str = "",
        name: str = "",
        low: bool = False,
        folds: bool = False,
        wide: bool = False,
    ) -> Button:
        button = Button(text, kind, icon, key=key, name=name, low=low, folds=folds, wide=wide)
        button.clicked.connect(lambda: self.asked.emit(ask))
        return button

    def _top_bar(self) -> QWidget:
        find = self._button("Search incidents", "search", "search", "search", key="Ctrl+K")
        self.look = self._button("See the page", "look", icon="link-out", folds=True)
        self.new = self._button("New incident", "new", "plain", "plus", key="Ctrl+N")
        return box(stretch(across(find, None, self.look, self.new, gap=S1, margins=(S6, 10, S6, 10)), 100))

    def _side(self) -> QWidget:
        for page, text, icon, key in NAV:
            self.nav[page] = self._button(text, page, icon=icon, low=True, wide=True)
            if key:
                self.nav[page].setShortcut(key)
        scheme = self._button("", "scheme", icon="contrast", name="Light or dark", low=True)
        keys = self._button("Keys", "keys", icon="card", low=True)
        keys.setShortcut("F1")
        self.side = box(
            stretch(
                down(
                    stretch(across(Mark(), self.page_name, gap=10, margins=(S4, 14, S2, 10)), 0, 1),
                    across(self.rail, margins=(S2, 0, S2, 0)),
                    down(*self.nav.values(), gap=0, margins=(S2, S2, S2, 0)),
                    across(keys, None, scheme, margins=(S2, S1, S2, S2)),
                    gap=0,
                ),
                0,
                1,
            ),
            ground="canvas",
        )
        return self.side

    def _told(self) -> None:
        self.told.setVisible(not (self.messages.isHidden() and self.waiting.isHidden()))

    def _fix(self, where: str) -> None:
        if where in self.nav:
            self.asked.emit(where)
        else:
            self.opened.emit(where)

    def _open(self, row: RailRow) -> None:
        if row.ref:
            self.opened.emit(row.ref)

    def show_board(self, board: Board, ref: str) -> None:
        """Show the board around the page; the rail marks the incident that is shown."""
        self.page_name.say(board.page.name)
        self.rail.show_board(rail_rows(board), ref)
        self.status.show_board(board)
        self.waiting.show_queue(board.queue, board.clock_trouble)
        replies = f"Replies ({board.open_replies})" if board.open_replies else "Replies"
        self.nav["replies"].rename(replies)

    def show_here(self, page: str) -> None:
        """Mark where we are."""
        for name, button in self.nav.items():
            button.become("here" if name == page else "quiet")
        self.new.setVisible(page != "calm")  # there it is the one primary button, with the same key

    def arrange(self) -> None:
        """Fit the width of the window."""
        for button in self.findChildren(Button):
            if button.folds:
                button.fold(folded=narrow(self))
        self.side.setFixedWidth(min(T.w(248), max(232, self.width() // 4)))
