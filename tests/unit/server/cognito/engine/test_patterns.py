from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poolhouse.server.cognito.engine.patterns import predicate
from tests.support.json_api import user_pools

PRINTED = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+"
PATTERNS = sorted({shape.pattern for shape in user_pools().shapes.values() if shape.pattern})


@pytest.mark.parametrize("text", ["alice", "älice", "愛麗絲", "\U0001f600", "a\u0301", "²", "¡", "a'b\"c\\d[e]-^"])
def test_letters_marks_signs_numbers_and_punctuation_of_all_scripts_are_printed_text(text: str) -> None:
    assert predicate(PRINTED)(text)


@pytest.mark.parametrize("text", ["", "a b", "a\u00a0b", "a\nb", "a\u200bb", "a\u0085", "\u2028", "a\x00", "\ue000"])
def test_spaces_controls_and_unassigned_characters_are_not(text: str) -> None:
    assert not predicate(PRINTED)(text)


def test_word_characters_are_those_of_ascii() -> None:
    matches = predicate(r"[\w\s+=,.@-]+")

    assert matches("My Pool_1")
    assert not matches("Mein Pööl")


@pytest.mark.parametrize("text", ["eu-west-1_a\n", "\neu-west-1_a", "eu-west-1_", "eu west_a", "xeu-west-1_a!"])
def test_the_whole_text_must_match(text: str) -> None:
    assert not predicate(r"[\w-]+_[0-9a-zA-Z]+")(text)


def test_a_code_message_must_hold_the_place_of_the_code() -> None:
    matches = predicate(r"[\p{L}\p{M}\p{S}\p{N}\p{P}\s*]*\{####\}[\p{L}\p{M}\p{S}\p{N}\p{P}\s*]*")

    assert matches("Ihr Schlüssel: {####}.")
    assert matches("{####}{####}")
    assert not matches("Ihr Schlüssel: {###}.")
    assert not matches("{####}\x00")


def test_a_link_message_must_hold_a_link_text_between_its_marks() -> None:
    body = r"[\p{L}\p{M}\p{S}\p{N}\p{P}\s*]*"
    matches = predicate(body + r"\{##" + body + r"##\}" + body)

    assert matches("please {##click here##} soon")
    assert matches("{####}")
    assert not matches("please ##} {## soon")


def test_an_address_has_something_on_both_sides() -> None:
    matches = predicate(PRINTED + "@" + PRINTED)

    assert matches("a@b")
    assert matches("@@@")
    assert not matches("@@")
    assert not matches("@b")
    assert not matches("a@")


def test_a_provider_name_may_not_begin_with_an_underscore() -> None:
    matches = predicate(r"[^_\p{Z}][\p{L}\p{M}\p{S}\p{N}\p{P}][^_\p{Z}]+")

    assert matches("Göögle")
    assert not matches("_Google")
    assert not matches("Goo\u00a0gle")


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("seed", ["{####}", "{##", "##}{##", "@", "a", "a_", "arn:a:", ":", "-", "é", "{##a##}"])
def test_no_pattern_of_the_model_is_slow_on_text_that_almost_matches(pattern: str, seed: str) -> None:
    text = seed * (60_000 // len(seed)) + "\x00"
    matches = predicate(pattern)

    started = time.process_time()
    matches(text)

    assert 0.25 > time.process_time() - started


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(
    text=st.text(st.sampled_from("aZ09_-@{}#.: \n*é\u00a0\u0301\x00+=/["))
    | st.sampled_from(["{####}", "a@b", "{##a##}"])
)
def test_rewriting_changes_no_answer(pattern: str, text: str) -> None:
    """Against the plain translation: each Unicode class as the list of what it has in the alphabet of this test."""
    alphabet = {*text, *map(chr, range(128))}

    def members(found: re.Match[str]) -> str:
        return "".join(re.escape(sign) for sign in alphabet if unicodedata.category(sign)[0] == found[1])

    plain = re.compile(re.sub(r"\\p\{(\w)\}", members, pattern), re.ASCII)

    assert (plain.fullmatch(text) is not None) == predicate(pattern)(text)
