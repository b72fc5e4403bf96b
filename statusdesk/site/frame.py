"""The frame of every page: the templates of a language, the style and script, and the small pieces of markup.

What a page says is decided in `pages` and `words`; here is only how it is put.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from urllib.parse import quote

from babel.numbers import format_decimal
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from statusdesk.domain.page import Contact
from statusdesk.site import templating, words
from statusdesk.site.language import NAMES, SOURCE, Language, Translated, fill, language
from statusdesk.site.reading import ended_at, how_it_ended, what_is_wrong
from statusdesk.site.templating import Overrides
from statusdesk.site.words import Look, Words

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_SAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


@dataclass(frozen=True, slots=True)
class Around:
    """The menu and the foot of a page, rendered."""

    menu: Markup
    foot: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What the frame of a page needs. `path` lies below the edition's folder, and so does what `root` leads to.

    `card` is the picture for those who share the page (below the site's own root; empty: none), `facts` what
    machines may read about it (JSON-LD).
    """

    path: str
    root: str
    title: str
    description: str
    tone: str
    stamp: datetime | None = None
    current: str = ""
    card: str = "card.png"
    facts: str = ""
    published: datetime | None = None

    @property
    def place(self) -> str:
        """The path as one links to it."""
        return self.path.removesuffix("index.html")


@lru_cache(maxsize=2 * len(NAMES))
def environment(code: str = SOURCE, own: Overrides | None = None) -> Environment:
    """The templates in one language, compiled once: escaping always on, an unknown name is an error."""
    env = templating.Templates(
        loader=templating.loader(own),
        bytecode_cache=templating.Compiled(code),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        extensions=[Translated, templating.Keep],
    )
    said = language(code)
    env.policies["ext.i18n.trimmed"] = True
    env.globals |= {
        "language": said,
        "_": said.say,
        "counted": _counted(said),
        "capital": words.capital,
        "mark": mark,
        "link": link,
        "bdi": bdi,
        "struck": struck,
        "figure": figure,
        "own_lang": own_lang,
        "href": contact_href,
        "dialled": dialled,
        "web": web_href,
        "ended_at": ended_at,
        "what_is_wrong": what_is_wrong,
        "how_it_ended": how_it_ended,
        "icon": icon,
        "dots": dots,
        "html": Markup,  # only for what was sanitised when it was published
    }
    return env


def _counted(said: Language) -> object:
    """The function behind `{% trans %}` with a number: the number chooses the form, all numbers are written out."""

    def counted(one: str, many: str, number: int, /, **places: object) -> Markup:
        written = {
            name: format_decimal(value, locale=said.code) if isinstance(value, int) else value
            for name, value in places.items()
        }
        return fill(said.count(one, many, number), **written)

    return counted


@lru_cache(maxsize=1024)
def mark(look: Look, said: str = "") -> Markup:
    """A state as shape, colour and word."""
    return Markup('<span class="st %s"><svg aria-hidden="true"><use href="#%s"/></svg>%s</span>') % (
        look.tone,
        look.shape,
        said or look.word,
    )


def link(href: str, text: str) -> Markup:
    """A link inside a sentence."""
    return Markup('<a href="%s">%s</a>') % (href, text)


def bdi(text: str, attributes: str = "") -> Markup:
    """A name that people typed, kept apart from the direction of the text around it."""
    return Markup("<bdi%s>%s</bdi>") % (attributes, text)


def struck(text: str) -> Markup:
    """What does not hold any more."""
    return Markup("<del>%s</del>") % (text,)


def figure(text: str) -> Markup:
    """A number set large."""
    return Markup('<span class="fig"><b>%s</b></span>') % (text,)


_TAG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")  # BCP 47, as far as we say such tags


def own_lang(w: Words, code: str) -> Markup:
    """The `lang` attribute of a text that says in which language it is; empty when that is the page's own."""
    same = code.replace("_", "-").split("-")[0].lower() == w.language.code
    return Markup("") if same or not _TAG.fullmatch(code) else Markup(' lang="%s"') % (code,)


def facts(document: dict[str, object]) -> Markup:
    """A JSON-LD document for a `script` element: nothing in it can end the element."""
    text = _JSON.encode(document).translate(_SAFE)
    return Markup('<script type="application/ld+json">' + text + "</script>")  # noqa: S704  escaped just above


# Colour and drawing of the little icon in the browser's tab, by tone.
_ICONS = {
    "ok": ("17683d", "m4 8.2 2.9 2.9L12.2 5.8"),
    "slow": ("735800", "M8 3.5v5.5m0 1.8v2"),
    "part": ("9a4400", "M3 8h10"),
    "down": ("b01c22", "m4.5 4.5 7 7m0-7-7 7"),
    "plan": ("3c489f", "M8 4v4.4l2.8 2.8"),
    "none": ("58686f", "M8 4v8"),
}


@cache
def icon(tone: str) -> str:
    """The tab's icon as a data address, fully encoded."""
    colour, path = _ICONS[tone]
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>"
        f"<path fill='#{colour}' d='M0 0h16v16H0z'/><path fill='none' stroke='#fff' stroke-width='2' d='{path}'/></svg>"
    )
    return "data:image/svg+xml," + quote(svg, safe="/:='")


def dots(filled: int, total: int, most: int = 24) -> Markup:
    """One dot a customer: filled when confirmed. Beyond `most` the numbers alone speak."""
    if total > most:
        return Markup("")
    full = "".join(f"M{6 + 14 * n} 6h0" for n in range(filled))
    rings = "".join(f"M{2 + 14 * n} 6a4 4 0 1 1 8 0a4 4 0 1 1-8 0" for n in range(filled, total))
    return Markup(
        '<svg class="dots" viewBox="0 0 %d 12" aria-hidden="true">'
        '<path stroke-width="10" stroke-linecap="round" d="%s"/><path stroke-width="2" d="%s"/></svg>'
    ) % (14 * total, full, rings)


def dialled(number: str) -> str:
    """The address that calls a number; empty for a text without digits."""
    digits = re.sub(r"[^0-9+]", "", number)
    return f"tel:{digits}" if digits else ""


def contact_href(contact: Contact, subject: str = "") -> str:
    """The address behind a contact, or nothing when it is not one that a browser should follow."""
    value = contact.value.strip()
    if contact.kind == "phone":
        return dialled(value)
    if contact.kind == "email":
        query = f"?subject={quote(subject)}" if subject else ""
        return f"mailto:{quote(value, safe='@+.')}{query}"
    return web_href(value)


def web_href(address: str) -> str:
    """A web address with what no address may hold encoded; empty for anything else."""
    return quote(address, safe=":/?#[]@!$&'()*+,;=%~") if address.lower().startswith(("https://", "http://")) else ""
