"""First run: two questions and a real page. Everything else can wait."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from PySide6.QtCore import QTimeZone, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from statusdesk.clock import now
from statusdesk.errors import Refused, StatusDeskError
from statusdesk_ui import words
from statusdesk_ui.layout import (
    FocusRing,
    Label,
    Scroller,
    Words,
    across,
    box,
    down,
    empty,
    narrow,
    rule,
    stretch,
    tab_through,
    turn,
)
from statusdesk_ui.tasks import Tasks
from statusdesk_ui.theme import S2, S3, S4, S6, T
from statusdesk_ui.widgets.controls import Button, Glyph, Pill, Select
from statusdesk_ui.widgets.fields import Field, Trouble, asked, mark_problem
from statusdesk_ui.widgets.mark import Mark

if TYPE_CHECKING:
    from statusdesk.desk import Desk

USUAL = "Website, Phones, E-mail"
UTC_NAMES = ("Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "Etc/GMT", "Universal", "Zulu", "UCT")
SKETCHED = 6  # components shown in the sketch


def detected_zone() -> str:
    """The computer's time zone by its IANA name; UTC where it has none that we know."""
    name = bytes(QTimeZone.systemTimeZoneId().data()).decode("ascii", "replace")
    known = name in available_timezones() and name not in UTC_NAMES
    return name if known else "UTC"


def split_names(text: str) -> list[str]:
    """Names between commas, each once."""
    return list(dict.fromkeys(name for name in (" ".join(one.split()) for one in text.split(",")) if name))


class Sketch(QFrame):
    """The status page that will exist in a moment; follows the fields while they are typed in."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", True)
        self.title, self.parts = Words("", "lead", "ink"), QVBoxLayout()
        self.time = Label("", "small", "ink2")
        self.parts.setSpacing(0)
        calm = box(
            across(
                Glyph("tick-sent", "good"),
                Label("Everything works.", "strong", "good"),
                None,
                self.time,
                margins=(S3, S2, S3, S2),
            ),
            bar="good",
        )
        reach = (("Phone", "phone"), ("E-mail", "mail"), ("Chat", "bubble"))
        self.setLayout(
            down(
                stretch(across(self.title, Glyph("globe")), 1),
                calm,
                self.parts,
                S2,
                Label("How to reach us", "strong"),
                across(*(Pill(name, "plain", icon) for name, icon in reach), None),
                None,
                Label("Promises kept and estimates met are counted from today.", "small", "ink3", wrap=True),
                margins=(S6, S4, S6, S4),
            )
        )

    def put(self, name: str, parts: str, zone: str) -> None:
        """Show what was typed."""
        self.title.say(f"{name.strip() or 'Your service'} status")
        self.time.say(f"Updated {words.clock_time(now(), ZoneInfo(zone))} {words.zone_name(now(), ZoneInfo(zone))}")
        empty(self.parts)
        names = split_names(parts)
        for part in names[:SKETCHED]:
            row = across(
                Words(part, "body", "ink"), None, Label("works", "small", "good"), Glyph("tick-sent", "good", 14)
            )
            self.parts.addWidget(box(row, 36))
            self.parts.addWidget(rule())
        if len(names) > SKETCHED:
            self.parts.addWidget(box(across(Label(f"and {len(names) - SKETCHED} more", "small", "ink3"), None), 28))


class FirstRun(QWidget):
    """Ends with `made`: the new desk, and the page to show then (targets, accounts, or none)."""

    made = Signal(object, str)

    def __init__(self, tasks: Tasks, workspace: Path | str, output_dir: Path | None = None) -> None:
        super().__init__()
        self.tasks, self.workspace, self.output_dir = tasks, workspace, output_dir
        self.then = ""
        self.setWindowTitle("StatusDesk")
        self.setMinimumSize(960, 600)
        self.setProperty("ground", "canvas")
        self.name = Field("Name of your service", hint="What people call you")
        self.parts = Field("What customers use", USUAL, hint=USUAL)
        self.zones = [detected_zone()]
        self.zone = Select("Time zone", [self._zone_words(self.zones[0])])
        self.sketch = Sketch()
        self.name_trouble, self.parts_trouble, self.trouble = Trouble(), Trouble(), Trouble()
        self.make = Button("Make my page", "primary", "page", key="Return")
        self.make.setShortcut("")  # Enter is the fields' key: on another button it means that button
        self.make.clicked.connect(lambda: self.start(""))
        for field in (self.name, self.parts):
            field.returnPressed.connect(self.make.click)
            field.textChanged.connect(lambda _t: self._sketch())
        self.zone.currentIndexChanged.connect(lambda _i: self._sketch())
        self._lay_out()
        self._fill_zones()
        self._sketch()
        self.ring = FocusRing(self)
        tab_through(self)
        self.name.setFocus()

    def _lay_out(self) -> None:
        asking = down(
            Mark(40),
            S2,
            Label("A status page in ten seconds", "title"),
            Label("Two answers. It is built on this computer first; nothing goes online.", tone="ink2", wrap=True),
            S3,
            asked("What is your service called?", down(self.name, self.name_trouble, gap=0)),
            S2,
            asked(
                "What do customers use? Commas between.",
                down(self.parts, self.parts_trouble, gap=0),
                "Phone, e-mail and chat are added as ways to reach you.",
            ),
            S2,
            asked("Time zone", across(self.zone, None)),
            S3,
            self.trouble,
            across(self.make, None),
            None,
        )
        self.offers = stretch(
            across(
                self._offer(
                    "upload", "Put it on the internet", "In a folder your web server shows.", "Choose where", "targets"
                ),
                self._offer("share", "Connect an account", "Mastodon, Bluesky.", "Connect", "accounts"),
                gap=S3,
            ),
            1,
            1,
        )
        later = Label("Later, a minute each", "strong", "ink2")
        inner = box(down(stretch(across(asking, self.sketch, gap=2 * S6), 1, 1), S4, later, self.offers))
        inner.setMaximumWidth(T.w(1000))
        ground = box(
            down(
                None,
                stretch(across(None, inner, None), 1, 100, 1),
                None,
                margins=(2 * S6, S6, 2 * S6 - Scroller.BAR, S6),
            )
        )
        self.setLayout(down(Scroller(ground, "canvas")))

    def _offer(self, icon: str, title: str, said: str, action: str, then: str) -> QWidget:
        button = Button(action, "plain", low=True, name=f"Make my page, then: {title.lower()}")
        button.clicked.connect(lambda: self.start(then))
        return box(
            down(
                across(Glyph(icon), Label(title, "strong"), None),
                Label(said, "small", "ink2", wrap=True),
                across(button, None),
                margins=(S4, S3, S4, S3),
            ),
            card="true",
        )

    def _zone_words(self, name: str) -> str:
        return f"{name}, {datetime.now(ZoneInfo(name)):%H:%M} now"

    def _fill_zones(self) -> None:
        places = sorted(
            one for one in available_timezones() if "/" in one and not one.startswith(("Etc/", "posix", "right"))
        )
        rest = [one for one in ("UTC", *places) if one != self.zones[0]]
        self.zones += rest
        self.zone.addItems(rest)  # without the time: 600 of them would have to be read from disk

    def _sketch(self) -> None:
        self.sketch.put(self.name.text(), self.parts.text(), self.zones[max(0, self.zone.currentIndex())])

    def start(self, then: str) -> None:
        """Make the workspace."""
        self.then = then
        name = " ".join(self.name.text().split())
        self.name_trouble.say("" if name else "Say what your service is called.")
        mark_problem(self.name, wrong=not name)
        if not name:
            self.name.setFocus()
            return
        self.make.setEnabled(False)
        self.trouble.say("")
        parts, zone = split_names(self.parts.text()), self.zones[self.zone.currentIndex()]
        workspace, output_dir = self.workspace, self.output_dir

        def create() -> Desk:
            from statusdesk.desk import Desk  # noqa: PLC0415  heavy: it brings the database along

            return Desk.create(workspace, name=name, time_zone=zone, components=parts, output_dir=output_dir)

        self.tasks.run(create, done=lambda desk: self.made.emit(desk, self.then), failed=self._failed)

    def _failed(self, error: StatusDeskError) -> None:
        self.make.setEnabled(True)
        problems = error.problems if isinstance(error, Refused) else ()
        homes = {"name": self.name_trouble, "components": self.parts_trouble}
        for one in problems:
            homes.get(one.field, self.trouble).say(one.message)
        if not problems:
            self.trouble.say(f"{error.title}. {error.message}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.sketch.setHidden(narrow(self))
        turn(self.offers, downward=narrow(self))
