"""`widget.js`: the script that shows the page's state on other pages, with this edition's words in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache

from statusdesk import paths
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.incident import Impact
from statusdesk.site import words
from statusdesk.site.edition import Edition

# The indicators of the JSON in the words of the page's own headline.
_STATES = {
    "none": words.STATUS[ComponentStatus.OPERATIONAL],
    "minor": words.IMPACT[Impact.MINOR],
    "major": words.IMPACT[Impact.MAJOR],
    "critical": words.IMPACT[Impact.CRITICAL],
    "maintenance": words.STATUS[ComponentStatus.UNDER_MAINTENANCE],
}


class Widget:
    """Builds the widget of one edition: as old as its language."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition

    def front(self) -> dict[str, Callable[[], bytes]]:
        """The script; it changes only with a full build."""
        return {"widget.js": self.script}

    def script(self) -> bytes:
        """widget.js. The data lie at the root, whatever the edition's folder."""
        language = self.edition.language
        said = {state: language.say(look.word) for state, look in _STATES.items()}
        up = "../" * self.edition.prefix.count("/")
        said |= {"lang": self.edition.dates.lang, "dir": language.direction, "data": f"{up}api/v2/summary.json"}
        # Whatever stands in a script must not be able to end it.
        text = json.dumps(said, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
        return _source().replace("{/*WORDS*/}", text).encode()


@cache
def _source() -> str:
    """Our script without indentation; its first comment, which says how to use it, stays."""
    text = (paths.templates_dir() / "assets" / "widget.js").read_text(encoding="utf-8").replace("\r\n", "\n")
    return re.sub(r"\n\s*", "\n", text).replace("\n\n", "\n")
