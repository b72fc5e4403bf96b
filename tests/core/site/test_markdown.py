"""Text as people type and paste it: safe on the page, and readable without markup in posts, feeds and JSON."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statusdesk.site.markdown import to_html, to_plain

ALLOWED = {"p", "br", "strong", "em", "del", "a", "ul", "ol", "li", "code", "pre", "blockquote"}


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def tags_of(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(html)
    return parser.tags


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Cards *fail* in **3** stores.", "<p>Cards <em>fail</em> in <strong>3</strong> stores.</p>"),
        ("one line\nthe next", "<p>one line<br>\nthe next</p>"),
        ("# Shouting\nrest", "<p><strong>Shouting</strong></p>\n<p>rest</p>"),
        ("![a map](https://evil.example/x.png)", "<p>a map</p>"),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>x</p>"),
        ("[x](/relative)", "<p>x</p>"),
        ("a.example and www.b.example", "<p>a.example and www.b.example</p>"),
        ("3) a\n4) b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("", ""),
    ],
)
def test_text_becomes_safe_html(text, html):
    assert to_html(text) == html


def test_links_lead_to_the_web_to_mail_and_to_phones_only_and_promise_nothing_to_search_engines():
    html = to_html("[a](https://a.example 'tip') [b](mailto:b@b.example) [c](tel:+4612) [d](data:text/html,x)")
    links = [attrs for tag, attrs in tags_of(html) if tag == "a"]
    assert [link["href"] for link in links] == ["https://a.example", "mailto:b@b.example", "tel:+4612"]
    assert all(link["rel"] == "nofollow noopener" and set(link) == {"href", "rel"} for link in links)


@pytest.mark.parametrize(
    ("text", "hrefs"),
    [
        ("See https://a.example/c_d?x=1&y=2.", ["https://a.example/c_d?x=1&y=2"]),
        ("(https://a.example/b(c))", ["https://a.example/b(c)"]),
        ("“https://a.example/b”, http://c.example!", ["https://a.example/b", "http://c.example"]),
        ("`https://a.example`", []),
        ("[https://a.example b](https://c.example)", ["https://c.example"]),
        ("https://", []),
        ("ftp://a.example", []),
    ],
)
def test_bare_web_addresses_become_links(text, hrefs):
    assert [attrs["href"] for tag, attrs in tags_of(to_html(text)) if tag == "a"] == hrefs


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Cards *fail* in **3** stores.", "Cards fail in 3 stores."),
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
        ("# Title\n\ntext", "Title\n\ntext"),
        ("- a\n- b\n  - c\n\n1. x\n2. y", "- a\n- b\n  - c\n\n1. x\n2. y"),
        ("- a\n\n  more\n- b", "- a\n  more\n- b"),
        ("[the page](https://a.example) and https://b.example", "the page (https://a.example) and https://b.example"),
        ("[Call us](tel:+4612), [mail](mailto:a@b.example)", "Call us (+4612), mail (a@b.example)"),
        ("<b>&lt; &amp;</b>", "<b>< &</b>"),
        ("![a map](x.png) `code` <https://a.example>", "a map code https://a.example"),
        ("> said\n\n```\nkept  as is\n```", "said\n\nkept  as is"),
    ],
)
def test_plain_text_is_what_a_reader_sees(text, plain):
    assert to_plain(text) == plain


@given(st.text(alphabet=st.sampled_from(list("ab <>/\"'&;:()[]!*_`#-\n\\=.x\u202e\u0000\ud800😀")), max_size=200))
@settings(max_examples=300)
def test_no_text_brings_a_tag_or_an_attribute_that_is_not_on_the_list(text):
    html = to_html(text)
    for tag, attrs in tags_of(html):
        assert tag in ALLOWED
        assert set(attrs) <= {"href", "rel", "start"}
    html.encode("utf-8")
    to_plain(text).encode("utf-8")


@pytest.mark.parametrize(
    "unit", ["[", ">", "*", "`", "- ", "![[", "<", "https://", "&", "*a _b ", "[a](b", "https://a.example/)", "a" * 500]
)
def test_the_longest_text_allowed_takes_no_time_worth_noticing(unit):
    text = (unit * 20_000)[:20_000]
    start = time.process_time()
    to_html(text)
    to_plain(text)
    assert time.process_time() - start < 5
