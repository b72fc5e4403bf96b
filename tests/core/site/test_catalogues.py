"""The translations: in step with the texts, whole, and with the same places in them."""

from __future__ import annotations

import re

import pytest

from statusdesk.site.language import language
from tests.messages import TRANSLATED, catalogue, collect, is_said

PLACE = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module")
def texts():
    return collect()


def key(message):
    return message.context, message.id


def forms(message):
    """The texts of a message and of its translation, one for each plural form."""
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    said = message.string if isinstance(message.string, tuple) else (message.string,)
    return ids, said


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_catalogue_has_no_text_too_few_and_none_too_many(code, texts):
    found = catalogue(code)
    assert {key(m) for m in found if m.id} == {key(m) for m in texts if m.id}, "run make messages"
    assert not found.obsolete
    assert not [m.id for m in found if m.id and m.fuzzy]


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_has_the_places_of_its_text(code):
    for message in catalogue(code):
        if not message.id:
            continue
        ids, said = forms(message)
        wanted = [set(PLACE.findall(text)) for text in ids]
        for text in filter(None, said):
            # One, two or none may be words: "ein Problem" needs no number.
            assert set(PLACE.findall(text)) <= wanted[-1], (code, message.id, text)
            if len(ids) == 1:
                assert set(PLACE.findall(text)) == wanted[0], (code, message.id, text)
            assert "%" not in PLACE.sub("", text), (code, message.id, text)
        if len(ids) > 1 and any(said):
            assert set(PLACE.findall(said[-1])) == wanted[-1], (code, message.id, said[-1])


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_catalogue_has_the_plural_forms_of_its_language(code):
    found = catalogue(code)
    for message in found:
        if message.id and isinstance(message.id, tuple):
            assert len(message.string) == found.num_plurals, (code, message.id)


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_language_is_whole(code):
    assert not [message.id for message in catalogue(code) if message.id and not is_said(message)]


def test_the_forms_of_a_number_are_those_of_the_language():
    assert {language("ar").catalogue.plural(n) for n in range(200)} == set(range(6))
    assert {language("pl").catalogue.plural(n) for n in range(200)} == set(range(3))
    assert language("fi").catalogue.plural(1) == 0
    assert {language("ja").catalogue.plural(n) for n in range(200)} == {0}
