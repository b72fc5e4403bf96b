"""What is opened later is imported later, so that the first paint does not wait for it."""

from __future__ import annotations

from importlib import import_module

LATER = (
    "pages.incident",
    "forms.composer",
    "forms.resolve",
    "forms.mend",
    "forms.component",
    "pages.incidents",
    "pages.components",
    "pages.accounts",
    "pages.targets",
)


def warm_up() -> None:
    """Import what will be opened; on another thread, while nobody waits for it."""
    for name in LATER:
        import_module(f"statusdesk_ui.{name}")
