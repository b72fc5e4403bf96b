"""The text of a post: what is wrong, when, and the link (F01, F02, F03), fitted to a network's limit.

The words stand in `templates/social/`, one file per event; text from people is data in them, never template. A
workspace may have its own: `templates/social/opened.txt` for every network, `templates/social/mastodon/opened.txt` for
one. Its templates may extend ours (`{% extends "shipped/_post.txt" %}`). One that does not work is told with its file
and line, and ours is used: customers must get the words. When a
post is too long, parts go in this order: the list of components, the end of the message (at a sentence, else at a
word, marked with …), the cause, the end of the title, the page's name. Promise, estimate and link always stay; when
not even they fit, the text is over the limit and the count says so, so that nobody sends it.

Text from people cannot call anybody or join a topic by accident: an invisible word joiner (U+2060) goes between @ or #
and the name after it, so that no network makes a mention or a hashtag of it. Addresses (name@example.org, links)
stay as they are.
"""

from __future__ import annotations

import re
import traceback
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from statusdesk.channels.base import Limits
from statusdesk.domain.post import Event, PostWords
from statusdesk.domain.text import grapheme_ends, graphemes, tidy, tidy_line
from statusdesk.paths import templates_dir

if TYPE_CHECKING:
    from babel import Locale
    from jinja2 import Environment, Template

WORD_JOINER = "\u2060"
ELLIPSIS = "…"
NAMES_SHOWN = 3
KEEP_CAUSE_FROM = 40  # characters of message that must be left before the cause may take room from it
WORD_REACH = 40
SENTENCE_SHARE = 0.6  # a cut at a sentence is preferred while it keeps this share of what a cut at a word keeps

_CALLS = re.compile(r"(?<![\w/=&?.\-])([@＠#＃])(?=\w)")
# Embeddings and overrides turn the reading direction of what follows; isolates and marks are harmless.
_TURNS = re.compile("[\u202a-\u202e]")
_SENTENCE_END = re.compile(r"[.!?。！？؟][\"”’)\]]*(?=\s)|\n")
_WORD_END = re.compile(r"\S(?=\s)")


@dataclass(frozen=True, slots=True)
class Composed:
    """A post as it will be sent, counted the network's way.

    `cut` is how many characters had to go. `fault` says why an own template was not used.
    """

    text: str
    count: int
    cut: int
    fault: str = ""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What of the words is said: the ladder on which a long post comes down."""

    message: str
    title: str
    page_name: str
    cause: str
    affected: str


def compose(
    words: PostWords, limits: Limits, count: Callable[[str, Limits], int], own: Sequence[Path] = ()
) -> Composed:
    """The post for these words within a network's limits. `own` are folders whose templates come before ours."""
    facts, whole = _facts(words), _whole(words)
    template, fault = _template(words, facts, whole, tuple(folder for folder in own if folder.is_dir()))

    def say(parts: _Parts) -> str:
        return _said(template, facts, parts)

    def fits(text: str) -> bool:
        return not limits.characters or count(text, limits) <= limits.characters

    full = say(whole)
    text = next((one for one in _shorter(whole, say, fits) if fits(one)), None)
    if text is None:
        # Not even the shortest: still promise and link, and a count that says that it cannot be sent.
        text = "\n".join(line for line in (facts["when"], facts["link"]) if line)
    return Composed(text, count(text, limits), max(0, graphemes(full) - graphemes(text)), fault)


def _said(template: Template, facts: Mapping[str, str], parts: _Parts) -> str:
    spoken = template.render(
        facts,
        message=parts.message,
        title=parts.title,
        page_name=parts.page_name,
        cause=parts.cause,
        affected=parts.affected,
    )
    return "\n".join(line.strip() for line in spoken.splitlines() if line.strip())


def _template(words: PostWords, facts: Mapping[str, str], whole: _Parts, own: tuple[Path, ...]) -> tuple[Template, str]:
    """The template of an event, the workspace's own first; one that does not work gives way to ours, and says why."""
    name = f"{Event(words.event)}.txt"
    if not own:
        return _templates(()).get_template(name), ""
    try:
        template = _templates(own).get_template(name)
        _said(template, facts, whole)
    except Exception as error:  # noqa: BLE001  an own template may do anything; the words must go out
        return _templates(()).get_template(name), _template_fault(error, own)
    return template, ""


def _template_fault(error: Exception, own: tuple[Path, ...]) -> str:
    """What is wrong with an own template, and where."""
    from jinja2 import TemplateSyntaxError  # noqa: PLC0415  as above

    steps = [s for s in traceback.extract_tb(error.__traceback__) if any(f in Path(s.filename).parents for f in own)]
    place = f"{steps[-1].filename}, line {steps[-1].lineno}" if steps else "A post template of your own"
    if isinstance(error, TemplateSyntaxError) and error.filename:
        place = f"{error.filename}, line {error.lineno}"
    return f"{place}: {tidy_line(str(error))[:200]}. Our own template is used instead."


def defused(text: str) -> str:
    """The text with no mention and no hashtag in it, looking the same."""
    return _CALLS.sub(rf"\1{WORD_JOINER}", text)


def clock_time(instant: datetime, words: PostWords) -> str:
    """An absolute clock time with its zone, and the date when it is another day than that of the words: 14:30 UTC."""
    from babel.dates import format_skeleton, format_time  # noqa: PLC0415  loaded with the first text, not before

    locale = _locale(words.locale)
    # English pages say 14:30: a status page is read across borders, and 24 hours need no am and pm.
    pattern = "HH:mm" if locale.language == "en" else "short"
    text = f"{format_time(instant, pattern, tzinfo=words.zone, locale=locale)} {_zone_name(instant, words.zone)}"
    local = instant.astimezone(words.zone)
    if local.date() == words.said_at.astimezone(words.zone).date():
        return text.replace("\u202f", " ")
    day = format_skeleton("MMMEd", instant, tzinfo=words.zone, locale=locale)
    return f"{text}, {day}".replace("\u202f", " ")


def _zone_name(instant: datetime, zone: ZoneInfo) -> str:
    """CEST where people have a name for it, UTC-3 where they do not."""
    local = instant.astimezone(zone)
    name = local.tzname() or ""
    if name.isalpha():
        return name
    minutes = int(local.utcoffset().total_seconds() // 60)  # type: ignore[union-attr]  # aware by construction
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


@cache
def _templates(own: tuple[Path, ...]) -> Environment:
    from jinja2 import (  # noqa: PLC0415  as above
        ChoiceLoader,
        Environment,
        FileSystemLoader,
        PrefixLoader,
        StrictUndefined,
    )

    ours = FileSystemLoader(templates_dir() / "social")
    # Plain text: escaping for HTML would be wrong here, and no network reads posts as HTML.
    return Environment(
        loader=ChoiceLoader([*map(FileSystemLoader, own), ours, PrefixLoader({"shipped": ours})]),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        keep_trailing_newline=False,
    )


@cache
def _locale(name: str) -> Locale:
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415  as above

    try:
        return Locale.parse(name, sep="-" if "-" in name else "_")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _clean(text: str) -> str:
    return defused(_TURNS.sub("", tidy(text)))


def _whole(words: PostWords) -> _Parts:
    names = [_clean(tidy_line(name)) for name in words.components]
    title = _clean(tidy_line(words.title))
    affected = ", ".join(names[:NAMES_SHOWN])
    if len(names) > NAMES_SHOWN:
        affected += f" and {len(names) - NAMES_SHOWN} more"
    said = title.casefold()
    return _Parts(
        message=re.sub(r"\s*\n\s*", "\n", _clean(words.message)),
        title=title,
        page_name=_clean(tidy_line(words.page_name)),
        cause=_clean(tidy_line(words.cause)),
        affected="" if all(name.casefold() in said for name in names) else affected,
    )


def _facts(words: PostWords) -> Mapping[str, str]:
    """What is never cut: times, link, reference."""
    eta = clock_time(words.eta_due, words) if words.eta_due else ""
    following = clock_time(words.next_due, words) if words.next_due else ""
    over = words.event is Event.RESOLVED
    when = [f"Expected by {eta}." if eta and not over else "", f"Next update by {following}." if following else ""]
    return {
        "ref": words.ref,
        "state": words.state,
        "eta": eta,
        "next": following,
        "when": " ".join(part for part in when if part),
        "resolved": clock_time(words.resolved_at, words) if words.resolved_at else "",
        "against_eta": _against(words),
        "link": "".join(words.link.split()),
        "delayed": "yes" if words.delayed else "",
    }


def _against(words: PostWords) -> str:
    """How the end compares with what we said (F03); empty without an estimate."""
    if words.eta_due is None or words.resolved_at is None:
        return ""
    minutes = round((words.resolved_at - words.eta_due).total_seconds() / 60)
    if minutes == 0:
        return "as we said"
    hours, rest = divmod(abs(minutes), 60)
    spans = [f"{hours} h" if hours else "", f"{rest} min" if rest else ""]
    return " ".join(span for span in spans if span) + (" later" if minutes > 0 else " earlier") + " than we said"


def _shorter(whole: _Parts, say: Callable[[_Parts], str], fits: Callable[[str], bool]) -> Iterator[str]:
    """Ever shorter posts; the first that fits is taken."""
    yield say(whole)
    named = _Parts(whole.message, whole.title, whole.page_name, whole.cause, "")
    yield say(named)
    bare = _Parts(whole.message, whole.title, whole.page_name, "", "")
    for parts, least in ((named, KEEP_CAUSE_FROM if whole.cause else 1), (bare, 1)):

        def with_message(message: str, parts: _Parts = parts) -> str:
            return say(_Parts(message, parts.title, parts.page_name, parts.cause, ""))

        kept = _longest_cut(whole.message, lambda message: fits(with_message(message)))
        if len(kept) >= least:
            yield with_message(kept)
    for page_name in (whole.page_name, ""):

        def with_title(title: str, page_name: str = page_name) -> str:
            return say(_Parts("", title, page_name, "", ""))

        yield with_title(whole.title)
        kept = _longest_cut(whole.title, lambda title: fits(with_title(title)))
        if kept:
            yield with_title(kept)


def _longest_cut(text: str, fits: Callable[[str], bool]) -> str:
    """The longest beginning that fits with … behind it: to the end of a sentence, else of a word, else empty.

    A word longer than WORD_REACH (languages without spaces) is cut between two characters.
    """
    ends = grapheme_ends(text)[:-1]
    at = bisect_right(ends, 0, key=lambda end: 0 if fits(_ended(text, end)) else 1)
    if at == 0:
        return ""
    furthest = ends[at - 1]
    words = [match.end() for match in _WORD_END.finditer(text, 0, furthest + 1)]
    if words and words[-1] >= furthest - WORD_REACH:
        furthest = words[-1]
    sentence = max((match.end() for match in _SENTENCE_END.finditer(text, 0, furthest + 1)), default=0)
    return _ended(text, sentence if sentence >= furthest * SENTENCE_SHARE else furthest)


def _ended(text: str, end: int) -> str:
    """A beginning with the mark that more was said: after a sentence "One. …", within one "One tw…"."""
    kept = text[:end].rstrip()
    return f"{kept} {ELLIPSIS}" if kept[-1:] in set('.!?。！？؟"”’)]') else f"{kept.rstrip(',;:-–')}{ELLIPSIS}"
