"""What users prove who they are by beside a password, on its way out of a pool and into one.

What a factor keeps (the secret of an authenticator app, say) is sealed on the way, for the master key that it comes
from, or in the clear where that is asked for: then it works anywhere. Recovery codes are never in the clear, and of use
only with the same master key. Passkeys have no secret here, and are good for their domain. Both they and seals name the
user's id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from poolhouse.errors import KeyTaken
from poolhouse.flows.factors.enrolment import LONGEST_LABEL
from poolhouse.flows.factors.passkeys import MOST as MOST_PASSKEYS
from poolhouse.flows.factors.plugged import PURPOSE, seal_context
from poolhouse.flows.factors.recovery_codes import COUNT
from poolhouse.flows.pools.mfa import TOTP, require_domain
from poolhouse.flows.transfer.lines import BadLine, FactorLine, PasskeyLine, RecoveryLine, UserLine
from poolhouse.ports.factors import Passkeys
from poolhouse.ports.world import Chance, Secrets
from poolhouse.records.factors import Passkey, RecoveryCodes
from poolhouse.records.pools import Pool
from poolhouse.records.users import Enrolment, User

Form: TypeAlias = Literal["sealed", "clear", "none"]
"""How what factors keep is written down."""

_PURPOSE: Final = "exported-factor"
_NAME: Final = re.compile(r"[A-Z0-9_]{1,64}")
_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]{1,2048}")
_SECRET: Final = re.compile(r"[A-Z2-7]{16,128}")
_MOST_FACTORS: Final = 20
_OTHER_KEY: Final = "with another master key, and nobody could use it; leave it out, and the user sets up a new one"


class Imported(Struct, frozen=True):
    """``factors`` and ``recovery`` go into the user's record; passkeys have records of their own."""

    factors: tuple[Enrolment, ...]
    recovery: RecoveryCodes | None
    passkeys: tuple[Passkey, ...]

    def __repr__(self) -> str:
        return "Imported()"


class FactorTransfer:
    def __init__(self, secrets: Secrets, chance: Chance, passkeys: Passkeys) -> None:
        self._secrets = secrets
        self._chance = chance
        self._passkeys = passkeys

    # --- out ---------------------------------------------------------------------------------------------------------

    async def written(self, user: User, form: Form) -> dict[str, Any]:
        """The members of the user's line. What was only begun is left out."""
        own = [one for one in user.factors if one.confirmed] if form != "none" else []
        factors = tuple(self._factor_line(user, one, form) for one in own)
        recovery = user.recovery if form != "none" else None
        codes = recovery and RecoveryLine(id=recovery.id, digests=recovery.digests, created=recovery.created)
        return {
            "mfa": user.mfa,
            "preferred_mfa": user.preferred_mfa,
            "passkey_mfa": user.passkey_mfa,
            "factors": factors,
            "passkeys": tuple(_passkey_line(one) for one in await self._passkeys.of(user.pool_id, user.sub)),
            "recovery_codes": codes,
            "factor_key": self._secrets.fingerprint if codes or (factors and form == "sealed") else None,
        }

    def _factor_line(self, user: User, one: Enrolment, form: Form) -> FactorLine:
        opened = self._secrets.open(PURPOSE, seal_context(user.pool_id, user.sub, one.factor, one.id), one.sealed)
        line = FactorLine(factor=one.factor, id=one.id, label=one.label, created=one.created)
        if form == "clear":
            return msgspec.structs.replace(line, kept=msgspec.json.decode(opened))
        sealed = self._secrets.seal(_PURPOSE, _context(user.sub, one.factor, one.id), opened)
        return msgspec.structs.replace(line, sealed=sealed)

    # --- in ----------------------------------------------------------------------------------------------------------

    def read(self, pool: Pool, line: UserLine, sub: str, now: float) -> Imported:
        """What the line says, for the user of this id in this pool. Raises ``BadLine``, ``InvalidParameter``."""
        if line.sub is None and (line.passkeys or line.recovery_codes or any(one.sealed for one in line.factors)):
            raise BadLine("passkeys, recovery codes and sealed factors belong to an id: give its sub")
        if len(line.factors) > _MOST_FACTORS or len({one.factor for one in line.factors}) != len(line.factors):
            raise BadLine(f"a user has at most {_MOST_FACTORS} factors, and one of each name")
        if not all(_NAME.fullmatch(name) for name in (*line.mfa, *(one.factor for one in line.factors))):
            raise BadLine("a factor is named in capital letters, such as SOFTWARE_TOKEN_MFA")
        if line.preferred_mfa is not None and line.preferred_mfa not in line.mfa:
            raise BadLine("preferred_mfa is one of mfa")
        if len(line.passkeys) > MOST_PASSKEYS:
            raise BadLine(f"a user has at most {MOST_PASSKEYS} passkeys")
        return Imported(
            tuple(self._enrolment(pool, one, sub, now) for one in line.factors),
            self._recovery(line),
            tuple(_passkey(pool, one, sub, now) for one in line.passkeys),
        )

    async def put(self, passkeys: tuple[Passkey, ...]) -> tuple[Passkey, ...]:
        """They are the user's; answers those that this call put there. The others are left by an import that broke off.
        Raises ``BadLine``, and then it put none."""
        added: list[Passkey] = []
        for one in passkeys:
            try:
                await self._passkeys.add(one)
                added.append(one)
            except KeyTaken:
                try:
                    await self.require_free((one,))
                except BadLine:
                    await self.take_back(tuple(added))
                    raise
        return tuple(added)

    async def require_free(self, passkeys: tuple[Passkey, ...]) -> None:
        """Raises ``BadLine`` for one that is another user's."""
        for one in passkeys:
            held = await self._passkeys.get(one.pool_id, one.id)
            if held is not None and held.user_sub != one.user_sub:
                raise BadLine("another user has a passkey of this id")

    async def take_back(self, passkeys: tuple[Passkey, ...]) -> None:
        for one in passkeys:
            await self._passkeys.delete(one.pool_id, one.id)

    def _enrolment(self, pool: Pool, line: FactorLine, sub: str, now: float) -> Enrolment:
        if line.label is not None and len(line.label) > LONGEST_LABEL:
            raise BadLine(f"the label of a factor has at most {LONGEST_LABEL} characters")
        if (line.sealed is None) == (line.kept is None):
            raise BadLine("a factor has either what it keeps, or the same sealed")
        enrolment_id = self._chance.uuid()
        sealed = self._secrets.seal(
            PURPOSE, seal_context(pool.id, sub, line.factor, enrolment_id), msgspec.json.encode(self._kept(line, sub))
        )
        return Enrolment(
            id=enrolment_id,
            factor=line.factor,
            sealed=sealed,
            created=line.created or now,
            label=line.label,
            confirmed=True,
        )

    def _kept(self, line: FactorLine, sub: str) -> Mapping[str, Any]:
        kept = line.kept
        if line.sealed is not None:
            try:
                opened = self._secrets.open(_PURPOSE, _context(sub, line.factor, line.id or ""), line.sealed)
            except ValueError:
                raise BadLine(f"a factor was sealed for another user, or {_OTHER_KEY}") from None
            kept = msgspec.json.decode(opened)
        kept = kept or {}
        if line.factor == TOTP and not _SECRET.fullmatch(str(kept.get("secret", ""))):
            raise BadLine("what SOFTWARE_TOKEN_MFA keeps is a secret of 16 to 128 letters of base32, without =")
        return kept

    def _recovery(self, line: UserLine) -> RecoveryCodes | None:
        codes = line.recovery_codes
        if codes is None:
            return None
        if line.factor_key != self._secrets.fingerprint:
            raise BadLine(f"recovery codes were made {_OTHER_KEY}")
        if not _ID.fullmatch(codes.id) or len(codes.digests) > COUNT or not all(map(_DIGEST.fullmatch, codes.digests)):
            raise BadLine("recovery codes are as they were written: their id, and at most ten digests")
        return RecoveryCodes(id=codes.id, digests=codes.digests, created=codes.created)


def _passkey_line(one: Passkey) -> PasskeyLine:
    return PasskeyLine(
        id=one.id,
        rp_id=one.rp_id,
        key=one.key,
        created=one.created,
        name=one.name,
        sign_count=one.sign_count,
        transports=one.transports,
        attachment=one.attachment,
    )


def _passkey(pool: Pool, line: PasskeyLine, sub: str, now: float) -> Passkey:
    if not _BASE64URL.fullmatch(line.id) or not _BASE64URL.fullmatch(line.key):
        raise BadLine("id and key of a passkey are in base64url, without =")
    if line.sign_count < 0 or len(line.name) > LONGEST_LABEL:
        raise BadLine(f"a passkey counts from 0, and its name has at most {LONGEST_LABEL} characters")
    require_domain(line.rp_id)
    return Passkey(
        pool_id=pool.id,
        user_sub=sub,
        id=line.id,
        rp_id=line.rp_id,
        key=line.key,
        created=line.created or now,
        name=line.name,
        sign_count=line.sign_count,
        transports=line.transports,
        attachment=line.attachment,
    )


def _context(sub: str, factor: str, enrolment_id: str) -> str:
    """Not the pool: it is another one where it comes in."""
    return "/".join((sub, factor, enrolment_id))
