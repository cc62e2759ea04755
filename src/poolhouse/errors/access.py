"""The caller of a signed operation is refused."""

from __future__ import annotations

from poolhouse.errors.base import PoolhouseError
from poolhouse.errors.reasons import Reason


class CallerRefused(PoolhouseError):
    """The caller of a signed operation is not known, or may not do this."""


class SignatureMissing(CallerRefused):
    usual = Reason.SIGNATURE_MISSING


class SignatureIncomplete(CallerRefused):
    """What was sent cannot be a signature of this request."""

    usual = Reason.AUTHORIZATION_LACKS


class SignatureInvalid(CallerRefused):
    """It could be one, and is not, or not now."""

    usual = Reason.SIGNATURE_WRONG


class AccessKeyExpired(CallerRefused):
    """Told to the holder only: the signature was right."""

    usual = Reason.ACCESS_KEY_EXPIRED


class AccessKeyUnknown(CallerRefused):
    usual = Reason.ACCESS_KEY_UNKNOWN


class AccessDenied(CallerRefused):
    usual = Reason.ACCESS_DENIED

    def __init__(self, *, caller: str, action: str, resource: str) -> None:
        super().__init__(caller=caller, action=action, resource=resource)


class CredentialsExpired(CallerRefused):
    """Temporary credentials are over: by their time, or because they were revoked."""

    usual = Reason.ACCESS_KEY_EXPIRED


class PolicyMalformed(PoolhouseError):
    """A document is no policy. Said when it is saved; the reason names what is wrong."""

    usual = Reason.POLICY_MALFORMED


class RoleNotFound(PoolhouseError):
    usual = Reason.ROLE_NOT_FOUND


class RoleTaken(PoolhouseError):
    """Another role has the name."""

    usual = Reason.ROLE_TAKEN


class RoleNotChangeable(PoolhouseError):
    """The role stands in the file of roles: it is changed there."""

    usual = Reason.ROLE_OF_FILE


class PolicyNotFound(PoolhouseError):
    usual = Reason.POLICY_NOT_FOUND


class PolicyTaken(PoolhouseError):
    """Another managed policy has the name."""

    usual = Reason.POLICY_TAKEN


class PolicyInUse(PoolhouseError):
    """A managed policy is attached to a role."""

    usual = Reason.POLICY_IN_USE


class RoleRefused(PoolhouseError):
    """The role's trust policy does not let this caller take it, or not like this."""

    usual = Reason.ROLE_REFUSED


class SessionTooLarge(PoolhouseError):
    """Session policies and tags do not fit into the token that would carry them."""

    usual = Reason.SESSION_TOO_LARGE
