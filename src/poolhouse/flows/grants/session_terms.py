"""What sessions of browsers keep to: how long they last, and what clients call and hear of
them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct

from poolhouse.ports.world import Secrets
from poolhouse.records.grants import BrowserSession

Told = Callable[[BrowserSession], Awaitable[None]]
"""Sees to it that the clients of a session hear of its end. Doing it twice does no harm."""


class SessionTerms(Struct, frozen=True, kw_only=True):
    """In seconds: ``idle`` without a use, ``absolute`` since the sign-in, ``remembered`` since it in a browser that is
    to keep it (without a limit for idleness). ``outlives_sign_out``: whether sessions go on after GlobalSignOut and
    AdminUserGlobalSignOut, as the field has it."""

    idle: int = 8 * 3600
    absolute: int = 24 * 3600
    remembered: int = 30 * 86400
    outlives_sign_out: bool = False


USUAL: Final = SessionTerms()


def sid_of(secrets: Secrets, pool_id: str, session_id: str, client_id: str) -> str:
    return secrets.derive("sid", pool_id, session_id, client_id).hex()
