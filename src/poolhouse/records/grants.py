"""What a sign-in gave."""

from __future__ import annotations

from typing import Any

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
    session: str | None = None
    """The id of the browser session that it was given in; None for one by the JSON API."""
    claims: dict[str, Any] = {}
    """What the client asked for beside its scopes: the parameter ``claims`` of its request."""


class BrowserSession(StoredRecord, frozen=True, kw_only=True):
    """Somebody signed in on the hosted pages of a pool, in one browser (oidc.md SE1). ``handle`` is the digest of what
    the cookie holds, and changes with each sign-in and step-up; ``id`` names the session for as long as it lasts, and
    is never shown as it is: clients get a ``sid`` of their own (LO7).

    ``auth_time`` is when the user last proved who they are, ``proofs`` by what. ``seen`` is the last use that was
    written down, ``expires`` the absolute limit; ``remembered`` sessions outlast the browser's window. ``epoch`` is the
    user's when it began: a sign-out everywhere ends it; ``password_set`` is when the user's password was set (None:
    there was none): a new one ends it, too.

    ``ended`` is when its end began (None: it lives); its clients may not all have been told yet. ``revokes``: what was
    given in it ends with it.
    """

    handle: str
    id: str
    pool_id: str
    user_sub: str
    event_id: str
    created: float
    auth_time: int
    seen: float
    expires: float
    epoch: int
    proofs: tuple[str, ...] = ()
    remembered: bool = False
    clients: tuple[str, ...] = ()
    """The ids of the clients that were given something in it: they are told of its end."""
    address: str = ""
    agent: str = ""
    password_set: float | None = None
    ended: float | None = None
    revokes: bool = False

    def __repr__(self) -> str:
        return f"BrowserSession(id={self.id!r}, clients={self.clients!r})"
