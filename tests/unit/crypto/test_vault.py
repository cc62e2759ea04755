"""Sealing and deriving with the master key."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.crypto.vault import KEPT_CIPHERS, Vault
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


def test_what_an_earlier_version_sealed_opens_and_what_it_derived_is_the_same() -> None:
    """Written down once: stores hold such texts, hashes have such peppers, and no later version may read them anew."""
    sealed = "v1.e2257cbb0374.Lxafm05qECR1IgnNHUcWA0ejwVYKIV0jSQj-jpQg2WwKwA"
    derived = "f385e5a90ada7bc2c2f541fcfdf26bfde42d06657a15f8886f34f3f8c569301f"

    assert b"secret" == vault("second", "first").open("signing-key", "pool/kid", sealed)
    assert sealed == vault("first").seal("signing-key", "pool/kid", b"secret")
    assert derived == vault("second", "first").derive("pepper", "a", "b").hex()
    assert "e2257cbb0374" == vault("second", "first").fingerprint


@pytest.mark.parametrize("length", range(40))
def test_a_text_of_any_length_can_be_sealed(length: int) -> None:
    plain = bytes(range(length))

    sealed = vault().seal("p", "c", plain)

    assert "=" not in sealed
    assert plain == vault().open("p", "c", sealed)


def test_half_a_surrogate_pair_in_a_context_is_a_context_like_another() -> None:
    sealed = vault().seal("p", "\ud800", b"secret")

    assert b"secret" == vault().open("p", "\ud800", sealed)
    with pytest.raises(ValueError, match="not sealed for this"):
        vault().open("p", "?", sealed)
    assert vault().derive("p", "\ud800") != vault().derive("p", "?")


def test_derived_values_differ_by_purpose_alone() -> None:
    assert vault().derive("pepper", "a") != vault().derive("salt", "a")


def test_what_is_sealed_for_each_of_many_purposes_opens_for_that_one_only() -> None:
    sealing = vault("second", "first")
    texts = {purpose: sealing.seal(purpose, "c", purpose.encode()) for purpose in map(str, range(300))}

    assert {purpose: purpose.encode() for purpose in texts} == {
        purpose: sealing.open(purpose, "c", sealed) for purpose, sealed in texts.items()
    }
    with pytest.raises(ValueError, match="not sealed for this"):
        sealing.open("1", "c", texts["2"])
    assert KEPT_CIPHERS == len(sealing._ciphers) < len(texts)
    assert all(sealing._ciphers.values())


def test_a_key_that_seals_is_used_for_its_purpose_and_master_key_alone() -> None:
    """The same nonce, text and context: two purposes or two keys must not encrypt alike."""
    bodies = {
        Vault([master_key(key)], ForeseenChance()).seal(purpose, "c", b"secret").rpartition(".")[2][16:24]
        for key in ("first", "second")
        for purpose in ("one", "two")
    }

    assert 4 == len(bodies)
