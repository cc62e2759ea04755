"""Keys that sign tokens."""

from __future__ import annotations

from enum import StrEnum

from poolhouse.records.base import StoredRecord


class Algorithm(StrEnum):
    """What this version can sign with, in the words of RFC 7518 and RFC 8037."""

    RS256 = "RS256"
    ES256 = "ES256"
    EDDSA = "EdDSA"
    PS256 = "PS256"
    RS512 = "RS512"


class SigningKey(StoredRecord, frozen=True, kw_only=True):
    """A key pair of a pool. ``use`` is ``id`` or ``access``; or ``id:`` and an algorithm, for ID tokens of clients that
    chose another than the pool's: to versions that do not know it, that is nobody's use. Published from ``created``;
    signs from ``active_from``; stays published until ``retires`` (None: it is not replaced yet). ``slot`` is its place
    in the pool, which only one key can have: ``id.1``, ``access.1``, and ``id.2`` for the key that follows ``id.1``."""

    pool_id: str
    slot: str
    kid: str
    use: str
    sealed: str
    algorithm: str = Algorithm.RS256.value
    """Another text than those of ``Algorithm`` was written by a later version: such a key is published, and no more."""
    modulus: str = ""
    """``n`` of the JWK of an RSA key, base64url."""
    public: dict[str, str] = {}
    """Of any other key: the members of its JWK that make the key, ``kty`` among them."""
    created: float
    active_from: float
    retires: float | None = None
