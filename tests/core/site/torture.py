"""The worst page we can think of: hostile words in every field, a hundred components, ten years, nights with 25 hours.

Nothing here is likely; all of it is possible. What must not be seen anywhere is marked with `NEVER`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import Certainty, EtaOutcome, Impact, IncidentState, StepState, UpdateKind
from statusdesk.domain.maintenance import MaintenanceState
from statusdesk.domain.page import Contact
from statusdesk.domain.promise import PromiseState
from statusdesk.domain.public import (
    PublicCard,
    PublicCause,
    PublicEta,
    PublicProfile,
    PublicPromise,
    PublicStep,
    PublicTheme,
    PublicUpdate,
)
from statusdesk.domain.times import month_key
from statusdesk.site.markdown import to_html
from tests.core.site.memory import MemoryReader, component, entry, group, incident, maintenance, page, update, utc

NOW = utc("2028-03-01 09:00")
ZONE = ZoneInfo("Europe/Berlin")
NEVER = "taken-back-words"
MARKUP = "<b onclick=alert(1)>bold</b></title></script><script>alert(1)</script><!-- ]]> &amp; &lt; \"double\" 'single' {{ 7 * 7 }} {% raw %}"
UNICODE = unicodedata.normalize(  # as whatever is saved
    "NFC",
    "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \U0001f525\U0001f468\u200d\U0001f469\u200d\U0001f467 \u0336s\u0336t\u0336 Z\u0351\u036b\u0343\u036a\u0302a\u036b\u033d\u034f\u0334 \ufeff\u2028\u2029 \u200b\u00ad\u2066open",
)
LONG = "W" * 250 + " " + "iW" * 125
HOSTILE = f"{MARKUP} {UNICODE}"
TITLE = (f"{MARKUP} {UNICODE} {LONG}" * 2)[:500]
MARKDOWN = f"""# {MARKUP}

[link](javascript:alert(1)) [other](https://example.com/"onmouseover="alert(1)) ![picture](https://evil.example/x.png) <https://example.com/{"x" * 300}>

> quote {UNICODE}

    {"code" * 100}

1. one
   - two
     - three {LONG}

| a | b |
|---|---|
| {"cell" * 60} | {MARKUP} |

```
</pre></style>{"c" * 300}
```

<iframe src=https://evil.example></iframe><style>*{{display:none}}</style><svg onload=alert(1)>
"""
_S, _C = IncidentState, ComponentStatus


def torture() -> MemoryReader:
    """The record behind it, on 1 March 2028 in Berlin."""
    reader = MemoryReader(
        page(
            name=f"N{HOSTILE}"[:60],
            time_zone=ZONE.key,
            promise_html=to_html(MARKDOWN),
            contacts=(
                Contact("phone", HOSTILE, '+49 "><script>alert(1)</script> 30', LONG),
                Contact("email", LONG, 'a"b<c>@example.com?subject=x&body=y', HOSTILE),
                Contact("chat", HOSTILE, "javascript:alert(1)", UNICODE),
                Contact("web", "", 'https://example.com/"><b>?a=1&b=2', ""),
            ),
            follow=(
                PublicProfile(kind="mastodon", label=HOSTILE, url='https://social.example/"><script>'),
                PublicProfile(kind="bluesky", label="x", url="javascript:alert(1)"),
            ),
            theme=PublicTheme(css='.x::before{content:"</style><script>alert(1)</script>"}'),
        )
    )
    for number in range(1, 6):
        reader.groups_.append(replace(group(f"Group {number} {HOSTILE}", number), id=f"g{number}"))
    for number in range(100):
        name = f"{number} {TITLE}"[:80] if number < 3 else f"Service {number}"
        one = component(f"s{number}", number, f"g{1 + number // 20}", created_at=utc("2016-01-01 00:00"))
        reader.put_component(replace(one, name=name, description=TITLE if number < 3 else ""))
    reader.put_component(component("gone", 100, created_at=utc("2016-01-01 00:00")))
    _ten_years(reader)
    _hard_nights(reader)
    _worst(reader)
    reader.put_component(replace(reader.components_[5], name=f"Renamed {HOSTILE}"[:80]))
    reader.drop_component("c-gone")
    return reader


def _closed(reader: MemoryReader, ref: str, title: str, start: str, minutes: int, slug: str, **more: object) -> None:
    """A problem that is over."""
    began = utc(start)
    end = began + timedelta(minutes=minutes)
    c = next(c for c in reader.components_ if c.slug == slug)
    reader.put(
        incident(
            ref, title, began, state=_S.CLOSED, resolved_at=end, closed_at=end, updated_at=end, next_due_at=None,
            month=month_key(began, ZONE), entries=(entry(c, _C.MAJOR_OUTAGE, began, end, ref),),
            updates=(
                update(1, began, _S.INVESTIGATING, f"{title} since now."),
                update(2, end, _S.RESOLVED, f"{title} is over."),
            ),
            **more,
        )
    )  # fmt: skip


def _ten_years(reader: MemoryReader) -> None:
    """A problem in each month from March 2018 on."""
    for month in range(120):
        year, at = divmod(2018 * 12 + 2 + month, 12)
        slug = "gone" if month % 7 == 0 else f"s{month % 100}"
        _closed(reader, f"SD-{year}-{at + 1:04}", f"Month {month}", f"{year}-{at + 1:02}-05 10:00", 30, slug)


def _hard_nights(reader: MemoryReader) -> None:
    """The night in which a clock shows 02:30 twice, the one in which it never does, a leap day, a turn of the year."""
    _closed(reader, "SD-2027-0100", "The long night", "2027-10-31 00:30", 60, "s20")
    _closed(reader, "SD-2027-0101", "The short night", "2027-03-28 00:30", 60, "s21")
    _closed(reader, "SD-2028-0102", "The leap day", "2028-02-29 09:00", 60, "s22")
    _closed(reader, "SD-2027-0103", "The turn of the year", "2027-12-31 22:30", 60, "s23")


def _worst(reader: MemoryReader) -> None:
    """Two open problems with everything that a field can hold, and planned work of the same kind."""
    began = utc("2028-02-28 22:00")
    many: list[PublicUpdate] = [
        update(seq, began + timedelta(minutes=5 * seq), _S.IDENTIFIED, f"{seq} {MARKDOWN}", author=HOSTILE)
        for seq in range(1, 37)
    ]
    many[3] = update(
        4, many[3].published_at, _S.IDENTIFIED, NEVER, replaced_seq=36, replaced_kind=UpdateKind.RETRACTION
    )
    many[4] = replace(many[4], replaced_seq=35, replaced_kind=UpdateKind.CORRECTION)
    many[34] = replace(many[34], kind=UpdateKind.CORRECTION, corrects_seq=5)
    many[35] = replace(many[35], kind=UpdateKind.RETRACTION, corrects_seq=4)
    many[6] = replace(
        many[6], language='ar" onload="alert(1)', promised_at=many[6].published_at, promise=PromiseState.LATE
    )
    steps = tuple(
        PublicStep(
            html=to_html(MARKDOWN), state=state, due_on=date(2028, 2, 29), done_on=date(2028, 2, 29),
            dropped_reason=HOSTILE, moved_from=(date(2027, 2, 28), date(2024, 2, 29)), incident_ref="SD-2028-0200",
        )
        for state in StepState
    )  # fmt: skip
    cause = PublicCause(
        certainty=Certainty.SUSPECTED, html=to_html(MARKDOWN), our_action_html=to_html(MARKDOWN), said_at=began
    )
    eta = PublicEta(
        due_at=utc("2028-03-01 12:00"), said_at=began, first_due_at=began, last_due_at=began, statements=3,
        outcome=EtaOutcome.OPEN,
    )  # fmt: skip
    for ref, impact in (("SD-2028-0200", Impact.CRITICAL), ("SD-2028-0201", Impact.MINOR)):
        entries = [entry(c, _C.PARTIAL_OUTAGE, began, None, ref) for c in reader.components_[:60]]
        reader.put(
            incident(
                ref, f"{impact} {TITLE}"[:500], began, impact=impact, state=_S.IDENTIFIED, month=month_key(began, ZONE), steps=steps,
                who_affected=TITLE, workaround_html=to_html(MARKDOWN), got_wrong_html=to_html(MARKDOWN), cause=cause,
                eta=eta, updates=tuple(many), entries=tuple(entries), reopened=3, recurrence_of="SD-2028-0102",
                next_due_at=utc("2028-03-01 09:30"), updated_at=many[-1].published_at,
            )
        )  # fmt: skip
    said = update(1, began, MaintenanceState.SCHEDULED, MARKDOWN, author=HOSTILE)
    for number, state in enumerate(MaintenanceState):
        reader.put(
            maintenance(
                f"SD-2028-M00{number}", f"{number} {TITLE}"[:500], utc("2028-03-01 08:00"), 2, reader.components_[:50], state=state,
                what_stops_html=to_html(MARKDOWN), max_interruption_s=86399, updates=(said,),
                rescheduled_from=utc("2028-02-29 23:30"), linked_incident="SD-2028-0200", month="2028-03",
                actual_start=None if state is MaintenanceState.SCHEDULED else utc("2028-03-01 08:05"),
                actual_end=utc("2028-03-01 08:55") if state is MaintenanceState.COMPLETED else None,
            )
        )  # fmt: skip
    reader.cards_.append(
        PublicCard(
            name=HOSTILE[:80], role=HOSTILE, phone="+49301234567", languages=UNICODE, starts_at=utc("2028-03-01 08:00"),
            ends_at=utc("2028-03-01 18:00"), incident_ref="SD-2028-0200",
        )
    )  # fmt: skip
    reader.promises_.append(
        PublicPromise(
            due_at=began, state=PromiseState.LATE, settled_at=began + timedelta(minutes=5), incident_ref="SD-2028-0200",
            incident_title=TITLE,
        )
    )  # fmt: skip
