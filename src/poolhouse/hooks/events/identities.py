"""How identities of identity pools come, become one, and go; and by which logins."""

from __future__ import annotations

from dataclasses import dataclass, field

from poolhouse.hooks.events.base import RequestEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateLogin(RequestEvent):
    """Somebody brings a login of a provider that the pool has an ``app`` id for, and that none of ours knows.
    ``value`` is what the app sent as the login: nobody has looked at it."""

    pool_id: str
    provider: str
    app: str
    value: str = field(repr=False)
