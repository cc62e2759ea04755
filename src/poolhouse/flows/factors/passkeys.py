"""Passkeys: registered by a user who is signed in, listed and deleted (WebAuthn level 3; contract: authentication, 14).

What an authenticator is asked for is kept here, and what it answers is compared with that: the page in between is the
client's, and says nothing that counts. How they are used is the sign-in's (``flows/sign_in/challenges/passkey.py``).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from poolhouse.errors import (
    KeyTaken,
    LimitExceeded,
    PasskeyChallengeNotFound,
    PasskeyClientMismatch,
    PasskeyNotFound,
    PasskeyNotSupported,
    PasskeyRefused,
    PasskeyRelyingPartyMismatch,
    PasskeysNotConfigured,
    PasskeysNotEnabled,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.grants.bearer import Bearers
from poolhouse.flows.protection.limits import Asked, Limits
from poolhouse.flows.protection.lockout import Lockout, as_first
from poolhouse.ports.arithmetic import PasskeyMade, PasskeyProofs, PasskeyTerms
from poolhouse.ports.factors import Passkeys
from poolhouse.ports.origin import by_user
from poolhouse.ports.paging import Slice
from poolhouse.records.audit import Action
from poolhouse.records.clients import Client
from poolhouse.records.factors import WEB_AUTHN, Passkey, PasskeyOptions
from poolhouse.records.pools import PasskeyPolicy, Pool
from poolhouse.records.users import User

MOST: Final = 20
"""Passkeys of a user (contract: quotas)."""
VALIDITY: Final = 300
"""Seconds in which a registration has to be completed."""
CHALLENGE: Final = 32
"""Bytes."""
_TRANSPORTS: Final = frozenset({"ble", "hybrid", "internal", "nfc", "smart-card", "usb"})
_ATTACHMENTS: Final = frozenset({"cross-platform", "platform"})
_PROVIDERS: Final[Mapping[str, str]] = {
    "08987058-cadc-4b81-b6e1-30de50dcbe96": "Windows Hello",
    "adce0002-35bc-c60a-648b-0b25f1f05503": "Chrome on Mac",
    "bada5566-a7aa-401f-bd96-45619a55120d": "1Password",
    "d548826e-79b4-db40-a3d8-11116f7e8349": "Bitwarden",
    "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4": "Google Password Manager",
    "fbfc3007-154e-4ecc-8c0b-6e020557d7bd": "iCloud Keychain",
}
"""Kinds of authenticators that say which they are (AAGUID), and what users call them."""
_SOME_PASSKEY: Final = "Passkey"


class Holder(Struct, frozen=True):
    """Who gets the passkey, at which client: known by an access token, or by a session in a browser."""

    pool: Pool
    client: Client
    user: User


class CreationOptions(Struct, frozen=True):
    """What a browser makes a passkey by. ``handle`` is what an authenticator keeps to name the user: the user's id, and
    nothing else of the user. ``held`` are passkeys that the user has already. ``timeout`` is in seconds."""

    challenge: bytes
    rp_id: str
    handle: bytes
    user_name: str
    shown_name: str
    held: Sequence[Passkey]
    verification: str
    timeout: int

    def __repr__(self) -> str:
        return "CreationOptions()"


def handle_of(sub: str) -> bytes:
    """What authenticators keep to name a user: always the same, and nothing about the person."""
    return sub.encode()


def policy_of(pool: Pool) -> PasskeyPolicy:
    """Raises ``PasskeysNotEnabled``, ``PasskeysNotConfigured``."""
    if WEB_AUTHN not in pool.first_factors:
        raise PasskeysNotEnabled
    policy = pool.passkey_policy
    if policy is None:
        raise PasskeysNotConfigured
    return policy


class PasskeyRegistrations(Flow):
    def __init__(
        self,
        world: World,
        passkeys: Passkeys,
        proofs: PasskeyProofs,
        bearers: Bearers,
        lockout: Lockout,
        limits: Limits,
    ) -> None:
        super().__init__(world)
        self._passkeys = passkeys
        self._proofs = proofs
        self._bearers = bearers
        self._lockout = lockout
        self._limits = limits

    async def has_any(self, pool: Pool, user: User) -> bool:
        return bool(await self._passkeys.of(pool.id, user.sub))

    @step("passkeys.start")
    async def start(self, access_token: str) -> CreationOptions:
        """What a passkey is made by, once and within ``VALIDITY``.

        Raises ``PasskeysNotEnabled``, ``PasskeysNotConfigured``, ``LimitExceeded``, ``TooManyRequests``, and as
        ``Bearers.of``.
        """
        bearer = await self._bearers.of(access_token)
        return await self.start_for(Holder(bearer.pool, bearer.client, bearer.user))

    async def start_for(self, holder: Holder) -> CreationOptions:
        """As ``start``, for a user whom the caller knows to be signed in."""
        pool, user = holder.pool, holder.user
        policy = policy_of(pool)
        await self._limits.admit(Asked.ANSWER, holder.client)
        held = await self._passkeys.of(pool.id, user.sub)
        if len(held) >= MOST:
            raise LimitExceeded(Reason.TOO_MANY_PASSKEYS, most=MOST)
        rp_id = policy.rp_id or ""
        challenge = self.world.chance.raw(CHALLENGE)
        await self._passkeys.put_options(
            PasskeyOptions(
                pool_id=pool.id,
                user_sub=user.sub,
                digest=_digest(challenge),
                client_id=holder.client.id,
                rp_id=rp_id,
                verification=policy.asked_verification,
                expires=self.world.clock.now() + VALIDITY,
            )
        )
        await self._note("factor.requested", holder)
        name = _name_of(pool, user)
        return CreationOptions(
            challenge=challenge,
            rp_id=rp_id,
            handle=handle_of(user.sub),
            user_name=name,
            shown_name=user.attributes.get("name", name),
            held=[passkey for passkey in held if passkey.rp_id == rp_id],
            verification=policy.asked_verification,
            timeout=VALIDITY,
        )

    @step("passkeys.complete")
    async def complete(self, access_token: str, credential: Mapping[str, Any]) -> Passkey:
        """The passkey is the user's. ``credential`` is what the authenticator answered.

        Raises ``PasskeyRefused`` and what is one, ``LimitExceeded``, and as ``start``.
        """
        bearer = await self._bearers.of(access_token)
        return await self.complete_for(Holder(bearer.pool, bearer.client, bearer.user), credential)

    async def complete_for(self, holder: Holder, credential: Mapping[str, Any]) -> Passkey:
        """As ``complete``, for a user whom the caller knows to be signed in. What was started for somebody else, or for
        another client, is refused."""
        policy = policy_of(holder.pool)
        await self._limits.admit(Asked.ANSWER, holder.client)
        try:
            passkey = await self._made(holder, policy, credential)
        except PasskeyRefused:
            await self._note("factor.refused", holder)
            raise
        # Wrong answers by those before were none by this one.
        await self._lockout.clear(passkey.pool_id, passkey.user_sub, as_first(WEB_AUTHN))
        await self._note("factor.enrolled", holder)
        return passkey

    async def _made(self, holder: Holder, policy: PasskeyPolicy, credential: Mapping[str, Any]) -> Passkey:
        response = credential.get("response")
        said: Mapping[str, Any] = response if isinstance(response, Mapping) else {}
        challenge = self._proofs.challenge_of(said.get("clientDataJSON", ""))
        options = await self._passkeys.take_options(holder.pool.id, holder.user.sub, _digest(challenge))
        if options is None:
            raise PasskeyChallengeNotFound
        if options.client_id != holder.client.id:
            raise PasskeyClientMismatch
        if options.rp_id != policy.rp_id:
            raise PasskeyRelyingPartyMismatch
        # The pool may be stricter than it was: then it is now that counts.
        verified = "required" in (options.verification, policy.asked_verification)
        made = await self._proofs.made(credential, PasskeyTerms(challenge, options.rp_id, verified))
        return await self._kept(
            Passkey(
                pool_id=holder.pool.id,
                user_sub=holder.user.sub,
                id=made.id,
                rp_id=options.rp_id,
                key=made.key,
                created=self.world.clock.now(),
                name=_provider(made),
                sign_count=made.sign_count,
                transports=_transports(said.get("transports")),
                attachment=_attachment(credential.get("authenticatorAttachment")),
            )
        )

    async def _kept(self, passkey: Passkey) -> Passkey:
        try:
            kept = await self._passkeys.add(passkey)
        except KeyTaken:
            raise PasskeyNotSupported(detail="registered already") from None
        # Looked at after it was added: of several at the same moment, none makes one too many.
        if len(await self._passkeys.of(kept.pool_id, kept.user_sub)) > MOST:
            await self._passkeys.delete(kept.pool_id, kept.id)
            raise LimitExceeded(Reason.TOO_MANY_PASSKEYS, most=MOST)
        return kept

    @step("passkeys.list")
    async def page(self, access_token: str, limit: int, cursor: str | None) -> Slice:
        """Raises as ``Bearers.of``."""
        bearer = await self._bearers.of(access_token)
        return await self._passkeys.page(bearer.user, limit, cursor)

    @step("passkeys.delete")
    async def delete(self, access_token: str, id: str) -> None:  # noqa: A002 - the word of the field
        """The passkey is gone; what was begun with it fails. Raises ``PasskeyNotFound``, and as ``Bearers.of``."""
        bearer = await self._bearers.of(access_token)
        passkey = await self._passkeys.get(bearer.pool.id, id)
        if passkey is None or passkey.user_sub != bearer.user.sub:
            raise PasskeyNotFound
        if not await self._passkeys.delete(bearer.pool.id, id):
            raise PasskeyNotFound
        await self._note("factor.deleted", Holder(bearer.pool, bearer.client, bearer.user))

    async def _note(self, action: Action, holder: Holder) -> None:
        await self.world.audit.note(
            action,
            pool_id=holder.pool.id,
            client_id=holder.client.id,
            subject=holder.user.sub,
            actor=by_user(holder.user.sub),
            facts={"factor": WEB_AUTHN},
        )


def text_of(raw: bytes) -> str:
    """Base64url without padding, as WebAuthn writes bytes in JSON."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _digest(challenge: bytes) -> str:
    return hashlib.sha256(challenge).hexdigest()


def _name_of(pool: Pool, user: User) -> str:
    """What tells the user's accounts apart: what they sign in by."""
    ways = (user.attributes.get(name) for name in pool.username_attributes)
    return next((way for way in ways if way), user.username)


def _provider(made: PasskeyMade) -> str:
    return _PROVIDERS.get(made.provider, _SOME_PASSKEY)


def _transports(said: object) -> tuple[str, ...]:
    told = [way for way in said if isinstance(way, str)] if isinstance(said, list) else []
    return tuple(sorted(_TRANSPORTS.intersection(told)))


def _attachment(said: object) -> str | None:
    return said if isinstance(said, str) and said in _ATTACHMENTS else None
