"""The page itself: its settings, its components, the board that shows it all, and forms that wait."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from statusdesk import clock
from statusdesk.domain import board as views
from statusdesk.domain import ids
from statusdesk.domain.audit import Changes, Touched
from statusdesk.domain.component import Component, ComponentKind, ComponentStatus
from statusdesk.domain.text import BODY_LIMIT, LINE_LIMIT, graphemes, tidy, tidy_line
from statusdesk.errors import NotFound, Problem, Refused
from statusdesk.outbox.enqueue import enqueue_publish
from statusdesk.site.stamp import stamp
from statusdesk.store.writer import Writer
from statusdesk.verbs.base import Verbs
from statusdesk.verbs.network import clock_words

NAME_LIMIT = 60
REACH_US = "How to reach us"
SUPPORT_CHANNELS = ("Phone", "E-mail", "Chat")


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """A form that was not published yet: `key` says which one, `payload` is the form's own."""

    key: str
    saved_at: datetime
    payload: Mapping[str, Any]


class PageVerbs(Verbs):
    """The page, its components, and what the main window shows."""

    def board(self) -> views.Board:
        """Everything the main window shows at a glance."""
        out = self._places.site_folder()
        with self._read() as reader:
            built = stamp(out)
            site = views.SiteStatus(
                build_id=built.build_id if built else "",
                built_at=built.built_at if built else None,
                behind=built is None or reader.publishes_wait(),
                output_dir=str(out),
            )
            return replace(reader.board(self._now(), site), clock_trouble=clock_words(clock.servers.ahead()))

    def preview_url(self) -> str:
        """The address on this computer where the built site can be looked at; served as long as the desk is open."""
        if self._preview is None:
            from statusdesk.site.serve import site_server  # noqa: PLC0415  http.server, for those who look at the page

            self._preview = site_server(self._places.site_folder(), 0)
            threading.Thread(target=self._preview.serve_forever, name="page preview", daemon=True).start()
        return f"http://127.0.0.1:{self._preview.server_address[1]}/"

    def components(self, *, archived: bool = False) -> tuple[views.ComponentRow, ...]:
        """Components with their status; archived ones only when asked, last and operational."""
        with self._read() as reader:
            rows = reader.component_rows()
            if not archived:
                return rows
            here = {row.component.id for row in rows}
            gone = (one for one in reader.components(archived=True) if one.id not in here)
            return rows + tuple(
                views.ComponentRow(component=one, status=ComponentStatus.OPERATIONAL, group="") for one in gone
            )

    def find_component(self, name: str) -> Component:
        """A component by name (case ignored), address or id. Raises NotFound with the names there are."""
        rows = [row.component for row in self.components()]
        wanted = tidy_line(name)
        for one in rows:
            if wanted in (one.id, one.slug) or wanted.casefold() == one.name.casefold():
                return one
        known = ", ".join(one.name for one in rows[:12]) or "none yet"
        raise NotFound(f"There is no component “{wanted[:60]}”. There are: {known}.", field="components")

    def add_component(
        self,
        *,
        name: str,
        group: str = "",
        kind: ComponentKind = ComponentKind.SERVICE,
        description: str = "",
        customer_words: Sequence[str] = (),
    ) -> Component:
        """A new component, in a group that is made when it is not there."""
        with self._write() as writer:
            made = put_component(
                writer, name=name, group=group, kind=kind, description=description, customer_words=customer_words
            )
            writer.event("component-add", Touched.COMPONENT, made.id)
            enqueue_publish(writer)
            return made

    def edit_component(
        self,
        id_: str,
        *,
        name: str | None = None,
        group: str | None = None,
        description: str | None = None,
        kind: ComponentKind | None = None,
        position: int | None = None,
    ) -> Changes:
        """Change a component; what is None stays. Its address stays too, so that links go on working."""
        with self._write() as writer:
            if id_ not in {one.id for one in writer.components()}:
                raise NotFound("That component is not there any more.", field="component")
            columns: dict[str, Any] = {}
            if name is not None:
                columns["name"] = _component_name(writer, name, but=id_)
            if group is not None:
                columns["group_id"] = _group_id(writer, group)
            if description is not None:
                columns["description"] = _description(description)
            if kind is not None:
                columns["kind"] = kind
            if position is not None:
                columns["position"] = position
            writer.change_component(id_, **columns)
            writer.event("component-edit", Touched.COMPONENT, id_)
            enqueue_publish(writer)
            return Changes(head=writer.head(), components=True, deliveries=True)

    def archive_component(self, id_: str) -> Changes:
        """Take a component off the page. Its history stays. Refused while something is wrong with it."""
        with self._write() as writer:
            row = next((one for one in writer.component_rows() if one.component.id == id_), None)
            if row is None:
                raise NotFound("That component is not there any more.", field="component")
            if row.status is not ComponentStatus.OPERATIONAL:
                raise Refused(f"{row.component.name} has an open incident or maintenance. End that first.")
            writer.change_component(id_, archived_at=writer.at)
            writer.event("component-archive", Touched.COMPONENT, id_)
            enqueue_publish(writer)
            return Changes(head=writer.head(), components=True, deliveries=True)

    # Forms that wait

    def save_draft(self, key: str, payload: Mapping[str, Any]) -> None:
        """Keep a form as it stands; it survives a crash."""
        with self._write() as writer:
            writer.save_draft(key, payload)

    def load_draft(self, key: str) -> Mapping[str, Any] | None:
        """A kept form, or None."""
        return next((one.payload for one in self.drafts() if one.key == key), None)

    def drafts(self) -> tuple[SavedDraft, ...]:
        """All kept forms, newest first."""
        with self._read() as reader:
            return tuple(SavedDraft(*one) for one in reader.drafts())

    def drop_draft(self, key: str) -> None:
        """Throw a kept form away."""
        with self._write() as writer:
            writer.drop_draft(key)


def put_component(
    writer: Writer,
    *,
    name: str,
    group: str = "",
    kind: ComponentKind = ComponentKind.SERVICE,
    description: str = "",
    customer_words: Sequence[str] = (),
) -> Component:
    """Write a new component after the last one."""
    everyone = writer.components(archived=True)
    clean = _component_name(writer, name)
    id_ = ids.new_id(writer.at)
    component = Component(
        id=id_,
        code=ids.public_code(id_),
        slug=ids.slug(clean, {one.slug for one in everyone}),
        name=clean,
        description=_description(description),
        customer_words=tuple(filter(None, map(tidy_line, customer_words))),
        kind=kind,
        group_id=_group_id(writer, group),
        position=max((one.position for one in everyone), default=0) + 1,
        created_at=writer.at,
    )
    writer.add_component(component)
    return component


def _component_name(writer: Writer, name: str, but: str = "") -> str:
    clean = tidy_line(name)
    if not clean:
        raise Refused.because([Problem("name", "Give the component a name, as your customers call it.")])
    if graphemes(clean) > NAME_LIMIT:
        raise Refused.because([Problem("name", f"The name is too long. At most {NAME_LIMIT} characters fit.")])
    if any(one.name.casefold() == clean.casefold() for one in writer.components() if one.id != but):
        raise Refused.because([Problem("name", f"There is already a component “{clean}”. Choose another name.")])
    return clean


def _description(text: str) -> str:
    clean = tidy(text)
    if len(clean) > min(BODY_LIMIT, 4 * LINE_LIMIT):
        raise Refused.because([Problem("description", f"At most {4 * LINE_LIMIT:,} characters fit. Shorten it.")])
    return clean


def _group_id(writer: Writer, name: str) -> str | None:
    clean = tidy_line(name)
    if graphemes(clean) > NAME_LIMIT:
        raise Refused.because([Problem("group", f"The name is too long. At most {NAME_LIMIT} characters fit.")])
    return writer.group_named(clean, last=clean == REACH_US) if clean else None
