"""The site in one language: the same record and the same files, below a folder of its own.

The page's main language stands at the root, each further one below `XX/`. What is not language (the JSON, the
scripts, the cards of incidents) exists once.
"""

from __future__ import annotations

from dataclasses import dataclass

from statusdesk.site.dates import Dates, dates
from statusdesk.site.language import Language, language
from statusdesk.site.reading import Reading


@dataclass(frozen=True, slots=True)
class Edition:
    """One language's site. `prefix` is empty for the main language, else `XX/`."""

    reading: Reading
    language: Language
    prefix: str
    dates: Dates


def editions(reading: Reading) -> tuple[Edition, ...]:
    """The page's languages, the main one first."""
    page = reading.page
    main = language(page.locale)
    found = [Edition(reading, main, "", dates(page.time_zone, page.locale))]
    for code in page.languages:
        if language(code).code not in [e.language.code for e in found]:
            found.append(Edition(reading, language(code), f"{code}/", dates(page.time_zone, code)))
    return tuple(found)
