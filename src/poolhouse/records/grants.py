"""What a sign-in gave."""

from __future__ import annotations

from poolhouse.records.base import Kept, StoredRecord


class Previous(Kept, frozen=True, kw_only=True):
    """The refresh token before the present one: its digest, until when it still answers, and with which (sealed)
    successor."""

    digest: str
    until: float
    successor: str | None = None


class Grant(StoredRecord, frozen=True, kw_only=True):
    """A signed-in session: what one sign-in gave to one client. ``id`` is the ``event_id`` claim of all its tokens,
    ``family`` their ``origin_jti``. It outlives every token it stands for, so an absent grant means "ended"."""

    id: str
    pool_id: str
    client_id: str
    user_sub: str
    family: str
    digest: str
    """Of the present refresh token."""
    created: float
    auth_time: int
    expires: float
    epoch: int
    scopes: tuple[str, ...] = ()
    previous: Previous | None = None
    revoked: bool = False
    generation: int = 0
    device_key: str | None = None
    """The device that it was given to: its refresh token is good there only."""
    device_group: str | None = None
    """Of a device that can be confirmed, once; None where it was known, or has been confirmed."""
