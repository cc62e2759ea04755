"""The trail."""

from __future__ import annotations

from dataclasses import dataclass, field

from poolhouse.hooks.events.base import RequestEvent, Strings


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit(RequestEvent):
    """Something happened that an auditor asks for. ``action`` as in ``sign_in.succeeded``. ``subject`` is the user's
    ``sub``, never a name or contact. ``actor`` is who did it: ``key:<access key>``, ``user:<sub>``, ``job:<job>``,
    ``command:<name>``; None for somebody who has proven nothing. ``source`` is the client's address, ``request_id``
    that of the answer and of the log; both are empty where no request came. ``facts`` holds no secret and no personal
    data."""

    action: str
    at: float
    pool_id: str | None = None
    client_id: str | None = None
    subject: str | None = None
    actor: str | None = None
    source: str = ""
    request_id: str = ""
    facts: Strings = field(default_factory=dict)
