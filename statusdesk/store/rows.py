"""From a row to a domain type and back. Columns and fields share their names, so there is nothing to keep in step."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar, cast

import sqlalchemy as sa

from statusdesk.domain.delivery import Delivery, RemotePost

T = TypeVar("T")


@cache
def _names(cls: Hashable) -> tuple[str, ...]:
    return tuple(one.name for one in fields(cast("Any", cls)))


def make(cls: type[T], row: sa.Row[*tuple[Any, ...]]) -> T:
    """A domain type from a row that has a column for each of its fields."""
    have = row._mapping  # noqa: SLF001  the documented way to read a row by name
    return cls(**{name: have[name] for name in _names(cast("Hashable", cls))})


def values(table: sa.Table, thing: Any, **more: Any) -> dict[str, Any]:
    """The columns of a table that a domain type fills, and more."""
    filled = {name: getattr(thing, name) for name in _names(cast("Hashable", type(thing))) if name in table.c}
    return filled | more


def make_delivery(row: sa.Row[*tuple[Any, ...]]) -> Delivery:
    """A delivery; where it stands at the network is two columns and one field."""
    have = dict(row._mapping)  # noqa: SLF001
    remote_id, remote_url = have.pop("remote_id"), have.pop("remote_url")
    return Delivery(remote=None if remote_id is None else RemotePost(id=remote_id, url=remote_url), **have)
