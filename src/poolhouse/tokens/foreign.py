"""Tokens of other issuers, by the key sets that those publish (RFC 7517).

Which algorithm a key is for, the key says, or what its issuer declares. A token only says which of them it is.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurve,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from poolhouse.ports.identities import ForeignToken
from poolhouse.tokens.jose import MAX_FOREIGN_TOKEN, BadToken, Unverified, Verifier, VerifyingKey, read

MOST_KEYS: Final = 100
LARGEST_SET: Final = 256 * 1024
_LARGEST_RSA: Final = 8192
"""Bits. A larger one is no key but a way to keep us busy."""
_OF_RSA: Final = ("RS256", "RS384", "RS512")
_OF_CURVE: Final[Mapping[str, tuple[str, Callable[[], EllipticCurve]]]] = {
    "P-256": ("ES256", SECP256R1),
    "P-384": ("ES384", SECP384R1),
    "P-521": ("ES512", SECP521R1),
}
ALGORITHMS: Final = frozenset({*_OF_RSA, *(algorithm for algorithm, _ in _OF_CURVE.values())})

_read = msgspec.json.Decoder(dict[str, Any]).decode


class ForeignKeySet:
    """``algorithms`` are those that the issuer declares, for keys that do not say what they are for; RS256 where it
    declares none. What is no key to check signatures with is left out: symmetric, private, too small, for encryption.

    Raises ``ValueError`` for what is no key set."""

    def __init__(self, jwks: bytes, algorithms: Collection[str] = ()) -> None:
        if len(jwks) > LARGEST_SET:
            raise ValueError("the key set is too large")
        try:
            keys = _read(jwks).get("keys")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError("no key set") from error
        if not isinstance(keys, list) or len(keys) > MOST_KEYS:
            raise ValueError("no key set, or one of too many keys")
        declared = ALGORITHMS.intersection(algorithms) or {"RS256"}
        self._verifiers: dict[tuple[str, str], list[Verifier]] = {}
        for key in keys:
            for verifier in _verifiers(key, declared):
                kid = key.get("kid")
                name = kid if isinstance(kid, str) else ""
                self._verifiers.setdefault((name, verifier.algorithm), []).append(verifier)

    def __len__(self) -> int:
        return sum(map(len, self._verifiers.values()))

    def check(self, token: ForeignToken) -> bool | None:
        """Whether one of the keys has signed it. None: there is none of the name that it gives, for its algorithm."""
        parts = token.parts
        if not isinstance(parts, Unverified):
            return False
        algorithm = parts.header.alg
        if parts.header.kid is not None:
            fit = self._verifiers.get((parts.header.kid, algorithm), [])
        else:
            fit = [one for (_, by), some in self._verifiers.items() if by == algorithm for one in some]
        if len(fit) != 1:
            # Two of one name, or no name and several: then nothing says which is meant.
            return None
        try:
            fit[0].check(parts)
        except BadToken:
            return False
        return True


class JoseForeignTokens:
    """Implements the port."""

    def read(self, token: str) -> ForeignToken:
        parts = read(token, MAX_FOREIGN_TOKEN)
        return ForeignToken(parts.claims, parts)

    def keys(self, jwks: bytes, algorithms: Collection[str] = ()) -> ForeignKeySet:
        return ForeignKeySet(jwks, algorithms)


def _verifiers(jwk: Any, declared: Collection[str]) -> list[Verifier]:
    """One for each algorithm that the key is for; none where it is none that we check with."""
    if not isinstance(jwk, dict) or "d" in jwk or "k" in jwk or jwk.get("use", "sig") != "sig":
        return []
    operations = jwk.get("key_ops")
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        return []
    try:
        key, possible = _public_key(jwk)
        named = jwk.get("alg")
        if named is not None:
            wanted = [one for one in possible if one == named]
        else:
            # A curve leaves no choice.
            wanted = [one for one in possible if one in declared or len(possible) == 1]
        return [Verifier(key, algorithm) for algorithm in wanted]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, UnsupportedAlgorithm):
        return []


def _public_key(jwk: Mapping[str, Any]) -> tuple[VerifyingKey, tuple[str, ...]]:
    """The key, and the algorithms that keys of its kind can be for. Raises what its parts provoke."""
    if jwk.get("kty") == "RSA":
        modulus = _number(jwk["n"])
        if modulus.bit_length() > _LARGEST_RSA:
            raise ValueError("too large")
        return RSAPublicNumbers(_number(jwk["e"]), modulus).public_key(), _OF_RSA
    if jwk.get("kty") == "EC":
        algorithm, curve = _OF_CURVE[jwk["crv"]]
        return EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), curve()).public_key(), (algorithm,)
    raise ValueError("a key of another kind")


def _number(text: str) -> int:
    if len(text) > 2 * _LARGEST_RSA // 8:
        raise ValueError("too long")
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
