"""Collects the texts of the page and brings the catalogues in step: `python -m tests.messages` (or `make messages`).

English is the source: it stands in the templates and in the code of the site. `templates/locale/statusdesk.pot` holds
all of it, `XX.po` its translations. New texts are added empty, texts that are gone are dropped, nothing is guessed.
Catalogues carry no dates and no line numbers, so that a diff shows words only.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from statusdesk.site.language import NAMES, SOURCE

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "templates" / "locale"
TRANSLATED = [code for code in NAMES if code != SOURCE]
METHODS = [("statusdesk/site/**.py", "python"), ("templates/**.*", "jinja2.ext:babel_extract")]
SOURCES = ("statusdesk/site", "templates/site", "templates/feeds")
KEYWORDS = DEFAULT_KEYWORDS | {
    "say": None,
    "say_in": ((1, "c"), 2),
    "count": (1, 2),
    "N_": None,
    "_fill": None,
    "_of_page": None,
}
OPTIONS = {
    "templates/**.*": {"trimmed": "true", "silent": "false", "extensions": "statusdesk.site.templating.Keep"},
}
_DATED = re.compile(
    rb'^"(POT-Creation-Date|Report-Msgid-Bugs-To|PO-Revision-Date|Last-Translator|Language-Team|Generated-By).*\n',
    re.MULTILINE,
)


def collect() -> Catalog:
    """Every text of the page, in the order of the files."""
    catalog = Catalog(project="StatusDesk", version="", fuzzy=False, header_comment="# The words of the page.")
    for folder in SOURCES:
        found = extract_from_dir(
            ROOT / folder,
            [(pattern.removeprefix("templates/").removeprefix("statusdesk/site/"), how) for pattern, how in METHODS],
            {"**.*": OPTIONS["templates/**.*"]} if folder.startswith("templates") else {},
            KEYWORDS,
            ("Translators:",),
            strip_comment_tags=True,
        )
        for _name, _line, message, comments, context in sorted(found, key=lambda f: (f[0], f[1])):
            catalog.add(message, None, auto_comments=comments, context=context)
    return catalog


def catalogue(code: str) -> Catalog:
    """The translations into a language as they stand; an empty catalogue when there is none yet."""
    path = LOCALE / f"{code}.po"
    with io.BytesIO(path.read_bytes() if path.is_file() else b"") as file:
        return read_po(file, locale=code)


def write(path: Path, catalog: Catalog) -> None:
    """A catalogue without dates and places."""
    out = io.BytesIO()
    write_po(out, catalog, width=120, no_location=True, ignore_obsolete=True, include_previous=False)
    path.write_bytes(_DATED.sub(b"", out.getvalue()))


def is_said(message: Message) -> bool:
    """Whether a text is translated, in all of its plural forms."""
    return bool(message.string) and all(message.string) and not message.fuzzy


def main() -> None:
    """Write the template and bring every catalogue in step with it."""
    LOCALE.mkdir(exist_ok=True)
    texts = collect()
    write(LOCALE / "statusdesk.pot", texts)
    for code in TRANSLATED:
        known = catalogue(code)
        known.update(texts, no_fuzzy_matching=True)
        known.project, known.version, known.fuzzy = texts.project, texts.version, False
        known.header_comment = f"# The words of the page in {code}."
        write(LOCALE / f"{code}.po", known)
        said = sum(is_said(message) for message in known if message.id)
        sys.stdout.write(f"{code}: {said} of {len(texts)}\n")


if __name__ == "__main__":
    main()
