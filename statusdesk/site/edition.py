"""The site in one language: the same record and the same files, below a folder of its own.

The page's main language stands at the root, each further one below `XX/`. What is not language (the JSON, the
scripts, the cards of incidents) exists once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from statusdesk.site.dates import Dates, dates
from statusdesk.site.language import Language, language
from statusdesk.site.reading import Reading
from statusdesk.site.words import Words


@dataclass(frozen=True)
class Edition:
    """One language's site. `prefix` is empty for the main language, else `XX/`."""

    reading: Reading
    language: Language
    prefix: str
    dates: Dates

    @cached_property
    def words(self) -> Words:
        """What this edition says."""
        main = _dates(self.reading, self.reading.page.locale).lang if self.prefix else ""
        return Words(self.language, self.dates, theirs=main)


def editions(reading: Reading) -> tuple[Edition, ...]:
    """The page's languages, the main one first."""
    page = reading.page
    found = [Edition(reading, language(page.locale), "", _dates(reading, page.locale))]
    for code in page.languages:
        if language(code).code not in [e.language.code for e in found]:
            found.append(Edition(reading, language(code), f"{language(code).code}/", _dates(reading, code)))
    return tuple(found)


def _dates(reading: Reading, locale: str) -> Dates:
    """Days and numbers as that locale writes them; in English where we have no words in its language."""
    known = dates(reading.page.time_zone, locale)
    code = language(locale).code
    return known if known.locale.language == code else dates(reading.page.time_zone, code)
