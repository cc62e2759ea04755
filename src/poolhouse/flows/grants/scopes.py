"""THE scope computation: what a token may say is what was asked for, and the client may, and the user gave, and a
resource server still has (security row 44)."""

from __future__ import annotations

from poolhouse.errors import InvalidScope
from poolhouse.flows.clients.settings import STANDARD_SCOPES
from poolhouse.records.clients import Client

LONGEST = 4096


def asked_for(text: str | None) -> tuple[str, ...] | None:
    """The scopes of a request, each once; None where it names none. Raises ``InvalidScope``."""
    if text is None:
        return None
    if len(text) > LONGEST:
        raise InvalidScope
    return tuple(dict.fromkeys(text.split(" "))) if text.strip() else None


def of_machine(asked: tuple[str, ...] | None, client: Client, living: frozenset[str]) -> tuple[str, ...]:
    """What a client has for itself: what it asked for, or all that it is allowed at resource servers. ``living`` are
    the scopes that resource servers of the pool have now. Raises ``InvalidScope`` where one is asked for that it may
    not have (RFC 6749 section 4.4: nobody is there to be asked), and where nothing is left."""
    allowed = [scope for scope in dict.fromkeys(client.oauth_scopes) if scope in living]
    if asked is None:
        given = tuple(allowed)
    elif set(asked) <= set(allowed):
        given = asked
    else:
        raise InvalidScope
    if not given:
        raise InvalidScope
    return given


OFFLINE = "offline_access"
"""What is given for it does not end with the session (OpenID Connect Core 1.0 section 11). It is asked for by whoever
has refresh tokens, and belongs to no resource."""


def at_authorization(asked: tuple[str, ...] | None, client: Client, living: frozenset[str]) -> tuple[str, ...]:
    """What a client asks its user for: what it names, or all that it may have. Raises ``InvalidScope`` where it may not
    have one of them (as the field's clients know it), and where nothing is left."""
    allowed = _allowed(client, living)
    if asked is None:
        given = tuple([scope for scope in dict.fromkeys(client.oauth_scopes) if scope in allowed])
    elif set(asked) <= allowed:
        given = asked
    else:
        raise InvalidScope
    if not set(given) - {OFFLINE}:
        raise InvalidScope
    return given


def _allowed(client: Client, living: frozenset[str]) -> frozenset[str]:
    own = (STANDARD_SCOPES | living) & set(client.oauth_scopes)
    return own | {OFFLINE} if "code" in client.oauth_flows else own


def of_user(granted: tuple[str, ...], client: Client, living: frozenset[str]) -> tuple[str, ...]:
    """What is left today of the scopes that a user gave to a client."""
    allowed = _allowed(client, living)
    return tuple([scope for scope in granted if scope in allowed])


def narrowed(asked: tuple[str, ...] | None, granted: tuple[str, ...]) -> tuple[str, ...]:
    """What a refresh is for: all that was granted, or less. Raises ``InvalidScope`` for more (RFC 6749 section 6)."""
    if asked is None:
        return granted
    if not set(asked) <= set(granted):
        raise InvalidScope
    return asked
