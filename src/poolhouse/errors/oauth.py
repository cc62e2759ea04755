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


class AuthorizationClientUnknown(OAuthError):
    """At the authorization endpoint, where the id of a client is no secret: everybody can read it in an address."""

    code = "invalid_client"
    usual = Reason.OAUTH_CLIENT_UNKNOWN


class RedirectMismatch(OAuthError):
    code = "redirect_mismatch"
    usual = Reason.OAUTH_REDIRECT_MISMATCH


class TransactionEnded(OAuthError):
    """The authorization request is unknown, over, of another browser, or not possible any more."""

    code = "invalid_request"
    usual = Reason.OAUTH_TRANSACTION_ENDED


class AccountChanged(OAuthError):
    """What a page was answered for one user, another one would have to stand by now."""

    code = "invalid_request"
    usual = Reason.OAUTH_ACCOUNT_CHANGED


class UnsupportedResponseType(OAuthError):
    code = "unsupported_response_type"
    usual = Reason.OAUTH_RESPONSE_TYPE_UNKNOWN


class LoginRequired(OAuthError):
    code = "login_required"
    usual = Reason.OAUTH_LOGIN_REQUIRED


class ConsentRequired(OAuthError):
    code = "consent_required"
    usual = Reason.OAUTH_CONSENT_REQUIRED


class AccountSelectionRequired(OAuthError):
    code = "account_selection_required"
    usual = Reason.OAUTH_SELECTION_REQUIRED


class InteractionRequired(OAuthError):
    code = "interaction_required"
    usual = Reason.OAUTH_INTERACTION_REQUIRED


class UserCancelled(OAuthError):
    code = "access_denied"
    usual = Reason.OAUTH_USER_CANCELLED


class AssuranceUnmet(OAuthError):
    code = "unmet_authentication_requirements"
    usual = Reason.OAUTH_ASSURANCE_UNMET


class RequestNotSupported(OAuthError):
    code = "request_not_supported"
    usual = Reason.OAUTH_REQUEST_OBJECT


class RequestUriNotSupported(OAuthError):
    code = "request_uri_not_supported"
    usual = Reason.OAUTH_REQUEST_URI


class RegistrationNotSupported(OAuthError):
    code = "registration_not_supported"
    usual = Reason.OAUTH_REGISTRATION
