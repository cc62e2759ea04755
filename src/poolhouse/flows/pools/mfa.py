"""Second factors of a pool: whether, which, and what does not go together (contract: authentication, section 9)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from msgspec.structs import replace

from poolhouse.errors import InvalidParameter, NotInTier
from poolhouse.errors.reasons import Reason
from poolhouse.records.base import Record
from poolhouse.records.pools import MessageTemplate, Mfa, Pool

SMS = "SMS_MFA"
TOTP = "SOFTWARE_TOKEN_MFA"
EMAIL = "EMAIL_OTP"
SMS_CONFIGURATION = "SmsConfiguration"


class MfaSettings(Record, frozen=True, kw_only=True):
    """``mode`` None leaves it as it is. What is left out of ``factors`` is offered no more. ``authentication`` are the
    words of their messages, ``sms`` how the field sends those to telephones: it is kept as it came, and None leaves it
    as it is."""

    mode: str | None = None
    factors: tuple[str, ...] = ()
    authentication: MessageTemplate = MessageTemplate()
    sms: dict[str, Any] | None = None


def configured(pool: Pool, wanted: MfaSettings, known: Collection[str]) -> Pool:
    """The pool with these second factors. ``known`` are those that this server has. Raises ``InvalidParameter``,
    ``NotInTier``."""
    mode = wanted.mode or pool.mfa.mode
    if mode == "OFF" and wanted.factors:
        raise InvalidParameter(Reason.MFA_OFF_WITH_FACTORS)
    if mode != "OFF" and not wanted.factors:
        raise InvalidParameter(Reason.MFA_WITHOUT_FACTORS)
    _check(pool, wanted.factors, known)
    kept = pool.kept if wanted.sms is None else {**pool.kept, SMS_CONFIGURATION: wanted.sms}
    return replace(
        pool,
        mfa=Mfa(mode=mode, factors=wanted.factors, unknown=pool.mfa.unknown),
        authentication=wanted.authentication,
        kept=kept,
    )


def with_mode(pool: Pool, mode: str, known: Collection[str]) -> Pool:
    """The pool as it is, in this mode. Factors that were said before stay; where none were, what messages by SMS need
    is what SMS as a factor needs. Raises ``InvalidParameter``."""
    factors = pool.mfa.factors
    if mode != "OFF" and not factors:
        if SMS_CONFIGURATION not in pool.kept:
            raise InvalidParameter(Reason.MFA_NEEDS_SMS)
        factors = (SMS,)
    if mode != "OFF":
        _check(pool, factors, known)
    return replace(pool, mfa=replace(pool.mfa, mode=mode, factors=factors))


def _check(pool: Pool, factors: Collection[str], known: Collection[str]) -> None:
    for factor in factors:
        if factor not in known:
            raise InvalidParameter(Reason.SETTING_NOT_OFFERED, setting=factor)
    ways = {option.name for option in pool.recovery or ()}
    # One and the same possession must not be both halves of a proof.
    if SMS in factors and ways == {"verified_phone_number"}:
        raise InvalidParameter(Reason.RECOVERY_BY_FACTOR, mechanism="verified_phone_number", factor="SMS")
    if EMAIL in factors:
        if pool.tier == "LITE":
            raise NotInTier
        if ways == {"verified_email"}:
            raise InvalidParameter(Reason.RECOVERY_BY_FACTOR, mechanism="verified_email", factor="Email")
