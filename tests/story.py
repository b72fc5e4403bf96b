"""A workspace worth looking at: the history that ships with the project, and a bad afternoon told with a moving clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from statusdesk.desk import Desk
from statusdesk.domain.cards import CardDraft
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.drafts import CauseDraft, EtaDraft, IncidentDraft, MaintenanceDraft, StepDraft, UpdateDraft
from statusdesk.domain.incident import Certainty, Impact, IncidentState
from statusdesk.domain.page import Contact
from statusdesk.domain.people import Answer
from statusdesk.domain.settings import PageDraft

HISTORY = Path(__file__).parents[1] / "docs" / "examples" / "northlake-history"


class MovingClock:
    """Starts some hours before the present, so that the story ends now and its countdowns run."""

    def __init__(self, now: datetime) -> None:
        self.end = now
        self.at = now - timedelta(hours=26)

    def __call__(self) -> datetime:
        return self.at

    def go(self, minutes: float) -> None:
        self.at += timedelta(minutes=minutes)

    def to(self, before_end: float) -> None:
        """To so many minutes before the end."""
        self.at = self.end - timedelta(minutes=before_end)


def tell(folder: Path, *, time_zone: str = "Europe/Stockholm") -> Desk:
    """Make the workspace in `folder/workspace` and the page in `folder/site`; returns the open desk."""
    clock = MovingClock(datetime.now(UTC).replace(second=0, microsecond=0))
    desk = Desk.create(
        folder / "workspace",
        name="Northlake",
        base_url="https://status.northlake.example",
        time_zone=time_zone,
        output_dir=folder / "site",
        now=clock,
    )
    desk.edit_page(
        PageDraft(
            promise="When something breaks we say so, we say why, and we say when we write next. We call back when we "
            "said we would.",
            contacts=(
                Contact("phone", "Customer service", "+46 8 400 250 60", "every day 8 to 20"),
                Contact("email", "", "help@northlake.example"),
                Contact("chat", "Chat", "https://chat.northlake.example", "8 to 20"),
            ),
        )
    )
    desk.import_history("statuspage", str(HISTORY))
    desk.connect_account(kind="preview", name="Mastodon", settings={"folder": str(folder / "posts-mastodon")})
    desk.connect_account(kind="preview", name="Bluesky", settings={"folder": str(folder / "posts-bluesky")})
    _gift_cards(desk, clock)
    _card_payments(desk, clock)
    _maintenance(desk, clock)
    clock.at = clock.end
    open_ref = desk.board().open_incidents[0].ref
    until = clock.at + timedelta(hours=3)
    desk.card_on(
        CardDraft(name="Ana", role="support lead", phone="+46 70 174 06 10", ends_at=until, consent=True, ref=open_ref)
    )
    desk.deliver()
    return desk


def _part(desk: Desk, name: str) -> str:
    return desk.find_component(name).id


def _gift_cards(desk: Desk, clock: MovingClock) -> None:
    draft = IncidentDraft(
        title="Gift cards are refused",
        message="Gift cards bought since this morning are refused at the tills. Older ones work. Keep the card: "
        "its value is safe.",
        impact=Impact.MINOR,
        components=((_part(desk, "Gift cards"), ComponentStatus.PARTIAL_OUTAGE),),
    )
    ref = desk.open_incident(draft).ref
    reporters = [desk.add_reporter(ref, name=f"Customer {number}") for number in range(9)]
    clock.go(45)
    desk.resolve(
        ref,
        UpdateDraft(
            message="Gift cards bought today work since we loaded them again by hand.",
            cause=CauseDraft(
                "A nightly job that activates new cards had stopped. We did not notice.", Certainty.CONFIRMED
            ),
            prevention=(
                StepDraft("Once an hour we buy and redeem a real gift card.", date(2026, 12, 31), "Payments team"),
            ),
        ),
    )
    for reporter in reporters[:7]:
        desk.answer(ref, reporter.id, Answer.CONFIRMED)
    desk.deliver()


def _card_payments(desk: Desk, clock: MovingClock) -> None:
    clock.to(69)
    draft = IncidentDraft(
        title="Card payments fail in 3 of our 14 stores",
        message="Card payments have failed in all 14 stores for a few minutes. Cash works. We are testing the line to "
        "the bank first, then the terminals.",
        impact=Impact.MAJOR,
        components=((_part(desk, "Card payments"), ComponentStatus.MAJOR_OUTAGE),),
        started_at=clock.at - timedelta(minutes=3),
        who_affected="Everyone who pays by card in our stores",
        workaround="Cash works everywhere. Cards work on the website and in the app.",
    )
    ref = desk.open_incident(draft).ref
    desk.deliver()
    clock.to(41)
    desk.post_update(
        ref,
        UpdateDraft(
            message="Road works cut the line that carries card payments. We are moving the stores to the backup line, "
            "one by one.",
            state=IncidentState.IDENTIFIED,
            cause=CauseDraft(
                "Road works cut the line that carries card payments. Three of our stores had no second line. That was "
                "our decision, and it was wrong.",
                Certainty.CONFIRMED,
            ),
            eta=EtaDraft(clock.end + timedelta(minutes=130)),
        ),
    )
    desk.deliver()
    clock.to(13)
    desk.post_update(
        ref,
        UpdateDraft(
            message="Eleven stores are on the backup line and take cards again. Hill Street, Station Road and the "
            "Airport have none: a colleague is driving to each with a mobile modem, to Hill Street first.",
            components=((_part(desk, "Card payments"), ComponentStatus.PARTIAL_OUTAGE),),
            author="Ana, support lead",
        ),
    )
    desk.deliver()


def _maintenance(desk: Desk, clock: MovingClock) -> None:
    start = (clock.end + timedelta(days=5)).replace(hour=1, minute=0)
    desk.schedule(
        MaintenanceDraft(
            title="A new telephone exchange",
            message="Phones and chat stop for up to 20 minutes while we replace the telephone exchange. E-mail works "
            "throughout.",
            components=(_part(desk, "Phone"), _part(desk, "Chat")),
            starts_at=start,
            ends_at=start + timedelta(hours=2),
            max_interruption_s=20 * 60,
        )
    )
