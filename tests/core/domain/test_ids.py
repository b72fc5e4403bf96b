"""Identifiers sort, repeat nothing, and can be said aloud."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from statusdesk.domain import ids

AT = datetime(2026, 6, 9, 13, 2, tzinfo=UTC)


def test_ids_have_the_shape_of_a_ulid_and_sort_by_time() -> None:
    one, later = ids.new_id(AT), ids.new_id(AT + timedelta(milliseconds=1))
    assert len(one) == len(later) == 26
    assert one < later
    assert len({ids.new_id(AT) for _ in range(1000)}) == 1000


def test_record_keys_have_the_shape_of_a_tid_and_sort_by_time() -> None:
    one, later = ids.new_tid(AT), ids.new_tid(AT + timedelta(seconds=1))
    assert len(one) == 13
    assert set(one) <= set("234567abcdefghijklmnopqrstuvwxyz")
    assert one < later
    assert one[0] in "234567abcdefghij"  # the top bit of a TID is 0


def test_public_codes_are_twelve_small_letters_and_digits_fixed_by_the_id() -> None:
    code = ids.public_code("01M81MXTHCBMJKP76CEP5NHEV0")
    assert code == ids.public_code("01M81MXTHCBMJKP76CEP5NHEV0")
    assert len(code) == 12
    assert code.isalnum()
    assert code == code.lower()


def test_references_are_speakable() -> None:
    assert ids.reference("SD", 2026, 42) == "SD-2026-0042"
    assert ids.reference("SD", 2026, 12345) == "SD-2026-12345"


@given(st.text(max_size=80), st.sets(st.text("abc-2", max_size=8)))
def test_a_slug_is_safe_in_every_address_and_unique(name: str, taken: set[str]) -> None:
    made = ids.slug(name, taken)
    assert made
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert made not in taken
