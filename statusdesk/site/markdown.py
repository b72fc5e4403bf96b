"""What people write, as safe HTML and as plain text.

CommonMark through markdown-it-py, then an allow-list through nh3: two walls, either of which would hold alone. Every
line break that was typed is kept, headings become strong paragraphs (the page owns its outline), images their
alternative text (the page loads nothing from anyone else), raw HTML is text like any other, and bare web addresses
become links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from statusdesk.domain.text import tidy

_SCHEMES = ("http:", "https:", "mailto:", "tel:")
_CLEANER = nh3.Cleaner(
    tags={"p", "br", "strong", "em", "del", "a", "ul", "ol", "li", "code", "pre", "blockquote"},
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel="nofollow noopener",
)
_ADDRESS = re.compile(r"https?://[^\s<>\"“”„]+", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n{3,}")
_TRAILING = ".,;:!?'’»…*_~"


def to_html(text: str) -> str:
    """The text as sanitised HTML: paragraphs, emphasis, lists, code, quotations, links to web, mail, phone."""
    return _CLEANER.clean(_MARKDOWN.render(tidy(text))).strip()


def to_plain(text: str) -> str:
    """What a reader of the page sees, without markup: for posts, feeds and JSON. Addresses of links in brackets."""
    tokens = _MARKDOWN.parse(tidy(text))
    return _BLANK_LINES.sub("\n\n", "\n".join(_lines(tokens))).strip()


def _is_safe_link(url: str) -> bool:
    return url.strip().lower().startswith(_SCHEMES)


def _web_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Where bare http and https addresses begin and end; punctuation that closes a sentence is not part of them."""
    for match in _ADDRESS.finditer(text):
        url = match.group().rstrip(_TRAILING)
        unopened = url.count(")") - url.count("(")
        while unopened > 0 and url.endswith(")"):
            url, unopened = url[:-1].rstrip(_TRAILING), unopened - 1
        if not url.endswith("//"):
            yield match.start(), match.start() + len(url)


def _settle_links(state: StateCore) -> None:
    """markdown-it's last step: links to other places than `_SCHEMES` are their text, bare addresses become links."""
    for block in state.tokens:
        if block.type != "inline":
            continue
        children: list[Token] = []
        links: list[bool] = []  # the open links: whether each is kept
        for token in block.children or []:
            if token.type == "link_open":
                links.append(_is_safe_link(str(token.attrs.get("href", ""))))
                children.extend([token] if links[-1] else [])
            elif token.type == "link_close":
                children.extend([token] if links.pop() else [])
            elif token.type == "text" and not links and "://" in token.content:
                children.extend(_linked(token))
            else:
                children.append(token)
        block.children = children


def _linked(token: Token) -> list[Token]:
    out: list[Token] = []
    done = 0

    def text(content: str) -> None:
        if content:
            out.append(Token("text", "", 0, content=content))

    for start, end in _web_addresses(token.content):
        url = token.content[start:end]
        text(token.content[done:start])
        out.append(Token("link_open", "a", 1, attrs={"href": _MARKDOWN.normalizeLink(url)}, markup="autolink"))
        text(url)
        out.append(Token("link_close", "a", -1, markup="autolink"))
        done = end
    text(token.content[done:])
    return out


def _lines(tokens: Sequence[Token]) -> Iterator[str]:
    """Blocks as lines; an empty line after each block outside a list. Lists nest by two spaces."""
    marks: list[int | None] = []  # the number of the next item of each open list; None: bullets
    lead = ""
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            marks.append(int(token.attrs.get("start", 1)) if token.type[0] == "o" else None)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            marks.pop()
            if not marks:
                yield ""
        elif token.type == "list_item_open":
            number = marks[-1]
            lead = "- " if number is None else f"{number}. "
            marks[-1] = None if number is None else number + 1
        elif token.type in ("inline", "fence", "code_block"):
            text = _plain_inline(token.children or []) if token.type == "inline" else token.content.rstrip("\n")
            indent = "  " * (len(marks) - 1)
            hang = indent + "  " if marks else ""
            first, *rest = text.split("\n")
            yield (indent + lead if lead else hang) + first
            yield from (hang + line for line in rest)
            lead = ""
            if not marks:
                yield ""


def _plain_inline(tokens: Sequence[Token]) -> str:
    out: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            out.append("\n")
        elif token.type == "link_open":
            links.append((str(token.attrs.get("href", "")), len(out)))
        elif token.type == "link_close":
            url, start = links.pop()
            said = "".join(out[start:])
            address = url.removeprefix("mailto:").removeprefix("tel:")
            if token.markup != "autolink" and said.strip() != address:
                out.append(f" ({address})")
        else:
            out.append(token.content)
    return "".join(out)


def _heading_open(*_: object) -> str:
    return "<p><strong>"


def _heading_close(*_: object) -> str:
    return "</strong></p>\n"


def _image(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    return escapeHtml(renderer.renderInlineAsText(tokens[index].children, options, env))


def _any_link(_url: str) -> bool:
    return True  # `_settle_links` decides, so that a refused link keeps its words


def _build() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True})
    markdown.validateLink = _any_link  # type: ignore[method-assign, assignment]
    markdown.core.ruler.push("settle_links", _settle_links)
    markdown.add_render_rule("heading_open", _heading_open)
    markdown.add_render_rule("heading_close", _heading_close)
    markdown.add_render_rule("image", _image)
    return markdown


_MARKDOWN = _build()
