"""The languages of the page: its catalogues, and which way it is read.

English is the language of the templates themselves and needs no catalogue. The others stand in
`templates/locale/XX.po`, as gettext and every translation tool know them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from gettext import NullTranslations

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


@dataclass(frozen=True, slots=True)
class Language:
    """One language: `code` as in the address (fi), its own name, its catalogue."""

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

    def count(self, one: str, many: str, number: int) -> str:
        """A text of ours with a number in it, in the form that the number needs here."""
        return self.catalogue.ngettext(one, many, number)


@cache
def language(code: str) -> Language:
    """The language behind a locale's name (`pt_BR` is Portuguese); English for one that we do not have."""
    short = code.replace("-", "_").split("_")[0].lower()
    if short not in NAMES:
        short = SOURCE
    return Language(short, NAMES[short], NullTranslations())
