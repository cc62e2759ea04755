"""Salts of SRP verifiers mean the same to every client: pycognito pads the text, others the number."""

from __future__ import annotations

from poolhouse.flows.directory.passwords import plain_salt


def test_no_salt_begins_with_a_zero() -> None:
    assert "01" + "5a" * 15 == plain_salt(b"\0" + b"\x5a" * 15).hex()


def test_any_other_salt_stays_as_it_is() -> None:
    for first in range(1, 256):
        salt = bytes((first,)) + bytes(15)
        assert salt == plain_salt(salt)
