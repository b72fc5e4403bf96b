"""What every kind of host offers the courier: take this site, and show what it holds.

A target gets the site as a folder and its manifest, and sends what differs from what it got last time: assets first,
pages next, entry page and JSON last, orphans removed at the end. It never retries: it says what happened, with the
same exceptions as a channel's, of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from statusdesk.domain.board import CheckLine


class PublishError(Exception):
    """Publishing did not succeed. `needs_person` says that trying again will not help. The message is for people."""

    def __init__(self, message: str, *, code: str = "", needs_person: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.needs_person = needs_person


@dataclass(frozen=True, kw_only=True)
class Site:
    """The built site on this computer: its folder, its build id, and what gives the SHA-256 of each file by path.

    The manifest is read when a host asks for it: one that lies in the site's own folder does not. `order` sorts paths
    into the order in which readers must see them change: what is linked before what links.
    """

    folder: Path
    manifest: Callable[[], Mapping[str, str]]
    build_id: str
    order: Callable[[str], tuple[int, str]]

    @cached_property
    def files(self) -> Mapping[str, str]:
        """The SHA-256 (hexadecimal) of each file by path."""
        return self.manifest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """All a target gets to know of itself. `state_file` is where it may remember what it sent."""

    location: str
    settings: Mapping[str, str]
    state_file: Path
    secret: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What went over. `verified` says that the build was read back from there."""

    written: int
    removed: int
    url: str
    verified: bool


class TargetHost(Protocol):
    """A host, opened for one target."""

    def check(self) -> Sequence[CheckLine]:
        """Look whether publishing would work, without changing anything a reader sees."""

    def publish(self, site: Site) -> Published:
        """Bring the host to this site. Raises PublishError; what readers see stays consistent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetKind:
    """A kind of host: its words, whether it needs a secret, and how it is opened."""

    kind: str
    label: str
    icon: str
    location_label: str
    location_hint: str
    needs_secret: bool
    open: Callable[[Place], TargetHost]
    settings: Sequence[str] = ()  # the names of its settings that a person may give
