"""Password hashes that come from elsewhere."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator

import argon2.low_level as argon2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.crypto.formats import Argon2, Pbkdf2, Scrypt, built_in
from poolhouse.crypto.passwords import Argon2Costs, PasswordHashes
from poolhouse.crypto.workers import Workers
from poolhouse.ports.passwords import PasswordFormat
from tests.unit.crypto.world import ForeseenChance, vault

PASSWORD = "pässwörd"


def base64(raw: bytes) -> str:
    return b64encode(raw).decode()


def adapted(raw: bytes) -> str:
    return base64(raw).rstrip("=").replace("+", ".")


def pbkdf2(name: str, salt: bytes, rounds: int = 10) -> bytes:
    return hashlib.pbkdf2_hmac(name, PASSWORD.encode(), salt, rounds)


def scrypt(salt: bytes) -> bytes:
    return hashlib.scrypt(PASSWORD.encode(), salt=salt, n=16, r=8, p=2, dklen=32)


def phc(kind: argon2.Type) -> str:
    return argon2.hash_secret(PASSWORD.encode(), b"saltsalt", 1, 8, 1, 32, kind).decode()


READABLE = {
    "Django PBKDF2": (Pbkdf2(), f"pbkdf2_sha256$10$salt${base64(pbkdf2('sha256', b'salt'))}"),
    "Django PBKDF2 with SHA-512": (Pbkdf2(), f"pbkdf2_sha512$10$salt${base64(pbkdf2('sha512', b'salt'))}"),
    "passlib PBKDF2": (
        Pbkdf2(),
        f"$pbkdf2-sha256$10${adapted(bytes(range(240, 256)))}${adapted(pbkdf2('sha256', bytes(range(240, 256))))}",
    ),
    "Keycloak PBKDF2, 512 bits of SHA-256": (
        Pbkdf2(),
        f"$pbkdf2-sha256$10${adapted(b'saltsaltsaltsalt')}"
        f"${adapted(hashlib.pbkdf2_hmac('sha256', PASSWORD.encode(), b'saltsaltsaltsalt', 10, 64))}",
    ),
    "Django scrypt": (Scrypt(), f"scrypt$16$salt$8$2${base64(scrypt(b'salt'))}"),
    "passlib scrypt": (Scrypt(), f"$scrypt$ln=4,r=8,p=2${adapted(b'saltsalt')}${adapted(scrypt(b'saltsalt'))}"),
    "argon2id": (Argon2(), phc(argon2.Type.ID)),
    "argon2i": (Argon2(), phc(argon2.Type.I)),
    "argon2d": (Argon2(), phc(argon2.Type.D)),
    "Django argon2": (Argon2(), "argon2" + phc(argon2.Type.ID)),
}


@pytest.mark.parametrize(("known", "encoded"), READABLE.values(), ids=READABLE.keys())
def test_the_right_password_fits_and_a_wrong_one_does_not(known: PasswordFormat, encoded: str) -> None:
    assert known.recognises(encoded)
    assert known.verify(encoded, PASSWORD)
    assert not known.verify(encoded, PASSWORD + "!")


@pytest.mark.parametrize(("known", "encoded"), READABLE.values(), ids=READABLE.keys())
def test_every_hash_belongs_to_one_format_only(known: PasswordFormat, encoded: str) -> None:
    assert [known.name] == [other.name for other in built_in() if other.recognises(encoded)]


def test_a_hash_made_by_another_implementation_is_understood() -> None:
    # RFC 7914 section 11: PBKDF2-HMAC-SHA256 (P="passwd", S="salt", c=1), its first 32 bytes.
    digest = bytes.fromhex("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc")

    assert Pbkdf2().verify(f"pbkdf2_sha256$1$salt${base64(digest)}", "passwd")


DIGEST = base64(bytes(32))
BOMBS = [
    f"pbkdf2_sha256$5000001$salt${DIGEST}",
    f"pbkdf2_sha256$2500001$salt${base64(bytes(64))}",
    f"pbkdf2_sha256$10$salt${base64(bytes(8))}",
    f"scrypt$1048576$salt$8$1${DIGEST}",
    f"scrypt$16$salt$8$17${DIGEST}",
    f"scrypt$131072$salt$8$16${DIGEST}",
    f"scrypt$17$salt$8$1${DIGEST}",
    f"scrypt$16$salt$0$1${DIGEST}",
    f"$scrypt$ln=99,r=8,p=1${adapted(b'saltsalt')}${adapted(bytes(32))}",
    f"$argon2id$v=19$m=262145,t=1,p=1${'A' * 22}${'A' * 43}",
    f"$argon2id$v=19$m=262144,t=5,p=1${'A' * 22}${'A' * 43}",
    f"$argon2id$v=19$m=1024,t=1,p=17${'A' * 22}${'A' * 43}",
    f"$argon2id$v=19$m=8,t=1,p=2${'A' * 22}${'A' * 43}",
    "pbkdf2_sha256$10$salt$" + "A" * 2000,
]


@pytest.mark.parametrize("encoded", BOMBS)
def test_a_hash_that_would_be_a_burden_is_not_recognised_and_not_computed(encoded: str) -> None:
    for known in built_in():
        assert not known.recognises(encoded)
        with pytest.raises(ValueError):
            known.verify(encoded, PASSWORD)


@given(
    st.one_of(
        st.text(max_size=60),
        st.text(alphabet="$=,.+/pbkdf2_sha256scryptargonid0123456789ABC", max_size=120),
        st.builds("{}{}".format, st.sampled_from([encoded for _, encoded in READABLE.values()]), st.text(max_size=3)),
    )
)
def test_any_text_is_either_recognised_or_refused_with_a_value_error(encoded: str) -> None:
    for known in built_in():
        if not known.recognises(encoded):
            with pytest.raises(ValueError):
                known.verify(encoded, PASSWORD)


class Reversed:
    """A plugin's format: the password backwards."""

    name = "reversed"

    def recognises(self, encoded: str) -> bool:
        return encoded.startswith("$reversed$")

    def verify(self, encoded: str, password: str) -> bool:
        return encoded == f"$reversed${password[::-1]}"


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    made = Workers(threads=1)
    yield made
    await made.close()


@pytest.mark.parametrize("encoded", [*(encoded for _, encoded in READABLE.values()), f"$reversed${PASSWORD[::-1]}"])
async def test_foreign_hashes_sign_in_and_are_outdated_at_once(workers: Workers, encoded: str) -> None:
    passwords = PasswordHashes(workers, vault(), ForeseenChance(), Argon2Costs(8, 1, 1), formats=[Reversed()])

    assert passwords.can_read(encoded)
    assert passwords.is_outdated(encoded)
    assert await passwords.verify(PASSWORD, encoded)
    assert not await passwords.verify("wrong", encoded)
