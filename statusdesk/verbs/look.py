"""The page's settings: its name and address, how it looks, in which languages it can be read, how to reach us."""

from __future__ import annotations

from typing import Any

from statusdesk.domain.audit import Changes, Touched
from statusdesk.domain.page import Page
from statusdesk.domain.settings import PageDraft, logo_kind
from statusdesk.domain.times import month_key
from statusdesk.errors import Problem, Refused
from statusdesk.outbox.enqueue import enqueue_publish
from statusdesk.verbs.base import Verbs, html_of


class LookVerbs(Verbs):
    """Whatever every page of the site shows."""

    def page(self) -> Page:
        """The settings as they are."""
        with self._read() as reader:
            return reader.page()

    def edit_page(self, draft: PageDraft) -> Changes:
        """Change settings of the page; the whole site is rendered anew with the next publishing."""
        clean = draft.tidied()
        wrong = [*clean.problems(), *_language_problems(clean)]
        if wrong:
            raise Refused.because(wrong)
        columns = _columns(clean)
        with self._write() as writer:
            before = writer.page()
            if columns:
                writer.change_page(**columns)
                if clean.time_zone is not None and clean.time_zone != before.time_zone:
                    zone = writer.page().zone
                    writer.move_to_months(lambda at: month_key(at, zone))
                writer.event("page-edit", Touched.PAGE, before.id)
                enqueue_publish(writer)
            return Changes(head=writer.head(), page=True, deliveries=True)


def _columns(draft: PageDraft) -> dict[str, Any]:
    given = {
        name: getattr(draft, name)
        for name in ("name", "base_url", "time_zone", "bar_days", "accent", "scheme", "css")
        if getattr(draft, name) is not None
    }
    if draft.locale is not None:
        given["locale"] = known_locale(draft.locale)
    if draft.languages is not None:
        given["languages"] = tuple(dict.fromkeys(draft.languages))
    if draft.promise is not None:
        given |= {"promise_md": draft.promise, "promise_html": html_of(draft.promise)}
    if draft.contacts is not None:
        given["contacts"] = tuple((c.kind, c.label, c.value, c.hours) for c in draft.contacts)
    if draft.logo is not None:
        kind = logo_kind(draft.logo)
        given |= {"logo": draft.logo, "logo_name": f"logo.{kind}" if kind else ""}
    return given


def _language_problems(draft: PageDraft) -> list[Problem]:
    from statusdesk.site.language import NAMES  # noqa: PLC0415  only for those who change them

    wrong = []
    if draft.locale is not None and known_locale(draft.locale) is None:
        wrong.append(Problem("locale", f"“{draft.locale[:20]}” is no language. Write it like en, fi or pt-BR."))
    unknown = [one for one in draft.languages or () if one not in NAMES]
    if unknown:
        wrong.append(
            Problem("languages", f"The page cannot be read in “{unknown[0][:20]}”. It can in: {', '.join(NAMES)}.")
        )
    return wrong


def known_locale(text: str) -> str | None:
    """A language's name as we keep it; None for one that nobody knows."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415  only needed when a page is made or changed

    try:
        return str(Locale.parse(text.strip().replace("-", "_"))).replace("_", "-")
    except (UnknownLocaleError, ValueError, TypeError):
        return None
