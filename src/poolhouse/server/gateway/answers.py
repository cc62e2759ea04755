"""What a gateway is answered: 200 with fields for the API, 401 where nobody is proven, 403 where somebody may not."""

from __future__ import annotations

from typing import Final

from poolhouse.errors import (
    AccessDenied,
    CallerRefused,
    InsufficientScope,
    InvalidAccessToken,
    NotAuthorized,
    PoolhouseError,
)
from poolhouse.flows.access.gateway import Holder
from poolhouse.flows.access.upstream import fields
from poolhouse.server.answers import Answer, told

REFUSED: Final = (CallerRefused, InvalidAccessToken, InsufficientScope, NotAuthorized)
"""What ``Gateway.authorize`` says no by."""


def passed(holder: Holder) -> Answer:
    return told({}, more=fields(holder))


def status_of(error: PoolhouseError) -> int:
    """403 where it is known who asks, or no proof could help; 401 for all else."""
    if isinstance(error, AccessDenied | InsufficientScope):
        return 403
    return 401 if isinstance(error, CallerRefused | InvalidAccessToken) else 403


def refused(error: PoolhouseError) -> Answer:
    """In the words that API Gateway has for it."""
    status = status_of(error)
    more = {"WWW-Authenticate": 'Bearer error="invalid_token"'} if isinstance(error, InvalidAccessToken) else {}
    if isinstance(error, InsufficientScope):
        more = {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
    return told({"message": str(error)}, status=status, more=more)
