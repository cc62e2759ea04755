"""Packed keys: one text each, in the order of the keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.errors import InvalidParameter
from poolhouse.store import keys
from poolhouse.testing.store_suite import HOSTILE

# Few characters, and those around the ones with a meaning: examples collide often.
text = st.one_of(st.text("\x00\x01\x02\x03\x04ab\ud7ff\ue000\U0010ffff", max_size=4), st.sampled_from(HOSTILE))
key = st.lists(text, min_size=1, max_size=4).map(tuple)


@given(key)
def test_a_packed_key_comes_back(one: keys.Key) -> None:
    assert keys.unpack(keys.pack(one)) == one


@given(key, key)
def test_packed_keys_sort_as_keys_do(one: keys.Key, two: keys.Key) -> None:
    assert (keys.pack(one) < keys.pack(two)) == (one < two)
    assert (keys.pack(one).encode() < keys.pack(two).encode()) == (one < two)


@given(key, key)
def test_the_bounds_hold_exactly_the_keys_under_a_prefix(prefix: keys.Key, other: keys.Key) -> None:
    first, behind = keys.bounds(prefix)

    for candidate in (other, prefix, prefix + other):
        assert (first <= keys.pack(candidate) < behind) == (candidate[: len(prefix)] == prefix)


@given(text, text)
def test_escaped_text_sorts_and_begins_as_the_text_does(one: str, two: str) -> None:
    assert keys.unescape(keys.escape(one)) == one
    assert (keys.escape(one) < keys.escape(two)) == (one < two)
    assert keys.escape(one).startswith(keys.escape(two)) == one.startswith(two)
    assert not set("\x00\x01") & set(keys.escape(one))


@given(text, text)
def test_the_ceiling_is_above_all_that_begins_so_and_below_the_rest(stem: str, other: str) -> None:
    above = keys.ceiling(stem)

    for candidate in (other, stem, stem + other):
        inside = stem <= candidate and (above is None or candidate < above)
        assert inside == candidate.startswith(stem)


@pytest.mark.parametrize("one", [(), ("\ud800",), ("a", "\udfff")])
def test_what_is_no_key_is_refused(one: keys.Key) -> None:
    with pytest.raises(InvalidParameter):
        keys.pack(one)
