"""The errors that OAuth has words for (RFC 6749 section 5.2, RFC 6750 section 3.1)."""

from __future__ import annotations

from typing import ClassVar

from poolhouse.errors.base import PoolhouseError
from poolhouse.errors.reasons import Reason


class OAuthError(PoolhouseError):
    """``code`` is the word of the protocol. What it says holds nothing that a caller sent."""

    code: ClassVar[str]


class InvalidRequest(OAuthError):
    code = "invalid_request"
    usual = Reason.OAUTH_REQUEST_INVALID


class InvalidClient(OAuthError):
    """An unknown client and a wrong secret are one error, so that nobody learns which ids there are."""

    code = "invalid_client"
    usual = Reason.UNAUTHORIZED


class InvalidGrant(OAuthError):
    code = "invalid_grant"
    usual = Reason.OAUTH_GRANT_REFUSED


class LogoutEnded(OAuthError):
    """What a page of the way out carries is of another browser, or too old, or not ours."""

    code = "invalid_request"
    usual = Reason.OAUTH_LOGOUT_ENDED


class UnauthorizedClient(OAuthError):
    code = "unauthorized_client"
    usual = Reason.OAUTH_GRANT_TYPE_NOT_ALLOWED


class UnsupportedGrantType(OAuthError):
    code = "unsupported_grant_type"
    usual = Reason.OAUTH_GRANT_TYPE_UNKNOWN


class InvalidScope(OAuthError):
    code = "invalid_scope"
    usual = Reason.OAUTH_SCOPE_REFUSED


class InsufficientScope(OAuthError):
    """Of a resource: the token is good, and not for this."""

    code = "insufficient_scope"
    usual = Reason.ACCESS_TOKEN_LACKS_SCOPES
