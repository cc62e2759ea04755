"""Password hashes that users bring from elsewhere, as far as the standard library, argon2-cffi and bcrypt check them.

Every format reads its parameters before it computes, and knows no hash whose parameters would be a burden: at most 256
MiB of memory and 5,000,000 rounds of PBKDF2. What is not recognised can be refused when users are imported.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import Final

import argon2.low_level as argon2
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from msgspec import Struct

from poolhouse.crypto.bcrypt_format import Bcrypt, read_bcrypt
from poolhouse.ports.passwords import PasswordFormat

MAX_MEMORY_KIB = 256 * 1024
MAX_WORK_KIB = 4 * MAX_MEMORY_KIB
"""Memory times passes (scrypt: times lanes): what a memory-hard hash costs in time."""
MAX_LANES = 16
MAX_ROUNDS = 5_000_000
MIN_DIGEST = 16
MAX_DIGEST = 128

ENCODED_LIMIT = 1024

PBKDF2 = re.compile(
    r"(?P<origin>pbkdf2_|\$pbkdf2-)(?P<hash>sha256|sha512)\$(?P<rounds>[1-9][0-9]{0,7})"
    r"\$(?P<salt>[^$]{1,256})\$(?P<digest>[A-Za-z0-9+/.]+={0,2})"
)
SCRYPT_DJANGO = re.compile(
    r"scrypt\$(?P<n>[0-9]{1,8})\$(?P<salt>[^$]{1,256})\$(?P<r>[0-9]{1,3})\$(?P<p>[0-9]{1,3})"
    r"\$(?P<digest>[A-Za-z0-9+/]+={0,2})"
)
SCRYPT_PASSLIB = re.compile(
    r"\$scrypt\$ln=(?P<ln>[0-9]{1,2}),r=(?P<r>[0-9]{1,3}),p=(?P<p>[0-9]{1,3})"
    r"\$(?P<salt>[A-Za-z0-9+/.]{1,256})\$(?P<digest>[A-Za-z0-9+/.]+)"
)
ARGON2 = re.compile(
    r"(?:argon2)?(?P<phc>\$argon2(?P<type>id|i|d)\$(?:v=(?:16|19)\$)?m=(?P<m>[1-9][0-9]{0,8}),t=(?P<t>[1-9][0-9]{0,4})"
    r",p=(?P<p>[1-9][0-9]{0,2})\$[A-Za-z0-9+/]{11,256}\$(?P<digest>[A-Za-z0-9+/]+))"
)
ARGON2_TYPES = {"id": argon2.Type.ID, "i": argon2.Type.I, "d": argon2.Type.D}


def as_typed(password: str) -> bytes:
    """The bytes that other systems hash: the text as it is, neither normalised nor cut. Half a surrogate pair, which
    JSON can carry, is no reason to fail."""
    return password.encode("utf-8", "surrogatepass")


def _decoded(text: str) -> bytes:
    """Base64 with or without padding, also with ``.`` for ``+``. Raises ``ValueError``."""
    text = text.replace(".", "+").rstrip("=")
    return b64decode(text + "=" * (-len(text) % 4), validate=True)


class _Recipe(Struct, frozen=True):
    """A hash taken apart: how it is computed, and what must come out."""

    name: str
    costs: tuple[int, ...]
    salt: bytes
    digest: bytes


class Pbkdf2:
    """PBKDF2 with SHA-256 or SHA-512: ``pbkdf2_sha256$rounds$salt$hash`` (Django) and
    ``$pbkdf2-sha256$rounds$salt$hash`` (passlib). The first takes the salt as text, the second as base64."""

    name = "pbkdf2"

    def recognises(self, encoded: str) -> bool:
        return _is_readable(self.read, encoded)

    def verify(self, encoded: str, password: str) -> bool:
        recipe = self.read(encoded)
        digest = hashlib.pbkdf2_hmac(
            recipe.name, as_typed(password), recipe.salt, recipe.costs[0], dklen=len(recipe.digest)
        )
        return hmac.compare_digest(recipe.digest, digest)

    def read(self, encoded: str) -> _Recipe:
        found = _matched(PBKDF2, encoded)
        rounds = int(found["rounds"])
        digest = _digest(found["digest"])
        # A digest that is longer than the hash's own is made of several, each for the full cost (RFC 8018 5.2).
        # Keycloak asked for 512 bits of SHA-256 until 2024.
        blocks = -(-len(digest) // hashlib.new(found["hash"]).digest_size)
        if rounds * blocks > MAX_ROUNDS:
            raise ValueError(
                f"the cost of PBKDF2 is at most {MAX_ROUNDS} rounds here, and its hash has {rounds * blocks}"
            )
        salt = found["salt"].encode() if found["origin"] == "pbkdf2_" else _decoded(found["salt"])
        return _Recipe(name=found["hash"], costs=(rounds,), salt=salt, digest=digest)


class Scrypt:
    """scrypt: ``scrypt$N$salt$r$p$hash`` (Django; the salt is text) and ``$scrypt$ln=..,r=..,p=..$salt$hash``
    (passlib)."""

    name = "scrypt"

    def recognises(self, encoded: str) -> bool:
        return _is_readable(self.read, encoded)

    def verify(self, encoded: str, password: str) -> bool:
        recipe = self.read(encoded)
        n, r, p = recipe.costs
        digest = hashlib.scrypt(
            as_typed(password),
            salt=recipe.salt,
            n=n,
            r=r,
            p=p,
            maxmem=(MAX_MEMORY_KIB + 1024) * 1024,
            dklen=len(recipe.digest),
        )
        return hmac.compare_digest(recipe.digest, digest)

    def read(self, encoded: str) -> _Recipe:
        if encoded.startswith("$"):
            found = _matched(SCRYPT_PASSLIB, encoded)
            n, salt = 1 << int(found["ln"]), _decoded(found["salt"])
        else:
            found = _matched(SCRYPT_DJANGO, encoded)
            n, salt = int(found["n"]), found["salt"].encode()
        r, p = int(found["r"]), int(found["p"])
        # RFC 7914 section 2: 128 * r bytes for each of N + p blocks; the work grows with r * N * p.
        memory = 128 * r * (n + p + 2)
        if n < 2 or n & (n - 1) or r < 1 or not 1 <= p <= MAX_LANES:
            raise ValueError("its parameters are none of scrypt")
        if memory > MAX_MEMORY_KIB * 1024 or memory * p > MAX_WORK_KIB * 1024:
            raise ValueError("the cost of scrypt is higher than what is computed here")
        return _Recipe(name=self.name, costs=(n, r, p), salt=salt, digest=_digest(found["digest"]))


class Argon2:
    """argon2id, argon2i and argon2d as PHC text, also with Django's ``argon2`` before it."""

    name = "argon2"

    def recognises(self, encoded: str) -> bool:
        return _is_readable(read_argon2, encoded)

    def verify(self, encoded: str, password: str) -> bool:
        phc, kind = read_argon2(encoded)
        return argon2_fits(phc, as_typed(password), kind)


_SHORTAGES: Final = frozenset(argon2.error_to_str(code) for code in (-22, -33))
"""``ARGON2_MEMORY_ALLOCATION_ERROR`` and ``ARGON2_THREAD_FAIL`` of argon2.h."""


def read_argon2(encoded: str) -> tuple[str, argon2.Type]:
    """The PHC text and its type, within our bounds. Raises ``ValueError``."""
    found = _matched(ARGON2, encoded)
    memory, passes, lanes = int(found["m"]), int(found["t"]), int(found["p"])
    if memory > MAX_MEMORY_KIB or memory * passes > MAX_WORK_KIB or lanes > MAX_LANES or memory < 8 * lanes:
        raise ValueError("the cost of argon2 is higher than what is computed here")
    _digest(found["digest"])
    return found["phc"], ARGON2_TYPES[found["type"]]


def argon2_fits(phc: str, secret: bytes, kind: argon2.Type) -> bool:
    """Whether the secret gives this hash. Raises ``ValueError`` when the hash cannot be read, and ``MemoryError`` when
    there is no room to compute it."""
    try:
        return argon2.verify_secret(phc.encode(), secret, kind)
    except VerifyMismatchError:
        return False
    except (VerificationError, InvalidHashError) as error:
        if is_shortage(error):
            raise MemoryError("argon2 gets no memory") from error
        raise ValueError("not a readable argon2 hash") from error


def is_shortage(error: Exception) -> bool:
    """Whether argon2 failed for want of memory or threads. The library tells it by a sentence alone."""
    return str(error) in _SHORTAGES


def _matched(pattern: re.Pattern[str], encoded: str) -> re.Match[str]:
    found = pattern.fullmatch(encoded) if len(encoded) <= ENCODED_LIMIT else None
    if found is None:
        raise ValueError("the parts of the hash are not those of its scheme")
    return found


def _digest(text: str) -> bytes:
    digest = _decoded(text)
    if not MIN_DIGEST <= len(digest) <= MAX_DIGEST:
        raise ValueError(f"its digest has {len(digest)} bytes, and not {MIN_DIGEST} to {MAX_DIGEST}")
    return digest


def _is_readable(read: Callable[[str], object], encoded: str) -> bool:
    try:
        read(encoded)
    except ValueError:
        return False
    return True


def built_in() -> Iterator[PasswordFormat]:
    """The formats that need no plugin."""
    yield Pbkdf2()
    yield Scrypt()
    yield Argon2()
    yield Bcrypt()


def why_unreadable(encoded: str) -> str:
    """Which part of a hash that no format knows is not understood. The text shows nothing of it."""
    scheme = next((scheme for marks, scheme in _STRANGERS if encoded.startswith(marks)), None)
    if scheme is not None:
        return f"it is {scheme}, which only a plugin can check (register_password_formats)"
    for marks, read in _READERS:
        if encoded.startswith(marks):
            try:
                read(encoded)
            except ValueError as error:
                return str(error)
    return "its scheme is unknown here; a plugin can bring it (register_password_formats)"


_READERS: tuple[tuple[tuple[str, ...], Callable[[str], object]], ...] = (
    (("pbkdf2_", "$pbkdf2-"), Pbkdf2().read),
    (("scrypt$", "$scrypt$"), Scrypt().read),
    (("$argon2", "argon2$"), read_argon2),
    (("$2", "bcrypt$$2"), read_bcrypt),
)
_STRANGERS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("$1$", "$apr1$"), "MD5 crypt"),
    (("$5$",), "SHA-256 crypt"),
    (("$6$",), "SHA-512 crypt"),
    (("$y$", "$7$", "$gy$"), "yescrypt"),
    (("$P$", "$H$", "$S$"), "phpass (WordPress, phpBB, Drupal)"),
    (("$wp$",), "WordPress bcrypt over SHA-384"),
    (("{SSHA", "{SHA", "{CRYPT", "{MD5", "{SMD5"), "an LDAP scheme"),
    (("bcrypt_sha256$",), "Django bcrypt over SHA-256"),
    (("pbkdf2:", "scrypt:"), "Werkzeug (Flask)"),
    (("pbkdf2_sha1$", "$pbkdf2$"), "PBKDF2 with SHA-1"),
    (("AQAAAA",), "ASP.NET Identity"),
)
