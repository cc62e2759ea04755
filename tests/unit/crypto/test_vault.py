"""Sealing and deriving with the master key."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.crypto.vault import Vault
from tests.unit.crypto.world import ForeseenChance, master_key, vault


def test_what_was_sealed_opens_for_the_same_purpose_and_context() -> None:
    sealed = vault().seal("signing-key", "pool/kid", b"secret")

    assert b"secret" == vault().open("signing-key", "pool/kid", sealed)


@pytest.mark.parametrize(
    ("purpose", "context"),
    [("other", "pool/kid"), ("signing-key", "pool/other"), ("signing-keyp", "ool/kid"), ("", "")],
)
def test_a_sealed_text_opens_nowhere_else(purpose: str, context: str) -> None:
    sealed = vault().seal("signing-key", "pool/kid", b"secret")

    with pytest.raises(ValueError, match="not sealed for this purpose"):
        vault().open(purpose, context, sealed)


def test_the_same_text_is_never_sealed_twice_alike() -> None:
    sealing = vault()

    assert sealing.seal("p", "c", b"secret") != sealing.seal("p", "c", b"secret")


def test_every_changed_character_is_noticed() -> None:
    sealed = vault().seal("p", "c", b"secret!")
    changed = [sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :] for at in range(len(sealed))]

    for text in changed:
        with pytest.raises(ValueError, match="sealed"):
            vault().open("p", "c", text)


@given(st.text(max_size=80))
def test_any_other_text_is_refused_with_a_value_error(text: str) -> None:
    for sealed in (text, f"v1.{vault().fingerprint}.{text}"):
        with pytest.raises(ValueError):
            vault().open("p", "c", sealed)


def test_after_a_rotation_the_newest_key_seals_and_the_old_one_still_opens() -> None:
    before = vault("first").seal("p", "c", b"old")
    rotated = vault("second", "first")

    after = rotated.seal("p", "c", b"new")

    assert b"old" == rotated.open("p", "c", before)
    assert b"new" == vault("second").open("p", "c", after)
    assert (True, False) == (rotated.is_outdated(before), rotated.is_outdated(after))
    with pytest.raises(ValueError, match="not listed"):
        vault("first").open("p", "c", after)


def test_derived_values_stay_the_same_over_a_rotation() -> None:
    assert vault("first").derive("pepper", "a") == vault("third", "second", "first").derive("pepper", "a")
    assert vault("first").fingerprint == vault("third", "second", "first").fingerprint


def test_derived_values_differ_by_purpose_parts_and_key() -> None:
    values = {
        vault().derive("a", "b", "c"),
        vault().derive("a", "bc"),
        vault().derive("a", "bc", ""),
        vault().derive("ab", "c"),
        vault().derive("a"),
        vault("other").derive("a"),
    }

    assert 6 == len(values)
    assert {32} == {len(value) for value in values}


@pytest.mark.parametrize("keys", [[], [b"short"], [master_key(), master_key()]])
def test_a_vault_without_proper_keys_is_refused(keys: list[bytes]) -> None:
    with pytest.raises(ValueError):
        Vault(keys, ForeseenChance())


def test_a_vault_shows_no_key() -> None:
    sealing = vault()
    sealing.seal("p", "c", b"secret")

    assert "<Vault with 1 master keys>" == repr(sealing)
    with pytest.raises(TypeError):
        pickle.dumps(sealing)
