"""What every password format must do, as tests. Its author subclasses ``PasswordFormatSuite``::

    class TestShaCrypt(PasswordFormatSuite):
        known = {"$5$rounds=1000$salt$...": "correct horse"}

        @pytest.fixture
        def password_format(self):
            return ShaCrypt()

Take the hashes from the system that made them, and one with a password beyond ASCII among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from poolhouse.ports.passwords import Fit, PasswordFormat

OTHERS = (
    "",
    "plain text",
    "poolhouse$argon2id$v=19$m=8,t=1,p=1$" + "A" * 22 + "$" + "A" * 43,
    "$argon2id$v=19$m=8,t=1,p=1$" + "A" * 22 + "$" + "A" * 43,
    "pbkdf2_sha256$260000$salt$" + "A" * 43 + "=",
    "$2b$",
    "x" * 100_000,
    "\x00",
    "\ud800",
)
"""What is no hash of an author's format, or none that anybody can read. (Formats that we know need no plugin.)"""

PASSWORDS = ("", "x", "x" * 73, "x" * 4096, "pass\x00word", "pässwörd", "\ud800", "👩‍👩‍👧")


def said(answer: bool | Fit) -> bool:
    """Whether a format said yes; what is neither of both stays what it is."""
    return bool(answer) if isinstance(answer, Fit) else answer


class PasswordFormatSuite:
    """The contract of ``PasswordFormat``."""

    # --- what an author gives ----------------------------------------------------------------------------------------

    known: ClassVar[Mapping[str, str]] = {}
    """Hashes of the format, each with its password."""

    @pytest.fixture
    def password_format(self) -> PasswordFormat:
        """The format."""
        raise NotImplementedError("Override the fixture password_format.")

    # --- the contract ------------------------------------------------------------------------------------------------

    def test_it_has_a_name(self, password_format: PasswordFormat) -> None:
        assert isinstance(password_format.name, str)
        assert password_format.name != ""

    def test_it_knows_its_own_hashes(self, password_format: PasswordFormat) -> None:
        assert self.known, "Give hashes of the format in known."

        assert dict.fromkeys(self.known, True) == {each: password_format.recognises(each) for each in self.known}

    def test_it_knows_no_others(self, password_format: PasswordFormat) -> None:
        assert [other for other in OTHERS if password_format.recognises(other) is not False] == []

    def test_the_right_password_fits(self, password_format: PasswordFormat) -> None:
        for encoded, password in self.known.items():
            assert said(password_format.verify(encoded, password)) is True

    def test_another_password_does_not_fit(self, password_format: PasswordFormat) -> None:
        for encoded, password in self.known.items():
            for other in (password[:-1], password.swapcase(), f" {password}", password.replace("o", "0")):
                if other != password:
                    assert said(password_format.verify(encoded, other)) is False

    def test_any_text_is_a_password_that_fits_or_not(self, password_format: PasswordFormat) -> None:
        """An error would tell the user's own server that the hash is broken."""
        for encoded, right in self.known.items():
            for password in PASSWORDS:
                assert said(password_format.verify(encoded, password)) is (password == right)

    def test_a_damaged_hash_fits_nothing(self, password_format: PasswordFormat) -> None:
        for encoded, password in self.known.items():
            middle = len(encoded) // 2
            other = "b" if encoded[middle] == "a" else "a"
            damaged = (encoded[:-1], encoded[:middle], encoded[:middle] + other + encoded[middle + 1 :], encoded + "\n")
            for each in damaged:
                try:
                    fits = password_format.recognises(each) and said(password_format.verify(each, password))
                except ValueError:
                    fits = False
                assert fits is False
