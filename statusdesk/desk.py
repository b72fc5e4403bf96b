"""Desk: the front door. Every user action is one verb here; windows, command line and tests call nothing else.

A verb checks, writes everything it does in one transaction, and returns what became stale. Verbs block on the
database for milliseconds. Only `deliver`, `build` and the checks of connections reach further; call those on a thread
of their own. The verbs themselves stand in `statusdesk.verbs`, a room each.
"""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from pathlib import Path

from statusdesk import clock
from statusdesk.domain import ids
from statusdesk.domain.audit import Touched
from statusdesk.domain.component import ComponentKind
from statusdesk.domain.delivery import Target
from statusdesk.domain.page import Page
from statusdesk.domain.settings import PageDraft
from statusdesk.domain.text import graphemes, tidy_line
from statusdesk.errors import Problem, Refused
from statusdesk.outbox.enqueue import enqueue_publish
from statusdesk.outbox.places import bound_to_here, check_apart, check_free
from statusdesk.paths import state_dir
from statusdesk.secrets import Secrets
from statusdesk.store import Store, Workspace
from statusdesk.store.database import already_there
from statusdesk.store.reader import Reader
from statusdesk.store.writer import Writer
from statusdesk.verbs.by_hand import ByHandVerbs
from statusdesk.verbs.cards import CardVerbs
from statusdesk.verbs.checkup import CheckupVerbs
from statusdesk.verbs.history import HistoryVerbs
from statusdesk.verbs.incidents import IncidentVerbs
from statusdesk.verbs.look import LookVerbs, known_locale
from statusdesk.verbs.network import NetworkVerbs
from statusdesk.verbs.page import NAME_LIMIT, REACH_US, SUPPORT_CHANNELS, PageVerbs, put_component
from statusdesk.verbs.planned import MaintenanceVerbs
from statusdesk.verbs.replies import ReplyVerbs


class Desk(
    IncidentVerbs,
    MaintenanceVerbs,
    PageVerbs,
    LookVerbs,
    CardVerbs,
    ByHandVerbs,
    CheckupVerbs,
    NetworkVerbs,
    ReplyVerbs,
    HistoryVerbs,
):
    """One open workspace."""

    @classmethod
    def exists(cls, workspace: str | Path) -> bool:
        """Whether there is a workspace. Raises EnvironmentFault when its server is out of reach."""
        return Store.exists(Workspace.at(workspace))

    @classmethod
    def open(cls, workspace: str | Path, *, now: clock.Clock = clock.now, secrets: Secrets | None = None) -> Desk:
        """Open a workspace: a folder, or the address of a PostgreSQL database."""
        return cls._over(Store.open(Workspace.at(workspace)), now, secrets)

    @classmethod
    def create(
        cls,
        workspace: str | Path,
        *,
        name: str,
        base_url: str = "",
        time_zone: str = "UTC",
        locale: str = "en",
        components: Sequence[str] = (),
        output_dir: Path | None = None,
        support_channels: bool = True,
        now: clock.Clock = clock.now,
        secrets: Secrets | None = None,
    ) -> Desk:
        """Make a new workspace with a page, its components and a folder the site is rendered into.

        Phone, e-mail and chat are there from the start (F23). Refused where a workspace is already, and where the
        output folder holds the workspace, lies in it, or holds somebody else's site.
        """
        place = Workspace.at(workspace)
        page = _new_page(place, now, name, base_url, time_zone, locale, output_dir)
        wanted = _each_once(components)
        _judge_names(wanted)
        store = Store.create(place)
        try:
            with store.write() as sql:
                writer = Writer(sql, at=page.created_at, actor=_who())
                if writer.has_page():  # somebody else made it in this very moment
                    raise already_there(place)
                writer.add_page(page, "")
                for one in wanted:
                    put_component(writer, name=one)
                if support_channels:
                    _add_support_channels(writer, wanted)
                writer.add_target(
                    Target(
                        id=ids.new_id(page.created_at),
                        kind="folder",
                        name="Site folder",
                        location=page.output_dir,
                        settings=bound_to_here(place),
                        created_at=page.created_at,
                    )
                )
                writer.event("init", Touched.PAGE, page.id)
                enqueue_publish(writer)
        except BaseException:
            store.close()  # a database without a page counts as none, and is used at the next try
            raise
        return cls._over(store, now, secrets)

    @classmethod
    def _over(cls, store: Store, now: clock.Clock, secrets: Secrets | None) -> Desk:
        with store.read() as sql:
            page = Reader(sql).page()
        return cls(store, secrets=secrets or Secrets(page.id), now=now, actor=_who())

    def shut(self) -> None:
        """Let go of the database and of the page preview."""
        if self._preview is not None:
            self._preview.shutdown()
            self._preview.server_close()
            self._preview = None
        self._courier.close()
        self._store.close()


def _who() -> str:
    """Who acts, for the audit trail: the login on this computer."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _each_once(names: Sequence[str]) -> list[str]:
    """Names in their order, the same name in other letters only once."""
    found: dict[str, str] = {}
    for one in filter(None, map(tidy_line, names)):
        found.setdefault(one.casefold(), one)
    return list(found.values())


def _judge_names(wanted: Sequence[str]) -> None:
    long = next((one for one in wanted if graphemes(one) > NAME_LIMIT), None)
    if long is not None:
        raise Refused.because(
            [Problem("components", f"“{long[:30]}…” is too long. At most {NAME_LIMIT} characters fit.")]
        )


def _add_support_channels(writer: Writer, wanted: Sequence[str]) -> None:
    have = {one.casefold().rstrip("s").replace("-", "") for one in wanted}
    for one in SUPPORT_CHANNELS:
        if one.casefold().replace("-", "") not in have:
            put_component(writer, name=one, group=REACH_US, kind=ComponentKind.SUPPORT_CHANNEL)


def _new_page(
    place: Workspace, now: clock.Clock, name: str, base_url: str, time_zone: str, locale: str, output_dir: Path | None
) -> Page:
    clean, address = tidy_line(name), base_url.strip().rstrip("/")
    wrong = PageDraft(name=clean, base_url=address, time_zone=time_zone).problems()
    language = known_locale(locale)
    if language is None:
        wrong.append(Problem("locale", f"“{locale[:20]}” is no language. Write it like en, fi or pt-BR."))
    if wrong:
        raise Refused.because(wrong)
    at = now()
    out = (output_dir or _default_output(place)).expanduser().resolve()
    check_apart(place.folder, out)
    check_free(out)
    return Page(
        id=ids.new_id(at),
        name=clean,
        slug=ids.slug(clean),
        base_url=address,
        time_zone=time_zone,
        locale=language or "en",
        output_dir=str(out),
        created_at=at,
    )


def _default_output(place: Workspace) -> Path:
    """Beside the workspace, never in it (invariant 13)."""
    if place.is_file:
        return place.folder.with_name(place.folder.name + "-site")
    return state_dir() / "sites" / place.folder.name
