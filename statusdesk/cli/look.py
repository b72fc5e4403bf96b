"""`statusdeskctl page` and `card`: the page's own settings, and a person's number on it."""

from __future__ import annotations

from typing import IO

import click

from statusdesk.cli.common import State, command, pairs_of, plain, subgroup, time_of
from statusdesk.cli.places import end, publish_now
from statusdesk.domain.cards import CardDraft, ContactCard
from statusdesk.domain.page import Contact, Page, Scheme
from statusdesk.domain.settings import CSS_LIMIT, LOGO_LIMIT, PageDraft
from statusdesk.domain.times import rfc3339
from statusdesk.errors import Problem, Refused

pages = subgroup("page", "The page's own settings.")


def _settings(page: Page) -> dict[str, object]:
    return {
        "name": page.name,
        "base_url": page.base_url,
        "time_zone": page.time_zone,
        "locale": page.locale,
        "languages": list(page.languages),
        "promise": page.promise_md,
        "contacts": [plain(one) for one in page.contacts],
        "bar_days": page.bar_days,
        "accent": page.accent or None,
        "scheme": page.scheme,
        "css": page.css,
        "logo": page.logo_name or None,
        "output": page.output_dir,
    }


@command(pages, "show")
def show_page(state: State) -> None:
    """The settings as they are."""
    with state.desk() as desk:
        have = _settings(desk.page())
    state.say({"page": have}, "\n".join(f"{name}: {value}" for name, value in have.items() if value))


@command(pages, "edit")
@click.option("--name", metavar="NAME", help="What people call your service.")
@click.option("--base-url", metavar="URL", help="Where the page is, like https://status.example.org.")
@click.option("--time-zone", metavar="IANA")
@click.option("--locale", metavar="xx", help="The language you write in.")
@click.option("--language", "languages", multiple=True, metavar="xx", help="Also readable in. Repeat; “none” for none.")
@click.option("--promise", metavar="TEXT", help="Your support promise, in your own words.")
@click.option("--contact", "contacts", multiple=True, metavar="KIND=VALUE", help="phone, email, chat, web. Repeat.")
@click.option("--bar-days", type=click.Choice(["30", "60", "90"]), help="How many days the bars show.")
@click.option("--accent", metavar="#RRGGBB", help="Your colour for links. The empty text takes it away.")
@click.option("--scheme", type=click.Choice([one.value for one in Scheme]))
@click.option("--css", type=click.File("r", encoding="utf-8"), metavar="FILE", help="A style of your own, or “-”.")
@click.option("--logo", type=click.File("rb"), metavar="FILE", help="An SVG, PNG or WebP picture.")
@click.option("--no-logo", is_flag=True, help="Take the logo away.")
def edit_page(
    state: State,
    name: str | None,
    base_url: str | None,
    time_zone: str | None,
    locale: str | None,
    languages: tuple[str, ...],
    promise: str | None,
    contacts: tuple[str, ...],
    bar_days: str | None,
    accent: str | None,
    scheme: str | None,
    css: IO[str] | None,
    logo: IO[bytes] | None,
    no_logo: bool,
) -> None:
    """Change settings of the page; what is not named stays."""
    ways = tuple(Contact(*one, "") for one in _ways(contacts))
    draft = PageDraft(
        name=name,
        base_url=base_url,
        time_zone=time_zone,
        locale=locale,
        languages=tuple(one for one in languages if one != "none") if languages else None,
        promise=promise,
        contacts=ways or None,
        bar_days=int(bar_days) if bar_days else None,
        accent=accent,
        scheme=Scheme(scheme) if scheme else None,
        css=_read_text(css) if css else None,
        logo=b"" if no_logo else logo.read(LOGO_LIMIT + 1) if logo else None,
    )
    with state.desk() as desk:
        desk.edit_page(draft)
        late = publish_now(desk)
        have = _settings(desk.page())
    state.say({"page": have}, f"Changed the page of {have['name']}.")
    end(late)


def _ways(contacts: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Kind, label and value of each `KIND=VALUE` or `KIND:LABEL=VALUE`."""
    found = []
    for key, value in pairs_of(contacts, "a contact like phone=+44 113 496 0000", "contacts"):
        kind, _, label = key.partition(":")
        found.append((kind, label, value))
    return found


def _read_text(file: IO[str]) -> str:
    try:
        return file.read(CSS_LIMIT + 1)
    except UnicodeDecodeError:
        raise Refused.because([Problem("css", "The style is not a text in UTF-8.")]) from None


cards = subgroup("card", "A person's number on the page, for a while.")


def _card(card: ContactCard) -> dict[str, object]:
    return {
        "id": card.id,
        "name": card.name,
        "phone": card.phone,
        "role": card.role,
        "languages": card.languages,
        "starts_at": rfc3339(card.starts_at),
        "ends_at": rfc3339(card.ends_at),
        "incident": card.incident_ref,
    }


@command(cards, "on")
@click.option("--name", required=True, metavar="NAME", help="A first name or an alias.")
@click.option("--phone", required=True, metavar="NUMBER", help="With its country, like +44 113 496 0000.")
@click.option("--until", required=True, metavar="TIME", help="ISO 8601 with zone, or +2h. At most 24 hours.")
@click.option("--from", "starts", metavar="TIME", help="Now, unless you say another time.")
@click.option("--role", default="", metavar="TEXT")
@click.option("--languages", default="", metavar="TEXT", help="Which languages the person speaks, in words.")
@click.option("--incident", "ref", metavar="REF", help="Beside this incident; ends an hour after it at the latest.")
@click.option("--consent", is_flag=True, help="The person it belongs to agrees that the number is shown.")
@click.option("--longer", is_flag=True, help="Allow up to 72 hours.")
def on(
    state: State,
    name: str,
    phone: str,
    until: str,
    starts: str | None,
    role: str,
    languages: str,
    ref: str | None,
    consent: bool,
    longer: bool,
) -> None:
    """Put a person's number on the page."""
    with state.desk() as desk:
        card = desk.card_on(
            CardDraft(
                name=name,
                phone=phone,
                starts_at=time_of(starts, "from"),
                ends_at=time_of(until, "until"),
                role=role,
                languages=languages,
                ref=ref,
                consent=consent,
                longer=longer,
            )
        )
        late = publish_now(desk)
    state.say({"card": _card(card)}, f"{card.name} is on the page until {rfc3339(card.ends_at)} (card {card.id}).")
    end(late)


@command(cards, "off")
@click.argument("card", default="")
def off(state: State, card: str) -> None:
    """Take a number off the page; without an id, the only one there is."""
    with state.desk() as desk:
        desk.card_off(card)
        late = publish_now(desk)
    state.say({"cards": []}, "The number is off the page.")
    end(late)


@command(cards, "list")
def list_cards(state: State) -> None:
    """Numbers that are on the page, or will be."""
    with state.desk() as desk:
        rows = [_card(one) for one in desk.contact_cards()]
    state.table("cards", rows, ("id", "name", "phone", "starts_at", "ends_at", "incident"))
