"""What every kind of host offers the courier: take this site, and show what it holds.

A target gets the site as a folder and its manifest, and sends what differs from what it got last time: assets first,
pages next, entry page and JSON last, orphans removed at the end. It never sleeps and never retries: it raises
`TryLater` or `NeedsPerson` (net/faults.py) and the outbox decides. A publish that was cut off is simply done again: it
compares before it writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import SettingField


@dataclass(frozen=True, kw_only=True)
class Site:
    """The built site on this computer: its folder, its build id, and what gives the SHA-256 of each file by path.

    The manifest is read when a host asks for it: one that lies in the site's own folder does not. `order` sorts paths
    into the order in which readers must see them change: what is linked before what links. `progress` is told how many
    files of how many are over, every few seconds while a publishing goes on; it may raise, and stops it with that.
    """

    folder: Path
    manifest: Callable[[], Mapping[str, str]]
    build_id: str
    order: Callable[[str], tuple[int, str]]
    progress: Callable[[int, int], None] = lambda _done, _total: None

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
        """Bring the host to this site. Raises TryLater or NeedsPerson; what readers see stays consistent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetKind:
    """A kind of host: its words, its form beside the location, and how it is opened (which makes no request).

    Of `fields`, a secret one fills the `Place`'s `secret`, every other one its `settings`.
    """

    kind: str
    label: str
    icon: str
    location_label: str
    location_hint: str
    open: Callable[[Place], TargetHost]
    fields: Sequence[SettingField] = ()
    help: str = ""

    @property
    def secret(self) -> SettingField | None:
        """The field whose value goes to the keyring."""
        return next((one for one in self.fields if one.secret), None)
