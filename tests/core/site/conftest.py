"""Sites that several tests look at, built once."""

from __future__ import annotations

import pytest

from statusdesk.site.builder import build
from tests.core.site.memory import northlake, utc


@pytest.fixture(scope="session")
def open_site(tmp_path_factory):
    """Northlake while card payments fail."""
    folder = tmp_path_factory.mktemp("open")
    build(northlake(), out=folder / "site", state_file=folder / "ws" / "site.db", now=utc("2026-06-09 13:53"))
    return folder / "site"


@pytest.fixture(scope="session")
def ok_site(tmp_path_factory):
    """Northlake two days later: all is well, customers are still being asked."""
    folder = tmp_path_factory.mktemp("ok")
    build(
        northlake(open_now=False),
        out=folder / "site",
        state_file=folder / "ws" / "site.db",
        now=utc("2026-06-11 06:30"),
    )
    return folder / "site"
