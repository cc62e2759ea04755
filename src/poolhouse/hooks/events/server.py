"""The server's own life."""

from __future__ import annotations

from dataclasses import dataclass

from poolhouse.hooks.events.base import Event, RequestEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifespan(Event):
    """The server runs. ``base_url`` is where it is reached."""

    base_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCall(RequestEvent):
    """A flow is about to run: ``name`` as in ``sign_up.confirm``."""

    name: str
    pool_id: str | None = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Event):
    """The server is being built; asked once."""
