"""The one door to signatures of tokens: made and checked with one key and one algorithm at a time.

Behind it python-jose knows RSA and shared secrets, and ``curves`` and ``pss`` the rest. Of the library only its keys
are used, made once. Its parsing of tokens is not: what a token may look like is decided here, before any key sees it.
A token cannot say how it wants to be checked: the algorithm belongs to the verifier, and headers that bring keys or
demands (``jwk``, ``jku``, ``x5c``, ``x5u``, ``crit``) are refused.
"""

from __future__ import annotations

import hashlib
import string
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from jose.exceptions import JOSEError

from poolhouse.tokens.curves import EcdsaVerifying, Ed25519Signing, Ed25519Verifying, P256Signing, P256Verifying
from poolhouse.tokens.pss import PssSigning, PssVerifying

MAX_TOKEN = 8 * 1024
MAX_FOREIGN_TOKEN = 16 * 1024
"""Of other issuers, who may have more to say of their users."""
MAX_HEADER = 1024
MIN_RSA_BITS = 2048
MIN_HMAC_BYTES = 32

ALPHABET = string.ascii_letters.encode() + string.digits.encode() + b"-_"
TO_URL = bytes.maketrans(b"+/", b"-_")
FROM_URL = bytes.maketrans(b"-_", b"+/")


class BadToken(ValueError):  # noqa: N818 - read as a statement
    """The text is no token of ours, or not one that was signed with the key. The message is for the log."""


@dataclass(frozen=True, slots=True)
class HmacKey:
    """A shared secret. A type of its own, so that no public key can ever be taken for one."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < MIN_HMAC_BYTES:
            raise ValueError(f"a shared secret for signatures has at least {MIN_HMAC_BYTES} bytes")


SigningPrivateKey: TypeAlias = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey
VerifyingKey: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | HmacKey


class Header(msgspec.Struct, frozen=True):
    """What is read of a token's header. The refused ones are declared to be noticed, with any value."""

    alg: str
    kid: str | None = None
    crit: Any = msgspec.UNSET
    jku: Any = msgspec.UNSET
    jwk: Any = msgspec.UNSET
    x5u: Any = msgspec.UNSET
    x5c: Any = msgspec.UNSET


class Unverified(msgspec.Struct, frozen=True):
    """A token taken apart. ``claims`` are what it says, not what is true: for finding the key, and nothing else."""

    header: Header
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


_read_header = msgspec.json.Decoder(Header).decode
_read_claims = msgspec.json.Decoder(dict[str, Any]).decode
_write = msgspec.json.Encoder().encode


def read(token: str, most: int = MAX_TOKEN) -> Unverified:
    """The parts of a compact token. Raises ``BadToken`` for whatever is not exactly one."""
    if not isinstance(token, str) or len(token) > most or not token.isascii():
        raise BadToken(f"not an ASCII text of at most {most // 1024} KiB")
    raw = token.encode()
    # RFC 7515 section 7.1: the alphabet and two dots, and nothing that a decoder might skip.
    if raw.translate(None, ALPHABET) != b"..":
        raise BadToken("not three parts of base64url")
    head, body, tail = raw.split(b".")
    if not (head and body and tail) or len(head) > MAX_HEADER:
        raise BadToken("a part is empty, or the header is too long")
    try:
        header = _read_header(_decoded(head))
        claims = _read_claims(_decoded(body))
        signature = _decoded(tail)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadToken("not base64url of JSON objects") from error
    if not (header.crit is header.jku is header.jwk is header.x5u is header.x5c is msgspec.UNSET):
        raise BadToken("the header makes demands or brings a key")
    if encoded(signature) != tail:
        raise BadToken("the signature is not in its one canonical form")
    return Unverified(header, claims, raw[: -len(tail) - 1], signature)


def encoded(raw: bytes) -> bytes:
    """Base64url without padding."""
    return b2a_base64(raw, newline=False).translate(TO_URL).rstrip(b"=")


_HASHES: Final = {"EdDSA": hashlib.sha512, "RS512": hashlib.sha512}
"""By algorithm; that of all others is SHA-256. Ed25519 hashes by SHA-512 inside."""


def half_hash(algorithm: str, text: str) -> str:
    """The left half of the hash that belongs to the algorithm of a signature, as ``at_hash`` has it (OpenID Connect
    Core 1.0 section 3.1.3.6)."""
    hashed = _HASHES.get(algorithm, hashlib.sha256)(text.encode("ascii")).digest()
    return encoded(hashed[: len(hashed) // 2]).decode()


def _decoded(part: bytes) -> bytes:
    return a2b_base64(part.translate(FROM_URL) + b"=" * (-len(part) % 4))


class Signer:
    """Signs with one key by one algorithm. The header says ``kid``, ``alg``, and the ``typ`` that is asked for. Raises
    ``TypeError`` for a key that is not of the algorithm's kind, and ``ValueError`` for one that is too small or on
    another curve."""

    def __init__(self, key: SigningPrivateKey, kid: str, algorithm: str = "RS256") -> None:
        self.kid = kid
        self.algorithm = algorithm
        self._key = _signing(key, algorithm)
        self._head = self._head_of({})

    def __repr__(self) -> str:
        return f"<Signer {self.kid}>"

    def _head_of(self, more: Mapping[str, str]) -> bytes:
        return encoded(_write({"kid": self.kid, "alg": self.algorithm, **more})) + b"."

    def sign(self, claims: Mapping[str, Any], *, typ: str | None = None) -> str:
        """The compact token."""
        head = self._head if typ is None else self._head_of({"typ": typ})
        signed = head + encoded(_write(claims))
        signature: bytes = self._key.sign(signed)
        return (signed + b"." + encoded(signature)).decode()


class Verifier:
    """Checks signatures with one key by one algorithm. Raises ``TypeError`` for a key that is not of the algorithm's
    kind, and ``ValueError`` for one that is too small, on another curve, or no point to sign with.

    ``ours``: the tokens are those of ``Signer``, which makes the lower S of the two that are right by ES256. So the
    other is wrong, and one token has one text. Strangers may sign with either.
    """

    def __init__(self, key: VerifyingKey, algorithm: str, *, ours: bool = False) -> None:
        self.algorithm = algorithm
        self._key = _verifying(key, algorithm, ours)

    def __repr__(self) -> str:
        return f"<Verifier {self.algorithm}>"

    def check(self, token: Unverified) -> Mapping[str, Any]:
        """The claims, now true. Raises ``BadToken``."""
        if token.header.alg != self.algorithm:
            raise BadToken("the algorithm is not the key's")
        try:
            fits = self._key.verify(token.signed, token.signature)
        except (JOSEError, ValueError) as error:
            raise BadToken("the signature cannot be checked") from error
        if fits is not True:
            raise BadToken("the signature is wrong")
        return token.claims

    def verify(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that the key signed. Raises ``BadToken``."""
        return self.check(read(token))


def _signing(key: SigningPrivateKey, algorithm: str) -> Any:
    if algorithm in ("RS256", "RS512") and isinstance(key, RSAPrivateKey):
        _check_size(key.key_size)
        return _keys().RSAKey(key, algorithm)
    if algorithm == "PS256" and isinstance(key, RSAPrivateKey):
        _check_size(key.key_size)
        return PssSigning(key)
    if algorithm == "ES256" and isinstance(key, EllipticCurvePrivateKey):
        return P256Signing(key)
    if algorithm == "EdDSA" and isinstance(key, Ed25519PrivateKey):
        return Ed25519Signing(key)
    raise TypeError(f"{algorithm} does not sign with a key of this kind")


def _verifying(key: VerifyingKey, algorithm: str, ours: bool) -> Any:
    if algorithm in ("RS256", "RS384", "RS512") and isinstance(key, RSAPublicKey):
        _check_size(key.key_size)
        return _keys().RSAKey(key, algorithm)
    if algorithm == "PS256" and isinstance(key, RSAPublicKey):
        _check_size(key.key_size)
        return PssVerifying(key)
    if algorithm == "ES256" and isinstance(key, EllipticCurvePublicKey):
        return P256Verifying(key, one_form=ours)
    if algorithm in ("ES384", "ES512") and isinstance(key, EllipticCurvePublicKey):
        return EcdsaVerifying(key, algorithm)
    if algorithm == "EdDSA" and isinstance(key, Ed25519PublicKey):
        return Ed25519Verifying(key)
    if algorithm == "HS256" and isinstance(key, HmacKey):
        return _keys().HMACKey(key.secret, algorithm)
    raise TypeError(f"{algorithm} does not go with a key of this kind")


def _keys() -> Any:
    """The library's kinds of keys. With them comes all of X.509, a twentieth of a start: the first key waits for it."""
    from jose import backends

    return backends


def _check_size(bits: int) -> None:
    if bits < MIN_RSA_BITS:
        raise ValueError(f"an RSA key has at least {MIN_RSA_BITS} bits")
