"""Domain errors in the words of the query protocol: code and status of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from poolhouse import errors
from poolhouse.errors.reasons import Reason

INTERNAL: Final = (500, "InternalFailure")
TABLE: Final[Mapping[type[errors.PoolhouseError], tuple[int, str]]] = {
    errors.PoolhouseError: INTERNAL,
    errors.Invalid: (400, "ValidationError"),
    errors.Denied: (403, "AccessDenied"),
    errors.Limited: (400, "Throttling"),
    errors.Unsupported: (400, "InvalidAction"),
    errors.CallerRefused: (403, "AccessDenied"),
    errors.SignatureMissing: (403, "MissingAuthenticationToken"),
    errors.SignatureIncomplete: (400, "IncompleteSignature"),
    errors.SignatureInvalid: (403, "SignatureDoesNotMatch"),
    errors.AccessKeyUnknown: (403, "InvalidClientTokenId"),
    errors.AccessKeyExpired: (403, "ExpiredToken"),
    errors.CredentialsExpired: (403, "ExpiredToken"),
    errors.RoleRefused: (403, "AccessDenied"),
    errors.LoginRefused: (400, "InvalidIdentityToken"),
    errors.ProviderAway: (400, "IDPCommunicationError"),
    errors.PolicyMalformed: (400, "MalformedPolicyDocument"),
    errors.SessionTooLarge: (400, "PackedPolicyTooLarge"),
    errors.StoreAway: (503, "ServiceUnavailable"),
    errors.Conflicted: (503, "ServiceUnavailable"),
}
"""A class that is not named here has those of its nearest parent."""

EXPIRED: Final = (400, "ExpiredTokenException")
"""Of the token that a role is taken by; that of temporary credentials is called otherwise."""
_OF_TOKENS: Final = frozenset({Reason.WEB_TOKEN_EXPIRED})


def status_and_code(error: errors.PoolhouseError) -> tuple[int, str]:
    if error.statement is not None and error.statement.reason in _OF_TOKENS:
        return EXPIRED
    for kind in type(error).__mro__:
        if kind in TABLE:
            return TABLE[kind]
    raise AssertionError("the root of the tree is in the table")  # pragma: no cover
