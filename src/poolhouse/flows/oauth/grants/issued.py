"""What the token endpoint gives (RFC 6749 section 5.1)."""

from __future__ import annotations

from msgspec import Struct


class Issued(Struct, frozen=True):
    """``expires_in`` in seconds, of the access token. None: there is no such token, or none that is new."""

    access: str
    expires_in: int
    scopes: tuple[str, ...]
    id: str | None = None
    refresh: str | None = None

    def __repr__(self) -> str:
        return "Issued(...)"
