"""What is opened later is imported later, so that the first paint does not wait for it."""

from __future__ import annotations

from importlib import import_module

FIRST = ("pages.incident", "pages.calm")
LATER = (
    "forms.composer",
    "forms.resolve",
    "forms.mend",
    "forms.component",
    "pages.incidents",
    "pages.components",
    "pages.accounts",
    "pages.targets",
)


def warm_first() -> None:
    """Import the page that is shown first; on another thread, while the record is being opened."""
    for name in FIRST:
        import_module(f"statusdesk_ui.{name}")


def warm_up() -> None:
    """Import what will be opened; on another thread, while nobody waits for it."""
    for name in LATER:
        import_module(f"statusdesk_ui.{name}")
