"""What users prove who they are by, beside a password, where it is more than a part of their own record."""

from __future__ import annotations

from poolhouse.records.base import StoredRecord


class Device(StoredRecord, frozen=True, kw_only=True):
    """A device that a user signed in on, and whose client sent a verifier for it. ``key`` names it, ``group`` is the
    first half of the name that its secret was hashed with, ``sealed`` its salt and verifier. Only one that is
    ``remembered`` is good for anything. ``trust`` is the user's when it was confirmed: in another one it is forgotten.
    ``address`` is where it was last seen."""

    pool_id: str
    user_sub: str
    key: str
    group: str
    sealed: str
    created: float
    modified: float
    authenticated: float
    trust: int = 0
    name: str | None = None
    remembered: bool = False
    address: str = ""

    def __repr__(self) -> str:
        return f"Device(remembered={self.remembered!r})"
