"""Settings of the page, and people on it for a while, on both engines."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from statusdesk.desk import Desk
from statusdesk.domain.cards import CardDraft
from statusdesk.domain.drafts import UpdateDraft
from statusdesk.domain.page import Contact, Scheme
from statusdesk.domain.settings import CSS_LIMIT, LOGO_LIMIT, PageDraft
from statusdesk.errors import NotFound, Refused
from tests.core.conftest import Clock, tills_down

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8z"/></svg>'
NUMBER = "+44 113 496 0000"


def test_what_is_changed_is_kept_and_the_rest_stays(desk: Desk) -> None:
    desk.edit_page(
        PageDraft(
            languages=("fi", "ar"), bar_days=30, accent=" #00557A ", scheme=Scheme.DARK, css="h1{color:red}", logo=SVG,
            promise="We *say* so.", contacts=(Contact("phone", "Ana", NUMBER),),
        )
    )  # fmt: skip
    desk.edit_page(PageDraft(name="Northlake & Sons"))
    page = desk.page()
    assert (page.name, page.languages, page.bar_days, page.accent) == ("Northlake & Sons", ("fi", "ar"), 30, "#00557a")
    assert (page.scheme, page.css, page.logo_name) == (Scheme.DARK, "h1{color:red}", "logo.svg")
    assert (page.promise_md, page.contacts) == ("We *say* so.", (Contact("phone", "Ana", NUMBER),))
    desk.edit_page(PageDraft(logo=b"", languages=(), accent=""))
    page = desk.page()
    assert (page.logo_name, page.languages, page.accent) == ("", (), "")


@pytest.mark.parametrize(
    ("draft", "field", "said"),
    [
        (PageDraft(name="\u200b"), "name", "Give your service a name"),
        (PageDraft(base_url="status.example"), "base_url", "must begin with https"),
        (PageDraft(time_zone="Mars/Base"), "time_zone", "no time zone"),
        (PageDraft(locale="klingon!"), "locale", "no language"),
        (PageDraft(languages=("fi", "tlh")), "languages", "cannot be read in “tlh”"),
        (PageDraft(bar_days=31), "bar_days", "30, 60 or 90"),
        (PageDraft(accent="red"), "accent", "#00557a"),
        (PageDraft(css="p{}</style><script>"), "css", "would end the style"),
        (PageDraft(css="@import 'x.css'"), "css", "loads nothing from others"),
        (PageDraft(css="p{background:url(//evil.example/x)}"), "css", "loads nothing from others"),
        (PageDraft(css="a" * (CSS_LIMIT + 1)), "css", "at most 16 KB"),
        (PageDraft(logo=b"GIF89a"), "logo", "SVG, PNG or WebP"),
        (PageDraft(logo=PNG + b"\0" * LOGO_LIMIT), "logo", "at most 64 KB"),
        (PageDraft(logo=SVG.replace(b"<path", b"<script>1</script><path")), "logo", "scripts or links"),
        (PageDraft(logo=SVG.replace(b"<path", b"<path onload = 'x'")), "logo", "scripts or links"),
        (PageDraft(contacts=(Contact("fax", "", "1"),)), "contacts", "phone, email, chat or web"),
        (PageDraft(contacts=(Contact("phone", "", "1"),) * 5), "contacts", "the best four"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_at_its_field_and_nothing_changes(
    desk: Desk, draft: PageDraft, field: str, said: str
) -> None:
    before = desk.page()
    with pytest.raises(Refused, match=said) as caught:
        desk.edit_page(draft)
    assert caught.value.field == field
    assert desk.page() == before


def test_another_time_zone_moves_what_began_at_the_edge_of_a_month(desk: Desk, clock: Clock) -> None:
    clock.go(days=21, hours=9)  # 30 June, 22:02 UTC: July in Stockholm already
    ref = desk.open_incident(tills_down(desk)).ref
    desk.build()
    site = Path(desk.page().output_dir)
    assert ref in (site / "history" / "2026-07" / "index.html").read_text()
    desk.edit_page(PageDraft(time_zone="America/New_York"))
    desk.build()
    assert ref in (site / "history" / "2026-06" / "index.html").read_text()
    assert not (site / "history" / "2026-07").exists()


def card(clock: Clock, **fields: object) -> CardDraft:
    given = {"name": "Ana", "phone": NUMBER, "ends_at": clock.at + timedelta(hours=2), "consent": True}
    return CardDraft(**(given | fields))


def test_a_person_is_on_the_page_until_the_time_they_said(desk: Desk, clock: Clock) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    made = desk.card_on(card(clock, ref=ref, role="Support"))
    assert (made.name, made.phone, made.incident_ref) == ("Ana", NUMBER, ref)
    assert [one.id for one in desk.contact_cards()] == [made.id]
    clock.go(hours=2)
    assert desk.contact_cards() == ()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "A" * 61}, "name"),
        ({"phone": "0113 496 0000"}, "phone"),
        ({"consent": False}, "consent"),
        ({"hours": 25}, "ends_at"),
        ({"hours": 73, "longer": True}, "ends_at"),
        ({"hours": -1}, "ends_at"),
    ],
)
def test_a_card_needs_a_name_a_number_consent_and_an_end_that_is_near(
    desk: Desk, clock: Clock, fields: dict[str, object], field: str
) -> None:
    more = dict(fields)
    ends_at = clock.at + timedelta(hours=more.pop("hours", 2))  # type: ignore[arg-type]
    with pytest.raises(Refused) as caught:
        desk.card_on(card(clock, ends_at=ends_at, **more))
    assert caught.value.field == field
    assert desk.contact_cards() == ()


def test_a_second_tick_allows_three_days(desk: Desk, clock: Clock) -> None:
    made = desk.card_on(card(clock, ends_at=clock.at + timedelta(hours=72), longer=True))
    assert made.ends_at == clock.at + timedelta(hours=72)


def test_a_practice_incident_puts_nobody_on_the_page(desk: Desk, clock: Clock) -> None:
    ref = desk.open_incident(tills_down(desk, drill=True)).ref
    with pytest.raises(Refused, match="practice"):
        desk.card_on(card(clock, ref=ref))


def test_a_card_ends_an_hour_after_its_incident_at_the_latest(desk: Desk, clock: Clock) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    stays = desk.card_on(card(clock, ref=ref, ends_at=clock.at + timedelta(hours=9), ends_on_resolve=False))
    goes = desk.card_on(card(clock, ref=ref, ends_at=clock.at + timedelta(hours=9)))
    soon = desk.card_on(card(clock, ref=ref, ends_at=clock.at + timedelta(minutes=40)))
    clock.go(minutes=30)
    desk.resolve(ref, UpdateDraft(message="It works."))
    ends = {one.id: one.ends_at for one in desk.contact_cards()}
    assert ends == {
        soon.id: clock.at + timedelta(minutes=10), goes.id: clock.at + timedelta(hours=1), stays.id: stays.ends_at
    }  # fmt: skip


def test_a_number_that_is_taken_off_is_gone_for_good(desk: Desk, clock: Clock) -> None:
    with pytest.raises(NotFound):
        desk.card_off()
    one = desk.card_on(card(clock))
    two = desk.card_on(card(clock, name="Bo"))
    with pytest.raises(Refused, match="several"):
        desk.card_off()
    desk.card_off(one.id)
    assert [left.id for left in desk.contact_cards()] == [two.id]
    desk.card_off()
    assert desk.contact_cards() == ()


def test_the_page_is_published_once_more_when_a_card_begins_and_when_it_ends(
    desk: Desk, clock: Clock, tmp_path: Path
) -> None:
    ref = desk.open_incident(tills_down(desk)).ref
    desk.resolve(ref, UpdateDraft(message="It works."))
    desk.card_on(card(clock, starts_at=clock.at + timedelta(minutes=10)))
    desk.deliver()
    assert _pages_with(NUMBER, tmp_path / "site") == set()
    clock.go(minutes=11)
    assert desk.deliver().sent == 1
    assert _pages_with(NUMBER, tmp_path / "site") == {"index.html"}
    desk.build(full=True)
    assert _pages_with(NUMBER, tmp_path / "site") == {"index.html"}
    clock.go(minutes=108)
    assert desk.deliver().sent == 0
    clock.go(minutes=2)
    assert desk.deliver().sent == 1, "so that the number leaves the page without anybody's help"
    assert _pages_with(NUMBER, tmp_path / "site") == set()
    assert desk.deliver().sent == 0


def _pages_with(text: str, site: Path) -> set[str]:
    return {one.relative_to(site).as_posix() for one in site.rglob("*.html") if text in one.read_text("utf-8")}
