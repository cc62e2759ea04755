"""bcrypt, as other systems stored it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator

import bcrypt
import pytest

from poolhouse.crypto.bcrypt_format import Bcrypt
from poolhouse.crypto.passwords import Argon2Costs, PasswordHashes
from poolhouse.crypto.workers import Workers
from poolhouse.ports.passwords import Fit
from tests.unit.crypto.world import ForeseenChance, vault

PASSWORD = "pässwörd"
HASH = "$2b$04$sJvCq3BH.0jUl5cy8h5T6.h.Nlf4ij2ztJGSwZdhJSQvJwpOWZH2u"


class Careless:
    """A stranger's format, which says yes to whatever fits as far as bcrypt looks."""

    name = "careless"

    def recognises(self, encoded: str) -> bool:
        return encoded.startswith("$2")

    def verify(self, encoded: str, password: str) -> bool:
        return bcrypt.checkpw(password.encode()[:72], encoded.encode())


@pytest.fixture(params=[(), (Careless(),)], ids=["ours", "a stranger's"])
async def hashes(request: pytest.FixtureRequest) -> AsyncIterator[PasswordHashes]:
    workers = Workers(1, 10)
    chance = ForeseenChance()
    yield PasswordHashes(workers, vault(), chance, Argon2Costs(8, 1, 1), request.param)
    await workers.close()


@pytest.mark.parametrize("mark", ["$2a$", "$2b$", "$2y$", "bcrypt$$2b$"])
def test_every_mark_in_use_is_known(mark: str) -> None:
    encoded = HASH.replace("$2b$", mark)

    assert Bcrypt().recognises(encoded)
    assert Fit.WHOLE is Bcrypt().verify(encoded, PASSWORD)
    assert Fit.NO is Bcrypt().verify(encoded, PASSWORD + "!")


def test_hashes_of_other_implementations_are_understood() -> None:
    # Openwall crypt_blowfish 1.3, wrapper.c: its own tests.
    assert Bcrypt().verify("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U")
    assert Bcrypt().verify(
        "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
    )


def test_bits_of_a_salt_that_do_not_count_are_not_looked_at() -> None:
    alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    odd = HASH[:28] + alphabet[alphabet.index(HASH[28]) | 0b1111] + HASH[29:]

    assert Bcrypt().verify(odd, PASSWORD)


@pytest.mark.parametrize(
    ("encoded", "why"),
    [
        (HASH.replace("$2b$", "$2x$"), "broken implementation"),
        (HASH.replace("$04$", "$15$"), "the cost of bcrypt is 4 to 14"),
        (HASH.replace("$04$", "$31$"), "the cost of bcrypt is 4 to 14"),
        (HASH.replace("$04$", "$03$"), "the cost of bcrypt is 4 to 14"),
        (HASH.replace("$04$", "$4$"), "two digits"),
        (HASH[:-1], "53 characters"),
        (HASH + "\n", "53 characters"),
        ("$6$salt$hash", "SHA-512 crypt"),
        ("$P$Babcdefgh", "phpass"),
        ("pbkdf2_sha256$6000000$salt$" + "A" * 43 + "=", "at most 5000000 rounds"),
        ("pbkdf2_sha256$1000$salt$" + "A" * 12, "its digest has 9 bytes"),
        ("$argon2id$v=19$m=9999999,t=1,p=1$c2FsdHNhbHQ$" + "A" * 43, "the cost of argon2"),
        ("scrypt:32768:8:1$salt$00", "Werkzeug"),
        ("whatever", "its scheme is unknown"),
    ],
)
async def test_what_is_not_understood_of_a_hash_is_said(encoded: str, why: str) -> None:
    workers = Workers(1, 10)
    hashes = PasswordHashes(workers, vault(), ForeseenChance(), Argon2Costs(8, 1, 1))

    said = hashes.why_unreadable(encoded)

    assert said is not None
    assert why in said
    assert hashes.why_unreadable(HASH) is None
    await workers.close()


@pytest.mark.parametrize(
    ("password", "fit"),
    [
        ("x" * 72, Fit.WHOLE),
        ("x" * 73, Fit.IN_PART),
        ("x" * 72 + "\x00", Fit.IN_PART),
        ("x" * 71, Fit.NO),
        ("é" * 36, Fit.NO),
    ],
    ids=["all of it", "longer", "longer by a zero", "shorter", "other"],
)
async def test_a_password_that_is_longer_than_bcrypt_looks_fits_in_part(
    password: str, fit: Fit, hashes: PasswordHashes
) -> None:
    encoded = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()

    assert fit is await hashes.verify(password, encoded)


def test_a_password_ends_at_its_zero_byte_and_is_not_proven_behind_it() -> None:
    encoded = bcrypt.hashpw(b"horse", bcrypt.gensalt(4)).decode()

    assert Fit.IN_PART is Bcrypt().verify(encoded, "horse\x00and more")


def test_the_library_is_loaded_where_such_a_hash_is_met() -> None:
    program = "import sys, poolhouse.crypto.passwords; sys.exit('bcrypt' in sys.modules)"

    assert 0 == subprocess.run([sys.executable, "-c", program], check=False).returncode
