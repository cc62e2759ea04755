"""Second factors of a pool: whether, which, and what does not go together (contract: authentication, section 9)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final

from msgspec.structs import replace

from poolhouse.errors import InvalidParameter, NotInTier
from poolhouse.errors.reasons import Reason
from poolhouse.records.base import Record
from poolhouse.records.factors import WEB_AUTHN
from poolhouse.records.pools import MessageTemplate, Mfa, PasskeyPolicy, Pool

SMS = "SMS_MFA"
TOTP = "SOFTWARE_TOKEN_MFA"
EMAIL = "EMAIL_OTP"
SMS_CONFIGURATION = "SmsConfiguration"
_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?")
_LONGEST_DOMAIN: Final = 127


class MfaSettings(Record, frozen=True, kw_only=True):
    """``mode`` None leaves it as it is. What is left out of ``factors`` is offered no more. ``authentication`` are the
    words of their messages, ``sms`` how the field sends those to telephones: it is kept as it came, and None leaves it
    as it is. ``passkeys`` None leaves what was said of them."""

    mode: str | None = None
    factors: tuple[str, ...] = ()
    authentication: MessageTemplate = MessageTemplate()
    sms: dict[str, Any] | None = None
    passkeys: PasskeyPolicy | None = None


def configured(pool: Pool, wanted: MfaSettings, known: Collection[str]) -> Pool:
    """The pool with these second factors. ``known`` are those that this server has. Raises ``InvalidParameter``,
    ``NotInTier``."""
    mode = wanted.mode or pool.mfa.mode
    if mode == "OFF" and wanted.factors:
        raise InvalidParameter(Reason.MFA_OFF_WITH_FACTORS)
    if mode != "OFF" and not wanted.factors and not pool.plugged_factors:
        raise InvalidParameter(Reason.MFA_WITHOUT_FACTORS)
    _check(pool, wanted.factors if mode == "OFF" else (*wanted.factors, *pool.plugged_factors), known)
    passkeys = pool.passkeys
    if wanted.passkeys is not None:
        require_domain(wanted.passkeys.rp_id)
        passkeys = replace(wanted.passkeys, unknown=pool.passkeys.unknown if pool.passkeys else {})
    kept = pool.kept if wanted.sms is None else {**pool.kept, SMS_CONFIGURATION: wanted.sms}
    changed = replace(
        pool,
        mfa=Mfa(mode=mode, factors=wanted.factors, unknown=pool.mfa.unknown),
        authentication=wanted.authentication,
        passkeys=passkeys,
        kept=kept,
    )
    _check_passkeys(changed)
    return changed


def with_mode(pool: Pool, mode: str, known: Collection[str]) -> Pool:
    """The pool as it is, in this mode. Factors that were said before stay; where none were, what messages by SMS need
    is what SMS as a factor needs. Raises ``InvalidParameter``."""
    factors = pool.mfa.factors
    if mode != "OFF" and not factors and not pool.plugged_factors:
        if SMS_CONFIGURATION not in pool.kept:
            raise InvalidParameter(Reason.MFA_NEEDS_SMS)
        factors = (SMS,)
    if mode != "OFF":
        _check(pool, (*factors, *pool.plugged_factors), known)
    changed = replace(pool, mfa=replace(pool.mfa, mode=mode, factors=factors))
    _check_passkeys(changed)
    return changed


def with_first(pool: Pool, factors: tuple[str, ...]) -> Pool:
    """The pool as it is, where sign-ins begin by these. Raises ``InvalidParameter``, ``NotInTier``."""
    changed = replace(pool, first_factors=factors)
    _check_passkeys(changed)
    return changed


def require_domain(rp_id: str | None) -> None:
    """Raises ``InvalidParameter`` for what is no domain that browsers take (WebAuthn level 3, section 5.1.3): no
    address, no port, and no name of everybody's such as ``com``."""
    if rp_id is not None and not is_domain(rp_id):
        raise InvalidParameter(Reason.RELYING_PARTY_INVALID)


def is_domain(host: str) -> bool:
    """Whether browsers know passkeys by it."""
    return host == "localhost" or (len(host) <= _LONGEST_DOMAIN and _DOMAIN.fullmatch(host) is not None)


def _check_passkeys(pool: Pool) -> None:
    if WEB_AUTHN not in pool.first_factors:
        return
    if pool.first_factors == (WEB_AUTHN,):
        raise InvalidParameter(Reason.PASSKEYS_NOT_ALONE)
    if pool.tier == "LITE":
        raise NotInTier
    if pool.mfa.mode not in ("OFF", "OPTIONAL") and not (pool.passkeys and pool.passkeys.instead):
        raise InvalidParameter(Reason.PASSKEYS_SINGLE_FACTOR)


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
