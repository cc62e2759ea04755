"""On whose behalf something is done: what the trail tells, and what limits count by."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Origin:
    """``source`` is the client's address (behind trusted proxies; empty where it is none). ``actor`` is who proved to
    be allowed before any flow began: ``key:<access key>``, ``job:<job>``, ``command:<name>``; None for a caller who
    proves it in the flow, or need not. ``request_id`` is that of the answer and of the log.

    ``user_agent`` is what the client calls itself. ``context_data`` is what it says of the user's device:
    ``encoded_data``, ``ip_address``, ``server_name``, ``server_path``, and ``header:<name>`` of the request that it had
    itself. Nobody has proven either; they are worth as much as who says so, and that is ``actor``.

    ``by_pages``: it is the user's own browser, on the hosted pages, whatever the client is.
    """

    source: str = ""
    request_id: str = ""
    actor: str | None = None
    user_agent: str = field(default="", repr=False)
    context_data: Mapping[str, str] = field(default_factory=dict, repr=False)
    by_pages: bool = False


def by_user(sub: str) -> str:
    """The actor where somebody has proven to be this user."""
    return f"user:{sub}"


def by_identity(identity_id: str) -> str:
    """The actor where somebody has proven to be this identity of an identity pool. Not for guests: the id of one is
    all that it takes to be it."""
    return f"identity:{identity_id}"


NOBODY = Origin()

_current: ContextVar[Origin] = ContextVar("origin", default=NOBODY)


def current_origin() -> Origin:
    """Of the request, job or command that runs now. Each sets it where it begins, so that the fifty flows between need
    not hand it down; nothing is decided by its ``actor``."""
    return _current.get()


def begin(origin: Origin) -> None:
    """What follows in this task, and in the tasks that it starts, is done on this behalf."""
    _current.set(origin)
