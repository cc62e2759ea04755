"""Why a passkey is not made, not found, or not believed."""

from __future__ import annotations

from poolhouse.errors.base import PoolhouseError
from poolhouse.errors.reasons import Reason


class PasskeyRefused(PoolhouseError):
    """What an authenticator answered is not what was asked for."""

    usual = Reason.PASSKEY_REFUSED


class PasskeyNotSupported(PasskeyRefused):
    usual = Reason.PASSKEY_NOT_SUPPORTED


class PasskeyOriginNotAllowed(PasskeyRefused):
    usual = Reason.PASSKEY_ORIGIN_NOT_ALLOWED


class PasskeyRelyingPartyMismatch(PasskeyRefused):
    usual = Reason.PASSKEY_RELYING_PARTY_MISMATCH


class PasskeyClientMismatch(PasskeyRefused):
    usual = Reason.PASSKEY_CLIENT_MISMATCH


class PasskeyChallengeNotFound(PasskeyRefused):
    usual = Reason.PASSKEY_CHALLENGE_NOT_FOUND


class PasskeysNotEnabled(PoolhouseError):
    usual = Reason.PASSKEYS_NOT_ENABLED


class PasskeysNotConfigured(PoolhouseError):
    usual = Reason.PASSKEYS_NOT_CONFIGURED


class PasskeyNotFound(PoolhouseError):
    usual = Reason.PASSKEY_NOT_FOUND
