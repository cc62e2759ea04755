"""bcrypt, the hash that most systems write: Laravel, Rails, Devise, Spring, Auth0, Supabase, PHP itself."""

from __future__ import annotations

import hmac
import re

from poolhouse.ports.passwords import Fit

HASH = re.compile(
    r"(?:bcrypt\$)?(?P<hash>\$2[aby]\$(?P<cost>[0-9]{2})\$(?P<salt>[./A-Za-z0-9]{22})(?P<digest>[./A-Za-z0-9]{31}))"
)
"""Also with Django's ``bcrypt`` before it."""
LEAST_COST = 4
MOST_COST = 14
"""Some seconds; every step doubles them."""
SEEN = 72
"""Bytes of a password that bcrypt looks at."""
_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_MARK = re.compile(r"(?:bcrypt\$)?\$2[abxy]?\$")


def is_bcrypt(encoded: str) -> bool:
    """Whether it says that it is one, readable or not."""
    return _MARK.match(encoded) is not None


def seen_of(secret: bytes) -> bytes:
    """The part of the password that bcrypt looks at: in C a text ends at its first zero byte, and the rest is cut."""
    return secret.partition(b"\x00")[0][:SEEN]


def sees_all(secret: bytes) -> bool:
    return len(seen_of(secret)) == len(secret)


class Bcrypt:
    """``$2a$``, ``$2b$`` and ``$2y$``, which are one for passwords of up to 72 bytes. ``$2x$`` marks hashes of a broken
    implementation, which nothing can check any more."""

    name = "bcrypt"

    def recognises(self, encoded: str) -> bool:
        try:
            read_bcrypt(encoded)
        except ValueError:
            return False
        return True

    def verify(self, encoded: str, password: str) -> Fit:
        # Imported where such a hash is met: most servers never do.
        import bcrypt

        setting, digest = read_bcrypt(encoded)
        secret = password.encode("utf-8", "surrogatepass")
        made = bcrypt.hashpw(seen_of(secret), setting.encode()).decode()
        if not hmac.compare_digest(made[-len(digest) :], digest):
            return Fit.NO
        return Fit.WHOLE if sees_all(secret) else Fit.IN_PART


def read_bcrypt(encoded: str) -> tuple[str, str]:
    """What the hash was made with, and what came out. Raises ``ValueError`` with what cannot be understood."""
    if encoded.startswith("$2x$"):
        raise ValueError("$2x$ marks bcrypt hashes of a broken implementation, which nothing can check")
    found = HASH.fullmatch(encoded)
    if found is None:
        raise ValueError("bcrypt has a cost of two digits and 53 characters after it")
    if not LEAST_COST <= int(found["cost"]) <= MOST_COST:
        raise ValueError(f"the cost of bcrypt is {LEAST_COST} to {MOST_COST} here")
    # Of the salt's last character two bits count. Some systems filled the others, and the library refuses that.
    last = _ALPHABET[_ALPHABET.index(found["salt"][-1]) & 0b110000]
    return f"$2b${found['cost']}${found['salt'][:-1]}{last}", found["digest"]
