"""bcrypt hashes keep the contract of password formats."""

from __future__ import annotations

import bcrypt
import pytest

from poolhouse import Fit
from poolhouse.testing import PasswordFormatSuite
from poolhouse_migrate_sqlite.bcrypt_format import BcryptFormat


class TestBcryptFormat(PasswordFormatSuite):
    known = {
        "$2b$04$uvngWkndvUt/Cz8FBOSGwuLVMswJGCkjpyx9zpNc6YuGqHUwTvDpO": "secret horse",
        "$2a$04$sJvCq3BH.0jUl5cy8h5T6.h.Nlf4ij2ztJGSwZdhJSQvJwpOWZH2u": "pässwörd",
    }

    @pytest.fixture
    def password_format(self) -> BcryptFormat:
        return BcryptFormat()


def test_what_is_behind_the_72nd_byte_never_counted() -> None:
    hashed = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()

    assert Fit.IN_PART is BcryptFormat().verify(hashed, "x" * 72 + "whatever")


def test_a_hash_that_would_take_minutes_is_not_computed() -> None:
    assert not BcryptFormat().recognises("$2b$31$" + "." * 53)
