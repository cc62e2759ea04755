"""Keys that sign tokens."""

from __future__ import annotations

from poolhouse.records.base import StoredRecord


class SigningKey(StoredRecord, frozen=True, kw_only=True):
    """A key pair of a pool. ``use`` is ``id`` or ``access``. Published from ``created``; signs from ``active_from``;
    stays published until ``retires`` (None: it is not replaced yet). ``slot`` is its place in the pool, which only one
    key can have: ``id.1``, ``access.1``, and ``id.2`` for the key that follows ``id.1``."""

    pool_id: str
    slot: str
    kid: str
    use: str
    sealed: str
    modulus: str
    """``n`` of the JWK, base64url."""
    created: float
    active_from: float
    retires: float | None = None
