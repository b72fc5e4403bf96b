"""Text is made safe to keep, and counted as readers see it."""

from hypothesis import given
from hypothesis import strategies as st

from statusdesk.domain.text import graphemes, tidy, tidy_line

ANYTHING = st.text(st.characters(), max_size=200)  # lone surrogates and controls included


@given(ANYTHING)
def test_tidied_text_can_be_kept_by_every_store_and_sent_in_every_format(text: str) -> None:
    clean = tidy(text)
    clean.encode("utf-8")  # no lone surrogate
    assert "\x00" not in clean
    assert "\r" not in clean
    assert tidy(clean) == clean


@given(ANYTHING)
def test_a_tidied_line_is_one_line(text: str) -> None:
    assert "\n" not in tidy_line(text)
    assert "\t" not in tidy_line(text)


def test_hostile_characters_go_and_words_stay() -> None:
    assert tidy("a\x00b\ud800c\r\nd\u2028e") == "abc\nd\ne"
    assert tidy("  </script>{{ 7*7 }}  ") == "</script>{{ 7*7 }}"


def test_accents_typed_in_two_ways_are_the_same_text() -> None:
    assert tidy("Caf\u0065\u0301") == "Café"


def test_a_family_emoji_counts_as_one_character() -> None:
    assert graphemes("👨‍👩‍👧‍👦 ok") == 4
    assert graphemes("plain") == 5
