"""The languages of the page: its catalogues, which way it is read, and how its templates are translated.

English is the language of the templates themselves and needs no catalogue. The others stand in
`templates/locale/XX.po`, as gettext and every translation tool know them; `make messages` keeps them in step.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from html import escape as escape_text
from typing import Any

from jinja2 import nodes
from jinja2.ext import InternationalizationExtension
from markupsafe import Markup, escape

from statusdesk import paths

SOURCE = "en"
# F35: what the page can be read in, by its own name.
NAMES: dict[str, str] = {
    "en": "English",
    "fi": "Suomi",
    "sv": "Svenska",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "pt": "Português",
    "nl": "Nederlands",
    "pl": "Polski",
    "ja": "日本語",
    "ar": "العربية",
}
_RIGHT_TO_LEFT = ("ar",)
_PLACE = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Language:
    """One language: `code` as in the address (fi), its own name, its catalogue.

    The texts are plain text with named places, `%(time)s`; what has no translation stays English.
    """

    code: str
    name: str
    catalogue: NullTranslations

    @property
    def direction(self) -> str:
        """For `dir` attributes."""
        return "rtl" if self.code in _RIGHT_TO_LEFT else "ltr"

    def say(self, text: str) -> str:
        """A text of ours in this language."""
        return self.catalogue.gettext(text)

    def say_in(self, context: str, text: str) -> str:
        """A text of ours whose translation depends on where it stands."""
        return self.catalogue.pgettext(context, text)

    def count(self, one: str, many: str, number: int) -> str:
        """A text of ours with a number in it, in the form that the number needs here."""
        return self.catalogue.ngettext(one, many, number)


@cache
def language(code: str) -> Language:
    """The language behind a locale's name (`pt_BR` is Portuguese); English for one that we do not have."""
    short = code.replace("-", "_").split("_")[0].lower()
    if short not in NAMES:
        short = SOURCE
    return _language(short)


@cache
def _language(code: str) -> Language:
    return Language(code, NAMES[code], NullTranslations() if code == SOURCE else _catalogue(code))


def _catalogue(code: str) -> NullTranslations:
    """`templates/locale/XX.po`, compiled in memory."""
    # Babel's readers are dear to import, and most pages speak English only.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    path = paths.templates_dir() / "locale" / f"{code}.po"
    if not path.is_file():
        return NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return GNUTranslations(compiled)


class Translated(InternationalizationExtension):
    """`{% trans %}` for the one language of an environment, done while the template is compiled.

    A text becomes constant pieces with its variables between them, so that a language costs nothing per page. Only
    texts with a number choose their form when the page is rendered. Translations are plain text: they are escaped.
    """

    def _make_node(
        self,
        singular: str,
        plural: str | None,
        context: str | None,
        variables: dict[str, nodes.Expr],
        plural_expr: nodes.Expr | None,
        vars_referenced: bool,  # noqa: ARG002, FBT001  the base class calls it so
        num_called_num: bool,  # noqa: ARG002, FBT001
    ) -> nodes.Output:
        said: Any = self.environment.globals["language"]
        if plural is not None and plural_expr is not None:
            call = nodes.Call(
                nodes.Name("counted", "load"),
                [nodes.Const(singular), nodes.Const(plural), plural_expr],
                [nodes.Keyword(name, value) for name, value in variables.items()],
                None,
                None,
            )
            return nodes.Output([call])
        pieces = _PLACE.split(said.say_in(context, singular) if context else said.say(singular))
        return nodes.Output(
            [
                variables[piece] if at % 2 else nodes.TemplateData(plain(piece))
                for at, piece in enumerate(pieces)
                if piece
            ]
        )


@cache
def plain(text: str) -> str:
    """Our own text for HTML; apostrophes stay as they are, our attributes stand in double quotes."""
    return escape_text(text, quote=False).replace('"', "&#34;")


def fill(text: str, /, **places: object) -> Markup:
    """A text of ours with its places filled: what is not markup is escaped."""
    escaped = {name: escape(place) for name, place in places.items()}
    return Markup(plain(text) % escaped)  # noqa: S704  the text and all that fills it are escaped
