"""Text dressed for services that read marks as formatting, so that readers see the words that were decided on."""

from __future__ import annotations

import re

_LINK = re.compile(r"(https?://\S+)")
_DISCORD_MARKS = re.compile(r"[\\*_~`|<\[\]]")
# A heading, a quotation, a list or small print, where a line begins with it.
_DISCORD_STARTS = re.compile(r"(?m)^(\s*)([#>-])")


def discord(text: str) -> str:
    """With a backslash before what Discord would format; links stay as they are."""
    pieces = _LINK.split(text)
    pieces[::2] = [_DISCORD_STARTS.sub(r"\1\\\2", _DISCORD_MARKS.sub(r"\\\g<0>", piece)) for piece in pieces[::2]]
    return "".join(pieces)


def slack(text: str) -> str:
    """With the three characters that Slack reads as its own written as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
